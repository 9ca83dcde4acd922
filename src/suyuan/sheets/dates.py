"""Days and moments as people and programs write them, brought to ISO 8601.

Understood are 2026-04-01, 2026/4/1, 2026.4.1, 20260401, 2026年4月1日, each with an optional time of
day and time zone, and the serial numbers of spreadsheet programs in both date systems. What is
anything else, or no date of the calendar, stays as received, for the check of dates to refuse.
"""

from datetime import date

import polars as pl

EPOCH_1900 = date(1899, 12, 30)
EPOCH_1904 = date(1904, 1, 1)

_SERIALS = (1.0, 109_574.0)  # up to the end of the year 2199
_WRITTEN = (
    r"^\s*(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?"
    r"(?:[T\s]*(?P<h>\d{1,2})[:时](?P<i>\d{1,2})(?:[:分](?P<s>\d{1,2})?)?(?:\.\d+)?秒?)?"
    r"\s*(?P<z>Z|[+-]\d{2}:?\d{2})?\s*$"
)
_COMPACT = r"^\s*(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[T\s]?(?P<h>\d{2}):?(?P<i>\d{2}):?(?P<s>\d{2})?)?(?P<z>Z)?\s*$"
_SERIAL = r"^\s*\d{5,6}(?:\.\d+)?\s*$"
_ISO = r"^\d{4}-\d{2}-\d{2}$"
_ISO_MOMENT = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"


def normalise(column: pl.Series, with_time: bool, date_1904: bool = False) -> pl.DataFrame:
    """ISO texts of `column`, one row a value.

    Returns
    -------
    DataFrame
        ``iso`` (``YYYY-MM-DD``; ``YYYY-MM-DDTHH:MM:SS`` where `with_time`; the text as received
        where it is no date), ``serial`` (whether it was a serial number), ``dropped`` (whether a
        time of day was cut from a day).
    """
    distinct = column.unique().drop_nulls()
    if not with_time and distinct.str.contains(_ISO).all() and distinct.str.to_date(strict=False).null_count() == 0:
        return _said_nothing(column)
    if with_time and distinct.str.contains(_ISO_MOMENT).all():
        moments = distinct.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
        if moments.null_count() == 0:  # as a workbook's reader writes its own moments
            return _said_nothing(column.str.replace(" ", "T", literal=True))
    table = _table(distinct, with_time, EPOCH_1904 if date_1904 else EPOCH_1900)
    if len(distinct) == len(column) and distinct.equals(column):
        return table.select("iso", "serial", "dropped")
    joined = column.alias("text").to_frame().join(table, on="text", how="left", maintain_order="left")
    return joined.select("iso", pl.col("serial", "dropped").fill_null(False))


def _said_nothing(iso: pl.Series) -> pl.DataFrame:
    return iso.alias("iso").to_frame().with_columns(serial=pl.lit(False), dropped=pl.lit(False))


def _table(distinct: pl.Series, with_time: bool, epoch: date) -> pl.DataFrame:
    text = pl.col("text")
    written, compact = text.str.extract_groups(_WRITTEN), text.str.extract_groups(_COMPACT)
    table = distinct.alias("text").to_frame()
    table = table.with_columns(
        moment=pl.coalesce(_moment(written), _moment(compact)),
        zone=pl.coalesce(written.struct.field("z"), compact.struct.field("z")),
        timed=pl.coalesce(written.struct.field("h"), compact.struct.field("h")).is_not_null(),
        days=pl.when(text.str.contains(_SERIAL)).then(text.str.strip_chars().cast(pl.Float64, strict=False)),
    )
    table = table.with_columns(
        serial=pl.col("moment").is_null() & pl.col("days").is_between(*_SERIALS).fill_null(False),
    )
    seconds = (pl.col("days") * 86_400).round().cast(pl.Int64)
    counted = pl.lit(epoch).cast(pl.Datetime("us")) + pl.duration(seconds=seconds)
    moment = pl.when("serial").then(counted).otherwise("moment")
    clock = moment.dt.time() != pl.time(0, 0, 0)
    iso = moment.dt.strftime("%Y-%m-%dT%H:%M:%S") if with_time else moment.dt.strftime("%Y-%m-%d")
    if with_time:
        has_time = pl.col("timed") | (pl.col("serial") & clock)
        iso = pl.when(has_time).then(iso + pl.col("zone").fill_null("")).otherwise(moment.dt.strftime("%Y-%m-%d"))
    return table.select(
        "text",
        pl.coalesce(iso, text).alias("iso"),
        "serial",
        (pl.lit(not with_time) & moment.is_not_null() & clock).fill_null(False).alias("dropped"),
    )


def _moment(groups: pl.Expr) -> pl.Expr:
    """The moment named by the fields y, m, d, h, i, s; null where the calendar has none."""
    padded = [groups.struct.field(name).str.zfill(2).fill_null("00") for name in ("h", "i", "s")]
    days = [groups.struct.field(name).str.zfill(2) for name in ("m", "d")]
    text = pl.concat_str([groups.struct.field("y"), *days, *padded])
    return text.str.to_datetime("%Y%m%d%H%M%S", strict=False, time_unit="us")
