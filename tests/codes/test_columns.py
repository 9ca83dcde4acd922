"""Whole columns answer as single codes do."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.codes import check_company, check_division, check_vin, explain, parse
from suyuan.codes.alphabets import ALPHANUMERIC
from suyuan.codes.column_data import finding_data
from suyuan.codes.columns import (
    check_battery_codes,
    check_companies,
    check_divisions,
    check_vins,
    decode_battery_codes,
    production_days,
)
from suyuan.codes.texts import FAULTS
from suyuan.codes.verdicts import SEVERITIES
from suyuan.kernel import Finding, Language, Severity, sentence
from tests.codes.strategies import ODD, REFERENCE, battery_codes, mutated, nonsense, texts

Scalar = Callable[[str], Sequence[Finding]]

columns = st.lists(st.one_of(st.none(), texts), max_size=12)


def column(values: Sequence[str | None]) -> pl.Series:
    return pl.Series("code", values, dtype=pl.String)


def agree(values: Sequence[str | None], checked: pl.DataFrame, scalar: Scalar) -> set[str]:
    """Compare a checked column with the scalar findings, data and sentences included; the codes met."""
    met: set[str] = set()
    codes = column(values)
    assert checked.columns == ["finding", "warning"]
    assert len(checked) == len(values)
    data = {name: finding_data(codes, checked[name]).to_list() for name in checked.columns}
    for row, (text, finding, warning) in enumerate(zip(values, checked["finding"], checked["warning"], strict=True)):
        findings = [] if text is None else list(scalar(text))
        refusals = [one for one in findings if one.severity is Severity.REFUSE]
        others = [one for one in findings if one.severity is not Severity.REFUSE]
        expected = refusals[:1], [] if refusals else others[:1]
        for name, code, first in (("finding", finding, expected[0]), ("warning", warning, expected[1])):
            assert code == (first[0].code if first else None), (text, name)
            if not first:
                assert data[name][row] is None
                continue
            met.add(code)
            given_data = json.loads(data[name][row] or "{}")
            assert given_data.items() <= dict(first[0].data).items(), (text, code)
            for language in Language:
                assert sentence(code, given_data, language) == sentence(code, first[0].data, language)
    return met


@given(columns)
@settings(max_examples=300)
def test_battery_codes(values: list[str | None]) -> None:
    agree(values, check_battery_codes(column(values), REFERENCE), lambda text: explain(text, REFERENCE).findings)


@given(columns, st.sampled_from(["P", "MC", "C"]), st.sets(st.text("04QA", min_size=3, max_size=3)))
def test_battery_codes_of_one_level_and_known_vendors(values: list[str | None], levels: str, known: set[str]) -> None:
    vendors = dict.fromkeys(known, "someone")
    checked = check_battery_codes(column(values), REFERENCE, levels, known)
    agree(values, checked, lambda text: explain(text, REFERENCE, levels, vendors).findings)


EVERY = {
    "codes.empty": " ",
    "codes.stored_as_number": "1.23e+23",
    "codes.invisible": "04QCB76\u200b836300JBC40000903",
    "codes.full_width": "04QＣB76836300JBC40000903",
    "codes.separators": "04QCB76836300J\nBC40000903",
    "codes.lower_case": "04qcB76836300JBC40000903",
    "codes.length": "04QCB76836300JBC4000090",
    "codes.character": "04QCB76,36300JBC40000903",
    "codes.level": "04QXB76836300JBC40000903",
    "codes.level_not_wanted": "04QMB76836300JBC40000903",
    "codes.chemistry": "04QCH76836300JBC40000903",
    "codes.year": "04QCB76836300JUC40000903",
    "codes.month": "04QCB76BD40000903RC",
    "codes.day": "04QCB76836300JBCO0000903RC",
    "codes.date": "04QCB76B2Y0000903RC",
    "codes.suffix": "04QCB76836300JBC40000903XX",
    "codes.date_in_future": "04QCB76836300JGBP0000001",
    "codes.suffix_level": "04QCB76BC40000903RP",
    "codes.form_26": "04QCB76836300JBC40000903RC",
    "codes.serial_letters": "04QCB76BC4000A9B3RC",
    "codes.serial_zero": "04QCB76836300JBC40000000",
    "codes.vendor_unknown": "XYZCB76836300JBC40000903",
}


def test_every_finding_on_a_battery_code_is_met_and_agrees() -> None:
    values = [*EVERY.values(), None]
    vendors = {"04Q": "someone"}
    checked = check_battery_codes(column(values), REFERENCE, "PC", vendors)
    met = agree(values, checked, lambda text: explain(text, REFERENCE, "PC", vendors).findings)
    assert met == EVERY.keys()
    other = ("vin", "company", "duns", "uscc", "division", "near", "hint")
    assert met == {code for code in SEVERITIES if not code.startswith(tuple(f"codes.{word}" for word in other))}


@given(st.lists(st.one_of(st.none(), battery_codes(), mutated(battery_codes())), max_size=12))
def test_fields(values: list[str | None]) -> None:
    decoded = decode_battery_codes(column(values), REFERENCE)
    written = pl.Series(production_days(column(values), REFERENCE))
    accepted = decoded["form"].is_not_null()
    assert written.dtype == pl.Date
    assert written.filter(accepted).to_list() == decoded["produced_on"].filter(accepted).to_list()
    assert len(decoded) == len(values)
    for text, row in zip(values, decoded.iter_rows(named=True), strict=True):
        if text is None or not explain(text, REFERENCE).valid:
            assert set(row.values()) == {None}
        else:
            code = parse(text, REFERENCE)
            assert row == {name: getattr(code, name) for name in row}


def test_what_stood_where_a_null_stands_is_not_looked_at() -> None:
    codes = column(["04QXB76836300JBC40000903", "04QCB76836300JBC40000904", "04QCB76836300JBC40000905"])
    codes = codes.set(pl.Series([True, False, True]), None)
    assert check_battery_codes(codes, REFERENCE)["finding"].to_list() == [None] * 3
    assert pl.Series(production_days(codes, REFERENCE)).is_null().to_list() == [True, False, True]


def test_a_column_longer_than_a_chunk_and_cut_from_another() -> None:
    good = "04QCB76836300JBC4" + pl.Series(range(200_000)).cast(pl.String).str.zfill(7)
    bad = good.scatter([70_000, 199_999], ["04QXB76836300JBC40000903", "SHORT"])
    checked = check_battery_codes(bad, REFERENCE)
    assert checked["finding"].is_not_null().arg_true().to_list() == [70_000, 199_999]
    assert checked["warning"].is_not_null().arg_true().to_list() == [0]  # serial 0000000
    part = check_battery_codes(bad.slice(69_999, 3), REFERENCE)
    assert part["finding"].to_list() == [None, "codes.level", None]
    joined = check_battery_codes(pl.concat([good.head(5), bad.tail(5)], rechunk=False), REFERENCE)
    assert joined["finding"].to_list() == [None] * 9 + ["codes.length"]
    assert decode_battery_codes(bad.slice(69_998, 2), REFERENCE)["serial"].to_list() == ["0069998", "0069999"]


@pytest.mark.parametrize("values", [[], [None], [None, None]])
def test_columns_with_nothing(values: list[None]) -> None:
    codes = column(values)
    for checked in (
        check_battery_codes(codes, REFERENCE),
        check_vins(codes, True, REFERENCE),
        check_companies(codes),
        check_divisions(codes, REFERENCE),
    ):
        assert checked.rows() == [(None, None)] * len(values)
    assert decode_battery_codes(codes, REFERENCE).height == len(values)


vins = st.one_of(
    st.sampled_from(["LGWEEUA59JE003435", "1M8GDM9AXKP042788", "11111111111111111", "TEST1234567890123"]),
    st.text("0123456789ABCDEFGHJKLMNPRSTUVWXYZIOQ", min_size=17, max_size=17),
    st.text(ALPHANUMERIC, min_size=16, max_size=18),
)


@given(st.lists(st.one_of(st.none(), vins, mutated(vins), nonsense), max_size=12), st.booleans())
def test_vins(values: list[str | None], strict: bool) -> None:
    agree(values, check_vins(column(values), strict, REFERENCE), lambda text: check_vin(text, strict))


companies = st.one_of(
    st.sampled_from(["91330800575349959F", "91110105MA009PJM56", "91110000600037341L", "123456789", "0" * 18]),
    st.text("0123456789", min_size=8, max_size=10),
    st.text("0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZ", min_size=18, max_size=18),
)


@given(st.lists(st.one_of(st.none(), companies, mutated(companies), nonsense), max_size=12))
def test_companies(values: list[str | None]) -> None:
    agree(values, check_companies(column(values)), check_company)


divisions = st.one_of(st.sampled_from(["330800", "330000", "339999", "000000"]), st.text("0123456789", max_size=7))


@given(st.lists(st.one_of(st.none(), divisions, mutated(divisions), nonsense), max_size=12))
def test_divisions(values: list[str | None]) -> None:
    on = date(2026, 11, 22)
    agree(values, check_divisions(column(values), on), lambda text: check_division(text, on))


@given(st.text(st.sampled_from(ODD) | st.characters(), max_size=12))
def test_the_patterns_mean_the_same_to_both_engines(text: str) -> None:
    frame = pl.DataFrame({"text": [text]})
    for pattern in FAULTS.values():
        matched = frame.select(pl.col("text").str.contains(pattern)).item()
        python = re.search(pattern.replace("$", r"\Z"), text)
        assert matched == (python is not None), pattern
