"""Checked rows become a batch of records: objects, parts, times and parties as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes.columns import object_keys
from suyuan.events.checks.batches import key_column
from suyuan.events.checks.moments import MOMENT, midnights
from suyuan.events.checks.rows import Groups, group_rows, inside
from suyuan.events.checks.texts import NOWHERE, is_null, repeated, text_column
from suyuan.events.containment import Ints, Keys, Parts
from suyuan.events.vocabulary import FieldType, Kind, Slot
from suyuan.events.vocabulary import Parts as PartsRule

END_OF_DAY_MS = 86_400_000 - 1


@dataclass(frozen=True, slots=True)
class Touches:
    """Which record touches which object in one slot; pairs in the order of the records."""

    record: Ints
    object: Ints

    @classmethod
    def none(cls) -> "Touches":
        """No pair."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one kind by one reporter, as columns.

    `objects` are the distinct objects of the slots, sorted by (lot, serial); `touches` refer to them.
    `parts` share the list of lots. `occurred_ms` counts from 1970 UTC; a date without a time counts
    as the end of that day in China, or as its start for kinds that come first on a day (`starts_day`).
    `party` and `site` are registry numbers, 0 for none. `row` is each record's first row.
    """

    kind: Kind
    reporter: int
    objects: Keys
    touches: Mapping[str, Touches]
    parts: Parts
    occurred_ms: Ints
    party: Ints
    site: Ints
    body: pl.Series
    personal: pl.Series | None
    row: Ints

    def __len__(self) -> int:
        return len(self.occurred_ms)

    @property
    def lots(self) -> Sequence[str]:
        """The lots of all objects and parts, sorted."""
        return self.objects.lots

    def main_objects(self) -> Ints:
        """Each record's main object: the first of its first slot."""
        touches = self.touches[self.kind.main.name]
        first = np.searchsorted(touches.record, np.arange(len(self)))
        return touches.object[first]

    def vehicle_of_record(self) -> Ints:
        """The lot of each record's vehicle (a vehicle is its own lot); -1 for none."""
        vehicle = np.full(len(self), -1)
        if touches := self.touches.get("vehicle"):
            vehicle[touches.record] = self.objects.lot[touches.object]
        return vehicle

    def only(self, keep: npt.NDArray[np.bool_]) -> "Batch":
        """The records that `keep` marks, renumbered; objects that nobody touches stay listed."""
        if keep.all():
            return self
        number = np.cumsum(keep) - 1
        touches = {
            name: Touches(number[t.record[keep[t.record]]], t.object[keep[t.record]])
            for name, t in self.touches.items()
        }
        mask = pl.Series(keep)
        return Batch(
            self.kind,
            self.reporter,
            self.objects,
            touches,
            self.parts.of_records(keep),
            self.occurred_ms[keep],
            self.party[keep],
            self.site[keep],
            self.body.filter(mask),
            None if self.personal is None else self.personal.filter(mask),
            self.row[keep],
        )


