"""Open a case about findings or overdue duties: one button beside a row, or what was chosen."""

from django.db import transaction
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.cases.services.opening import open_case
from suyuan.server.cases.services.orders import Opening
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import selected
from suyuan.server.web.pages.cases.acting import case_actor, subjects_in
from suyuan.server.web.surroundings import flash


@member(at="authority")
def case_opened(request: PageRequest) -> HttpResponseBase:
    """A case about the rows chosen; its page then offers the notice."""
    actor = case_actor(request.actor)
    opening = Opening(subjects_in(selected(request)))
    with transaction.atomic(), cursor() as run:
        number = open_case(run, actor, opening)
        note_deed(request.actor.person, actor.scope, "case.opened", str(number), SYSTEM_CLOCK.now())
    flash(request, "web_cases.opened", number=number)
    return HttpResponseRedirect(reverse("web-g-case", args=[number]))
