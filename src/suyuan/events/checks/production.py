"""Nothing happens to a battery before the day that is written in its code."""

from datetime import date
from functools import lru_cache

import polars as pl

from suyuan.codes.alphabets import day_of, month_of, year_of
from suyuan.events.checks.judged import Judged, Pen
from suyuan.events.checks.texts import TextColumn
from suyuan.events.vocabulary import FieldType, Kind

_SHORT = 19  # characters of a code without traceability information: its date stands further left


@lru_cache(maxsize=16_384)  # there are 30 x 12 x 31 days
def _day_written(letters: str, reference: date) -> date | None:
    year, month, day = year_of(letters[:1], reference), month_of(letters[1:2]), day_of(letters[2:])
    if year is None or month is None or day is None:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _letters(texts: pl.Series) -> pl.Series:
    letters = texts.str.slice(14, 3)
    short = texts.str.len_bytes() == _SHORT
    return letters.zip_with(~short, texts.str.slice(7, 3)) if short.any() else letters


def production_days(column: TextColumn, sound: pl.Series, reference: date, before: date | None) -> pl.Series | None:
    """By row, the day written in the code; null where blank or unsound. Each different day is read once.

    None if there is no day after `before` in the column.
    """
    letters = _letters(column.values)
    different = (letters if sound.all() else letters.filter(sound)).unique().sort()
    days = pl.Series([_day_written(text, reference) for text in different], dtype=pl.Date)
    latest = days.max()
    if before is None or not isinstance(latest, date) or latest <= before:
        return None
    place = letters.cast(pl.Enum(different), strict=False).to_physical()
    if not sound.all():
        place = place.set(~sound, None)
    return column.spread(days.gather(place))


def check_production_days(
    kind: Kind, columns: dict[str, TextColumn], judged: dict[str, Judged], day: pl.Series, reference: date, pen: Pen
) -> None:
    """Tell where the record's `day` lies before the day written in one of its codes."""
    first = day.min()
    for name, column in columns.items():
        if kind.fields[name].type is not FieldType.BATTERY_CODE:
            continue
        before = first if isinstance(first, date) else None
        produced = production_days(column, judged[name].sound(), reference, before)
        if produced is None:
            continue
        rows = (day < produced).fill_null(False).arg_true()
        if len(rows):
            pair = pl.DataFrame({"produced_on": produced.gather(rows), "occurred_on": day.gather(rows)})
            data = pair.select(pl.struct(pl.all().dt.to_string("%Y-%m-%d")).struct.json_encode()).to_series()
            pen.write("events.before_production", rows, name, column.text.gather(rows), data)