def _keys(columns: Sequence[pl.Series]) -> list[Keys]:
    """Ledger keys of several columns over one sorted list of lots."""
    every = object_keys(pl.concat([column.alias("code") for column in columns]))
    bounds = pairwise(accumulate((len(column) for column in columns), initial=0))
    lot, serial = every.lot.astype(np.int64), every.serial.astype(np.int64)
    return [Keys(every.lots, lot[start:end], serial[start:end]) for start, end in bounds]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows sorted by record."""

    values: pl.DataFrame
    record: Ints
    first: Ints  # each record's first row
    row: Ints  # the same row as it was handed in

    def groups_of(self, field: str) -> Groups:
        """The rows of one record with the same text in `field`, without the empty ones."""
        identity = text_column(field, self.values[field]).identities()
        return group_rows(inside(self.record, identity))


def _sorted(values: pl.DataFrame, record: npt.NDArray[np.integer]) -> _Rows:
    number, order = record.astype(np.int64), None
    if (number[1:] < number[:-1]).any():
        order = np.argsort(number, kind="stable")
        values, number = values[order], number[order]
    count = int(number[-1]) + 1 if len(number) else 0
    first = np.searchsorted(number, np.arange(count))
    return _Rows(values, number, first, first if order is None else order[first])


def _slot_pairs(rows: _Rows, slot: Slot) -> tuple[Ints, pl.Series]:
    """(record, code) pairs of a slot, each once, without empty ones."""
    if slot.field not in rows.values.columns:
        return np.zeros(0, np.int64), pl.Series([], dtype=pl.String)
    field = key_column(slot.field) if slot.object == "material" else slot.field
    if slot.many:
        first = rows.groups_of(field).first
        return rows.record[first], rows.values[field].cast(pl.String)[first]
    codes = rows.values[field][rows.first].cast(pl.String)
    present = ~is_null(codes)
    return np.flatnonzero(present), codes.filter(pl.Series(present))


@dataclass(frozen=True, slots=True)
class _PartColumns:
    """Codes of the first level with their records, those of the second with the place of their first-level one."""

    top: pl.Series
    record: Ints
    sub: pl.Series
    place: Ints


_NOTHING = pl.Series([], dtype=pl.String)
_NOWHERE = np.zeros(0, np.int64)


def _part_columns(rows: _Rows, kind: Kind) -> _PartColumns:
    names = [name for name in kind.children if name in rows.values.columns]
    if not names or kind.parts is not PartsRule.TREE:
        return _PartColumns(_NOTHING, _NOWHERE, _NOTHING, _NOWHERE)
    lower = rows.values[names[-1]].cast(pl.String)
    present = ~is_null(lower)
    if len(names) == 1:
        return _PartColumns(lower.filter(pl.Series(present)), rows.record[present], _NOTHING, _NOWHERE)
    upper = rows.groups_of(names[0])
    named = rows.values[names[0]].cast(pl.String)[upper.first]
    # The upper level may be missing: a cell without a module stands in the pack itself.
    direct = np.flatnonzero((upper.group == NOWHERE) & present)
    record = np.concatenate((rows.record[upper.first], rows.record[direct]))
    order = np.argsort(record, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    within = (upper.group != NOWHERE) & present
    sub, top = lower.filter(pl.Series(within)), place[upper.group[within]]
    if (top[1:] < top[:-1]).any():
        rank = np.argsort(top, kind="stable")
        sub, top = sub[rank], top[rank]
    return _PartColumns(pl.concat([named, lower[direct]])[order], record[order], sub, top)


def _time_ms(column: pl.Series, into_day_ms: int) -> Ints:
    """Milliseconds since 1970 UTC; a day counts as `into_day_ms` after its midnight in China."""
    if column.dtype == pl.Date:
        return midnights(column).cast(pl.Int64).to_numpy() + into_day_ms
    return column.cast(MOMENT).cast(pl.Int64).to_numpy()


def _json(values: pl.DataFrame, fields: Sequence[str], index: Ints | None = None) -> pl.Series:
    """One JSON object a row (of those at `index`), without the fields that are empty."""
    if not fields:
        return repeated("{}", values.height if index is None else len(index), pl.String())
    frame = pl.DataFrame([values[name] if index is None else values[name][index] for name in fields])
    text = frame.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    if not any(column.null_count() for column in frame):
        return text
    # `"name":null` cannot match inside a text value: there its quotes would carry backslashes.
    return text.str.replace_all(r'"[a-z0-9_]+":null,?', "").str.replace(r",\}$", "}")


def _number(rows: _Rows, field: str) -> Ints:
    name = f"{field}_no"
    if name not in rows.values.columns:
        return np.zeros(len(rows.first), np.int64)
    number = rows.values[name][rows.first]
    return (number.fill_null(0) if number.null_count() else number).to_numpy().astype(np.int64)


def _bodies(rows: _Rows, kind: Kind) -> tuple[pl.Series, pl.Series | None]:
    """What a record says beside its objects, time, party and site; personal fields apart."""
    lines = any(slot.many for slot in kind.slots)
    outside = {slot.field for slot in kind.slots} | {kind.time, "site", *kind.children}
    fields = [f for f in kind.fields.values() if f.name in rows.values.columns]
    plain = [f.name for f in fields if not f.personal and (lines or f.name not in outside)]
    personal = [f.name for f in fields if f.personal]
    if lines:
        body = _json(rows.values, plain)
        grouped = pl.DataFrame({"record": rows.record, "line": body}).group_by("record", maintain_order=True)
        joined = grouped.agg(pl.col("line").str.join(","))["line"]
        body = pl.select(pl.concat_str(pl.lit('{"lines":['), joined, pl.lit("]}"))).to_series()
    else:
        body = _json(rows.values, plain, rows.first)
    if not personal:
        return body, None
    apart = _json(rows.values, personal, rows.first)
    return body, pl.select(pl.when(apart != "{}").then(apart)).to_series()


def build(kind: Kind, values: pl.DataFrame, record: npt.NDArray[np.integer], reporter: int) -> Batch:
    """A batch from typed rows.

    Parameters
    ----------
    values
        Checked rows only, typed as `suyuan.events.check` types them; company and site fields have
        their registry number in ``<field>_no``, batches of material their code in ``<field>_key``.
    record
        The record of each row, 0, 1, 2 … without gaps.
    reporter
        The reporting company's number.
    """
    rows = _sorted(values, record)
    slots = kind.slots
    pairs = [_slot_pairs(rows, slot) for slot in slots]
    parts = _part_columns(rows, kind)
    *of_slots, top, sub = _keys([*(codes for _, codes in pairs), parts.top, parts.sub])
    packed, number = np.unique(np.concatenate([_NOWHERE, *(keys.packed for keys in of_slots)]), return_inverse=True)
    touches, start = {}, 0
    for slot, (of_record, _) in zip(slots, pairs, strict=True):
        touches[slot.name] = Touches(of_record, number[start : start + len(of_record)])
        start += len(of_record)
    body, personal = _bodies(rows, kind)
    time = rows.values[kind.time][rows.first]
    return Batch(
        kind=kind,
        reporter=reporter,
        objects=Keys(top.lots, packed >> 32, packed & 0xFFFFFFFF),
        touches=touches,
        parts=Parts(top, parts.record, sub, parts.place),
        occurred_ms=_time_ms(time, 0 if starts_day(kind) else END_OF_DAY_MS),
        party=_number(rows, "party"),
        site=_number(rows, "site"),
        body=body,
        personal=personal,
        row=rows.row,
    )


def is_day(kind: Kind) -> bool:
    """Whether records of this kind say the day only, not the hour."""
    return kind.fields[kind.time].type is FieldType.DATE


def starts_day(kind: Kind) -> bool:
    """Whether a record of this kind that says the day only stands at its start, before whatever else happened then.

    What makes an object comes first on a day; everything else counts as its end.
    """
    return kind.day == "start"
