"""What the text of a cell shows: a column that is called plain holds nothing to be said."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.sheets.inspect import blank_to_null, inspect_text, plain_columns
from suyuan.sheets.limits import Limits
from suyuan.sheets.repairs import propose
from suyuan.sheets.template import Column

COLUMN = Column("a", "甲", "a", type="battery_code")
SPEAKING = ["", " ", "\u3000", " x", "x ", "x\u200b", "Ａ1", "#REF!", "#N/A", "1.2E+15", "7e+05", "a\0b", "é"]
texts = st.one_of(st.sampled_from(SPEAKING), st.text(max_size=6), st.text("09AZaz-./:~!", max_size=6))


def frame(values: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"a": values}, schema={"a": pl.String})


@given(st.lists(st.one_of(st.none(), texts), max_size=6), st.integers(0, 5))
def test_no_rule_speaks_of_a_plain_column(values: list[str | None], cut: int) -> None:
    table = frame(values)[cut:]
    if "a" in (plain := plain_columns(table)):
        limits = Limits(max_text=plain["a"])
        assert blank_to_null(table, ["a"]).equals(table)
        assert inspect_text(table, {"a": COLUMN}, limits).is_empty()
        assert propose(table, {"a": COLUMN}).is_empty()


@pytest.mark.parametrize("text", SPEAKING)
def test_one_text_that_may_speak_is_enough(text: str) -> None:
    assert plain_columns(frame(["04QCB76836300JBC40000903", None])) == {"a": 24}
    assert plain_columns(frame(["04QCB76836300JBC40000903", text])) == {}


def test_what_stood_where_a_null_stands_does_not_count() -> None:
    texts = frame(["04QCB76836300JBC40000903", "", "x", "#N/A"])["a"]
    assert plain_columns(texts.set(pl.Series([True, False, False, True]), None).to_frame()) == {}
    assert plain_columns(texts.set(pl.Series([False, True, False, True]), None).to_frame()) == {"a": 24}


def test_a_column_without_texts_is_plain() -> None:
    assert plain_columns(frame([])) == plain_columns(frame([None])) == {"a": 0}
