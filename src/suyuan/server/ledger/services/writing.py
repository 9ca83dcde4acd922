"""Write accepted records and everything that follows from them, as frames copied into tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg

from suyuan.events.admission import CODES
from suyuan.events.containment import Blocks, Ints, Keys, Parts, Tree, encode_blocks, encode_trees
from suyuan.events.records import Batch
from suyuan.events.vocabulary import Parts as PartsRule
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Container
from suyuan.server.ledger.queries.state import Found, names
from suyuan.server.ledger.services.beside import second_thread
from suyuan.server.ledger.services.copying import array_text, copy_frame, copy_ready, ready
from suyuan.server.ledger.services.folding import Before, fold_spans, fold_states
from suyuan.server.ledger.services.vocabulary import COMPACT

ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Amends:
    """What a batch of corrections amends, one entry a record, as hexadecimal text; `ids` are their own ids."""

    ids: npt.NDArray[np.uint8]
    corrects: list[str]
    stands_for: list[str]

    def only(self, keep: npt.NDArray[np.bool_]) -> "Amends":
        """The records that `keep` marks."""
        which = np.flatnonzero(keep).tolist()
        return Amends(self.ids[keep], [self.corrects[i] for i in which], [self.stands_for[i] for i in which])


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the ledger writes on admitted records: their ids, their submissions, and what they correct."""

    ids: npt.NDArray[np.uint8]
    submission: Ints
    amends: Amends | None

    def only(self, keep: npt.NDArray[np.bool_]) -> "Stamp":
        """The stamps of the records that `keep` marks."""
        return Stamp(self.ids[keep], self.submission[keep], None if self.amends is None else self.amends.only(keep))


@dataclass(frozen=True, slots=True)
class Accepted:
    """Admitted records with what the ledger found; arrays are by admitted record or by part of one.

    `part_moved` marks parts that may have been inside another parent, or have events of their own. `trees` gives
    the encoded parts of each record, worked out when they are first asked for.
    """

    batch: Batch
    stamp: Stamp
    trees: Callable[[], list[Tree | None]]
    found: Found
    part_moved: npt.NDArray[np.bool_]
    found_record: Ints
    found_code: Ints
    found_slot: Ints
    found_stage: Ints
    found_company: Ints
    single_product: Ints

    @property
    def submission(self) -> Ints:
        """The submission of each record."""
        return self.stamp.submission

    @property
    def amends(self) -> Amends | None:
        """What the records correct, if they are corrections."""
        return self.stamp.amends

    def id_text(self, record: Ints) -> pl.Series:
        """The ids of these records as hexadecimal text."""
        digits = self.stamp.ids.tobytes().hex()
        every = pl.Series([digits[i : i + 32] for i in range(0, len(digits), 32)], dtype=pl.String)
        return every[record] if len(record) else every.head(0)


def write(run: psycopg.Cursor[Row], accepted: Accepted) -> npt.NDArray[np.uint8]:
    """Add the events, then bring every fold forward; the ids under which the records now stand."""
    batch, ids, found = accepted.batch, accepted.stamp.ids, accepted.found
    if batch.kind.name in COMPACT:
        ids = _write_made(run, accepted)
    else:
        with second_thread(len(batch.parts.subs)) as beside:
            events = beside(lambda: ready(_main_rows(accepted)))
            if len(batch.parts.tops):
                copy_frame(run, "ledger_block", _block_rows(accepted))
            copy_ready(run, "ledger_event", events())
        copy_frame(run, "ledger_event", _thin_rows(accepted))
        again = np.ones_like(found.inherited) if accepted.amends else found.inherited
        before = Before(found.changed_ms, found.changed_by, again)
        fold_states(run, batch, found.state, before, accepted.id_text)
        _write_spans(run, accepted)
    _write_aside(run, accepted)
    copy_frame(run, "ledger_daily", _daily_counts(accepted))
    return ids


def _column(numbers: Ints) -> pl.Series:
    """Registry numbers, 0 as null."""
    column = pl.Series(numbers)
    return pl.select(pl.when(column != 0).then(column)).to_series()


