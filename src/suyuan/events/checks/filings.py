"""Codes against what is on file: the vendor, the 14-character prefix, and the number of parts."""

from datetime import date

import polars as pl

from suyuan.codes.columns import decode_battery_codes
from suyuan.events.checks.context import Context
from suyuan.events.checks.judged import Fault, Judged, Pen
from suyuan.events.checks.rows import Groups
from suyuan.events.checks.texts import TextColumn
from suyuan.events.vocabulary import FieldType, Kind, Parts

_PREFIX = 14  # characters of a code that are filed
_SHORT = 19  # characters of a code without traceability information
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


def judge_filing(texts: pl.Series, sound: pl.Series, context: Context) -> tuple[Fault, ...]:
    """Vendor, prefix, level and chemistry of each sound code; codes of other forms have no filed prefix."""
    if context.vendors is None and context.filings is None:
        return ()
    head = texts.str.slice(0, _PREFIX)
    table = pl.DataFrame({"head": head.filter(sound & (texts.str.len_bytes() >= _LONG)).unique()})
    marked: list[tuple[str, pl.DataFrame]] = []
    if context.vendors is not None:
        short = pl.DataFrame({"head": head.filter(sound).unique()})
        marked.append(("events.vendor_unknown", _foreign_vendors(short, context.vendors)))
    if context.filings is not None:
        marked += _unlike_filings(table, context.filings)
    return tuple(_fault(code, head, sound, wrong) for code, wrong in marked if wrong.height)


def _fault(code: str, head: pl.Series, sound: pl.Series, wrong: pl.DataFrame) -> Fault:
    told = dict(zip(wrong["head"], wrong["data"], strict=True))
    data = head.replace_strict(told, default=None, return_dtype=pl.String)
    return Fault(code, sound & data.is_not_null(), data)


def _foreign_vendors(heads: pl.DataFrame, vendors: frozenset[str]) -> pl.DataFrame:
    vendor = pl.col("head").str.slice(0, 3)
    issued = pl.Series(sorted(vendors), dtype=pl.String).implode()
    return heads.filter(~vendor.is_in(issued)).with_columns(data=pl.struct(vendor=vendor).struct.json_encode())


def _unlike_filings(heads: pl.DataFrame, filings: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    filed = filings.select(pl.col("prefix").alias("head"), "level", "chemistry", known=pl.lit(True))
    table = heads.join(filed.unique("head", keep="first"), on="head", how="left").with_columns(
        data=pl.struct(
            prefix="head", filed_level=pl.col("level").fill_null(""), filed_chemistry=pl.col("chemistry").fill_null("")
        ).struct.json_encode()
    )
    return [
        ("events.prefix_unknown", table.filter(pl.col("known").is_null())),
        ("events.prefix_level", table.filter(pl.col("level") != pl.col("head").str.slice(3, 1))),
        ("events.prefix_chemistry", table.filter(pl.col("chemistry") != pl.col("head").str.slice(4, 1))),
    ]


def check_counts(kind: Kind, columns: dict[str, TextColumn], records: Groups, context: Context, pen: Pen) -> None:
    """The number of modules and cells of each new pack or module against its filing."""
    main = kind.main.field if kind.slots else ""
    if context.filings is None or kind.parts is not Parts.TREE or kind.main.before != {"unknown"} or main not in columns:
        return
    code = columns[main].text.gather(records.first)
    heads = pl.DataFrame({"prefix": code.str.slice(0, _PREFIX), "record": pl.int_range(len(code), dtype=pl.UInt32, eager=True)})
    filed = context.filings.select("prefix", "modules", "cells").unique("prefix", keep="first")
    heads = heads.join(filed, on="prefix", how="left", maintain_order="left")
    for rule, name, field in _COUNTS:
        if field in kind.children:
            found = _children(columns.get(field), records)
            table = heads.with_columns(found=found).filter(pl.col(name).is_not_null() & (pl.col(name) != pl.col("found")))
            rows = records.first.gather(table["record"])
            data = table.select(pl.struct(expected=name, found="found").struct.json_encode()).to_series()
            pen.write(rule, rows, main, code.gather(table["record"]), data)


def _children(column: TextColumn | None, records: Groups) -> pl.Series:
    """By record, the number of different texts in `column`."""
    none = pl.repeat(0, len(records), dtype=pl.Int64, eager=True)
    if column is None:
        return none
    table = pl.DataFrame({"record": records.group, "child": column.text.is_not_null()})
    if column.repeats:
        table = table.with_columns(child=column.identities()).drop_nulls().unique()
    else:
        table = table.filter("child")
    counted = table.group_by("record").len("found")
    return none.scatter(counted["record"], counted["found"].cast(pl.Int64))


def production_days(column: TextColumn, sound: pl.Series, reference: date) -> pl.Series:
    """By row, the day written in the code; null where blank or unsound. Each different day is decoded once."""
    texts = column.values
    short = texts.str.len_bytes() == _SHORT
    letters = texts.str.slice(14, 3)
    if short.any():
        letters = letters.zip_with(~short, texts.str.slice(7, 3))
    table = pl.DataFrame({"letters": letters, "code": texts}).filter(sound)
    example = table.unique("letters", keep="any")
    decoded = decode_battery_codes(example["code"], reference)["produced_on"]
    place = letters.cast(pl.Enum(example["letters"]), strict=False).to_physical()
    if not sound.all():
        place = place.set(~sound, None)
    return column.spread(decoded.gather(place))


def check_production_days(
    kind: Kind, columns: dict[str, TextColumn], judged: dict[str, Judged], occurred: pl.Series, context: Context, pen: Pen
) -> None:
    """Nothing happens to a battery before the day that its code was made out."""
    day = occurred.dt.date()
    for name, field in kind.fields.items():
        if field.type is FieldType.BATTERY_CODE and name in columns:
            produced = production_days(columns[name], judged[name].sound(), context.reference)
            rows = (day < produced).fill_null(False).arg_true()
            if len(rows):
                pair = pl.DataFrame({"produced_on": produced.gather(rows), "occurred_on": day.gather(rows)})
                data = pair.select(pl.struct(pl.all().dt.to_string("%Y-%m-%d")).struct.json_encode()).to_series()
                pen.write("events.before_production", rows, name, columns[name].text.gather(rows), data)
