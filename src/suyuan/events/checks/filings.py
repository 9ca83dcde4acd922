"""Codes against what is on file: the vendor, the 14-character prefix, and the number of parts."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from suyuan.codes.columns import Spelled
from suyuan.events.checks.context import Context
from suyuan.events.checks.judged import Fault, Judged, Pen
from suyuan.events.checks.rows import Groups, Said, group_rows, inside
from suyuan.events.checks.texts import NOWHERE, Mask, TextColumn, gather, is_null, mask, run_of_row, run_starts
from suyuan.events.containment import LISTED
from suyuan.events.vocabulary import Kind, Parts
from suyuan.sheets.findings import pack

_PREFIX = 14  # characters of a code that are filed
_LONG = 24  # shorter codes have no part that is filed
_NEW_STAGES = frozenset({"produced", "stocked", "after_sales"})
_COUNTS = (("events.module_count", "modules", "module_code"), ("events.cell_count", "cells", "cell_code"))


def fields_on_file(kind: Kind) -> tuple[str, ...]:
    """The fields whose codes enter the ledger by this kind, so that they are compared with the filings."""
    new = [
        slot.field
        for slot in kind.slots
        if slot.object == "battery" and "unknown" in slot.before and slot.sets.stage in _NEW_STAGES
    ]
    parts = kind.children if kind.parts is Parts.TREE else ()
    return tuple(dict.fromkeys([*new, *parts]))


def with_filings(
    kind: Kind,
    columns: Mapping[str, TextColumn],
    spelled: Mapping[str, Spelled],
    judged: Mapping[str, Judged],
    context: Context,
) -> dict[str, Judged]:
    """`judged`, with what vendors and filings say of each sound code that enters the ledger.

    All columns (`spelled` by field) are looked up at once, each different beginning of a code once.
    """
    sound = {name: judged[name].sound() for name in fields_on_file(kind) if name in columns}
    if not sound or (context.vendors is None and context.filings is None):
        return dict(judged)
    concerned = [
        spelled[name].of_each_lot() if good.all() else columns[name].values.filter(pl.Series(good))
        for name, good in sound.items()
    ]
    codes = pl.concat([each.alias("code") for each in concerned])
    heads = codes.str.slice(0, _PREFIX)
    told: dict[str, dict[str, str | None]] = {}
    if context.vendors is not None:
        told["events.vendor_unknown"] = _foreign_vendors(heads.unique(), context.vendors)
    if context.filings is not None:
        told |= _unlike_filings(heads.filter(_long(codes)).unique(), context.filings)
    if not any(told.values()):
        return dict(judged)
    return {**judged, **{name: _told(judged[name], columns[name].values, good, told) for name, good in sound.items()}}


def _long(codes: pl.Series) -> pl.Series:
    return codes.str.len_bytes() >= _LONG


def _told(judged: Judged, texts: pl.Series, sound: Mask, told: Mapping[str, Mapping[str, str | None]]) -> Judged:
    """`judged` with the rules that speak of the beginnings of its texts: by rule and beginning, the data."""
    heads, filed = texts.str.slice(0, _PREFIX), sound & _long(texts).to_numpy()
    faults = []
    for rule, data in told.items():
        if data:
            by_text = heads.replace_strict(data, default=None, return_dtype=pl.String)
            concerned = sound if rule == "events.vendor_unknown" else filed
            faults.append(Fault(rule, concerned & ~is_null(by_text), by_text))
    return judged.also(faults)


def _foreign_vendors(heads: pl.Series, vendors: frozenset[str]) -> dict[str, str | None]:
    return {head: pack({"vendor": head[:3]}) for head in heads.to_list() if head[:3] not in vendors}


def _unlike_filings(heads: pl.Series, filings: pl.DataFrame) -> dict[str, dict[str, str | None]]:
    told: dict[str, dict[str, str | None]] = {f"events.prefix_{name}": {} for name in ("unknown", "level", "chemistry")}
    filed = _filed(filings, "level", "chemistry")
    for head in heads.to_list():
        level, chemistry = filed.get(head, (None, None))
        data = pack({"prefix": head, "filed_level": level or "", "filed_chemistry": chemistry or ""})
        if head not in filed:
            told["events.prefix_unknown"][head] = data
        if level not in (None, head[3]):
            told["events.prefix_level"][head] = data
        if chemistry not in (None, head[4]):
            told["events.prefix_chemistry"][head] = data
    return told


def _filed(filings: pl.DataFrame, *names: str) -> dict[str, tuple[str | int | None, ...]]:
    """By prefix what is filed under `names`; of several filings of one prefix the first."""
    rows = zip(*(filings[name].to_list()[::-1] for name in names), strict=True)
    return dict(zip(filings["prefix"].to_list()[::-1], rows, strict=True))


def check_counts(kind: Kind, said: Said, records: Groups, context: Context, pen: Pen) -> None:
    """The listed parts against what a record can hold, and those of a new pack or module against its filing."""
    _check_limit(kind, said, records, pen)
    main = kind.main.field if kind.slots else ""
    made = kind.parts is Parts.TREE and kind.main.before == {"unknown"}
    if context.filings is None or not made or main not in said.columns:
        return
    code = said.columns[main]
    filed = _counts(code.values.str.slice(0, _PREFIX), context.filings)
    place = records.first if code.index is None else code.index[records.first]
    for (rule, _, field), counts in zip(_COUNTS, filed, strict=True):
        if field in kind.children:
            expected, found = gather(counts, place), _children(field, said, records)
            wrong = mask(expected != found)
            if wrong.any():
                table = pl.DataFrame({"expected": expected, "found": found}).filter(wrong)
                data = table.select(pl.struct(pl.all()).struct.json_encode()).to_series()
                rows = records.first[wrong]
                pen.write(rule, rows, main, code.text[rows], data)


def _check_limit(kind: Kind, said: Said, records: Groups, pen: Pen) -> None:
    """Refuse records that list more parts than the ledger can store in one."""
    listed = [name for name in kind.children if name in said.columns]
    if np.bincount(records.group).max(initial=0) * len(listed) <= LISTED:
        return
    found = pl.DataFrame({name: _children(name, said, records) for name in listed}).sum_horizontal()
    over = (found > LISTED).to_numpy()
    table = pl.DataFrame({"found": found}).filter(over).with_columns(limit=LISTED)
    data = table.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    rows, main = records.first[over], said.columns.get(kind.main.field)
    pen.write("events.too_many_parts", rows, kind.main.field, None if main is None else main.text[rows], data)


def _counts(heads: pl.Series, filings: pl.DataFrame) -> list[pl.Series]:
    """The numbers of parts filed for each of `heads`, looked up once where they follow each other."""
    names = [name for _, name, _ in _COUNTS]
    filed, starts = _filed(filings, *names), run_starts(heads)
    found = [filed.get(head) or (None,) * len(names) for head in heads.filter(pl.Series(starts)).to_list()]
    runs = run_of_row(starts)
    return [pl.Series([numbers[place] for numbers in found], dtype=pl.Int64)[runs] for place in range(len(names))]


def _children(field: str, said: Said, records: Groups) -> pl.Series:
    """By record, the number of different texts in `field`."""
    if field not in said.columns:
        return pl.Series(np.zeros(len(records), np.int64))
    identity = said.identities[field]
    if said.columns[field].repeats:
        record = records.group[group_rows(inside(records.group, identity)).first]
    else:
        record = records.group[identity != NOWHERE]
    return pl.Series(np.bincount(record, minlength=len(records)))
