"""The rows behind every number: the same condition gives the page and the sum, so that they cannot differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Composed

from suyuan.codes.keys import compose_code
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.areas import Area, visible_stays, within
from suyuan.server.answers.queries.periods import Period
from suyuan.server.answers.queries.steps import INSIDE, INTO, OUT
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Key, Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.visibility import visible_duties

_STAY = SQL("""
SELECT s.lot, s.serial, s.place, s.stage, s.from_on, s.until_on, s.reason, s.division, c.code, c.name_zh, c.name_en,
       s.came_stage, s.came_division, s.event, s.arrived_on, s.energy_wh, s.mass_g
  FROM answers_stay s LEFT JOIN registry_company c ON c.number = s.company
 WHERE {visible} AND {wanted} AND {after} ORDER BY {order} LIMIT %s
""")
_STAYS = SQL("""
SELECT count(*), coalesce(sum(s.energy_wh), 0)::bigint, coalesce(sum(s.mass_g), 0)::bigint
  FROM answers_stay s WHERE {visible} AND {wanted}
""")
_DUTY = SQL("""
SELECT d.company, d.started_on, d.event, d.rule, d.lot, d.serial, r.duty, r.version, c.code, c.name_zh, c.name_en,
       d.due_on, d.official, d.fulfilled_on
  FROM supervision_duty d JOIN supervision_rule r ON r.number = d.rule JOIN registry_company c ON c.number = d.company
 WHERE {visible} AND {wanted} AND {after} ORDER BY d.company, d.started_on, d.event, d.rule LIMIT %s
""")
_DUTIES = SQL("SELECT count(*) FROM supervision_duty d WHERE {visible} AND {wanted}")
_STOCK_ORDER: Final = ("s.division", "s.lot", "s.serial", "s.place")
_HELD_ORDER: Final = ("s.lot", "s.serial", "s.place")  # of a company: its index is by stage and lot
_STEP_ORDER: Final = ("s.from_on", "s.lot", "s.serial", "s.place")
_DUTY_ORDER: Final = ("d.company", "d.started_on", "d.event", "d.rule")
_COMPANY_SIGN: Final = "#"
_OF_DUTIES: Final[Mapping[str, str]] = {
    "overdue": "d.fulfilled_on IS NULL AND NOT d.void AND d.due_on < %s",
    "missed": "d.fulfilled_on IS NULL AND NOT d.void AND d.due_on < %s AND d.due_on >= %s AND d.due_on < %s",
    "in_time": "NOT d.void AND d.fulfilled_on <= d.due_on AND d.due_on >= %s AND d.due_on < %s",
    "late": "NOT d.void AND d.fulfilled_on > d.due_on AND d.due_on >= %s AND d.due_on < %s",
}
DUTIES: Final = tuple(_OF_DUTIES)
DUE_ON: Final = "due_on"
_DUE_ON: Final = SQL("d.fulfilled_on IS NULL AND NOT d.void AND d.due_on = %s")
BATTERIES: Final = ("in_service", "unaccounted", "retired", "collected", "stock", "step")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is opened: a measure; for ``stock`` a stage, for ``step`` two stages and how the area is crossed, for
    ``due_on`` the day on which open duties end.
    """

    what: str
    stage: int | None = None
    to_stage: int | None = None
    crossing: int = INSIDE
    day: date | None = None

    @property
    def name(self) -> str:
        """To tell the listings apart."""
        return f"{self.what}:{self.stage}:{self.to_stage}:{self.crossing}:{self.day or ''}"