def _vehicles(batch: Batch, record: Ints) -> pl.Series:
    lots = pl.Series([*batch.lots, None], dtype=pl.String)
    return lots[batch.vehicle_of_record()[record]] if len(record) else lots.head(0)


def _common(accepted: Accepted, record: Ints) -> pl.DataFrame:
    """The columns that every row of an event carries, whole or thin."""
    batch, amends = accepted.batch, accepted.amends
    amended = {}
    if amends is not None:
        amended = {
            "corrects": pl.Series(amends.corrects, dtype=pl.String)[record],
            "stands_for": pl.Series(amends.stands_for, dtype=pl.String)[record],
        }
    return pl.DataFrame(
        {
            **amended,
            "id": accepted.id_text(record),
            "kind": pl.repeat(batch.kind.no, len(record), dtype=pl.Int16, eager=True),
            "reporter": pl.repeat(batch.reporter, len(record), dtype=pl.Int32, eager=True),
            "record": pl.Series(batch.row[record]),
            "submission": pl.Series(accepted.submission[record]),
            "occurred_at": pl.Series(batch.occurred_ms[record]),
            "party": _column(batch.party[record]),
            "site": _column(batch.site[record]),
            "vehicle": _vehicles(batch, record),
        }
    )


def _main_rows(accepted: Accepted) -> pl.DataFrame:
    batch = accepted.batch
    mains = batch.objects.take(batch.main_objects())
    trees = accepted.trees()
    frame = _common(accepted, np.arange(len(batch))).with_columns(
        lot=pl.Series(names(mains), dtype=pl.String),
        serial=pl.Series(mains.serial),
        slot=pl.lit(0),
        body=batch.body,
    )
    if not any(trees):
        return frame
    return frame.with_columns(
        part_lots=pl.Series([array_text(tree.lots) if tree else None for tree in trees], dtype=pl.String),
        part_counts=pl.Series([tree.counts if tree else None for tree in trees], dtype=pl.Binary),
        parts=pl.Series([tree.entries if tree else None for tree in trees], dtype=pl.Binary),
    )


def _thin_rows(accepted: Accepted) -> pl.DataFrame:
    """Under each further object of a record: what the folds need, and where the record stands."""
    batch = accepted.batch
    mains = batch.objects.take(batch.main_objects())
    main_lots = pl.Series(names(mains), dtype=pl.String)
    frames = []
    for number, slot in enumerate(batch.kind.slots):
        touches = batch.touches[slot.name]
        further = np.ones(len(touches.record), bool)
        if number == 0:
            further = touches.object != batch.main_objects()[touches.record]
        record, obj = touches.record[further], touches.object[further]
        if not len(record):
            continue
        objects = batch.objects.take(obj)
        into_lot, into_serial = _into(accepted, slot.name, touches.record)
        frames.append(
            _common(accepted, record).with_columns(
                lot=pl.Series(names(objects), dtype=pl.String),
                serial=pl.Series(objects.serial),
                slot=pl.lit(number),
                into_lot=into_lot.filter(pl.Series(further)),
                into_serial=into_serial.filter(pl.Series(further)),
                main_lot=main_lots[record],
                main_serial=pl.Series(mains.serial[record]),
            )
        )
    return pl.concat(frames) if frames else pl.DataFrame()


def _into(accepted: Accepted, slot: str, record: Ints) -> tuple[pl.Series, pl.Series]:
    """The parent that each record puts this slot's object into, if it does."""
    batch = accepted.batch
    parents: list[tuple[str, int] | None] = [None] * len(record)
    if batch.kind.parts is PartsRule.GATHER and slot == "source":
        product = accepted.single_product[record]
        lots = names(batch.objects.take(product))
        serials = batch.objects.serial[product].tolist()
        parents = [
            (lot, serial) if number >= 0 else None
            for number, lot, serial in zip(product.tolist(), lots, serials, strict=True)
        ]
    elif batch.kind.parts is PartsRule.EXCHANGE and slot == "new":
        parents = _successions(batch, accepted.found.parents)
    return (
        pl.Series([parent[0] if parent else None for parent in parents], dtype=pl.String),
        pl.Series([parent[1] if parent else None for parent in parents], dtype=pl.Int64),
    )


