"""The list of batteries."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.kernel import Language, sentence
from suyuan.server.accounts.queries.views import saved_views
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.answers.queries.asking import Version, version
from suyuan.server.answers.queries.batteries import Battery, Counted, Turn, batteries, count_batteries
from suyuan.server.answers.services.exporting import company_word, division_word, stage_word, trouble_word
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import PREFIX, Action, Count, Row, Status, Table, read_state
from suyuan.server.web.pages.batteries.asked import VIEWS, columns_of, sought_of
from suyuan.server.web.surroundings import show

LISTING: Final = "batteries"
_TROUBLE_TONES: Final = {"trouble_in_records": "bad", "trouble_not_filed": "warn", "trouble_no_code": "bad"}


@member()
def batteries_page(request: PageRequest, at: str) -> HttpResponseBase:
    """The batteries that somebody may open, as his filters say."""
    actor = request.actor
    if actor.is_authority != (at == "authority"):
        return HttpResponseRedirect(f"{home_of(request)}?{request.GET.urlencode()}")
    columns, today = columns_of(actor.language, authority=actor.is_authority), SYSTEM_CLOCK.today()
    state = read_state(request, columns)
    sought, wrong = sought_of(state.filters, today)
    turn = Turn(state.sorted_by or "code", state.descending, state.size)
    counted, following = Counted(0, exact=True), None
    rows: Sequence[Battery] = ()
    with cursor() as run:
        told = version(run)
        if not wrong:
            page = batteries(run, actor.scope, sought, today, turn, state.after)
            rows, following = page.rows, page.following
            whole = state.after is None and following is None
            counted = Counted(len(rows), exact=True) if whole else count_batteries(run, actor.scope, sought, today)
    log_reads(actor.principal, [Reading("battery.list", sought.text[:200])])
    table = Table(
        LISTING,
        columns,
        state,
        [_row(each, actor.language, today) for each in rows],
        following,
        Count(counted.number, counted.exact),
        actions=(Action("web_batteries.export_chosen", reverse("web-batteries-export"), "download"),),
        views=saved_views(actor.member, LISTING),
        saves=True,
        empty="web_batteries.empty_authority" if actor.is_authority else "web_batteries.empty",
        whole=True,
    )
    return _shown(request, table, wrong, told)


def _shown(request: PageRequest, table: Table, wrong: str, told: Version) -> HttpResponse:
    presets = [(f"web_batteries.view_{name}", _query(filters), _is(table, filters)) for name, filters in VIEWS.items()]
    context: dict[str, Any] = {
        "table": table,
        "presets": presets,
        "wrong": wrong,
        "typed": table.state.filters.get(wrong, ""),
    }
    export = f"{reverse('web-batteries-export')}?{urlencode({'query': table.state.query})}"
    return show(
        request,
        "web/batteries.html",
        "web_batteries.title",
        as_of=told.folded_at,
        waiting=told.waiting,
        home=home_of(request),
        export=export,
        **context,
    )


def home_of(request: PageRequest) -> str:
    """The address of the list for who looks."""
    return reverse("web-batteries-authority" if request.actor.is_authority else "web-batteries")


def _query(filters: Mapping[str, str]) -> str:
    return urlencode({f"{PREFIX}{name}": value for name, value in filters.items()})


def _is(table: Table, filters: Mapping[str, str]) -> bool:
    return dict(table.state.filters) == dict(filters)


def _row(one: Battery, language: Language, today: date) -> Row:
    """A row as the table shows it."""
    trouble = trouble_word(one)
    values = {
        "code": one.code,
        "model": one.model,
        "kind": sentence(f"batteries.kind_{one.kind}", language=language),
        "chemistry": sentence(f"batteries.chemistry_{one.chemistry.lower() or 'none'}", language=language),
        "stage": stage_word(one.stage, language),
        "since": one.since,
        "holder": company_word(one.holder, language),
        "division": division_word(one),
        "made_on": one.made_on,
        "soh": one.soh,
        "attention": _attention(one, language, today),
        "trouble": Status(f"batteries.{trouble}", _TROUBLE_TONES.get(trouble, "good")),
        "vin": one.vehicle,
    }
    return Row(one.code, values, f"/w/b/{quote(one.code, safe='')}")


def _attention(one: Battery, language: Language, today: date) -> Status | None:
    """What waits to be done about it."""
    if one.lapses_on is not None and one.lapses_on <= today:
        return Status("web_batteries.is_lost", "unknown", {"day": one.lapses_on.isoformat()})
    if one.consignee is not None and one.consignee != one.holder:
        return Status("web_batteries.is_awaited", "info", {"company": company_word(one.consignee, language) or ""})
    return None
