"""Lists of batteries: what a scope may open, filtered and in pages by key, with how many there are.

Every read takes the fold `answers_battery` alone and joins names to the rows of one page only.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from suyuan.codes.keys import compose_code, split_code
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Key, Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.ledger.queries.objects import Company
from suyuan.server.registry.queries import Condition
from suyuan.server.supervision.queries.visibility import visible_duties, visible_findings

EXACT_TO: Final = 10_000
"""Rows that are counted one by one; beyond, the planner's estimate is told as such."""

SORTS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("b.lot", "b.serial"),
    "since": ("b.since", "b.lot", "b.serial"),
    "made_on": ("b.made_on", "b.lot", "b.serial"),
}
IN_RECORDS, NOT_FILED, NO_CODE, ODD = "in_records", "not_filed", "no_code", "odd"
AWAITED, TO_HAND_OVER = "awaited", "to_hand_over"

_COLUMNS: Final = SQL("""
SELECT b.lot, b.serial, b.kind, b.stage, b.since, b.chemistry, b.made_on, b.division, b.vehicle, b.soh, b.odd,
       b.contradictions, b.lapses_on, b.holder, h.code, h.name_zh, h.name_en, b.consignee, k.code, k.name_zh, k.name_en,
       (SELECT q.model FROM registry_code_filing q WHERE q.prefix IN (substr(b.lot, 1, 14), substr(b.lot, 1, 7))
         ORDER BY length(q.prefix) DESC, q.valid_from DESC LIMIT 1)
  FROM {found} AS b
  LEFT JOIN registry_company h ON h.number = b.holder
  LEFT JOIN registry_company k ON k.number = b.consignee
""")
_FOUND: Final = SQL("(SELECT * FROM answers_battery b WHERE {where} AND {after} ORDER BY {order} LIMIT %s)")
_COUNT: Final = SQL("SELECT count(*) FROM (SELECT FROM answers_battery b WHERE {where} LIMIT %s) AS t")
_ESTIMATE: Final = SQL("EXPLAIN (FORMAT JSON) SELECT FROM answers_battery b WHERE {where}")
_MODELS: Final = "SELECT DISTINCT prefix FROM registry_code_filing WHERE model = %s ORDER BY prefix LIMIT 200"
_COMPANIES: Final = """
SELECT number FROM registry_company
 WHERE code = %s OR name_zh ILIKE %s OR name_en ILIKE %s ORDER BY number LIMIT 500
"""
_OVERDUE: Final = SQL("""EXISTS (SELECT FROM supervision_duty d WHERE d.lot = b.lot AND d.serial = b.serial
    AND d.fulfilled_on IS NULL AND NOT d.void AND d.due_on < %s AND {visible})""")
_FINDING: Final = SQL("""(b.lot, b.serial) IN (SELECT v.lot, v.serial FROM supervision_finding n
    JOIN supervision_evidence v ON v.finding = n.number
   WHERE n.detector = %s AND n.gone_at IS NULL AND {visible})""")

Clause: TypeAlias = tuple[SQL | Composed, list[object]]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which batteries are asked for; what is None does not matter.

    Parameters
    ----------
    code
        Beginning of the code.
    stages
        Numbers of stages of the vocabulary.
    division
        Beginning of the division code where they are: 2, 4 or 6 digits.
    model, holder
        Filed model; code of the holder, or a part of its name.
    chemistry, kind
        Letter of GB/T 34014; pack, module, cell or product.
    made_from, made_to
        First and last day made (``2026-10-01``).
    days
        In its stage for at least so many days.
    trouble
        ``in_records`` (a record contradicts others), ``not_filed``, ``no_code``, ``odd`` (one of these two), or the
        name of a detector, by which only authorities find anything.
    handover
        ``awaited`` (a consignee has not received it), ``to_hand_over`` (announced to nobody).
    lost
        Counts as unaccounted today.
    soh_below
        The last test said less (0-1).
    vin
        Vehicle that it is in.
    overdue
        A duty about it is open behind its last day.
    codes
        Only these, as chosen by hand.
    """

    code: str | None = None
    stages: tuple[int, ...] | None = None
    division: str | None = None
    model: str | None = None
    holder: str | None = None
    chemistry: str | None = None
    kind: str | None = None
    made_from: str | None = None
    made_to: str | None = None
    days: int | None = None
    trouble: str | None = None
    handover: str | None = None
    lost: bool = False
    soh_below: float | None = None
    vin: str | None = None
    overdue: bool = False
    codes: tuple[str, ...] | None = None

    @property
    def text(self) -> str:
        """To tell listings apart, and to keep: canonical JSON without what does not matter."""
        told = {name: value for name, value in asdict(self).items() if value is not None and value is not False}
        return json.dumps(told, ensure_ascii=False, sort_keys=True)

    @classmethod
    def of_text(cls, text: str) -> "Sought":
        """From its JSON."""
        told: dict[str, Any] = json.loads(text)
        known = sorted({field.name for field in fields(cls)} & told.keys())
        given: dict[str, Any] = {name: _frozen(told[name]) for name in known}
        return cls(**given)


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Battery:
    """A row of a list. `stage` is a number of the vocabulary, `soh` a ratio; `odd` as the fold has it."""

    lot: str
    serial: int
    kind: str
    stage: int
    since: date
    chemistry: str
    made_on: date | None
    division: str
    vehicle: str | None
    soh: float | None
    odd: int
    contradictions: int
    lapses_on: date | None
    holder: Company | None
    consignee: Company | None
    model: str | None

    @property
    def code(self) -> str:
        """Its code."""
        return compose_code(self.lot, self.serial)


@dataclass(frozen=True, slots=True)
class Turn:
    """In which order (a name of `SORTS`) and how many a page."""

    sort: str = "code"
    descending: bool = False
    size: int = 50


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are; not `exact` where that is an estimate."""

    number: int
    exact: bool


