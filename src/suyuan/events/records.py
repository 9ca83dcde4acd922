"""Checked rows become a batch of records: objects, parts, times and parties as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes.columns import object_keys
from suyuan.events.containment import Ints, Keys, Parts
from suyuan.events.vocabulary import FieldType, Kind
from suyuan.events.vocabulary import Parts as PartsRule

END_OF_DAY_MS = 86_400_000 - 1
ZONE = "Asia/Shanghai"


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
    as the end of that day in China, so that what happened earlier on the day sorts before it.
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


def _merge(columns: Sequence[pl.Series]) -> tuple[list[str], list[tuple[Ints, Ints]]]:
    """Ledger keys of several columns over one sorted list of lots."""
    keys = [object_keys(column) for column in columns]
    lots = sorted(set().union(*(key.lots for key in keys)))
    place = {lot: number for number, lot in enumerate(lots)}
    merged = []
    for key in keys:
        translate = np.array([place[lot] for lot in key.lots], np.int64)
        lot = translate[key.lot] if len(translate) else np.zeros(0, np.int64)
        merged.append((lot, key.serial.astype(np.int64)))
    return lots, merged


def _changes(*columns: pl.Series) -> npt.NDArray[np.bool_]:
    """True where a row differs from the one before it in any column; the first row is True."""
    changed = np.zeros(len(columns[0]), bool)
    for column in columns:
        changed |= column.ne_missing(column.shift(1)).to_numpy()
    if len(changed):
        changed[0] = True
    return changed


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows sorted by record."""

    values: pl.DataFrame
    record: Ints
    first: Ints  # each record's first row


def _sorted(values: pl.DataFrame, record: npt.NDArray[np.integer]) -> _Rows:
    number = record.astype(np.int64)
    if len(number) and (np.diff(number) < 0).any():
        order = np.argsort(number, kind="stable")
        values, number = values[order], number[order]
    count = int(number[-1]) + 1 if len(number) else 0
    return _Rows(values, number, np.searchsorted(number, np.arange(count)))


def _slot_pairs(rows: _Rows, field: str, many: bool) -> tuple[Ints, pl.Series]:
    """(record, code) pairs of a slot, each once, without empty ones."""
    if field not in rows.values.columns:
        return np.zeros(0, np.int64), pl.Series([], dtype=pl.String)
    if not many:
        codes = rows.values[field][rows.first].cast(pl.String)
        present = codes.is_not_null().to_numpy()
        return np.flatnonzero(present), codes.filter(pl.Series(present))
    pairs = pl.DataFrame({"record": rows.record, "code": rows.values[field].cast(pl.String)})
    pairs = pairs.drop_nulls().unique(maintain_order=True)
    return pairs["record"].to_numpy().astype(np.int64), pairs["code"]


def _part_columns(rows: _Rows, kind: Kind) -> tuple[pl.Series, Ints, pl.Series, Ints]:
    """First-level codes with their records, second-level codes with the place of their first-level one."""
    names = [name for name in kind.children if name in rows.values.columns]
    if not names or kind.parts is not PartsRule.TREE:
        return (
            pl.Series([], dtype=pl.String),
            np.zeros(0, np.int64),
            pl.Series([], dtype=pl.String),
            np.zeros(0, np.int64),
        )
    if len(names) == 1:
        column = rows.values[names[0]]
        present = column.is_not_null()
        return (
            column.filter(present),
            rows.record[present.to_numpy()],
            pl.Series([], dtype=pl.String),
            np.zeros(0, np.int64),
        )
    upper, lower = rows.values[names[0]], rows.values[names[1]]
    record = pl.Series(rows.record)
    run = np.cumsum(_changes(record, upper)) - 1
    starts = np.flatnonzero(np.diff(run, prepend=-1))
    heads = pl.DataFrame({"record": rows.record[starts], "code": upper[starts].cast(pl.String)})
    heads = heads.with_columns(top=pl.struct("record", "code").rank("dense") - 1)
    return _two_levels(rows, heads, run, lower)


