"""The calendar is read back by another program's parser, and keeps the limits of RFC 5545."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from suyuan.rules.icalendar import LINE_OCTETS, Entry, calendar_text, escaped, folded

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300)


def entry(summary: str = "报送；接收, 信息", description: str = "一\n二\\三", **changes: object) -> Entry:
    usual: dict[str, object] = {"uid": "a-1@example", "day": date(2026, 12, 31), "official": True, "sequence": 0}
    return Entry(**{**usual, **changes}, summary=summary, description=description)  # type: ignore[arg-type]


def test_another_parser_reads_the_same() -> None:
    text = calendar_text("期限 甲", [entry(), entry(uid="b@example", official=False, sequence=3)], AT)
    read = Calendar.from_ical(text)
    assert (str(read["VERSION"]), str(read["NAME"])) == ("2.0", "期限 甲")
    first, second = read.walk("VEVENT")
    assert (str(first["UID"]), str(first["SUMMARY"]), str(first["DESCRIPTION"])) == (
        "a-1@example",
        "报送；接收, 信息",
        "一\n二\\三",
    )
    assert (first.decoded("DTSTART"), first.decoded("DTEND")) == (date(2026, 12, 31), date(2027, 1, 1))
    assert first["DTSTART"].params["VALUE"] == "DATE"
    assert first.decoded("DTSTAMP") == AT
    assert [str(one["STATUS"]) for one in (first, second)] == ["CONFIRMED", "TENTATIVE"]
    assert [one.decoded("SEQUENCE") for one in (first, second)] == [0, 3]


def test_an_empty_calendar_is_one() -> None:
    assert Calendar.from_ical(calendar_text("x", [], AT)).walk("VEVENT") == []


@given(TEXT, TEXT)
def test_any_text_survives_and_no_line_is_too_long(summary: str, description: str) -> None:
    text = calendar_text(summary, [entry(summary, description)], AT)
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert max(len(line.encode()) for line in lines) <= LINE_OCTETS
    (read,) = Calendar.from_ical(text).walk("VEVENT")
    assert str(read["SUMMARY"]) == summary
    assert str(read["DESCRIPTION"]) == description


@given(st.text(max_size=200))
def test_no_text_can_start_a_line_of_its_own(text: str) -> None:
    """A title with a line break and BEGIN:VEVENT in it stays a title."""
    assert not set(escaped(text)) & {"\r", "\n", "\0"}
    assert "".join(folded(escaped(text))).replace("\n ", "") is not None
    made = calendar_text("x", [entry(f"a\r\nBEGIN:VEVENT\r\n{text}")], AT)
    assert made.count("\r\nBEGIN:VEVENT") == 1