def _successions(batch: Batch, held: Mapping[int, Container]) -> list[tuple[str, int] | None]:
    """The parent that each new part of an exchange goes into: where the old one was, or was put just before."""
    parents = {number: container.parent for number, container in held.items()}
    old, new = batch.main_objects().tolist(), batch.touches["new"]
    into: list[tuple[str, int] | None] = [None] * len(new.record)
    for place in np.lexsort((new.record, batch.occurred_ms[new.record])).tolist():
        into[place] = parents.get(old[new.record[place]])
        parents[int(new.object[place])] = into[place]
    return into


def block_frame(child: Keys, parent: Keys | None, submission: int | Ints) -> pl.DataFrame:
    """Block rows for `child[i]` inside `parent[i]`, or for cells made alone; of one submission, or of each child's."""
    submissions = np.unique(submission)
    by_submission = child
    if len(submissions) > 1:
        rank = np.searchsorted(submissions, submission)
        lots = [*child.lots] * len(submissions)  # a lot of each submission sorts by itself
        by_submission = Keys(lots, rank * max(len(child.lots), 1) + child.lot, child.serial)
    blocks = encode_blocks(by_submission, child if parent is None else parent)
    frame = _frame_of_blocks(child.lots, blocks, submissions)
    return frame.drop("parent_lots", "parents") if parent is None else frame


