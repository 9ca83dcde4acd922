"""Dates and times as people write them: year first, in China's time unless an offset says otherwise.

Read: ``2026-03-01``, ``2026/3/1``, ``2026.3.1``, ``2026年3月1日``, ``20260301``, each with or without a
time (``08:30``, ``08:30:15``, ``08:30:15.250``, after a blank or T) and an offset (``Z``, ``+08:00``).
Day first or month first is not guessed.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from suyuan.events.checks.texts import Mask, mask

CHINA = "Asia/Shanghai"
MOMENT = pl.Datetime("ms", CHINA)

_CHINA_MINUTES = 8 * 60
_PLAIN_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_FORM = (
    r"^(?P<y>[0-9]{4})"
    r"(?:[-/.](?P<m1>[0-9]{1,2})[-/.](?P<d1>[0-9]{1,2})|年(?P<m2>[0-9]{1,2})月(?P<d2>[0-9]{1,2})日?"
    r"|(?P<m3>[0-9]{2})(?P<d3>[0-9]{2}))"
    r"(?:(?:T| +)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<part>[0-9]{1,9}))?)?"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)


@dataclass(frozen=True, slots=True)
class Moments:
    """Texts read as moments; every series is as long as the texts.

    Parameters
    ----------
    moment
        `MOMENT`; null where it could not be read. A day without a time is its midnight in China.
    day
        The day in China.
    readable
        Whether the text has one of the forms.
    has_time
        Whether it tells a time of day.
    """

    moment: pl.Series
    day: pl.Series
    readable: Mask
    has_time: Mask


def _number(*names: str, otherwise: int = 0) -> pl.Expr:
    return pl.coalesce(*(pl.col(name).cast(pl.Int64) for name in names), pl.lit(otherwise, dtype=pl.Int64))


def _milliseconds() -> pl.Expr:
    """Milliseconds since midnight, as the clock of the text shows them."""
    part = pl.col("part").str.slice(0, 3).str.pad_end(3, "0").cast(pl.Int64).fill_null(0)
    return ((_number("hour") * 60 + _number("minute")) * 60 + _number("second")) * 1000 + part


def _offset_minutes() -> pl.Expr:
    digits = pl.col("zone").str.replace_all("[Z:+-]", "")
    size = digits.str.slice(0, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(2).cast(pl.Int64, strict=False)
    signed = pl.when(pl.col("zone").str.starts_with("-")).then(-size).otherwise(size)
    return (
        pl.when(pl.col("zone").is_null())
        .then(pl.lit(_CHINA_MINUTES, dtype=pl.Int64))
        .otherwise(pl.when(pl.col("zone") == "Z").then(pl.lit(0, dtype=pl.Int64)).otherwise(signed))
    )


def _possible() -> pl.Expr:
    month, day = pl.col("month"), pl.col("day")
    known = month.is_between(1, 12) & (pl.col("year") >= 1) & (day >= 1)
    last = pl.date(pl.col("year").clip(1), month.clip(1, 12), 1).dt.month_end().dt.day()
    clock = (_number("hour") <= 23) & (_number("minute") <= 59) & (_number("second") <= 59)
    return known & (day <= last) & clock & (_offset_minutes().abs() <= 14 * 60)


def _in_china(utc: pl.Expr) -> pl.Expr:
    return utc.dt.replace_time_zone("UTC").dt.convert_time_zone(CHINA).cast(MOMENT).alias("moment")


_TEXT = pl.col("text")
_DAY = pl.col("moment").dt.date().alias("day")
_MIDNIGHT = _in_china(pl.col("day").cast(pl.Datetime("ms")) - timedelta(minutes=_CHINA_MINUTES))


def midnights(days: pl.Series) -> pl.Series:
    """The moments when `days` begin in China."""
    return days.to_frame("day").select(_MIDNIGHT).to_series()


def _moments() -> pl.Expr:
    safe = pl.when("possible")
    day = pl.date(
        safe.then(pl.col("year")).otherwise(2000),
        safe.then(pl.col("month")).otherwise(1),
        safe.then(pl.col("day")).otherwise(1),
    )
    since = pl.duration(milliseconds=_milliseconds() - _offset_minutes() * 60_000)
    return safe.then(_in_china(day.cast(pl.Datetime("ms")) + since))


def read_moments(texts: pl.Series) -> Moments:
    """Read `texts` (no nulls) as moments.

    >>> read_moments(pl.Series(["2026年3月1日", "20260301 08:30Z", "1.3.2026"])).moment.dt.to_string("%F %R").to_list()
    ['2026-03-01 00:00', '2026-03-01 16:30', None]
    """
    if texts.str.contains(_PLAIN_DAY).all():  # the usual case, read the short way
        day = texts.str.to_date("%Y-%m-%d", strict=False)
        return Moments(midnights(day), day, np.ones(len(texts), bool), np.zeros(len(texts), bool))
    parts = texts.to_frame("text").select(_TEXT.str.strip_chars().str.extract_groups(_FORM)).unnest("text")
    read = parts.with_columns(
        year=_number("y"),
        month=_number("m1", "m2", "m3"),
        day=_number("d1", "d2", "d3"),
        readable=pl.col("y").is_not_null(),
    ).with_columns(possible=pl.col("readable") & _possible())
    read = read.select(moment=_moments(), readable="readable", has_time=pl.col("hour").is_not_null()).with_columns(_DAY)
    return Moments(read["moment"], read["day"], mask(read["readable"]), mask(read["has_time"]))
