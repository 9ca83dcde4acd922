"""The rules of dates and times: readable, possible, not from the future, not before there were such batteries."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from suyuan.events.checks.context import Context
from suyuan.events.checks.judged import Fault, Judged
from suyuan.events.checks.moments import CHINA, MOMENT, Moments, read_moments
from suyuan.events.checks.texts import Mask, is_null, mask
from suyuan.events.vocabulary import Field

EARLIEST = date(2000, 1, 1)
"""Nothing before this day is believed."""

DAYS_AHEAD = timedelta(days=1)
"""How far a date may lie ahead: the reporter's clock may stand in another time zone."""

TIME_AHEAD = timedelta(minutes=10)
"""How far a time may lie ahead: clocks are not set to the second."""


def _faults(read: Moments, ahead: Mask, context: Context) -> tuple[Fault, ...]:
    return (
        Fault("events.date_unreadable", ~read.readable),
        Fault("events.date_impossible", read.readable & is_null(read.moment)),
        Fault("events.date_early", mask(read.day < EARLIEST), {"earliest": EARLIEST.isoformat()}),
        Fault("events.date_future", ahead, {"today": context.reference.isoformat()}),
    )


def _day_ahead(read: Moments, context: Context) -> Mask:
    return mask(read.day > context.reference + DAYS_AHEAD)


def judge_date(field: Field, texts: pl.Series, context: Context) -> Judged:
    """A day; a time that stands beside it is not kept."""
    read = read_moments(texts)
    return Judged(read.day, _faults(read, _day_ahead(read, context), context))


def judge_datetime(field: Field, texts: pl.Series, context: Context) -> Judged:
    """A moment; a day alone is read as its midnight in China, and said so."""
    read = read_moments(texts)
    limit = pl.Series([context.now + TIME_AHEAD]).dt.convert_time_zone(CHINA).cast(MOMENT)
    ahead = np.where(read.has_time, mask(read.moment > limit[0]), _day_ahead(read, context))
    bare = Fault("events.time_missing", ~is_null(read.moment) & ~read.has_time)
    return Judged(read.moment, (*_faults(read, ahead, context), bare))
