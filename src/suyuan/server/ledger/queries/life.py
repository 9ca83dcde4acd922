"""The whole life of an object: what was reported about it and about what it was part of, in order."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg

from suyuan.codes.keys import split_code
from suyuan.events.vocabulary import Parts
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.queries.entries import CELL_PRODUCED, WITHDRAWAL, Entry, replacements
from suyuan.server.ledger.queries.history import History, gather
from suyuan.server.ledger.queries.objects import (
    Company,
    Names,
    Place,
    State,
    ask_states,
    code_of,
    day_or_time,
    names,
    received,
    state_of,
    state_row,
)
from suyuan.server.ledger.queries.together import Ask, together
from suyuan.server.ledger.queries.touches import Body, Touch, Value, bodies, touches

_FINDINGS = """
SELECT f.id::text, f.code, f.data::text
  FROM unnest(%s::text[], %s::integer[], %s::uuid[]) AS o (lot, serial, id)
  JOIN ledger_finding f ON f.lot = o.lot AND f.serial = o.serial AND f.id = o.id AND NOT f.void
 ORDER BY f.id, f.place, f.code
"""
_TREATED = 27

VALID, CORRECTED, WITHDRAWN = "valid", "corrected", "withdrawn"


@dataclass(frozen=True, slots=True)
class Found:
    """A contradiction that was found when the record was accepted."""

    code: str
    data: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Event:
    """One record of a life.

    `occurred_at` is a day where the kind says no more; `received_at` is a time. `through` is the code of
    the container or vehicle (for a vehicle: of the pack) by which the record belongs here, None for one
    about the object itself. `status` is valid, corrected or withdrawn, `replaced_by` the id of the record
    that did it; `corrects` the id of the one that this record corrects. `objects` are (slot, code).
    """

    id: str
    kind: str
    occurred_at: str
    received_at: str
    reporter: Company
    party: Company | None
    site: Place | None
    vehicle: str | None
    body: Body
    findings: tuple[Found, ...]
    status: str
    replaced_by: str | None
    corrects: str | None
    through: str | None
    objects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Life:
    """A whole life. `derived_from` and `derived_into` are codes: the sources it was made from, what was made of it.

    Of an object that is not open to the reader there are his own records alone, its code, and what that
    says: the stage is unknown, and so is the rest of the state.
    """

    state: State
    events: tuple[Event, ...]
    derived_from: tuple[str, ...]
    derived_into: tuple[str, ...]


def life(run: psycopg.Cursor[Row], scope: Scope, code: str) -> Life | None:
    """The life of a battery, vehicle or batch of material; None for what the scope may not know of.

    Personal data are never part of it.
    """
    gathered = gather(run, scope, split_code(code), whole=True)
    chosen: dict[str, Entry] = {}
    for entry in gathered.life():
        if entry.id not in chosen or (entry.touches and not chosen[entry.id].touches):
            chosen[entry.id] = entry
    rows = sorted(chosen.values(), key=lambda entry: entry.moment)
    if not (rows or gathered.visible):
        return None
    said = bodies(run, rows)
    every = [*gathered.made, *(row for some in gathered.rows.values() for row in some)] if gathered.visible else rows
    contradictions, states = together(run, _ask_findings(rows), ask_states(gathered, None))
    state = state_row(gathered, None, states)
    companies = [number for row in rows for number in (row.reporter, row.party)]
    fetched = _Fetched(
        said=said,
        touched=touches(run, rows, said),
        found=_findings(contradictions),
        names=names(run, [*companies, *state[1:3]], [*(row.site for row in rows), state[3]]),
        replaced=replacements(every),
        corrects={entry.id: entry.corrects for entry in every if entry.corrects},
    )
    sources, products = _lineage(gathered, [row for row in rows if row.id not in fetched.replaced], fetched.touched)
    return Life(
        state=state_of(gathered, None, state, fetched.names),
        events=tuple(_event(gathered, row, fetched) for row in rows),
        derived_from=sources,
        derived_into=products,
    )


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What belongs to the records of a life, by their ids."""

    said: Mapping[str, Body]
    touched: Mapping[str, Sequence[Touch]]
    found: Mapping[str, Sequence[Found]]
    names: Names
    replaced: Mapping[str, Entry]
    corrects: Mapping[str, str]


def _event(gathered: History, row: Entry, fetched: _Fetched) -> Event:
    by = fetched.replaced.get(row.id)
    about_it = row.key == gathered.key or row in gathered.made
    return Event(
        id=row.id,
        kind=row.kind.name,
        occurred_at=day_or_time(row.kind, row.occurred_ms),
        received_at=received(row.id),
        reporter=fetched.names.company(row.reporter) or Company(row.reporter, "", "", ""),
        party=fetched.names.company(row.party),
        site=fetched.names.site(row.site),
        vehicle=row.vehicle,
        body=fetched.said.get(row.id, {}),
        findings=tuple(fetched.found.get(row.id, ())),
        status=VALID if by is None else WITHDRAWN if by.kind.no == WITHDRAWAL else CORRECTED,
        replaced_by=by.id if by else None,
        corrects=row.corrects or fetched.corrects.get(row.id),
        through=None if about_it else code_of(row.key),
        objects=tuple((touch.slot, code_of(touch.key)) for touch in _shown(gathered, row, fetched.touched[row.id])),
    )


def _shown(gathered: History, row: Entry, objects: Sequence[Touch]) -> Iterable[Touch]:
    """The objects of a record. Cells made on one day share a record filed under the first: show the one asked for."""
    shared = row.kind.no == CELL_PRODUCED and row in gathered.made
    for touch in objects:
        yield replace(touch, key=gathered.key) if shared and touch.object == "battery" else touch


def _ask_findings(rows: Sequence[Entry]) -> Ask:
    return _FINDINGS, [*columns([row.main for row in rows]), [row.id for row in rows]]


def _findings(rows: Sequence[Row]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    for identity, code, data in rows:
        found.setdefault(identity, []).append(Found(code, json.loads(data)))
    return found


def _lineage(
    gathered: History, rows: Sequence[Entry], touched: Mapping[str, Sequence[Touch]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the object was made from, and what was made of it or of its containers: N sources, M products.

    Cells made from a batch of material are not listed here, there may be a million: a recall finds them.
    """
    line = {gathered.key, *gathered.ascent.containers}
    before: set[Key] = set()
    after: set[Key] = set()
    for row in rows:
        objects = touched[row.id]
        sources = {touch.key for touch in objects if touch.slot == "source"}
        outcome = {touch.key for touch in objects if touch.slot != "source"}
        if row.kind.no == CELL_PRODUCED:
            if row.main == row.key:
                before |= {touch.key for touch in objects if touch.slot == "material"}
        elif row.kind.parts is Parts.GATHER or row.kind.no == _TREATED:
            after |= outcome if sources & line else set()
            before |= sources if gathered.key in outcome else set()
    return tuple(sorted(map(code_of, before))), tuple(sorted(map(code_of, after)))
