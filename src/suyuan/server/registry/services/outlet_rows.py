"""Outlets as rows: the template of the table that they are brought in, and what is wrong in a row of it.

Every way in, one outlet over the API or ten thousand in a workbook, is rows of text under these columns, so
that one set of checks judges them all.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from suyuan.codes import CodeError, check_division
from suyuan.codes.columns import check_divisions
from suyuan.codes.coordinates import Datum, to_wgs84
from suyuan.codes.opening_hours import Span, parse_days, parse_week
from suyuan.server.registry.models import SiteKind
from suyuan.server.registry.services.sieve import Sieve
from suyuan.sheets import Column, Template

EVERY: Final = "*"
"""Stands in a list for whatever there is."""

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    SiteKind.OUTLET_COLLECTION.value: ("收集型", "collection"),
    SiteKind.OUTLET_CENTRAL.value: ("集中贮存型", "central"),
}
CHEMISTRIES: Final = ("A", "B", "C", "D", "E", "F", "G", "Z")
CONDITIONS: Final[Mapping[str, tuple[str, str]]] = {
    "whole": ("完好", "whole"),
    "damaged": ("破损", "damaged"),
    "swollen": ("鼓胀", "swollen"),
    "leaking": ("漏液", "leaking"),
    "soaked": ("浸水", "soaked"),
    "burnt": ("过火", "burnt"),
}
"""Conditions of batteries that an outlet takes; words of ours, nobody has published a list."""

_DATUMS: Final = {
    Datum.WGS84.value: ("WGS 84", "WGS-84"),
    Datum.GCJ02.value: ("国测局(高德、腾讯)", "GCJ-02"),
    Datum.BD09.value: ("百度", "BD-09"),
}
TEMPLATE: Final = Template(
    kind="outlets",
    version="1",
    zh="回收服务网点",
    en="recycling service outlets",
    columns=(
        Column("company", "企业代码", "company code", required=True, aliases=("统一社会信用代码",)),
        Column("code", "网点编号", "outlet code", required=True),
        Column("kind", "网点类型", "kind of outlet", required=True, choices=KINDS),
        Column("name", "网点名称", "name", required=True),
        Column("operator_name", "经营单位", "operator"),
        Column("division", "行政区划代码", "division", required=True),
        Column("address", "地址", "address", required=True),
        Column("phone", "联系电话", "telephone"),
        Column("longitude", "经度", "longitude", type="number", unit="°"),
        Column("latitude", "纬度", "latitude", type="number", unit="°"),
        Column("datum", "坐标系", "coordinate system", choices=_DATUMS),
        Column("hours", "营业时间", "opening hours", example="周一至周五 09:00-17:30"),
        Column("days", "特殊日期", "single days", example="2026-10-01..2026-10-03 休息"),
        Column("chemistries", "接收电池类型", "chemistries taken", example="B E"),
        Column("brands", "接收品牌", "brands taken", example="*"),
        Column("conditions", "接收电池状态", "conditions taken", example="whole damaged"),
        Column("capacity_kg", "贮存能力(kg)", "capacity (kg)", type="number", unit="kg"),
        Column("area_m2", "贮存面积(m²)", "store area (m²)", type="number", unit="m²"),
        Column("capacity_packs", "贮存包数", "capacity (packs)", type="integer"),
        Column("commissioned_by", "委托企业代码", "commissioned by"),
        Column("valid_from", "起始日期", "valid from", type="date"),
    ),
)
FIELDS: Final = TEMPLATE.names
LONGEST: Final[Mapping[str, int]] = {
    "code": 64,
    "name": 200,
    "operator_name": 200,
    "address": 300,
    "phone": 80,
    "brands": 2000,
    "commissioned_by": 2000,
}
_LISTS: Final = {"chemistries": (*CHEMISTRIES, EVERY), "conditions": (*CONDITIONS, EVERY)}
_LIMITS: Final = {"capacity_kg": 1e9, "area_m2": 1e7, "capacity_packs": 1e7}
_NUMBERS: Final = ("longitude", "latitude", *_LIMITS)
_BETWEEN: Final = r"[\s,;、，；]+"


def texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with exactly the columns of the template, as trimmed text; what is empty is null."""
    present = [
        pl.col(name).cast(pl.String).str.strip_chars().replace("", None).alias(name)
        if name in rows.columns
        else pl.lit(None, pl.String).alias(name)
        for name in FIELDS
    ]
    return rows.select(present)


def judged(rows: pl.DataFrame, today: date) -> Sieve:
    """The rows with their values beside the text (`<field>_value`), and what is wrong in them.

    Hours become `week` (text of a multirange) and `days_value` (JSON); coordinates are WGS 84.
    """
    wide = rows.with_columns(
        *(pl.col(name).cast(pl.Float64, strict=False).alias(f"{name}_value") for name in _NUMBERS),
        *(_listed(name) for name in ("chemistries", "conditions", "brands", "commissioned_by")),
        pl.col("valid_from").str.to_date("%Y-%m-%d", strict=False).alias("valid_from_value"),
        pl.col("datum").fill_null(Datum.WGS84.value),
        _meant("hours", lambda text: _multirange(parse_week(text))).alias("week"),
        _meant("days", _days_json).alias("days_value"),
    )
    sieve = Sieve(wide)
    sieve.require(*(column.name for column in TEMPLATE.columns if column.required))
    _judge_texts(sieve, today)
    _judge_numbers(sieve)
    sieve.frame = sieve.frame.with_columns(_on_wgs84(sieve.frame))
    sieve.once("company", "code")
    return sieve


