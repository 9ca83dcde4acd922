"""Correct records: a new record of the same kind with the right values takes the place of the old one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import psycopg

from suyuan.events.admission import Contradictions
from suyuan.events.check import Context, check
from suyuan.events.checks.wording import finding_data
from suyuan.events.contradictions import contradiction_findings
from suyuan.events.policy import DEFAULT, Policy
from suyuan.events.records import Batch, build
from suyuan.events.vocabulary import Kind
from suyuan.kernel import Severity
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Key
from suyuan.server.ledger.queries.state import names
from suyuan.server.ledger.services.amend import (
    Amended,
    Filing,
    Objection,
    built_upon,
    described,
    new_ids,
    plain,
    refuse_strangers,
    write_amending_rows,
)
from suyuan.server.ledger.services.append import append
from suyuan.server.ledger.services.filed import Filed, by_ids, part_keys
from suyuan.server.ledger.services.later import later_records
from suyuan.server.ledger.services.restate import Cells, restate
from suyuan.server.ledger.services.voiding import Change, lock, refold_all
from suyuan.server.ledger.services.writing import Amends
from suyuan.sheets.findings import unpack


@dataclass(frozen=True, slots=True)
class Correction:
    """One field of one record, set right; `value` None leaves it blank."""

    record: str
    field: str
    value: str | None
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class _Restated:
    """A record to be corrected: its rows with the right values, and why."""

    filed: Filed
    rows: tuple[Cells, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class _Round:
    """Corrections of one kind that may stand in one batch, checked; `owner` is each record's correction."""

    batch: Batch
    owner: Sequence[_Restated]


def correct(
    run: psycopg.Cursor[Row],
    corrections: Sequence[Correction],
    filing: Filing,
    context: Context,
    policy: Policy = DEFAULT,
) -> Amended:
    """Correct records; several corrections of one record are one.

    The corrected record is checked as if it were reported today, and judged at the place of the old
    one in the order of time. Those that do not pass are left as they were, with objections.

    Parameters
    ----------
    context
        What the check needs; its sites are the reporter's.
    """
    given = {plain(one.record): one.record for one in corrections}
    filed = by_ids(run, sorted(given))
    objections = list(refuse_strangers(given, filed, filing.reporter).values())
    barred = {plain(one.record) for one in objections}
    restated = []
    for name in sorted(given.keys() - barred):
        wanted = [one for one in corrections if plain(one.record) == name]
        one = _set_right(filed[name], wanted, context, objections)
        if one is not None:
            restated.append(one)
    rounds = _checked(restated, filing, context, objections)
    if not rounds:
        return Amended({}, objections)
    chosen = [one for part in rounds for one in dict.fromkeys(part.owner)]
    lock(run, Change([one.filed for one in chosen]), [key for part in rounds for key in _objects(part.batch)])
    fresh = by_ids(run, sorted(one.filed.id for one in chosen))  # somebody may have been faster
    objections += refuse_strangers({one.filed.id: one.filed.id for one in chosen}, fresh, filing.reporter).values()
    objections += _moved_under_others(run, rounds)
    records = _replace(run, rounds, filing, policy, objections)
    return Amended(records, objections)


def _set_right(
    one: Filed, wanted: Sequence[Correction], context: Context, objections: list[Objection]
) -> _Restated | None:
    sites = {number: code for code, number in (context.sites or {}).items()}
    rows = restate(one, sites)
    for correction in wanted:
        told = {row.get(correction.field) for row in rows}
        data = {"record": correction.record, "field": correction.field, **described(one)}
        if correction.field not in one.kind.fields:
            objections.append(Objection(correction.record, "ledger.field_not_of_kind", data, "field"))
            return None
        if len(told) > 1:
            objections.append(Objection(correction.record, "ledger.field_of_many", data, "field"))
            return None
        rows = [{**row, correction.field: correction.value} for row in rows]
    reasons = dict.fromkeys(correction.reason for correction in wanted)
    return _Restated(one, tuple(rows), "; ".join(reasons))


def _checked(
    restated: Sequence[_Restated], filing: Filing, context: Context, objections: list[Objection]
) -> list[_Round]:
    """Batches of records that pass the check; records that a file could not hold together go in separate ones."""
    rounds = []
    waiting = list(restated)
    while waiting:
        kind, seen, chosen = waiting[0].filed.kind, set[tuple[str | None, ...]](), []
        for one in waiting:
            said = {tuple(row.get(name) for name in kind.record) for row in one.rows}
            said |= {("part", row.get(name)) for row in one.rows for name in kind.children if row.get(name)}
            if one.filed.kind is kind and not said & seen:
                seen |= said
                chosen.append(one)
        waiting = [one for one in waiting if one not in chosen]
        made = _check_round(kind, chosen, filing, context, objections)
        if made is not None:
            rounds.append(made)
    return rounds


def _check_round(
    kind: Kind, chosen: Sequence[_Restated], filing: Filing, context: Context, objections: list[Objection]
) -> _Round | None:
    columns = list(dict.fromkeys(name for one in chosen for row in one.rows for name in row))
    owner = [number for number, one in enumerate(chosen) for _ in one.rows]
    frame = pl.DataFrame(
        [{name: row.get(name) for name in columns} for one in chosen for row in one.rows],
        dict.fromkeys(columns, pl.String()),
    )
    checked = check(frame, kind, context)
    refused = set()
    for row, field, code, severity, value, data in checked.findings.iter_rows():
        one = chosen[owner[row or 0]]
        refuses = severity == Severity.REFUSE.value
        refused |= {owner[row or 0]} if refuses else set()
        told = finding_data(kind, field, code, value, unpack(data), context.reference)
        objections.append(Objection(one.filed.id, code, {**told, "value": value, "field": field}, field, refuses))
    values, record, place = checked.accepted()
    whole = np.array([owner[row] not in refused for row in place.to_list()], bool)
    if not whole.any():
        return None
    values, place = values.filter(pl.Series(whole)), place.filter(pl.Series(whole))
    number = record.filter(pl.Series(whole)).rank("dense").to_numpy().astype(np.int64) - 1
    batch = build(kind, values, number, filing.reporter)
    return _Round(batch, [chosen[owner[place[int(row)]]] for row in batch.row])


