from datetime import date, timedelta

import chinese_calendar  # type: ignore[import-untyped]  # the package has no types
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.rules import DayKind, LawRefused, RulesError, calendar, parse_notice
from suyuan.rules.calendar_files import days_of, notice_text
from suyuan.rules.working_days import calendar_of, changed_days

DAYS = st.dates(date(2010, 1, 1), date(2040, 12, 31))
NEXT_YEAR = """
year = 2027
status = "official"
source = "a made-up notice"
holidays = [
  { zh = "元旦", en = "New Year", from = 2027-01-01, to = 2027-01-05, worked = [2026-12-27] },
]
"""


def test_every_day_from_2018_to_2026_is_worked_as_in_chinesecalendar() -> None:
    days = [date(2018, 1, 1) + timedelta(days=n) for n in range((date(2027, 1, 1) - date(2018, 1, 1)).days)]
    ours = {day: calendar().day(day) for day in days}
    assert {day for day in days if ours[day].worked != chinese_calendar.is_workday(day)} == set()
    assert all(ours[day].official for day in days)
    array = calendar().worked[[(day - date(1970, 1, 1)).days for day in days]]
    assert array.tolist() == [ours[day].worked for day in days]


def test_holidays_that_are_named_alike_are_found_alike() -> None:
    names = {"Spring Festival": "春节", "National Day": "国庆节", "Labour Day": "劳动节"}
    for day, name in chinese_calendar.holidays.items():
        if 2018 <= day.year <= 2026 and name in names and calendar().day(day).kind is DayKind.HOLIDAY:
            assert names[name] in calendar().day(day).zh or "中秋节" in calendar().day(day).zh


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        (date(2026, 2, 13), DayKind.WORKDAY, ""),
        (date(2026, 2, 14), DayKind.MAKE_UP, "春节"),
        (date(2026, 2, 15), DayKind.HOLIDAY, "春节"),
        (date(2026, 3, 1), DayKind.WEEKEND, ""),
        (date(2018, 12, 29), DayKind.MAKE_UP, "元旦"),  # named by the notice for 2019
        (date(2018, 12, 31), DayKind.HOLIDAY, "元旦"),
    ],
)
def test_a_day_says_why(day: date, kind: DayKind, name: str) -> None:
    found = calendar().day(day)
    assert (found.kind, found.zh, found.official) == (kind, name, True)


def test_a_year_without_a_notice_is_worked_from_monday_to_friday_and_says_so() -> None:
    found = [calendar().day(date(2027, 1, 1) + timedelta(days=n)) for n in range(7)]
    assert [day.worked for day in found] == [True, False, False, True, True, True, True]
    assert not any(day.official for day in found)
    assert calendar().official_years() == list(range(2018, 2027))


@given(DAYS, DAYS)
def test_working_days_between_are_counted_one_by_one(start: date, end: date) -> None:
    start, end = min(start, end), min(max(start, end), min(start, end) + timedelta(days=90))
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    counted = calendar().working_days_between(np.array([start], "datetime64[D]"), np.array([end], "datetime64[D]"))
    assert counted.tolist() == [sum(calendar().day(day).worked for day in between)]


def test_a_new_notice_changes_the_days_it_names_and_no_others() -> None:
    told = calendar().with_notice(parse_notice(NEXT_YEAR, "2027.toml"))
    changed = changed_days(calendar(), told)
    assert [after.date for _, after in changed] == [
        date(2026, 12, 27),
        date(2027, 1, 1),
        date(2027, 1, 4),
        date(2027, 1, 5),
    ]
    assert [after.worked for _, after in changed] == [True, False, False, False]
    assert told.day(date(2027, 3, 1)).official
    assert not calendar().day(date(2027, 3, 1)).official
    assert changed_days(told, told) == []


def test_a_provisional_notice_counts_but_stays_provisional() -> None:
    told = calendar().with_notice(parse_notice(NEXT_YEAR.replace("official", "provisional"), "2027.toml"))
    assert not told.day(date(2027, 1, 4)).worked
    assert not told.day(date(2027, 1, 4)).official
    assert told.official_years() == calendar().official_years()


def test_a_notice_is_written_and_read_back() -> None:
    for notice in calendar().notices.values():
        assert parse_notice(notice_text(notice), "again.toml") == notice
    odd = parse_notice(NEXT_YEAR.replace("a made-up notice", r"a \"notice\" \\ \u0001"), "2027.toml")
    assert parse_notice(notice_text(odd), "again.toml") == odd
    assert days_of(odd)[0] == date(2026, 12, 27)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("year = 2027", "year = 27", "rules.calendar_year", 2),
        ("year = 2027", "", "rules.calendar_year", 1),
        ('status = "official"', 'status = "maybe"', "rules.unknown_word", 3),
        ('source = "a made-up notice"', "", "rules.missing_key", 1),
        ("worked = [2026-12-27]", "worked = [2026-12-28]", "rules.calendar_make_up", 6),
        ("worked = [2026-12-27]", "worked = [2027-01-02]", "rules.calendar_twice", 6),
        ("worked = [2026-12-27]", "workd = [2026-12-27]", "rules.unknown_key", 6),
        ("worked = [2026-12-27]", 'worked = ["2026-12-27"]', "rules.wrong_type", 6),
        ("to = 2027-01-05", "to = 2026-12-30", "rules.ends_before_start", 6),
        ("to = 2027-01-05", "to = 2028-01-05", "rules.calendar_other_year", 6),
        ("to = 2027-01-05, ", "", "rules.missing_key", 6),
        ("]", "", "rules.not_toml", 7),
        ("holidays = [", "holidays = [] #[", "rules.not_toml", 6),
        ("year = 2027", "year = 2027\nholiday = 1", "rules.unknown_key", 3),
        ('"a made-up notice"', '"""a made-up\nnotice"""', "rules.long_text", 4),
    ],
)
def test_a_notice_that_cannot_be_is_refused_with_its_line(old: str, new: str, code: str, line: int) -> None:
    text = NEXT_YEAR[::-1].replace(old[::-1], new[::-1], 1)[::-1]
    with pytest.raises(LawRefused) as refused:
        parse_notice(text, "2027.toml")
    assert (refused.value.code, refused.value.line, refused.value.file) == (code, line, "2027.toml")


def test_an_official_year_without_holidays_is_refused_and_a_provisional_one_is_not() -> None:
    text = 'year = 2027\nstatus = "official"\nsource = "x"\n'
    with pytest.raises(LawRefused, match=r"rules\.calendar_empty"):
        parse_notice(text, "2027.toml")
    assert parse_notice(text.replace("official", "provisional"), "2027.toml").breaks == ()


def test_days_outside_the_arrays_are_refused() -> None:
    for day in (date(1969, 12, 31), date(2200, 1, 1)):
        with pytest.raises(RulesError, match=r"rules\.day_out_of_range"):
            calendar().day(day)


def test_the_last_notice_of_a_year_counts() -> None:
    first = parse_notice(NEXT_YEAR, "2027.toml")
    second = parse_notice(NEXT_YEAR.replace("2027-01-05", "2027-01-03"), "2027.toml")
    assert not calendar_of([first]).day(date(2027, 1, 4)).worked
    assert calendar_of([first, second]).day(date(2027, 1, 4)).worked
