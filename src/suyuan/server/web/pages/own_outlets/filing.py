"""File an outlet, or a new version of one: everything that is wrong is said at once, beside its field."""

from collections.abc import Mapping
from typing import Any, cast

import polars as pl
from django.db import transaction
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.kernel import Severity, sentence
from suyuan.server.accounts.models import Role
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.accounts.services.keeping import draft, forget_draft
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import Conflict
from suyuan.server.registry.queries import companies, site_numbers
from suyuan.server.registry.services.outlet_filing import FiledOutlets, file_outlets
from suyuan.server.registry.services.outlet_telling import filed_json
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.own_outlets.form import Complaints, entry_form, typed_of
from suyuan.server.web.pages.own_outlets.one import author_of, concerned, outlet_shown
from suyuan.server.web.pages.own_outlets.states import in_force
from suyuan.server.web.surroundings import flash, show

DRAFT = "own-outlet"


@member(Role.ADMIN, Role.DATA_OFFICER, at="company")
def new_page(request: PageRequest) -> HttpResponseBase:
    """The empty form; after it was sent, the outlet, or what is wrong with it."""
    author_of(request.actor)
    actor = request.actor
    complaints: Complaints = {}
    person = actor.member.person
    if request.method == "POST":
        typed = typed_of(request.POST)
        complaints = _new(request, typed)
        if not complaints:
            forget_draft(person, DRAFT)
            flash(request, "web_own_outlets.filed", name=typed["name"])
            return HttpResponseRedirect(reverse("web-own-outlet", args=[_sites(request, typed["code"])[typed["code"]]]))
    else:
        typed = {name: " ".join(values) for name, values in draft(person, DRAFT).items()}
    return show(
        request,
        "web/own_outlet_new.html",
        "web_own_outlets.new",
        crumbs=(("web_own_outlets.title", reverse("web-own-outlets")),),
        status=422 if complaints else 200,
        form=entry_form(actor.language, SYSTEM_CLOCK.today(), None, typed, complaints),
        others=complaints.get("", ()),
        draft_name=DRAFT,
    )


@member(Role.ADMIN, Role.DATA_OFFICER, at="company")
def outlet_changed(request: PageRequest, site: int) -> HttpResponseBase:
    """A new version of an entry, if anything is different.

    Raises
    ------
    Missing
        ``outlets.not_found``, also for what does not concern the company.
    Conflict
        ``web_own_outlets.not_now`` for what is not in force today; ``web_own_outlets.not_own``.
    """
    found = concerned(request, site)
    author_of(request.actor)
    if found.company != request.actor.company:
        raise Conflict("web_own_outlets.not_own", name=found.company_name_zh)
    if not in_force(found, SYSTEM_CLOCK.today()):
        raise Conflict("web_own_outlets.not_now")
    typed = typed_of(request.POST) | {"code": found.code, "commissioned_by": ""}
    done, complaints = _filed(request, typed, request.POST.get("reason", "").replace("\0", "").strip()[:1000])
    if complaints:
        return outlet_shown(request, found, complaints=complaints)
    flash(request, "web_own_outlets.changed" if done.changed else "web_own_outlets.nothing_new")
    return HttpResponseRedirect(reverse("web-own-outlet", args=[site]))


def _new(request: PageRequest, typed: Mapping[str, str]) -> Complaints:
    """File it, unless its number names another one already."""
    if typed["code"] in _sites(request, typed["code"]):
        taken = sentence("web_own_outlets.code_taken", {"code": typed["code"]}, request.actor.language)
        return {"code": [taken]}
    return _filed(request, typed, "")[1]


def _sites(request: PageRequest, code: str) -> dict[str, int]:
    scope = request.actor.scope
    return site_numbers(scope, scope.company or 0, [code])


def _filed(request: PageRequest, typed: Mapping[str, str], reason: str) -> tuple[FiledOutlets, Complaints]:
    """File a row for the company; what is wrong with it by field, under no name what belongs to none."""
    actor, author = request.actor, author_of(request.actor)
    (company,) = companies(actor.scope, [actor.scope.company or 0])["code"]
    row = {**typed, "company": company}
    with transaction.atomic():
        done = file_outlets(author, pl.DataFrame([row], dict.fromkeys(row, pl.String)), reason)
        if done.changed:
            note_deed(actor.person, actor.scope, "outlet.filed", typed["code"], SYSTEM_CLOCK.now())
    wrong: dict[str, list[str]] = {}
    for told in cast("list[dict[str, Any]]", filed_json(done, actor.language)["findings"]):
        if told["severity"] == Severity.REFUSE.value:
            field = told["field"] if told["field"] in typed else ""
            wrong.setdefault(field, []).append(told["message"])
    return done, wrong
