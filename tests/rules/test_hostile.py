"""Whatever a file of law, calendar or draft holds: it is taken, or refused with its file and a line it has."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.rules import LawRefused, RulesError, law, parse_draft, parse_notice, with_draft
from suyuan.rules.calendar_files import notice_text
from tests.rules.laws import DUTY, INSTRUMENT, VALUE, read
from tests.rules.test_drafts import ADDED, HEAD, change
from tests.rules.test_working_days import NEXT_YEAR

LAW = INSTRUMENT + VALUE + DUTY
DRAFT = HEAD + change(period="15", unit='"month"') + ADDED
PIECES = st.sampled_from(
    ["", "[[", "]]", "[", "]", "=", '"', "\n", "#", "{", "}", "2027-01-02", "2027-13-40", "0", "-1", "1e400", "true",
     "[[duty]]\n", "[instrument]\n", "from = 2020-02-30\n", "\x00", "é", "[a.b]\n", "unit.x = 1\n", "9" * 30, "nan"]
)  # fmt: skip


def _read_notice(text: str) -> None:
    notice = parse_notice(text, "file.toml")
    assert parse_notice(notice_text(notice), "again.toml") == notice


def _read_draft(text: str) -> None:
    with suppress(RulesError):
        with_draft(law(), parse_draft(text, "file.toml"))
    parse_draft(text, "file.toml")


def _read_law(text: str) -> None:
    read(text).in_force(date(2024, 1, 1))


def _refusal(take: Callable[[str], None], text: str) -> LawRefused | None:
    try:
        take(text)
    except LawRefused as refused:
        return refused
    return None


@pytest.mark.parametrize(("take", "good"), [(_read_law, LAW), (_read_notice, NEXT_YEAR), (_read_draft, DRAFT)])
@settings(max_examples=300)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), PIECES), min_size=1, max_size=3))
def test_a_damaged_file_is_taken_or_refused(
    take: Callable[[str], None], good: str, places: list[tuple[float, int, str]]
) -> None:
    text = good
    for where, length, piece in places:
        start = int(where * len(text))
        text = text[:start] + piece + text[start + length :]
    refused = _refusal(take, text)
    if refused is not None:
        assert 1 <= refused.line <= len(text.splitlines()) + 1
        assert refused.file in ("law/0.toml", "file.toml")