@dataclass(frozen=True, slots=True)
class StayRow:
    """A stay of a battery; its company's code and names are None where the holder is not known."""

    code: str
    stage: int
    from_on: date
    until_on: date | None
    reason: int
    division: str
    company: str | None
    name_zh: str | None
    name_en: str | None
    came_stage: int
    came_division: str
    record: UUID
    arrived_on: date | None
    energy_wh: int | None
    mass_g: int | None


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty behind a number; `record` and `duty` name it."""

    record: str
    duty: str
    version: str
    object: str | None
    company: str
    name_zh: str
    name_en: str
    started_on: date
    due_on: date
    official: bool
    fulfilled_on: date | None


def total(run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period, wanted: Wanted) -> tuple[int, int, int]:
    """How many rows there are, their energy [Wh] and mass [g] (0 for duties), counted one by one."""
    if wanted.what in (*DUTIES, DUE_ON):
        condition, params = _duties(scope, area, period, wanted)
        ((number,),) = run.execute(_DUTIES.format(visible=SQL("TRUE"), wanted=condition), params).fetchall()
        return number, 0, 0
    visible, (condition, params, _) = visible_stays(scope), _stays(area, period, wanted)
    statement = _STAYS.format(visible=visible.sql, wanted=condition)
    ((number, energy_wh, mass_g),) = run.execute(statement, [*visible.params, *params]).fetchall()
    return number, energy_wh, mass_g


def stay_rows(  # noqa: PLR0913  the area and the period belong to what is asked for
    run: psycopg.Cursor[Row],
    scope: Scope,
    area: Area,
    period: Period,
    wanted: Wanted,
    *,
    limit: int,
    cursor: str | None = None,
) -> Page[StayRow]:
    """Batteries behind a number, page by page."""
    condition, params, order = _stays(area, period, wanted)
    visible, listing = visible_stays(scope), f"stays:{area.key}:{period.name}:{wanted.name}"
    behind, last = after(order, decode_cursor(listing, cursor))
    statement = _STAY.format(
        visible=visible.sql, wanted=condition, after=behind, order=SQL(", ").join(SQL(name) for name in order)
    )
    rows = run.execute(statement, [*visible.params, *params, *last, limit + 1]).fetchall()
    found = [StayRow(compose_code(lot, serial), *rest) for lot, serial, _, *rest in rows[:limit]]
    if len(rows) <= limit:
        return Page(found, None)
    lot, serial, place, _, from_on, _, _, division, *_ = rows[limit - 1]
    key: dict[str, Key] = {
        "s.division": division,
        "s.lot": lot,
        "s.serial": serial,
        "s.place": place,
        "s.from_on": str(from_on),
    }
    return Page(found, encode_cursor(listing, [key[name] for name in order]))


def duty_rows(  # noqa: PLR0913  as above
    run: psycopg.Cursor[Row],
    scope: Scope,
    area: Area,
    period: Period,
    wanted: Wanted,
    *,
    limit: int,
    cursor: str | None = None,
) -> Page[DutyRow]:
    """Duties behind a number, by company and day."""
    condition, params = _duties(scope, area, period, wanted)
    listing = f"duties:{area.key}:{period.name}:{wanted.name}"
    behind, last = after(_DUTY_ORDER, decode_cursor(listing, cursor))
    statement = _DUTY.format(visible=SQL("TRUE"), wanted=condition, after=behind)
    rows = run.execute(statement, [*params, *last, limit + 1]).fetchall()
    found = []
    for _, started_on, event, _, lot, serial, duty, version, code, name_zh, name_en, *rest in rows[:limit]:
        about = None if lot.startswith(_COMPANY_SIGN) else compose_code(lot, serial)
        found.append(DutyRow(str(event), duty, version, about, code, name_zh, name_en, started_on, *rest))
    if len(rows) <= limit:
        return Page(found, None)
    company, started_on, event, rule, *_ = rows[limit - 1]
    return Page(found, encode_cursor(listing, [company, str(started_on), str(event), rule]))


def _duties(scope: Scope, area: Area, period: Period, wanted: Wanted) -> tuple[Composed, list[object]]:
    visible, inside = visible_duties(scope), visible_duties(area.scope)
    if wanted.what == DUE_ON:
        condition = SQL("{} AND {} AND {}").format(visible.sql, inside.sql, _DUE_ON)
        return condition, [*visible.params, *inside.params, wanted.day]
    which = SQL(_OF_DUTIES[wanted.what])
    span: list[object] = [] if wanted.what == "overdue" else [period.start, period.end]
    today: list[object] = [period.today] if wanted.what in ("overdue", "missed") else []
    condition = SQL("{} AND {} AND {}").format(visible.sql, inside.sql, which)
    return condition, [*visible.params, *inside.params, *today, *span]


def _stays(area: Area, period: Period, wanted: Wanted) -> tuple[Composed, list[object], Sequence[str]]:
    """Condition, parameters and order of the stays behind a number."""
    match wanted.what:
        case "in_service":
            return _stock(area, period, at.IN_USE)
        case "unaccounted":
            return _stock(area, period, at.UNACCOUNTED)
        case "stock" if wanted.stage is not None:
            return _stock(area, period, wanted.stage)
        case "retired" | "collected":
            came = within(area, came=True)
            arrived = SQL("s.arrived_on IS NOT NULL") if wanted.what == "collected" else SQL("TRUE")
            text = SQL("s.came_stage = %s AND s.stage = ANY (%s) AND {} AND {} AND {}")
            told = [at.IN_USE, at.stages().out_of_use, *_during(period), *came.params]
            return text.format(_IN_PERIOD, came.sql, arrived), told, _STEP_ORDER
        case "step" if wanted.stage is not None and wanted.to_stage is not None:
            return _step(area, period, wanted)
        case _:
            raise Refusal("answers.nothing_to_open", what=wanted.what, known=[*BATTERIES, *DUTIES])


_IN_PERIOD: Final = SQL("s.from_on >= %s AND s.from_on <= %s")


def _during(period: Period) -> list[object]:
    return [period.start, period.on]


def _stock(area: Area, period: Period, stage: int) -> tuple[Composed, list[object], Sequence[str]]:
    here = within(area)
    text = SQL("s.stage = %s AND s.from_on <= %s AND (s.until_on IS NULL OR s.until_on > %s) AND {}")
    order = _HELD_ORDER if area.is_company else _STOCK_ORDER
    return text.format(here.sql), [stage, period.on, period.on, *here.params], order


def _step(area: Area, period: Period, wanted: Wanted) -> tuple[Composed, list[object], Sequence[str]]:
    here, came = within(area), within(area, came=True)
    sides = {INSIDE: "{here} AND {came}", INTO: "{here} AND NOT {came}", OUT: "NOT {here} AND {came}"}
    if wanted.stage == at.OUTSIDE:  # nobody had it before
        side, params = here.sql, here.params
    else:
        side = SQL(sides[wanted.crossing]).format(here=here.sql, came=came.sql)
        params = [*here.params, *came.params]
    text = SQL("s.came_stage = %s AND s.stage = %s AND {} AND {}").format(_IN_PERIOD, side)
    return text, [wanted.stage, wanted.to_stage, *_during(period), *params], _STEP_ORDER
