"""The rows behind a number: batteries, duties or cases, page by page, with the same count as the number."""

from datetime import date, timedelta
from typing import Any, Final

import psycopg
from django.http import HttpResponse

from suyuan.kernel import Language, sentence
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.answers.queries import asking, rows
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.areas import place_name
from suyuan.server.answers.queries.cases import OpenCase, open_case_rows, open_cases
from suyuan.server.answers.queries.duties import due_days, duties_of
from suyuan.server.answers.queries.measures import measures
from suyuan.server.answers.queries.rows import DUE_ON, DutyRow, StayRow, Wanted
from suyuan.server.answers.queries.steps import NOTHING, OUT, Ribbon, Steps, steps_of
from suyuan.server.cases.queries.procedure import procedure
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Refusal
from suyuan.server.supervision.queries.feeds import title_of
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Column, Count, Linked, Status, Table, read_state
from suyuan.server.web.components.table import Row as Line
from suyuan.server.web.pages.oversight.flowing import stage_name
from suyuan.server.web.pages.oversight.overview import HOME, frame
from suyuan.server.web.pages.oversight.question import Question, asked, one_moment
from suyuan.server.web.search import there
from suyuan.server.web.surroundings import show

CASES: Final = "open_cases"
KINDS: Final = (*rows.BATTERIES, *rows.DUTIES, DUE_ON, CASES)
_STAYS: Final = (
    Column("code", "web_oversight.code", "code"),
    Column("stage", "web_oversight.stage"),
    Column("since", "web_oversight.since", "day"),
    Column("place", "web_oversight.place"),
    Column("company", "web_oversight.company"),
    Column("came", "web_oversight.came_from"),
    Column("reason", "web_oversight.reason"),
    Column("until", "web_oversight.until", "day", shown=False),
    Column("energy_kwh", "web_oversight.energy", "number"),
    Column("mass_kg", "web_oversight.mass", "number"),
    Column("record", "web_oversight.record", shown=False),
)
_DUTIES: Final = (
    Column("object", "web_oversight.duty_about", "code"),
    Column("duty", "web_oversight.duty"),
    Column("company", "web_oversight.company"),
    Column("started_on", "web_oversight.started_on", "day"),
    Column("due_on", "web_oversight.due_on", "day"),
    Column("official", "web_oversight.due_status"),
    Column("fulfilled_on", "web_oversight.fulfilled_on", "day"),
    Column("state", "web_oversight.state", "status"),
    Column("version", "web_oversight.rule_version", shown=False),
)
_CASES: Final = (
    Column("title", "web_oversight.case"),
    Column("number", "web_oversight.case_number"),
    Column("company", "web_oversight.company"),
    Column("state", "web_oversight.state"),
    Column("opened_at", "web_oversight.opened_at", "moment"),
    Column("due_on", "web_oversight.due_on", "day"),
)


@member(at="authority")
def rows_page(request: PageRequest) -> HttpResponse:
    """The rows; who looked at them is noted."""
    about, wanted = asked(request), wanted_in(request)
    columns = _CASES if wanted.what == CASES else _STAYS if wanted.what in rows.BATTERIES else _DUTIES
    state = read_state(request, columns)
    with one_moment() as run:
        seen = asking.version(run)
        found = _page(run, about, wanted, state.size, state.after)
        count = counted(run, about, wanted)
    table = Table(f"rows-{wanted.what}", columns, state, *found, Count(count), empty="web_oversight.no_rows")
    subject = f"{wanted.name} {about.area.code} {about.period.name}"
    log_reads(request.actor.principal, [Reading("answer.rows", subject)])
    return show(
        request,
        "web/oversight_rows.html",
        "web_oversight.rows_title",
        title_data={"what": titled(about, wanted)},
        crumbs=(("web.oversight_title", about.to(HOME)),),
        as_of=seen.folded_at,
        **frame(about),
        seen=seen,
        table=table,
        kept=[(name, request.GET[name]) for name in ("of", "stage", "to", "crossing", "day") if name in request.GET],
    )


def wanted_in(request: PageRequest) -> Wanted:
    """What the address wants opened.

    Raises
    ------
    Refusal
        ``web_oversight.nothing_to_open``.
    """
    told = request.GET
    of = told.get("of", "")
    numbers = {str(one.no): one.no for one in at.stages().every}
    crossings = {str(number): number for number in range(OUT + 1)}
    wanted = Wanted(
        of,
        numbers.get(told.get("stage", "")),
        numbers.get(told.get("to", "")),
        crossings.get(told.get("crossing", ""), 0),
        _day(told.get("day", "")),
    )
    lacking = {
        "stock": not wanted.stage,
        "step": wanted.stage is None or not wanted.to_stage,
        DUE_ON: wanted.day is None,
    }
    if of not in KINDS or lacking.get(of):
        raise Refusal("web_oversight.nothing_to_open", what=of[:40])
    return wanted


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def titled(about: Question, wanted: Wanted) -> str:
    """In words what is opened."""
    language = about.language
    told = {"day": str(wanted.day or "")}
    for name, number in (("stage", wanted.stage), ("to", wanted.to_stage)):
        if number is not None:
            told[name] = stage_name(number, language)
    if wanted.what in measures():
        return measures()[wanted.what].title.in_language(language)
    if wanted.what == "step":
        return sentence(f"web_oversight.rows_step_{wanted.crossing}", told, language)
    return sentence(f"web_oversight.rows_{wanted.what}", told, language)


