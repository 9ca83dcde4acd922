"""Withdraw records and correct them: new events that name the old ones; nothing is taken away.

A withdrawn record is void, and so is a corrected one; the correction stands in its place in the
order of time. Withdrawing a correction restores what it corrected.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import psycopg

from suyuan.codes import compose_code
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel.findings import Value
from suyuan.server.kit.connection import Row
from suyuan.server.kit.uuid7 import uuid7_batch
from suyuan.server.ledger.services.copying import copy_frame
from suyuan.server.ledger.services.filed import Filed, by_ids, by_submission
from suyuan.server.ledger.services.later import Later, corrections_of, later_records
from suyuan.server.ledger.services.voiding import Change, lock, refold_all

WITHDRAWAL = "withdrawal"
_COUNT = """
INSERT INTO ledger_daily (day, kind, company, submission, records)
VALUES ((to_timestamp(%s / 1000.0) AT TIME ZONE 'Asia/Shanghai')::date, %s, %s, %s, %s)
    ON CONFLICT (day, kind, company, submission) DO UPDATE SET records = ledger_daily.records + excluded.records
"""


@dataclass(frozen=True, slots=True)
class Filing:
    """Who amends, in which submission, received when (milliseconds since 1970 UTC), and the source of ids."""

    reporter: int
    submission: int
    received_ms: int
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a record is not amended, or what was found on the way; `record` is its id as it was given."""

    record: str
    code: str
    data: Mapping[str, Value]
    field: str | None = None
    refuses: bool = True


@dataclass(frozen=True, slots=True)
class Amended:
    """What became of it: the new record for each amended one (both hexadecimal), and the objections."""

    records: Mapping[str, str]
    objections: Sequence[Objection]


def plain(identity: str) -> str:
    """An id as hexadecimal text without dashes, as the ledger's services name records.

    >>> plain("019E7044-8801-73C9-85C9-F35196BBC152")
    '019e7044880173c985c9f35196bbc152'
    """
    return identity.replace("-", "").lower()


def withdraw(run: psycopg.Cursor[Row], reasons: Mapping[str, str], filing: Filing, *, whole: bool = False) -> Amended:
    """Withdraw the records with these ids, each for its reason.

    Parameters
    ----------
    run
        A cursor inside a transaction; its end releases the locks.
    whole
        All or nothing: one objection keeps everything as it was.
    """
    given = {plain(identity): identity for identity in reasons}
    filed = by_ids(run, sorted(given))
    objections = refuse_strangers(given, filed, filing.reporter)
    return _withdraw(run, filed, {plain(name): reason for name, reason in reasons.items()}, filing, objections, whole)


def withdraw_submission(run: psycopg.Cursor[Row], submission: int, reason: str, filing: Filing) -> Amended:
    """Withdraw everything that a submission added and that still holds: all of it, or nothing.

    A record of it that was corrected since stands in the way as later records do.
    """
    every = {name: one for name, one in by_submission(run, submission).items() if not one.kind.about_record}
    filed = {name: one for name, one in every.items() if one.valid}
    objections = refuse_strangers({name: name for name in filed}, filed, filing.reporter)
    objections |= {one.id: built_upon(one, by) for one, by in corrections_of(run, every.values())}
    return _withdraw(run, filed, dict.fromkeys(filed, reason), filing, objections, whole=True)


def refuse_strangers(given: Mapping[str, str], filed: Mapping[str, Filed], reporter: int) -> dict[str, Objection]:
    """Objections to ids that name nothing that this reporter may still amend."""
    found = {}
    for name, identity in given.items():
        one = filed.get(name)
        if one is None:
            found[name] = Objection(identity, "ledger.unknown_record", {"record": identity})
        elif one.reporter != reporter:
            found[name] = Objection(identity, "ledger.not_your_record", {"record": identity, **described(one)})
        elif one.kind.about_record:
            found[name] = Objection(identity, "ledger.not_amendable", {"record": identity, **described(one)})
        elif not one.valid:
            found[name] = Objection(identity, "ledger.already_void", {"record": identity, **described(one)})
    return found


def described(one: Filed) -> dict[str, Value]:
    """What a sentence says of a record."""
    code = compose_code(*one.key)
    return {"object": code, "kind": one.kind.name, "kind_zh": one.kind.label.zh, "kind_en": one.kind.label.en}


def built_upon(one: Filed, later: Later) -> Objection:
    """The objection that `later` builds on `one`."""
    return Objection(
        one.id,
        "ledger.later_records",
        {
            "record": one.id,
            "object": compose_code(*later.key),
            "later": later.id,
            "kind": later.kind.name,
            "kind_zh": later.kind.label.zh,
            "kind_en": later.kind.label.en,
            "occurred_on": later.occurred_on,
        },
    )