def _frame_of_blocks(named: Sequence[str], blocks: Blocks, submissions: Ints) -> pl.DataFrame:
    """Block rows of children and parents in the lots `named`, those of each submission behind the other's."""
    width = max(len(named), 1)
    lots = pl.Series(list(named), dtype=pl.String)
    texts = {places: array_text(tuple(named[i] for i in places)) for places in set(blocks.parent_lots)}
    return pl.DataFrame(
        {
            "lot": lots[blocks.lot % width] if len(blocks.lot) else lots.head(0),
            "block": blocks.block,
            "submission": pl.Series(submissions[blocks.lot // width], dtype=pl.Int64),
            "mask": blocks.mask,
            "parent_lots": pl.Series([texts[places] for places in blocks.parent_lots], dtype=pl.String),
            "parents": pl.Series(blocks.parents, dtype=pl.Binary),
        }
    )


def _block_rows(accepted: Accepted) -> pl.DataFrame:
    """The parts of every tree; a submission has block rows of its own."""
    batch, parts = accepted.batch, accepted.batch.parts
    one = int(accepted.submission[0]) if (accepted.submission == accepted.submission[0]).all() else None
    blocks = accepted.found.blocks
    if one is not None and blocks is not None and len(parts.tops) + len(parts.subs) == len(accepted.found.touched):
        return _frame_of_blocks(batch.lots, blocks, np.array([one]))  # encoded already to look for rivals
    child, parent = parts.up(batch.objects.take(batch.main_objects()))
    of_part = accepted.submission[np.concatenate((parts.record, parts.record[parts.top]))]
    return block_frame(child, parent, of_part if one is None else one)


def _write_made(run: psycopg.Cursor[Row], accepted: Accepted) -> npt.NDArray[np.uint8]:
    """Cells made: one event for each lot and text of record, its cells listed as the event's parts."""
    batch = accepted.batch
    mains = batch.objects.take(batch.main_objects())
    group = _groups(accepted, mains)
    order = np.lexsort((mains.serial, group))
    first = np.searchsorted(group[order], np.arange(int(group.max()) + 1))
    heads = order[first]
    cells = mains.take(order)
    nothing = np.zeros(0, np.int64)
    parts = Parts(cells, group[order], cells.take(nothing), nothing)
    trees = [tree for tree in encode_trees(parts, len(heads)) if tree is not None]
    keep = np.zeros(len(batch), bool)
    keep[heads] = True
    by_row = np.argsort(np.argsort(heads))
    in_rows = [tree for _, tree in sorted(zip(by_row.tolist(), trees, strict=True), key=lambda pair: pair[0])]
    grouped = Accepted(
        **{
            **{name: getattr(accepted, name) for name in Accepted.__slots__},
            "batch": batch.only(keep),
            "stamp": accepted.stamp.only(keep),
            "trees": cache(lambda: in_rows),
        }
    )
    copy_frame(run, "ledger_event", _main_rows(grouped))
    copy_frame(run, "ledger_event", _thin_rows(grouped))
    copy_frame(run, "ledger_block", block_frame(mains, None, accepted.submission))
    return accepted.stamp.ids[heads[group]]


def _groups(accepted: Accepted, mains: Keys) -> Ints:
    """The number of each record's group: same submission, lot, day, text, batch of material."""
    batch = accepted.batch
    material = np.full(len(batch), -1)
    if touches := batch.touches.get("material"):
        material[touches.record] = touches.object
    same = {"lot": mains.lot, "at": batch.occurred_ms, "body": batch.body, "material": material}
    frame = pl.DataFrame({"submission": accepted.submission, **same})
    rank = frame.select(pl.struct(pl.all()).rank("dense") - 1).to_series()
    return rank.to_numpy().astype(np.int64)


def _write_spans(run: psycopg.Cursor[Row], accepted: Accepted) -> None:
    """Parts whose containment changed otherwise than by being born into a tree."""
    batch = accepted.batch
    objects: list[Ints] = []
    for slot in batch.kind.slots:
        if slot.sets.stage is None or slot.object != "battery" or slot.before == {"unknown"}:
            continue
        touched = np.unique(batch.touches[slot.name].object)
        joins = (batch.kind.parts is PartsRule.GATHER and slot.name == "source") or (
            batch.kind.parts is PartsRule.EXCHANGE and slot.name == "new"
        )
        objects.append(
            touched if joins else touched[np.isin(touched, np.array(list(accepted.found.parents), np.int64))]
        )
    keys = batch.objects.take(np.unique(np.concatenate(objects or [np.zeros(0, np.int64)])))
    lots, serials = names(keys), keys.serial.tolist()
    if accepted.part_moved.any():
        child, _ = batch.parts.up(batch.objects.take(batch.main_objects()))
        moved = child.take(np.flatnonzero(accepted.part_moved))
        lots, serials = lots + names(moved), serials + moved.serial.tolist()
    fold_spans(run, lots, serials)


def _write_aside(run: psycopg.Cursor[Row], accepted: Accepted) -> None:
    """Contradictions of accepted records, and personal data."""
    batch = accepted.batch
    mains = batch.objects.take(batch.main_objects())
    lots = pl.Series(names(mains), dtype=pl.String)
    record = accepted.found_record
    if len(record):
        stages = {number: name for name, number in vocabulary().stages.items()}
        frame = pl.DataFrame(
            {
                "lot": lots[record],
                "serial": mains.serial[record],
                "id": accepted.id_text(record),
                "code": [CODES[code] for code in accepted.found_code],
                "place": np.arange(len(record)) % 32768,
                "data": [
                    f'{{"slot":{slot},"stage":"{stages[stage]}","company":{company}}}'
                    for slot, stage, company in zip(
                        accepted.found_slot.tolist(),
                        accepted.found_stage.tolist(),
                        accepted.found_company.tolist(),
                        strict=True,
                    )
                ],
            }
        )
        copy_frame(run, "ledger_finding", frame)
    if batch.personal is not None:
        every = np.arange(len(batch))
        frame = pl.DataFrame(
            {"lot": lots, "serial": mains.serial, "id": accepted.id_text(every), "data": batch.personal}
        )
        copy_frame(run, "ledger_personal", frame.drop_nulls("data"))


def _daily_counts(accepted: Accepted) -> pl.DataFrame:
    """Records by the day (in China) on which they happened."""
    batch = accepted.batch
    days = pl.Series(batch.occurred_ms).cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(ZONE).dt.date()
    counts = pl.DataFrame({"day": days, "submission": accepted.submission}).group_by("day", "submission").len("records")
    return counts.sort("day", "submission").with_columns(kind=pl.lit(batch.kind.no), company=pl.lit(batch.reporter))
