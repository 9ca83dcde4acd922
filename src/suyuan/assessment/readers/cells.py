"""Texts to numbers: plain numbers, durations and moments, whole columns at once."""

import re

import polars as pl

from suyuan.assessment.readers.headings import CLOCK

_DURATION = (
    r"^\s*(?:(?P<d>\d+)\s*(?:d|天|-|\s)\s*)?(?P<h>\d+)[:hH](?P<m>\d{1,2})"
    r"(?:[:m](?P<s>\d{1,2}))?(?:[.:,](?P<f>\d+))?\s*$"
)
_LOOKS = re.compile(_DURATION)
_SAMPLE = 200
_FAR_APART = 5.0

MOMENTS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%Y年%m月%d日 %H:%M:%S%.f",
    "%d.%m.%Y %H:%M:%S%.f",
    "%d-%b-%y %I:%M:%S %p",
    "%d-%b-%Y %I:%M:%S %p",
    "%d-%b-%y %H:%M:%S",
)
MONTH_FIRST = ("%m/%d/%Y %H:%M:%S%.f", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%m-%d-%Y %H:%M:%S")
DAY_FIRST = ("%d/%m/%Y %H:%M:%S%.f", "%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M:%S")


def is_clock(text: pl.Series) -> bool:
    """Whether a column holds durations such as 12:34:56.789."""
    shown = text.drop_nulls().head(_SAMPLE)
    return len(shown) > 0 and _LOOKS.match(shown[0]) is not None


def is_moment(text: pl.Series) -> bool:
    """Whether a column holds dates with times."""
    shown = text.drop_nulls().head(1).str.strip_chars()
    return len(shown) > 0 and any(_reads(shown[0], form) for form in (*MOMENTS, *MONTH_FIRST, *DAY_FIRST))


def numbers(text: pl.Series, unit: str = "", separator: str = "") -> pl.Series:
    """A column of text as Float64; what is no number becomes null.

    A comma stands for the decimal point where it cannot be the separator; `CLOCK` reads durations (s).
    """
    if unit == CLOCK or is_clock(text):
        return durations(text)
    clean = text.str.strip_chars()
    read = clean.cast(pl.Float64, strict=False)
    if read.null_count() == text.null_count() or separator == ",":
        return read
    return read.fill_null(clean.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False))


def durations(text: pl.Series) -> pl.Series:
    """Durations such as 1:02:03.450, 00:15:00:250 or 2d 03:04:05 in seconds; null where it is none."""
    parts = text.str.extract_groups(_DURATION).struct.unnest()
    seconds = parts.select(
        pl.col("d").cast(pl.Float64).fill_null(0.0) * 86400
        + pl.col("h").cast(pl.Float64) * 3600
        + pl.col("m").cast(pl.Float64) * 60
        + pl.col("s").cast(pl.Float64).fill_null(0.0)
        + pl.concat_str(pl.lit("0."), pl.col("f").fill_null("0")).cast(pl.Float64, strict=False)
    )
    plain = text.str.strip_chars().cast(pl.Float64, strict=False)
    return seconds.to_series().fill_null(plain).alias(text.name)


def moments(text: pl.Series) -> tuple[pl.Series, str | None]:
    """Moments as seconds since 1970 of the file's own clock, and the form they are in; None if unknown.

    Where day and month could be exchanged, the reading is taken in which no row is far from the
    one before it. If that does not decide, the form is "?" and only differences are right.
    """
    clean = text.str.strip_chars()
    shown = clean.drop_nulls()
    if not len(shown):
        return pl.Series(text.name, [None] * len(text), dtype=pl.Float64), None
    for form in MOMENTS:
        if _reads(shown[0], form):
            return _since_1970(clean, form), form
    fitting = [form for form in (*MONTH_FIRST, *DAY_FIRST) if _reads(shown[0], form)]
    read = [(form, seconds) for form in fitting if not _gaps(seconds := _since_1970(clean, form), clean)]
    if not read:
        return pl.Series(text.name, [None] * len(text), dtype=pl.Float64), None
    read.sort(key=lambda pair: _farthest(pair[1]))
    if len(read) == 1 or read[0][1].equals(read[1][1], check_names=False):
        return read[0][1], read[0][0]
    decided = _farthest(read[1][1]) > _FAR_APART * _farthest(read[0][1])
    return read[0][1], read[0][0] if decided else "?"


def _farthest(seconds: pl.Series) -> float:
    largest = seconds.drop_nulls().diff().abs().max()
    return float(largest) if isinstance(largest, int | float) else 0.0


def _reads(text: str, form: str) -> bool:
    return pl.Series([text]).str.to_datetime(form, strict=False, time_unit="us").null_count() == 0


def _since_1970(text: pl.Series, form: str) -> pl.Series:
    return text.str.to_datetime(form, strict=False, time_unit="us").dt.epoch("us").cast(pl.Float64) / 1e6


def _gaps(read: pl.Series, text: pl.Series) -> bool:
    return read.null_count() > text.null_count() + 0.01 * len(text)