def _two_levels(
    rows: _Rows, heads: pl.DataFrame, run: Ints, lower: pl.Series
) -> tuple[pl.Series, Ints, pl.Series, Ints]:
    """Parts when the upper level may be missing: a cell without a module stands in the pack itself."""
    named = heads.filter(pl.col("code").is_not_null()).unique(["record", "code"], maintain_order=True, keep="first")
    direct = np.flatnonzero((heads["code"].is_null().to_numpy()[run]) & lower.is_not_null().to_numpy())
    top_codes = pl.concat([named["code"], lower[direct].cast(pl.String)])
    top_record = np.concatenate((named["record"].to_numpy(), rows.record[direct])).astype(np.int64)
    order = np.argsort(top_record, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    numbered = named.with_columns(place=pl.Series(place[: len(named)]))
    top_of_run = heads.join(
        numbered.select("record", "code", "place"), on=["record", "code"], how="left", maintain_order="left"
    )
    top_of_row = top_of_run["place"].fill_null(-1).to_numpy()[run]
    inside = (top_of_row >= 0) & lower.is_not_null().to_numpy()
    top = top_of_row[inside]
    codes = lower.filter(pl.Series(inside))
    if (np.diff(top) < 0).any():
        rank = np.argsort(top, kind="stable")
        top, codes = top[rank], codes[rank]
    return top_codes[order], top_record[order], codes, top.astype(np.int64)


def _time_ms(column: pl.Series) -> Ints:
    if column.dtype == pl.Date:
        start = column.cast(pl.Datetime("ms")).dt.replace_time_zone(ZONE)
        return start.dt.epoch("ms").to_numpy().astype(np.int64) + END_OF_DAY_MS
    return column.dt.epoch("ms").to_numpy().astype(np.int64)


def _json(values: pl.DataFrame, fields: Sequence[str], index: Ints | None = None) -> pl.Series:
    """One JSON object a row (of those at `index`), without the fields that are empty."""
    frame = values.select(fields) if index is None or not fields else values.select(fields)[index]
    if not fields:
        return pl.repeat("{}", values.height if index is None else len(index), dtype=pl.String, eager=True)
    text = frame.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    # `"name":null` cannot match inside a text value: there its quotes would carry backslashes.
    text = text.str.replace_all(r'"[a-z0-9_]+":null,?', "")
    return text.str.replace(r",\}$", "}")


def _number(rows: _Rows, field: str) -> Ints:
    name = f"{field}_no"
    if name not in rows.values.columns:
        return np.zeros(len(rows.first), np.int64)
    return rows.values[name][rows.first].fill_null(0).to_numpy().astype(np.int64)


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
        their registry number in ``<field>_no``.
    record
        The record of each row, 0, 1, 2 … without gaps.
    reporter
        The reporting company's number.
    """
    rows = _sorted(values, record)
    slots = kind.slots
    pairs = [_slot_pairs(rows, slot.field, slot.many) for slot in slots]
    top_codes, top_record, sub_codes, sub_top = _part_columns(rows, kind)
    lots, keys = _merge([*(codes for _, codes in pairs), top_codes, sub_codes])
    slot_keys, (top_key, sub_key) = keys[:-2], keys[-2:]
    lot = np.concatenate([k[0] for k in slot_keys]) if slot_keys else np.zeros(0, np.int64)
    serial = np.concatenate([k[1] for k in slot_keys]) if slot_keys else np.zeros(0, np.int64)
    packed, number = np.unique((lot << 32) | serial, return_inverse=True)
    touches, start = {}, 0
    for slot, (of_record, _) in zip(slots, pairs, strict=True):
        touches[slot.name] = Touches(of_record, number[start : start + len(of_record)])
        start += len(of_record)
    body, personal = _bodies(rows, kind)
    time = rows.values[kind.time][rows.first]
    return Batch(
        kind=kind,
        reporter=reporter,
        objects=Keys(lots, packed >> 32, packed & 0xFFFFFFFF),
        touches=touches,
        parts=Parts(Keys(lots, *top_key), top_record, Keys(lots, *sub_key), sub_top),
        occurred_ms=_time_ms(time),
        party=_number(rows, "party"),
        site=_number(rows, "site"),
        body=body,
        personal=personal,
        row=rows.first,
    )


def is_day(kind: Kind) -> bool:
    """Whether records of this kind say the day only, not the hour."""
    return kind.fields[kind.time].type is FieldType.DATE
