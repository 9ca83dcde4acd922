"""Long lists as parameters arrive as they were, whatever they hold."""

import pytest

from suyuan.server.kit.connection import cursor

TEXTS: list[list[str | None]] = [
    [],
    [None],
    ["a", None, "b"],
    ["04QCB76836300JBC4", "NULL", "null"],
    ["", " ", "a,b", "{}", '"', "\\", "电池", "a\nb", "'"],
]
NUMBERS: list[list[int | None]] = [[], [0], [1, -1, 32_768], [1 << 40, -(1 << 62)], [None, 5], list(range(5_000))]


@pytest.mark.parametrize("given", TEXTS)
def test_texts(clean_database: str, given: list[str | None]) -> None:
    with cursor() as run:
        row = run.execute("SELECT %s::text[]", [given]).fetchone()
    assert row == (given,)


@pytest.mark.parametrize("given", NUMBERS)
def test_numbers(clean_database: str, given: list[int | None]) -> None:
    with cursor() as run:
        row = run.execute("SELECT %s::bigint[]", [given]).fetchone()
    assert row == (given,)


def test_what_is_no_number_is_not_taken_for_one(clean_database: str) -> None:
    with cursor() as run:
        assert run.execute("SELECT %s::boolean[]", [[True, False]]).fetchone() == ([True, False],)
        assert run.execute("SELECT %s::text[]", [["7", "8"]]).fetchone() == (["7", "8"],)