def visible_batteries(scope: Scope, alias: str = "b") -> Condition:
    """The condition that rows of `answers_battery` fulfil that a scope may open."""
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.COMPANY:
            return Condition(SQL("{}.viewers @> ARRAY[%s::integer]").format(row), [scope.company])
        case Level.OUTLET:
            return Condition(SQL("{}.viewers @> ARRAY[%s::integer]").format(row), [-(scope.site or 0)])
        case _:
            return Condition(SQL("{}.areas @> ARRAY[%s::text]").format(row), [scope.division_prefix])


def batteries(
    run: psycopg.Cursor[Row], scope: Scope, sought: Sought, today: date, turn: Turn = Turn(), cursor: str | None = None
) -> Page[Battery]:
    """A page of the batteries that a scope may open."""
    columns = SORTS[turn.sort]
    listing = f"batteries:{turn.sort}:{turn.descending}:{sought.text}"
    last = decode_cursor(listing, cursor)
    where, params = _where(run, scope, sought, today)
    if turn.sort == "made_on":  # those whose day nobody can read are not in this order
        where = SQL("{} AND b.made_on IS NOT NULL").format(where)
    behind, bounds = after(columns, last, descending=turn.descending)
    direction = SQL("DESC" if turn.descending else "ASC")
    order = SQL(", ").join(SQL("{} {}").format(Identifier(*name.split(".")), direction) for name in columns)
    found = _FOUND.format(where=where, after=behind, order=order)
    statement = SQL("{} ORDER BY {}").format(_COLUMNS.format(found=found), order)
    rows = [_battery(row) for row in run.execute(statement, [*params, *bounds, turn.size + 1])]
    more = len(rows) > turn.size
    return Page(rows[: turn.size], encode_cursor(listing, _place(rows[turn.size - 1], turn.sort)) if more else None)


def count_batteries(run: psycopg.Cursor[Row], scope: Scope, sought: Sought, today: date) -> Counted:
    """How many there are: exactly up to `EXACT_TO`, else about."""
    where, params = _where(run, scope, sought, today)
    ((number,),) = run.execute(_COUNT.format(where=where), [*params, EXACT_TO + 1]).fetchall()
    if number <= EXACT_TO:
        return Counted(number, exact=True)
    ((plan,),) = psycopg.ClientCursor(run.connection).execute(_ESTIMATE.format(where=where), params).fetchall()
    told = json.loads(plan) if isinstance(plan, str) else plan
    return Counted(max(int(told[0]["Plan"]["Plan Rows"]), EXACT_TO + 1), exact=False)


def _battery(row: Row) -> Battery:
    told: tuple[Any, ...] = (*row[:13], _company(*row[13:17]), _company(*row[17:21]), row[21])
    return Battery(*told)


def _company(number: int, code: str | None, zh: str | None, en: str | None) -> Company | None:
    return Company(number, code or "", zh or "", en or "") if number else None


def _place(row: Battery, sort: str) -> list[Key]:
    day = {"since": row.since, "made_on": row.made_on}.get(sort)
    return [*([day.isoformat()] if day else []), row.lot, row.serial]