def _withdraw(
    run: psycopg.Cursor[Row],
    filed: Mapping[str, Filed],
    reasons: Mapping[str, str],
    filing: Filing,
    objections: dict[str, Objection],
    whole: bool,
) -> Amended:
    chosen = {name: one for name, one in filed.items() if name not in objections}
    restored = _restored(run, chosen.values())
    lock(run, Change(list(chosen.values()), list(restored.values())))
    fresh = by_ids(run, sorted(chosen))  # somebody may have been faster
    objections |= refuse_strangers({name: name for name in chosen}, fresh, filing.reporter)
    chosen = {name: one for name, one in chosen.items() if name not in objections}
    objections |= _in_the_way(run, chosen, restored)
    chosen = {name: one for name, one in chosen.items() if name not in objections}
    if not chosen or (whole and objections):
        return Amended({}, list(objections.values()))
    ids = new_ids(len(chosen), filing)
    records = dict(zip(sorted(chosen), ids, strict=True))
    _write_withdrawals(run, chosen, records, reasons, filing)
    back = [restored[name] for name in sorted(chosen) if name in restored]
    refold_all(run, Change([chosen[name] for name in sorted(chosen)], back))
    run.execute(_COUNT, [filing.received_ms, _number(), filing.reporter, filing.submission, len(chosen)])
    return Amended(records, list(objections.values()))


def new_ids(count: int, filing: Filing) -> list[str]:
    """Ids for new records, ascending."""
    return [row.tobytes().hex() for row in uuid7_batch(count, filing.received_ms, filing.rng)]


def _number() -> int:
    return vocabulary().kinds[WITHDRAWAL].no


def _restored(run: psycopg.Cursor[Row], chosen: Iterable[Filed]) -> dict[str, Filed]:
    """For each correction among them, the record that it corrects."""
    corrections = {one.corrects: one.id for one in chosen if one.corrects}
    return {corrections[old]: one for old, one in by_ids(run, sorted(corrections)).items()}


def _in_the_way(
    run: psycopg.Cursor[Row], chosen: Mapping[str, Filed], restored: Mapping[str, Filed]
) -> dict[str, Objection]:
    """Objections by later records that stay; a record that must stay keeps those that it builds on."""
    later = later_records(run, list(chosen.values()), restored)
    objections: dict[str, Objection] = {}
    while True:
        stays = {
            name: next(one for one in later[name] if one.id not in chosen or one.id in objections)
            for name in chosen
            if name not in objections and any(one.id not in chosen or one.id in objections for one in later[name])
        }
        if not stays:
            return objections
        objections |= {name: built_upon(chosen[name], one) for name, one in stays.items()}


def _write_withdrawals(
    run: psycopg.Cursor[Row],
    chosen: Mapping[str, Filed],
    records: Mapping[str, str],
    reasons: Mapping[str, str],
    filing: Filing,
) -> None:
    rows = []
    for place, name in enumerate(sorted(chosen)):
        one = chosen[name]
        for key in sorted({key for _, key in one.objects}):
            is_main = key == one.key
            body = json.dumps({"reason": reasons[name]}, ensure_ascii=False, sort_keys=True) if is_main else None
            main = (None, None) if is_main else one.key
            rows.append((*key, records[name], place, one.id, body, *main))
    write_amending_rows(run, rows, WITHDRAWAL, 0, filing)


def write_amending_rows(
    run: psycopg.Cursor[Row], rows: Sequence[tuple[object, ...]], kind: str, slot: int, filing: Filing
) -> None:
    """Rows (lot, serial, id, record, corrects, body, main lot, main serial) by which earlier records become void."""
    schema = {
        "lot": pl.String(),
        "serial": pl.Int64(),
        "id": pl.String(),
        "record": pl.Int64(),
        "corrects": pl.String(),
        "body": pl.String(),
        "main_lot": pl.String(),
        "main_serial": pl.Int64(),
    }
    frame = pl.DataFrame(list(rows), schema, orient="row").with_columns(
        slot=pl.lit(slot),
        kind=pl.lit(vocabulary().kinds[kind].no),
        reporter=pl.lit(filing.reporter),
        submission=pl.lit(filing.submission),
        occurred_at=pl.repeat(filing.received_ms, len(rows), dtype=pl.Int64, eager=True),
    )
    copy_frame(run, "ledger_event", frame)