def _objects(batch: Batch) -> list[Key]:
    """Every object and part of a batch."""
    parts = batch.parts
    every = [batch.objects, parts.tops, parts.subs]
    return [key for keys in every for key in zip(names(keys), keys.serial.tolist(), strict=True)]


def _moved_under_others(run: psycopg.Cursor[Row], rounds: Sequence[_Round]) -> list[Objection]:
    """Objections to taking a record away from objects that later records build on."""
    moved = []
    for part in rounds:
        said: dict[str, set[Key]] = {}
        batch = part.batch
        of_part = np.concatenate((batch.parts.record, batch.parts.record[batch.parts.top]))
        child, _ = batch.parts.up(batch.objects.take(batch.main_objects()))
        pairs = [(t.record, batch.objects.take(t.object)) for t in batch.touches.values()] + [(of_part, child)]
        for record, keys in pairs:
            for number, key in zip(record.tolist(), zip(names(keys), keys.serial.tolist(), strict=True), strict=True):
                said.setdefault(part.owner[number].filed.id, set()).add(key)
        moved += [one.filed for one in dict.fromkeys(part.owner) if not _keys(one.filed) <= said[one.filed.id]]
    if not moved:
        return []
    later = later_records(run, moved, {})
    return [built_upon(one, later[one.id][0]) for one in moved if later[one.id]]


def _keys(one: Filed) -> set[Key]:
    return {key for slot, key in one.objects if slot >= 0}.union(part_keys([one]))


def _replace(
    run: psycopg.Cursor[Row], rounds: Sequence[_Round], filing: Filing, policy: Policy, objections: list[Objection]
) -> dict[str, str]:
    """Make the old records void and append the new ones; again without those that the ledger refuses."""
    while True:
        barred = {plain(one.record) for one in objections if one.refuses}
        chosen = [one for part in rounds for one in dict.fromkeys(part.owner) if one.filed.id not in barred]
        if not chosen:
            return {}
        records = dict(zip((one.filed.id for one in chosen), new_ids(len(chosen), filing), strict=True))
        run.execute("SAVEPOINT correcting")
        told = _try(run, [_without(part, barred) for part in rounds], records, filing, policy)
        refused = [one for one in told if one.refuses]
        if not refused:
            objections += told
            run.execute("RELEASE SAVEPOINT correcting")
            return records
        objections += refused
        run.execute("ROLLBACK TO SAVEPOINT correcting")


def _without(part: _Round, barred: set[str]) -> _Round:
    keep = np.array([one.filed.id not in barred for one in part.owner], bool)
    return _Round(part.batch.only(keep), [one for one in part.owner if one.filed.id not in barred])


def _try(
    run: psycopg.Cursor[Row], rounds: Sequence[_Round], records: Mapping[str, str], filing: Filing, policy: Policy
) -> list[Objection]:
    _write_void_rows(run, rounds, records, filing)
    refold_all(run, Change([one.filed for part in rounds for one in dict.fromkeys(part.owner)]))
    told: list[Objection] = []
    for part in rounds:
        if not len(part.batch):
            continue
        ids = np.array([np.frombuffer(bytes.fromhex(records[one.filed.id]), np.uint8) for one in part.owner])
        amends = Amends(ids, [one.filed.id for one in part.owner], [one.filed.stands for one in part.owner])
        batch = replace(part.batch, body=_with_reasons(part, filing))
        done = append(
            run,
            batch,
            filing.submission,
            filing.received_ms,
            rng=filing.rng,
            policy=policy,
            whole=True,
            amends=amends,
        )
        told += _objections(part, batch, done.contradictions)
    return told


def _write_void_rows(
    run: psycopg.Cursor[Row], rounds: Sequence[_Round], records: Mapping[str, str], filing: Filing
) -> None:
    rows = []
    for part in rounds:
        mains = part.batch.objects.take(part.batch.main_objects())
        keys_of_mains = list(zip(names(mains), mains.serial.tolist(), strict=True))
        main = {one.filed.id: key for one, key in zip(reversed(part.owner), reversed(keys_of_mains), strict=True)}
        for one in dict.fromkeys(part.owner):
            new, filed = records[one.filed.id], one.filed
            keys = sorted({key for _, key in filed.objects})
            rows += [(*key, new, 0, filed.id, None, *main[filed.id]) for key in keys]
    write_amending_rows(run, rows, "correction", -1, filing)


def _with_reasons(part: _Round, filing: Filing) -> pl.Series:
    """The text of each record, with why it was corrected and in which submission."""
    said = []
    for body, one in zip(part.batch.body.to_list(), part.owner, strict=True):
        told = {"reason": one.reason, "submission": filing.submission}
        said.append(json.dumps({**json.loads(body), "correction": told}, ensure_ascii=False, separators=(",", ":")))
    return pl.Series(said, dtype=pl.String)


def _objections(part: _Round, batch: Batch, contradictions: Contradictions) -> list[Objection]:
    frame = contradiction_findings(batch, contradictions)
    return [
        Objection(
            part.owner[record].filed.id,
            code,
            {**unpack(data), "value": value, "field": field},
            field,
            severity == Severity.REFUSE.value,
        )
        for record, (_, field, code, severity, value, data) in zip(
            contradictions.record.tolist(), frame.iter_rows(), strict=True
        )
    ]
