"""Records as they are filed, taken up again to be withdrawn or corrected."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import psycopg

from suyuan.events.containment import Keys, Parts, Tree, decode_tree
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Key
from suyuan.server.ledger.queries.state import names
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.ledger.services.vocabulary import COMPACT

_MAIN = """
SELECT replace(e.id::text, '-', ''), e.lot, e.serial, e.kind, e.reporter, e.submission,
       (extract(epoch FROM e.occurred_at) * 1000)::bigint, coalesce(e.site, 0), e.vehicle,
       replace(e.corrects::text, '-', ''), replace(coalesce(e.stands_for, e.id)::text, '-', ''),
       e.body::text, e.part_lots, e.part_counts, e.parts, {valid}, p.data::text
  FROM ledger_event e LEFT JOIN ledger_personal p ON p.lot = e.lot AND p.serial = e.serial AND p.id = e.id
 WHERE e.main_lot IS NULL AND {which} ORDER BY e.id
""".replace("{valid}", VALID)
_BY_ID = _MAIN.replace("{which}", "e.id = ANY(%s::uuid[])")
_BY_SUBMISSION = _MAIN.replace("{which}", "e.submission = %s")
_OBJECTS = """
SELECT replace(e.id::text, '-', ''), e.slot, e.lot, e.serial FROM ledger_event e
 WHERE e.submission = ANY(%s) AND e.id = ANY(%s::uuid[]) ORDER BY e.id, e.slot, e.lot, e.serial
