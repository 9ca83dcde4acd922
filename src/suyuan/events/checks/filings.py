"""Codes against what is on file: the vendor, the 14-character prefix, and the number of parts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from suyuan.events.checks.context import Context
from suyuan.events.checks.judged import Fault, Judged, Pen
from suyuan.events.checks.rows import Groups, group_rows
from suyuan.events.checks.texts import TextColumn
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
    kind: Kind, columns: Mapping[str, TextColumn], judged: Mapping[str, Judged], context: Context
) -> dict[str, Judged]:
    """`judged`, with what vendors and filings say of each sound code that enters the ledger.

    All columns are looked up at once, each different beginning of a code once.
    """
    codes = [_Codes.of(name, columns[name].values, judged[name]) for name in fields_on_file(kind) if name in columns]
    if not codes or (context.vendors is None and context.filings is None):
        return dict(judged)
    faults: dict[str, list[Fault]] = {code.name: [] for code in codes}
    if context.vendors is not None:
        wrong = _foreign_vendors(pl.concat([code.vendors() for code in codes]), context.vendors)
        for code in codes if wrong else ():
            faults[code.name].append(_fault("events.vendor_unknown", code.head.str.slice(0, 3), code.sound, wrong))
    if context.filings is not None:
        heads = pl.DataFrame({"head": pl.concat([code.filed_heads() for code in codes]).unique()})
        for rule, told in _unlike_filings(heads, context.filings).items():
            for code in codes if told else ():
                faults[code.name].append(_fault(rule, code.head, code.filed, told))
    return {**judged, **{name: judged[name].also(more) for name, more in faults.items() if more}}


@dataclass(frozen=True, slots=True)
class _Codes:
    """A column of codes: their first 14 characters, which are sound, and which of those have a filed prefix."""

    name: str
    head: pl.Series
    sound: pl.Series
    filed: pl.Series

    @classmethod
    def of(cls, name: str, texts: pl.Series, judged: Judged) -> "_Codes":
        sound = judged.sound()
        return cls(name, texts.str.slice(0, _PREFIX).alias("head"), sound, sound & (texts.str.len_bytes() >= _LONG))

    def vendors(self) -> pl.Series:
        """The different vendors of the sound codes."""
        return self.head.filter(self.sound).unique().str.slice(0, 3)

    def filed_heads(self) -> pl.Series:
        """The different prefixes that should be on file."""
        return self.head.filter(self.filed).unique()


def _fault(code: str, part: pl.Series, where: pl.Series, told: Mapping[str, str | None]) -> Fault:
    data = part.replace_strict(told, default=None, return_dtype=pl.String)
    return Fault(code, where & data.is_not_null(), data)


def _foreign_vendors(used: pl.Series, vendors: frozenset[str]) -> dict[str, str | None]:
    return {vendor: pack({"vendor": vendor}) for vendor in sorted(set(used.unique()) - vendors)}


def _unlike_filings(heads: pl.DataFrame, filings: pl.DataFrame) -> dict[str, dict[str, str | None]]:
    filed = _filed(heads["head"], filings).select("level", "chemistry", head="prefix", known=pl.lit(True))
    marks = {
        "events.prefix_unknown": pl.col("known").is_null(),
        "events.prefix_level": (pl.col("level") != pl.col("head").str.slice(3, 1)).fill_null(False),
        "events.prefix_chemistry": (pl.col("chemistry") != pl.col("head").str.slice(4, 1)).fill_null(False),
    }
    table = heads.join(filed, on="head", how="left").with_columns(**marks)
    wrong = table.filter(pl.any_horizontal(*marks))
    if not wrong.height:
        return {}
    level, chemistry = pl.col("level").fill_null(""), pl.col("chemistry").fill_null("")
    data = pl.struct(prefix="head", filed_level=level, filed_chemistry=chemistry).struct.json_encode()
    wrong = wrong.with_columns(data=data)
    found = {code: wrong.filter(code) for code in marks}
    return {code: dict(zip(table["head"], table["data"], strict=True)) for code, table in found.items()}


def _filed(prefixes: pl.Series, filings: pl.DataFrame) -> pl.DataFrame:
    """The filings of some prefixes, the first of each."""
    return filings.filter(pl.col("prefix").is_in(prefixes.implode())).unique("prefix", keep="first")


def check_counts(kind: Kind, columns: dict[str, TextColumn], records: Groups, context: Context, pen: Pen) -> None:
    """The number of modules and cells of each new pack or module against its filing."""
    main = kind.main.field if kind.slots else ""
    made = kind.parts is Parts.TREE and kind.main.before == {"unknown"}
    if context.filings is None or not made or main not in columns:
        return
    code = columns[main].text.gather(records.first)
    prefix = code.str.slice(0, _PREFIX).alias("prefix")
    heads = pl.DataFrame({"prefix": prefix, "row": records.first, "code": code})
    filed = _filed(prefix.unique(), context.filings).select("prefix", "modules", "cells")
    heads = heads.join(filed, on="prefix", how="left", maintain_order="left")
    for rule, name, field in _COUNTS:
        if field in kind.children:
            table = heads.with_columns(found=_children(columns.get(field), records))
            table = table.filter(pl.col(name) != pl.col("found"))
            if table.height:
                data = table.select(pl.struct(expected=name, found="found").struct.json_encode()).to_series()
                pen.write(rule, table["row"], main, table["code"], data)


def _children(column: TextColumn | None, records: Groups) -> pl.Series:
    """By record, the number of different texts in `column`."""
    if column is None:
        return pl.repeat(0, len(records), dtype=pl.Int64, eager=True)
    if column.repeats:
        once = group_rows(records.group.cast(pl.UInt64) * 2**32 + column.identities().cast(pl.UInt64)).first
        record = records.group.gather(once)
    else:
        record = records.group.filter(column.text.is_not_null())
    return pl.Series(np.bincount(record.to_numpy(), minlength=len(records)), dtype=pl.Int64)
