"""Ledger keys: splitting and joining are exact inverses, by one and by the column."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.codes.columns import compose_code, join_keys, object_keys, split_code
from tests.codes.strategies import battery_codes, texts

anything = st.one_of(
    texts,
    battery_codes(),
    st.sampled_from(["LGWEEUA59JE003435", "LGWCEUA59JE00343A", "MB-2026-11-A17", "04QCB76836300JBC40000000"]),
)


@pytest.mark.parametrize(
    ("code", "lot", "serial"),
    [
        ("04QCB76836300JBC40000903", "04QCB76836300JBC4", 903),
        ("04QCB76836300JBC40000903RC", "04QCB76836300JBC4RC", 903),
        ("04QCB76BC40000903RC", "04QCB76BC4RC", 903),
        ("03UPE01000011C85A00FTY20", "03UPE01000011C85A00FTY20", 0),
        ("04QCB76836300JBC40000000", "04QCB76836300JBC40000000", 0),  # (lot, 0) would be a VIN
        ("LGWEEUA59JE003435", "LGWEEUA59JE003435", 0),
        ("MB-2026-000123456", "MB-2026-000123456", 0),
    ],
)
def test_keys_of_each_form(code: str, lot: str, serial: int) -> None:
    assert split_code(code) == (lot, serial)
    assert compose_code(lot, serial) == code


@given(st.lists(anything, max_size=20))
@settings(max_examples=300)
def test_columns_split_as_one_code_does_and_join_again(codes: list[str]) -> None:
    keys = object_keys(pl.Series("code", codes, dtype=pl.String))
    assert keys.lots == sorted(set(keys.lots))
    assert keys.lot.dtype == np.dtype(np.uint32)
    assert keys.serial.dtype == np.dtype(np.int32)
    split = [(keys.lots[lot], serial) for lot, serial in zip(keys.lot.tolist(), keys.serial.tolist(), strict=True)]
    assert split == [split_code(code) for code in codes]
    assert [compose_code(*key) for key in split] == codes
    assert join_keys(keys.lots, keys.lot, keys.serial).to_list() == codes


@given(anything, anything)
def test_different_codes_have_different_keys(one: str, other: str) -> None:
    assert (split_code(one) == split_code(other)) == (one == other)


def test_what_has_no_key_and_what_no_key_has() -> None:
    with pytest.raises(ValueError, match="null"):
        object_keys(pl.Series(["04QCB76836300JBC40000903", None]))
    for lot, serial in [("MB-2026-11-A17", 5), ("04QCB76836300JBC4", 10_000_000), ("04QCB76836300JBC4", -1)]:
        with pytest.raises(ValueError, match="serial"):
            compose_code(lot, serial)
        with pytest.raises(ValueError, match="serial"):
            join_keys([lot], np.array([0], np.uint32), np.array([serial], np.int32))