"""
PAIRS = pl.Schema({"lot": pl.String(), "serial": pl.Int64(), "parent_lot": pl.String(), "parent_serial": pl.Int64()})


@dataclass(frozen=True, slots=True)
class Filed:
    """One record as it stands in the ledger; ids are hexadecimal text.

    `objects` are (slot, object); slot -1 marks objects that only an earlier record, corrected by this one, had.
    """

    id: str
    key: Key
    kind: Kind
    reporter: int
    submission: int
    occurred_ms: int
    site: int
    vehicle: str | None
    corrects: str | None
    stands: str
    body: str
    tree: Tree | None
    valid: bool
    personal: str | None
    objects: tuple[tuple[int, Key], ...]

    @property
    def records(self) -> int:
        """How many records of a file it stands for: cells made alike are one here."""
        return len(decode_tree(self.tree)[0]) if self.tree and self.kind.name in COMPACT else 1


def by_ids(run: psycopg.Cursor[Row], ids: Sequence[str]) -> dict[str, Filed]:
    """The records with these ids (hexadecimal); unknown ones are left out."""
    return _taken_up(run, run.execute(_BY_ID, [list(ids)]).fetchall())


def by_submission(run: psycopg.Cursor[Row], submission: int) -> dict[str, Filed]:
    """The records of a submission."""
    return _taken_up(run, run.execute(_BY_SUBMISSION, [submission]).fetchall())


def _taken_up(run: psycopg.Cursor[Row], rows: Sequence[Row]) -> dict[str, Filed]:
    if not rows:
        return {}
    kinds = {kind.no: kind for kind in vocabulary().kinds.values()}
    objects: dict[str, list[tuple[int, Key]]] = {row[0]: [] for row in rows}
    for identity, slot, lot, serial in run.execute(_OBJECTS, [sorted({row[5] for row in rows}), list(objects)]):
        objects[identity].append((slot, (lot, serial)))
    return {row[0]: _one(row, kinds[row[3]], tuple(objects[row[0]])) for row in rows}


def _one(row: Row, kind: Kind, objects: tuple[tuple[int, Key], ...]) -> Filed:
    identity, lot, serial, _, *plain, part_lots, counts, entries, valid, personal = row
    tree = None if entries is None else Tree(tuple(part_lots), bytes(counts), bytes(entries))
    last = {"tree": tree, "valid": valid, "personal": personal, "objects": objects}
    return Filed(identity, (lot, serial), kind, *plain, **last)


def unfold(trees: Iterable[tuple[Key, Tree]]) -> tuple[Parts, Keys]:
    """Stored trees as one batch of parts, with the object that each of them belongs to."""
    given = list(trees)
    lots = sorted({key[0] for key, _ in given}.union(*(tree.lots for _, tree in given)))
    place = {lot: number for number, lot in enumerate(lots)}
    tops, subs, counts = [], [], []
    for _, tree in given:
        keys, count = decode_tree(tree)
        lot = np.array([place[name] for name in tree.lots], np.int64)[keys.lot]
        both = np.stack((lot, keys.serial))
        tops.append(both[:, : len(count)])
        subs.append(both[:, len(count) :])
        counts.append(count)
    nothing = np.zeros((2, 0), np.int64)
    top, sub = np.concatenate([nothing, *tops], axis=1), np.concatenate([nothing, *subs], axis=1)
    record = np.repeat(np.arange(len(given)), [len(count) for count in counts])
    of_top = np.repeat(np.arange(top.shape[1]), np.concatenate([np.zeros(0, np.int64), *counts]))
    owners = Keys(lots, np.array([place[key[0]] for key, _ in given], np.int64), _serials(key for key, _ in given))
    return Parts(Keys(lots, top[0], top[1]), record, Keys(lots, sub[0], sub[1]), of_top), owners


def _serials(keys: Iterable[Key]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([serial for _, serial in keys], np.int64)


def pairs(filed: Iterable[Filed]) -> pl.DataFrame:
    """Every part of these records with its direct parent (schema `PAIRS`); cells that were only made have none."""
    return pairs_of((one.key, one.kind.name in COMPACT, one.tree) for one in filed if one.tree)


def pairs_of(trees: Iterable[tuple[Key, bool, Tree]]) -> pl.DataFrame:
    """The same of (object, whether its parts have no parent, tree)."""
    inside: dict[bool, list[tuple[Key, Tree]]] = {False: [], True: []}
    for key, alone, tree in trees:
        inside[alone].append((key, tree))
    frames = [pl.DataFrame(schema=PAIRS)]
    for alone, group in inside.items():
        if group:
            parts, owners = unfold(group)
            frames.append(_frame(*parts.up(owners), alone=alone))
    return pl.concat(frames)


def _frame(child: Keys, parent: Keys, *, alone: bool) -> pl.DataFrame:
    lots = pl.Series(list(child.lots), dtype=pl.String)
    columns = {
        "lot": lots[child.lot] if len(child) else lots.head(0),
        "serial": child.serial,
        "parent_lot": lots[parent.lot] if len(parent) else lots.head(0),
        "parent_serial": parent.serial,
    }
    frame = pl.DataFrame(columns, PAIRS)
    return (
        frame.with_columns(parent_lot=pl.lit(None, pl.String), parent_serial=pl.lit(None, pl.Int64)) if alone else frame
    )


def keys_of(frame: pl.DataFrame) -> tuple[Keys, Keys | None]:
    """Parts and parents of `pairs` over one sorted list of lots; no parents where none has one."""
    alone = frame["parent_lot"].null_count() == frame.height
    columns = [frame["lot"]] if alone else [frame["lot"], frame["parent_lot"]]
    lots = pl.concat([column.rename("lot") for column in columns]).unique().sort()
    place = [column.cast(pl.Enum(lots)).to_physical().cast(pl.Int64).to_numpy() for column in columns]
    child = Keys(lots.to_list(), place[0], frame["serial"].to_numpy())
    return child, None if alone else Keys(child.lots, place[1], frame["parent_serial"].to_numpy())


def all_keys(filed: Iterable[Filed]) -> list[Key]:
    """Every object of these records, each once, sorted."""
    return sorted({key for one in filed for _, key in one.objects})


def part_keys(filed: Iterable[Filed]) -> list[Key]:
    """Every part that these records list, each once, sorted."""
    frame = pairs(filed).select("lot", "serial").unique().sort("lot", "serial")
    return list(frame.iter_rows())


def keys_as_columns(keys: Sequence[Key]) -> Keys:
    """Objects as arrays, for locking."""
    lots = sorted({lot for lot, _ in keys})
    place: Mapping[str, int] = {lot: number for number, lot in enumerate(lots)}
    return Keys(lots, np.array([place[lot] for lot, _ in keys], np.int64), _serials(keys))


__all__ = ["Filed", "all_keys", "by_ids", "by_submission", "keys_as_columns", "keys_of", "names", "pairs", "part_keys"]
