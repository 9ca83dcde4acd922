"""Opening hours: what people write, and what it means."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.codes import CodeError
from suyuan.codes.opening_hours import WEEK_MINUTES, Hours, Span, parse_days, parse_week, say_week
from suyuan.kernel import Language

MONDAY = ((540, 1050),)


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Mo-Fr 09:00-17:30; Sa 09:00-12:00", "Mo-Fr 09:00-17:30; Sa 09:00-12:00"),
        ("周一至周五 9:00-17:30；周六、周日 休息", "Mo-Fr 09:00-17:30"),
        ("每天08:00-20:00", "Mo-Su 08:00-20:00"),
        ("24/7", "Mo-Su 00:00-24:00"),
        ("24小时", "Mo-Su 00:00-24:00"),
        ("工作日 9:00～12:00，13:00～17:00", "Mo-Fr 09:00-12:00,13:00-17:00"),
        ("星期一到星期六 8：30-17：30", "Mo-Sa 08:30-17:30"),
        ("09:00-18:00; Su off", "Mo-Sa 09:00-18:00"),
        ("Fr 22:00-02:00", "Fr 22:00-24:00; Sa 00:00-02:00"),
        ("Sa-Mo 10:00-11:00", "Mo 10:00-11:00; Sa-Su 10:00-11:00"),
        ("", ""),
    ],
)
def test_a_week(text: str, english: str) -> None:
    week = parse_week(text)
    assert say_week(week, Language.EN) == english
    for language in Language:
        assert parse_week(say_week(week, language)) == week


@pytest.mark.parametrize(
    "text", ["Mo-Xx 09:00-10:00", "9-17", "Mo 25:00-26:00", "Mo 09:00-09:00", "Mo 09:70-10:00", "soon", "Mo" * 2000]
)
def test_what_is_no_week(text: str) -> None:
    with pytest.raises(CodeError) as refusal:
        parse_week(text)
    assert refusal.value.code == "codes.hours_form"


@pytest.mark.parametrize(
    "text", ["2026-13-01 off", "2026-10-03..2026-10-01 off", "2026-01-01..2026-12-31 off", "2026-10-01 22:00-02:00"]
)
def test_what_are_no_days(text: str) -> None:
    with pytest.raises(CodeError):
        parse_days(text)


def test_single_days_stand_before_the_week() -> None:
    hours = Hours(parse_week("Mo-Fr 09:00-17:30"), parse_days("2026-10-01..2026-10-03 休息; 2026-10-04 10:00-12:00"))
    moments = {
        "2026-09-30T09:00": True,
        "2026-09-30T08:59": False,
        "2026-09-30T17:30": False,
        "2026-10-01T10:00": False,
        "2026-10-04T11:59": True,
        "2026-10-04T12:00": False,
    }
    assert {text: hours.open_at(datetime.fromisoformat(text)) for text in moments} == moments


@given(st.lists(st.tuples(st.integers(0, WEEK_MINUTES - 1), st.integers(1, 3000)), max_size=8))
def test_what_is_said_is_understood(drawn: list[tuple[int, int]]) -> None:
    spans: list[Span] = []
    for start, length in sorted(drawn):
        end = min(start + length, WEEK_MINUTES)
        if not spans or start > spans[-1][1]:
            spans.append((start, end))
    for language in Language:
        assert parse_week(say_week(spans, language)) == tuple(spans)
