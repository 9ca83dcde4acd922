"""Days and moments as people write them."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.sheets.dates import EPOCH_1900, EPOCH_1904, normalise


def iso(text: str | None, with_time: bool = False, date_1904: bool = False) -> str | None:
    value: str | None = normalise(pl.Series([text], dtype=pl.String), with_time, date_1904)["iso"][0]
    return value


@pytest.mark.parametrize(
    "text",
    ["2026-04-01", "2026/4/1", "2026.4.1", "20260401", "2026年4月1日", " 2026-4-1 ", "46113", "2026-04-01 00:00:00"],
)
def test_common_forms_of_a_day(text: str) -> None:
    assert iso(text) == "2026-04-01"


@pytest.mark.parametrize(
    "text", ["2026-02-30", "1/4/26", "04/01/2026", "next week", "2026", "46", "20261301", "-46113"]
)
def test_what_is_no_day_stays_as_received(text: str) -> None:
    assert iso(text) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-04-01 08:30", "2026-04-01T08:30:00"),
        ("2026/4/1 8:30:05", "2026-04-01T08:30:05"),
        ("2026年4月1日8时30分", "2026-04-01T08:30:00"),
        ("2026-04-01T08:30:00+08:00", "2026-04-01T08:30:00+08:00"),
        ("2026-04-01T00:30:00Z", "2026-04-01T00:30:00Z"),
        ("20260401083005", "2026-04-01T08:30:05"),
        ("46113.5", "2026-04-01T12:00:00"),
        ("2026-04-01", "2026-04-01"),
        ("2026-04-01 25:00", "2026-04-01 25:00"),
    ],
)
def test_moments(text: str, moment: str) -> None:
    assert iso(text, with_time=True) == moment


def test_the_date_system_of_1904_shifts_serial_numbers_only() -> None:
    assert iso("44651", date_1904=True) == "2026-04-01"
    assert iso("2026-04-01", date_1904=True) == "2026-04-01"


def test_a_time_of_day_cut_from_a_day_is_reported() -> None:
    table = normalise(pl.Series(["2026-04-01 08:30", "2026-04-01 00:00:00", "46113.25", "46113", None]), False)
    assert table["dropped"].to_list() == [True, False, True, False, False]
    assert table["serial"].to_list() == [False, False, True, True, False]


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.booleans())
def test_serial_numbers_come_back_as_their_day(day: date, old: bool) -> None:
    serial = (day - (EPOCH_1904 if old else EPOCH_1900)).days
    assert iso(str(serial), date_1904=old) == day.isoformat()


FIRST, LAST = (date(year, 1, 1) for year in (1950, 2150))
MOMENTS = st.builds(datetime.combine, st.dates(FIRST, LAST), st.times())


@given(st.lists(st.one_of(st.none(), MOMENTS), max_size=20))
def test_moments_keep_their_seconds_in_every_form(moments: list[datetime | None]) -> None:
    whole = [moment and moment.replace(microsecond=0) for moment in moments]
    wanted = [moment and moment.isoformat() for moment in whole]
    for form in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y年%m月%d日 %H:%M:%S"):
        texts = pl.Series([moment and moment.strftime(form) for moment in whole], dtype=pl.String)
        assert normalise(texts, True)["iso"].to_list() == wanted
