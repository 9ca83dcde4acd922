"""Single objects: from a code to its key, and what is true of it now or at a date."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

import psycopg

from suyuan.codes.keys import compose_code, split_code
from suyuan.events.records import is_day
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.queries.entries import valid
from suyuan.server.ledger.queries.history import History, exists_at, history
from suyuan.server.ledger.queries.together import Ask, together

CHINA = timezone(timedelta(hours=8))
UNKNOWN = 0, None, None, None, None
_FIND = """
SELECT EXISTS (SELECT FROM ledger_event e WHERE e.lot = %s AND e.serial = %s)
    OR EXISTS (SELECT FROM ledger_block b WHERE b.lot = %s AND b.block = %s AND b.mask & (1::bigint << %s) <> 0)
"""
_NOW = """
SELECT o.place, s.stage, s.holder, s.consignee, s.site, s.vehicle
  FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)
  JOIN ledger_state s ON s.lot = o.lot AND s.serial = o.serial
"""
_THEN = """
SELECT place, stage, holder, consignee, site, vehicle
  FROM refold_state(%s::text[], %s::integer[], array_fill(to_timestamp(%s / 1000.0), ARRAY[%s]))
"""
_NAMES = """
SELECT true, number, code, name_zh, name_en, NULL FROM registry_company WHERE number = ANY(%s)
 UNION ALL
SELECT false, number, code, name, '', company FROM registry_site WHERE number = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Company:
    """A company as answers name it; `code` is its credit code or DUNS number."""

    number: int
    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Place:
    """A site as answers name it."""

    number: int
    code: str
    name: str
    company: int


@dataclass(frozen=True, slots=True)
class Names:
    """Companies and sites by their numbers."""

    companies: dict[int, Company]
    sites: dict[int, Place]

    def company(self, number: int | None) -> Company | None:
        """The company; one that the register does not have keeps its number. None for none."""
        if number is None:
            return None
        return self.companies.get(number) or Company(number, "", "", "")

    def site(self, number: int | None) -> Place | None:
        """The site; see `company`."""
        if number is None:
            return None
        return self.sites.get(number) or Place(number, "", "", 0)


@dataclass(frozen=True, slots=True)
class State:
    """What is true of an object at a moment.

    `stage` is a name of the vocabulary; `in_transit` says that a consignee awaits it; `inside` are the
    codes of its containers, nearest first.
    """

    code: str
    kind: str
    stage: str
    holder: Company | None
    consignee: Company | None
    site: Place | None
    vehicle: str | None
    in_transit: bool
    inside: tuple[str, ...]


def find(run: psycopg.Cursor[Row], code: str) -> Key | None:
    """The key of an object that the ledger has heard of; None for others. A VIN works like a code."""
    lot, serial = split_code(code)
    row = run.execute(_FIND, [lot, serial, lot, serial // 64, serial % 64]).fetchone()
    return (lot, serial) if row and row[0] else None


def code_of(key: Key) -> str:
    """The code of a key."""
    return compose_code(*key)


def end_of_day(on: date | None) -> int | None:
    """The last millisecond of a day in China, since 1970 UTC."""
    if on is None:
        return None
    midnight = datetime.combine(on + timedelta(days=1), time(), CHINA)
    return int(midnight.timestamp()) * 1000 - 1


def day_or_time(kind: Kind, occurred_ms: int) -> str:
    """When a record happened: the day alone for kinds that say no more, else the time in China."""
    at = datetime.fromtimestamp(occurred_ms / 1000, CHINA)
    if kind.fields and is_day(kind):
        return at.date().isoformat()
    return at.isoformat(timespec="milliseconds" if occurred_ms % 1000 else "seconds")


def received(identity: str) -> str:
    """When a record came in, from its id (UUID version 7 begins with the milliseconds)."""
    ms = int(identity.replace("-", "")[:12], 16)
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(CHINA).isoformat(timespec="milliseconds")


def names(run: psycopg.Cursor[Row], companies: Iterable[int | None], sites: Iterable[int | None]) -> Names:
    """Names of companies and sites, whoever asks: they are printed in a public register."""
    numbers = [sorted({number for number in some if number is not None}) for some in (companies, sites)]
    found = Names({}, {})
    if not any(numbers):
        return found
    for is_company, number, code, name, name_en, owner in run.execute(_NAMES, numbers):
        if is_company:
            found.companies[number] = Company(number, code, name, name_en)
        else:
            found.sites[number] = Place(number, code, name, owner)
    return found


def show(run: psycopg.Cursor[Row], scope: Scope, code: str, at: date | None = None) -> State | None:
    """What is true of an object now, or at the end of a day in China.

    A part is where its outermost container is. None for what is not open to the scope.
    """
    gathered = history(run, scope, split_code(code))
    if gathered is None:
        return None
    at_ms = end_of_day(at)
    (rows,) = together(run, ask_states(gathered, at_ms))
    row = state_row(gathered, at_ms, rows)
    return state_of(gathered, at_ms, row, names(run, row[1:3], row[3:4]))


def ask_states(gathered: History, at_ms: int | None) -> Ask:
    """The statement for the states of the object and its containers at a moment."""
    line = [gathered.key, *gathered.chain(at_ms)]
    return (_NOW, columns(line)) if at_ms is None else (_THEN, [*columns(line), at_ms, len(line)])


def state_row(gathered: History, at_ms: int | None, rows: Sequence[Row]) -> Row:
    """Stage, holder, consignee, site and vehicle: those of the outermost container that has a state.

    Nothing is known of them to whom the object is not open.
    """
    if not gathered.visible:
        return UNKNOWN
    return max(rows)[1:] if rows else _made_alone(gathered, at_ms)


def state_of(gathered: History, at_ms: int | None, row: Row, named: Names) -> State:
    """The state of the object that `gathered` is about."""
    stage, holder, consignee, site, vehicle = row
    return State(
        code=code_of(gathered.key),
        kind=gathered.kind,
        stage=vocabulary().stage_name(stage),
        holder=named.company(holder),
        consignee=named.company(consignee),
        site=named.site(site),
        vehicle=vehicle,
        in_transit=consignee is not None and consignee != holder,
        inside=tuple(code_of(key) for key in gathered.chain(at_ms)) if gathered.visible else (),
    )


def _made_alone(gathered: History, at_ms: int | None) -> Row:
    """The state of what has no row of its own: a cell that was only reported as made is with its maker."""
    made = valid(gathered.made)
    if not made or not exists_at(gathered, at_ms):
        return UNKNOWN
    return vocabulary().stages["produced"], made[-1].reporter, None, None, None