def _where(run: psycopg.Cursor[Row], scope: Scope, sought: Sought, today: date) -> Clause:
    """What rows `b` fulfil that are asked for and that the scope may open."""
    seen = visible_batteries(scope)
    clauses: list[Clause] = [(seen.sql, list(seen.params)), *_plain(sought, today), *_named(sought)]
    clauses += _looked_up(run, sought)
    if sought.overdue:
        mine = visible_duties(scope)
        clauses.append((_OVERDUE.format(visible=mine.sql), [today, *mine.params]))
    if sought.trouble is not None:
        clauses.append(_trouble(scope, sought.trouble))
    return SQL(" AND ").join(sql for sql, _ in clauses), [one for _, params in clauses for one in params]


def _plain(sought: Sought, today: date) -> list[Clause]:
    """Conditions on single columns."""
    wanted: tuple[tuple[str, object], ...] = (
        ("b.chemistry = %s", sought.chemistry),
        ("b.kind = %s", sought.kind),
        ("b.made_on >= %s::date", sought.made_from),
        ("b.made_on <= %s::date", sought.made_to),
        ("b.soh < %s", sought.soh_below),
        ("b.vehicle = %s", sought.vin),
        ("b.since <= %s::date", None if sought.days is None else today - timedelta(days=sought.days)),
        ("b.lapses_on <= %s::date", today if sought.lost else None),
    )
    found: list[Clause] = [(SQL(text), [value]) for text, value in wanted if value is not None]
    if sought.stages is not None and len(sought.stages) == 1:  # an equality keeps the order of the index
        found.append((SQL("b.stage = %s"), [sought.stages[0]]))
    elif sought.stages is not None:
        found.append((SQL("b.stage = ANY (%s)"), [list(sought.stages)]))
    if sought.handover == AWAITED:
        found.append((SQL("b.consignee > 0 AND b.consignee <> b.holder"), []))
    if sought.handover == TO_HAND_OVER:
        found.append((SQL("b.consignee = 0"), []))
    return found


def _named(sought: Sought) -> list[Clause]:
    """Places and codes by their beginnings."""
    found: list[Clause] = []
    if sought.division is not None:
        found.append(_beginning("b.division", sought.division))
    if sought.code is not None:
        found.append(_coded(sought.code))
    if sought.codes is not None:
        keys = [split_code(code) for code in sought.codes]
        pairs = SQL("(b.lot, b.serial) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))")
        found.append((pairs, [[lot for lot, _ in keys], [serial for _, serial in keys]]))
    return found


def _beginning(column: str, text: str) -> Clause:
    """A range of an index: what begins with `text`, whose characters are below ``~``."""
    name = Identifier(*column.split("."))
    return SQL("({0} >= %s AND {0} < %s)").format(name), [text, f"{text}~"]


def _coded(text: str) -> Clause:
    """Codes that begin with `text`: a whole one is one row, a part of one a range of lots and serials."""
    lot, serial = split_code(text)
    if serial:
        return SQL("(b.lot = %s AND b.serial = %s)"), [lot, serial]
    missing, digits = 24 - len(text), text[17:]
    if len(text) <= 17:
        return _beginning("b.lot", text)
    if missing <= 0 or not digits.isdigit():
        return SQL("b.lot = %s"), [text]
    low = int(digits) * 10**missing
    return SQL("(b.lot = %s AND b.serial BETWEEN %s AND %s)"), [text[:17], low, low + 10**missing - 1]


def _looked_up(run: psycopg.Cursor[Row], sought: Sought) -> list[Clause]:
    """Models and companies by what they are called; unknown ones find nothing."""
    found: list[Clause] = []
    if sought.model is not None:
        ranges = [_beginning("b.lot", prefix) for (prefix,) in run.execute(_MODELS, [sought.model]).fetchall()]
        either = SQL(" OR ").join(sql for sql, _ in ranges) if ranges else SQL("FALSE")
        found.append((SQL("({})").format(either), [one for _, bounds in ranges for one in bounds]))
    if sought.holder is not None:
        text = sought.holder.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        asked = [sought.holder.upper(), f"%{text}%", f"%{text}%"]
        numbers = [number for (number,) in run.execute(_COMPANIES, asked)]
        one = len(numbers) == 1
        found.append((SQL("b.holder = %s"), numbers) if one else (SQL("b.holder = ANY (%s)"), [numbers]))
    return found


def _trouble(scope: Scope, trouble: str) -> Clause:
    plain = {IN_RECORDS: "b.contradictions > 0", NOT_FILED: "b.odd = 1", NO_CODE: "b.odd = 2", ODD: "b.odd > 0"}
    if trouble in plain:
        return SQL(plain[trouble]), []
    mine = visible_findings(scope)
    return _FINDING.format(visible=mine.sql), [trouble, *mine.params]