def counted(run: psycopg.Cursor[Row], about: Question, wanted: Wanted) -> int:
    """How many rows there are, from the folds: the number that led here."""
    scope, area, period = about.scope, about.area, about.period
    if wanted.what == CASES:
        return open_cases(run, scope, area)
    if wanted.day is not None and wanted.what == DUE_ON:
        return sum(one.duties for one in due_days(run, scope, area, wanted.day, wanted.day + timedelta(days=1)))
    if wanted.what in rows.DUTIES:
        return int(getattr(duties_of(run, scope, area, period), wanted.what))
    return _batteries(steps_of(run, [area.key], period).get(area.key, Steps()), wanted)


def _batteries(steps: Steps, wanted: Wanted) -> int:
    match wanted.what:
        case "retired":
            return steps.left_use.packs
        case "collected":
            return steps.left_use.arrived
        case "step":
            ribbon = Ribbon(wanted.stage or 0, wanted.to_stage or 0, wanted.crossing)
            return steps.during.get(ribbon, NOTHING).packs
    stage = {"in_service": at.IN_USE, "unaccounted": at.UNACCOUNTED}.get(wanted.what, wanted.stage or at.MADE)
    return steps.balance()[stage].closing.packs


def _page(
    run: psycopg.Cursor[Row], about: Question, wanted: Wanted, limit: int, cursor: str | None
) -> tuple[list[Line], str | None]:
    told = (run, about.scope, about.area)
    if wanted.what == CASES:
        cases = open_case_rows(*told, limit=limit, cursor=cursor)
        return [_case(about, one) for one in cases.rows], cases.following
    if wanted.what in rows.BATTERIES:
        stays = rows.stay_rows(*told, about.period, wanted, limit=limit, cursor=cursor)
        return [_stay(about, one) for one in stays.rows], stays.following
    duties = rows.duty_rows(*told, about.period, wanted, limit=limit, cursor=cursor)
    return [_duty(about, one) for one in duties.rows], duties.following


def _company(about: Question, row: StayRow | DutyRow | OpenCase) -> Linked:
    """A company by its name, leading to its profile."""
    if row.company is None:
        return Linked(sentence("web_oversight.holder_unknown", language=about.language), "")
    name = (row.name_en or row.name_zh) if about.language is Language.EN else row.name_zh
    return Linked(name or row.company, f"/g/enterprises/{row.company}")


def _battery(code: str) -> str:
    """The page of a battery for officials if there is one, else its public one."""
    inside = f"/w/b/{code}"
    return inside if there(inside) else f"/b/{code}"


def _stay(about: Question, row: StayRow) -> Line:
    reasons = {one.no: one.label.in_language(about.language) for one in at.stages().reasons}
    values: dict[str, Any] = {
        "code": row.code,
        "stage": stage_name(row.stage, about.language),
        "since": row.from_on,
        "until": row.until_on,
        "place": place_name(row.division, about.language, about.period.on),
        "company": _company(about, row),
        "came": stage_name(row.came_stage, about.language),
        "reason": reasons.get(row.reason),
        "energy_kwh": None if row.energy_wh is None else row.energy_wh / 1000,
        "mass_kg": None if row.mass_g is None else row.mass_g / 1000,
        "record": str(row.record),
    }
    return Line(row.code, values, _battery(row.code))


def _duty(about: Question, row: DutyRow) -> Line:
    sure = "official" if row.official else "provisional"
    is_battery = row.object is not None and len(row.object) == 24
    values: dict[str, Any] = {
        "object": row.object,
        "duty": title_of(row.version, row.duty, about.language),
        "company": _company(about, row),
        "started_on": row.started_on,
        "due_on": row.due_on,
        "official": sentence(f"web_oversight.due_{sure}", language=about.language),
        "fulfilled_on": row.fulfilled_on,
        "state": _state(row, about.period.today),
        "version": row.version,
    }
    return Line(f"{row.record}:{row.duty}", values, _battery(row.object or "") if is_battery else "")


def _state(row: DutyRow, today: date) -> Status:
    if row.fulfilled_on is None:
        return Status("web_oversight.overdue", "bad") if row.due_on < today else Status("web_oversight.open", "warn")
    in_time = row.fulfilled_on <= row.due_on
    return Status("web_oversight.in_time", "good") if in_time else Status("web_oversight.late", "warn")


def _case(about: Question, row: OpenCase) -> Line:
    address = f"/g/cases/{row.number}"
    values: dict[str, Any] = {
        "title": row.title,
        "number": row.number,
        "company": _company(about, row),
        "state": procedure().states[row.state].in_language(about.language),
        "opened_at": row.opened_at,
        "due_on": row.due_on,
    }
    return Line(str(row.number), values, address if there(address) else "")