def _judge_texts(sieve: Sieve, today: date) -> None:
    kinds, frame = list(KINDS), sieve.frame
    sieve.note("kind", "outlets.kind_unknown", ~pl.col("kind").is_in(kinds), {"known": kinds})
    datums = [datum.value for datum in Datum]
    sieve.note("datum", "outlets.datum_unknown", ~pl.col("datum").is_in(datums), {"known": datums})
    sieve.judge("division", check_divisions(frame["division"], today), lambda text: check_division(text, today))
    whole = pl.col("division").str.ends_with("0000") & ~pl.col("division").str.slice(0, 2).is_in(_CITY_PROVINCES)
    sieve.note("division", "outlets.division_too_wide", whole)
    for name, longest in LONGEST.items():
        sieve.note(name, "outlets.too_long", pl.col(name).str.len_chars() > longest, {"field": name, "limit": longest})
    for name, known in _LISTS.items():
        strange = pl.col(f"{name}_value").list.eval(~pl.element().is_in(list(known))).list.any()
        sieve.note(name, "outlets.list_unknown", strange, {"field": name, "known": list(known)})
    sieve.note("hours", "outlets.hours_form", pl.col("hours").is_not_null() & pl.col("week").is_null())
    sieve.note("days", "outlets.days_form", pl.col("days").is_not_null() & pl.col("days_value").is_null())
    sieve.note(
        "valid_from", "outlets.not_a_day", pl.col("valid_from").is_not_null() & pl.col("valid_from_value").is_null()
    )


_CITY_PROVINCES: Final = ["11", "12", "31", "50", "71", "81", "82"]  # without prefectures of their own


def _judge_numbers(sieve: Sieve) -> None:
    for name in _NUMBERS:
        unread = pl.col(name).is_not_null() & ~pl.col(f"{name}_value").is_finite().fill_null(value=False)
        sieve.note(name, "outlets.not_a_number", unread, {"field": name})
    for name, most in _LIMITS.items():
        value = pl.col(f"{name}_value")
        off = (value <= 0) | (value > most)
        if name == "capacity_packs":
            off |= value != value.floor()
        sieve.note(name, "outlets.measure_impossible", value.is_finite() & off, {"field": name})
    longitude, latitude = pl.col("longitude_value"), pl.col("latitude_value")
    off = ~longitude.is_between(-180, 180) | ~latitude.is_between(-90, 90)
    sieve.note("longitude", "registry.place_impossible", off | (longitude.is_null() != latitude.is_null()))


def _on_wgs84(frame: pl.DataFrame) -> list[pl.Series]:
    """Longitude and latitude in WGS 84, to a tenth of a metre's ninth digit; null where they were not filed."""
    east = frame["longitude_value"].fill_null(np.nan).to_numpy().copy()
    north = frame["latitude_value"].fill_null(np.nan).to_numpy().copy()
    for datum in (Datum.GCJ02, Datum.BD09):
        these = (frame["datum"] == datum.value).to_numpy()
        if these.any():
            with np.errstate(invalid="ignore"):
                east[these], north[these] = to_wgs84(east[these], north[these], datum)
    made = {"longitude_value": east, "latitude_value": north}
    return [pl.Series(name, np.round(values, 8)).fill_nan(None) for name, values in made.items()]


def _listed(name: str) -> pl.Expr:
    """A list written with spaces or signs between, sorted; brands keep their spaces and end at signs only."""
    signs = r"[,;、，；]+" if name == "brands" else _BETWEEN
    pieces = pl.col(name).str.replace_all(signs, "\n").str.split("\n").list.eval(pl.element().str.strip_chars())
    kept = pieces.list.eval(pl.element().filter(pl.element() != "")).list.unique().list.sort()
    return kept.alias(f"{name}_value")


def _meant(name: str, reading: Callable[[str], str]) -> pl.Expr:
    """What each different text means; null where it cannot be read."""

    def read(texts: pl.Series) -> pl.Series:
        known: dict[str, str] = {}
        for text in texts.drop_nulls().unique():
            try:
                known[text] = reading(text)
            except CodeError:
                continue
        return pl.Series(texts.name, [known.get(text) for text in texts], dtype=pl.String)

    return pl.col(name).map_batches(read, return_dtype=pl.String)


def _multirange(spans: tuple[Span, ...]) -> str:
    return "{" + ",".join(f"[{start},{end})" for start, end in spans) + "}"


def _days_json(text: str) -> str:
    days = parse_days(text)
    told = ",".join(f'"{day}":[{",".join(f"[{start},{end}]" for start, end in spans)}]' for day, spans in days.items())
    return "{" + told + "}"
