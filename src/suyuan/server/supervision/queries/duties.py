"""Duties as people ask for them: page by page, one with its explanation, how many there are in each state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias
from uuid import UUID

import psycopg
from psycopg.sql import SQL

from suyuan.codes.keys import compose_code
from suyuan.rules import Explanation, explain, law
from suyuan.rules.duties import State
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Key, Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.calendars import known_calendar
from suyuan.server.supervision.queries.history import FIRST
from suyuan.server.supervision.queries.visibility import visible_duties, visible_facts

Recount: TypeAlias = tuple[date, bool, date, bool]

STATE: Final = SQL("""(CASE WHEN d.void THEN 'void'
    WHEN d.fulfilled_on IS NULL AND d.due_on IS NULL THEN 'open'
    WHEN d.fulfilled_on IS NULL THEN CASE WHEN %s::date <= d.due_on THEN 'due' ELSE 'overdue' END
    WHEN d.due_on IS NULL THEN 'fulfilled'
    WHEN d.fulfilled_on <= d.due_on THEN 'fulfilled_in_time' ELSE 'fulfilled_late' END)""")
"""Where a duty stands on a day (its parameter); a test compares it with the rules."""

_OPEN: Final = frozenset({State.DUE, State.OVERDUE, State.OPEN})
_COLUMNS: Final = SQL("""
SELECT d.lot, d.serial, d.event, d.rule, r.duty, r.version, r.status, d.company, c.code, c.name_zh, c.name_en, d.site,
       d.started_on, d.due_on, d.official, d.fulfilled_by, d.fulfilled_on, {state},
       CASE WHEN NOT d.void AND d.due_on IS NOT NULL THEN greatest(coalesce(d.fulfilled_on, %s::date) - d.due_on, 0) END
  FROM supervision_duty d JOIN supervision_rule r ON r.number = d.rule JOIN registry_company c ON c.number = d.company
""").format(state=STATE)
_PAGE: Final = SQL("""{columns}
 WHERE {visible} AND {wanted} AND {after} ORDER BY d.company, d.started_on, d.event, d.rule LIMIT %s
""")
_ONE: Final = SQL("""{columns}
 WHERE {visible} AND d.event = %s AND r.duty = %s
   AND ((d.lot, d.serial) IN (SELECT e.lot, e.serial FROM ledger_event e WHERE e.id = %s AND e.main_lot IS NULL)
        OR d.lot <= %s)
""")
_COUNTS: Final = SQL("""
SELECT {state}, count(*) FROM supervision_duty d WHERE {visible} GROUP BY 1 ORDER BY 1
""")
_TRACE: Final = """
SELECT due_on, official, new_due_on, new_official FROM supervision_recount
 WHERE rule = %s AND started_on = %s ORDER BY number
"""
_FACTS: Final = SQL("""
SELECT f.id, f.company, f.kind, f.subject, f.occurred_on, f.withdrawn_at IS NOT NULL FROM supervision_fact f
 WHERE {visible} ORDER BY f.number DESC LIMIT %s
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which duties are asked for: of a company (its code), of a rule, in a state (or all that are not fulfilled), with
    a last day between two."""

    company: str | None = None
    duty: str | None = None
    state: State | None = None
    due_from: date | None = None
    due_to: date | None = None
    unfulfilled: bool = False

    @property
    def listing(self) -> str:
        """The name of the listing that a cursor belongs to."""
        days = f"{self.due_from or ''}:{self.due_to or ''}:{self.unfulfilled}"
        return f"duties:{self.company or ''}:{self.duty or ''}:{self.state or ''}:{days}"


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty as it stands on a day.

    `record` is the record or fact that started it, together with `duty` its name; `object` the code that it is
    about, or the subject of a fact. `status` is the least sure part of the rule.
    """

    record: str
    duty: str
    version: str
    status: str
    company: int
    company_code: str
    name_zh: str
    name_en: str
    object: str | None
    of_record: bool
    site: int | None
    started_on: date
    due_on: date | None
    official: bool | None
    fulfilled_by: str | None
    fulfilled_on: date | None
    state: State
    late_days: int | None
    rule: int


@dataclass(frozen=True, slots=True)
class Explained:
    """One duty, why it is as it is, and how its last day was moved by calendars."""

    duty: DutyRow
    explanation: Explanation
    recounts: Sequence[Recount]


