"""Codes that stand in runs of one lot are looked at once a run, and answer as if each were looked at alone."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.codes import battery_columns, columns, keys, runs
from suyuan.codes.alphabets import ALPHANUMERIC
from tests.codes.strategies import ODD, REFERENCE, designs, mutated, plain, texts

MANY = 10**9

digits = st.integers(0, 9_999_999).map("{:07d}".format)
odd_serials = st.text(ALPHANUMERIC + ODD, min_size=7, max_size=7)
dates = st.sampled_from(["BC4", "F11", "GBN", "GC0", "B30", "???", "I11"])
heads = st.builds(str.__add__, designs.filter(lambda design: len(design) == 14), dates)
lots = st.builds(
    lambda head, serials: [head + serial for serial in serials],
    st.one_of(heads, mutated(heads)),
    st.lists(st.one_of(digits, digits, digits, odd_serials), min_size=1, max_size=24),
)
many_lots = st.lists(lots, max_size=4).map(lambda several: [code for lot in several for code in lot])


def column(codes: Sequence[str | None]) -> pl.Series:
    return pl.Series("code", codes, dtype=pl.String)


def answers(codes: pl.Series) -> list[object]:
    """Everything that is asked of a column of codes."""
    checked = columns.check_battery_codes(codes, REFERENCE, "PC", {"04Q", "001"})
    filled = codes.drop_nulls()
    days = columns.production_days(codes.fill_null(""), REFERENCE)
    split = columns.object_keys(filled)
    return [checked.rows(), days.astype(str).tolist(), split.lots, split.lot.tolist(), split.serial.tolist()]


def both_ways(codes: pl.Series) -> tuple[list[object], list[object]]:
    """The answers with runs of any length looked for, and with none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(battery_columns, "_MANY", 1)
        patch.setattr(runs, "_FEW", 1)
        by_lot = answers(codes)
        patch.setattr(battery_columns, "_MANY", MANY)
        patch.setattr(runs, "_FEW", MANY)
        return by_lot, answers(codes)


@given(many_lots)
def test_codes_in_runs_answer_as_codes_alone(codes: list[str]) -> None:
    by_lot, alone = both_ways(column(codes))
    assert by_lot == alone
    split = columns.object_keys(column(codes))
    assert [keys.split_code(code) for code in codes] == [
        (split.lots[lot], serial) for lot, serial in zip(split.lot.tolist(), split.serial.tolist(), strict=True)
    ]


@given(many_lots, st.lists(st.one_of(st.none(), texts), max_size=5))
def test_other_codes_and_blanks_between_them_change_nothing(codes: list[str], others: list[str | None]) -> None:
    by_lot, alone = both_ways(column([*codes, *others, *codes]))
    assert by_lot == alone


@given(many_lots, plain)
def test_one_code_of_each_lot_is_enough_to_know_the_lots(codes: list[str], other: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(battery_columns, "_MANY", 1)
        found = columns.of_each_lot(column([*codes, other]))
    assert {code[:14] for code in found} == {code[:14] for code in [*codes, other]}


def test_a_large_column_is_looked_at_by_lot_without_being_told() -> None:
    codes = column([f"04QCB76836300JBC4{serial:07d}" for serial in range(1, 6_000)])
    spelled = columns.spell(codes)
    ((form, _, _, found),) = spelled.forms
    assert form == "24"
    assert found is not None
    assert found.firsts.tolist() == [0]
    assert found.serial.tolist() == list(range(1, 6_000))
    assert spelled.of_each_lot().to_list() == codes.head(1).to_list()
    short = column([f"04QCB76836300JBC{serial % 9 + 1}{serial:07d}" for serial in range(1, 6_000)])
    assert columns.spell(short).forms[0][3] is None  # runs of one code are no runs


repeats = st.lists(st.tuples(st.sampled_from(["", "short", "a text of more than twelve bytes", "电池" * 9]),
                             st.integers(1, 9)), max_size=30)  # fmt: skip


@given(repeats, st.integers(0, 5), st.booleans())
def test_runs_are_found_however_a_column_is_held(said: list[tuple[str, int]], cut: int, parquet: bool) -> None:
    texts_said = column([text for text, times in said for _ in range(times)])
    held = texts_said
    if parquet:
        file = BytesIO()
        texts_said.to_frame().write_parquet(file, row_group_size=7)
        held = pl.read_parquet(file.getvalue())["code"]
    held, texts_said = held[cut:], texts_said[cut:]
    before = texts_said.shift(1)
    expected = [n == 0 or a != b for n, (a, b) in enumerate(zip(texts_said, before, strict=True))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "_FEW", 1)
        assert runs.run_starts(held).tolist() == expected
        shared = runs.shared_starts(held)
        assert shared is None or shared.tolist() == expected
        assert runs.held_once(held).equals(texts_said)
        assert runs.held_once(held).name == "code"
        assert runs.all_different(held) == (0 < held.n_unique() == len(held))


def test_what_stands_repeated_is_held_once() -> None:
    repeated = column(["a pack that is named in every row"] * 10_000 + ["and another one, longer than twelve"] * 10_000)
    once = runs.held_once(repeated)
    assert once.equals(repeated)
    assert runs.shared_starts(once) is not None
    assert np.flatnonzero(runs.run_starts(once)).tolist() == [0, 10_000]
    unlike = column([f"a text of its own, number {n}" for n in range(10_000)])
    assert runs.held_once(unlike).equals(unlike)
    blank = column([None] * 10_000)
    assert runs.held_once(blank) is blank