def page(
    run: psycopg.Cursor[Row], scope: Scope, wanted: Wanted, on: date, *, limit: int, cursor: str | None = None
) -> Page[DutyRow]:
    """Duties by company and by the day on which they began; `on` decides what is overdue."""
    visible = visible_duties(scope)
    columns = ("d.company", "d.started_on", "d.event", "d.rule")
    behind, last = after(columns, decode_cursor(wanted.listing, cursor))
    condition, params = _wanted(wanted, on)
    statement = _PAGE.format(columns=_COLUMNS, visible=visible.sql, wanted=condition, after=behind)
    rows = run.execute(statement, [on, on, *visible.params, *params, *last, limit + 1]).fetchall()
    found = [_duty(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(found, None)
    end = found[-1]
    key: list[Key] = [end.company, str(end.started_on), end.record, end.rule]
    return Page(found, encode_cursor(wanted.listing, key))


def _wanted(wanted: Wanted, on: date) -> tuple[SQL, list[object]]:
    """The condition for what is asked for; which states are open is said so that an index can be used."""
    parts, params = ["TRUE"], list[object]()
    if wanted.company is not None:
        parts.append("c.code = %s")
        params.append(wanted.company)
    if wanted.duty is not None:
        parts.append("r.duty = %s")
        params.append(wanted.duty)
    if wanted.due_from is not None:
        parts.append("d.due_on >= %s")
        params.append(wanted.due_from)
    if wanted.due_to is not None:
        parts.append("d.due_on <= %s")
        params.append(wanted.due_to)
    if wanted.state in _OPEN or wanted.unfulfilled:
        parts.append("d.fulfilled_on IS NULL AND NOT d.void")
    if wanted.state is State.OVERDUE:
        parts.append("d.due_on < %s")
        params.append(on)
    elif wanted.state is not None:
        parts.append(f"{STATE.as_string(None)} = %s")
        params += [on, wanted.state.value]
    return SQL(" AND ".join(parts)), params


def explained(run: psycopg.Cursor[Row], scope: Scope, record: UUID, duty: str, on: date) -> Explained:
    """One duty with its explanation.

    Raises
    ------
    Missing
        ``supervision.duty_not_found`` if there is none in the scope.
    """
    visible = visible_duties(scope)
    statement = _ONE.format(columns=_COLUMNS, visible=visible.sql)
    rows = run.execute(statement, [on, on, *visible.params, record, duty, record, FIRST]).fetchall()
    if not rows:
        raise Missing("supervision.duty_not_found", record=str(record), duty=duty)
    found = _duty(rows[0])
    told = explain(law(), known_calendar(), _for_rules(found))
    return Explained(found, told, run.execute(_TRACE, [found.rule, found.started_on]).fetchall())


def _for_rules(found: DutyRow) -> Mapping[str, object]:
    return {
        "version": found.version,
        "event": found.record if found.of_record else None,
        "started_on": found.started_on,
        "due_on": found.due_on,
        "state": found.state,
        "fulfilled_on": found.fulfilled_on,
        "late_days": found.late_days,
    }


def counts(run: psycopg.Cursor[Row], scope: Scope, on: date) -> dict[str, int]:
    """How many duties there are in each state."""
    visible = visible_duties(scope)
    statement = _COUNTS.format(state=STATE, visible=visible.sql)
    return dict(run.execute(statement, [on, *visible.params]).fetchall())


@dataclass(frozen=True, slots=True)
class FactRow:
    """A dated fact of the register."""

    id: UUID
    company: int
    kind: str
    subject: str
    occurred_on: date
    withdrawn: bool


def facts(run: psycopg.Cursor[Row], scope: Scope, limit: int = 100) -> list[FactRow]:
    """The facts entered last."""
    visible = visible_facts(scope)
    return [FactRow(*row) for row in run.execute(_FACTS.format(visible=visible.sql), [*visible.params, limit])]


def _duty(row: Row) -> DutyRow:
    (lot, serial, event, rule, duty, version, status, company, code, name_zh, name_en, site, *rest) = row
    started_on, due_on, official, fulfilled_by, fulfilled_on, state, late_days = rest
    of_company = lot <= FIRST
    about = lot.partition(":")[2] or None if of_company else compose_code(lot, serial)
    return DutyRow(
        record=str(event),
        duty=duty,
        version=version,
        status=status,
        company=company,
        company_code=code,
        name_zh=name_zh,
        name_en=name_en,
        object=about,
        of_record=not of_company or ":" in lot,
        site=site,
        started_on=started_on,
        due_on=due_on,
        official=official,
        fulfilled_by=str(fulfilled_by) if fulfilled_by else None,
        fulfilled_on=fulfilled_on,
        state=State(state),
        late_days=late_days,
        rule=rule,
    )
