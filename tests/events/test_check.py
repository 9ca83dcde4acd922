"""A sheet is checked as a whole: valid records pass, one bad row refuses its record, nothing crashes."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.events.check import Checked, check
from suyuan.events.vocabulary import FieldType, Kind, vocabulary
from suyuan.sheets import FINDINGS
from tests.events.examples import NOW, ROWS, context, sheet

KINDS = list(vocabulary().kinds.values())
PACK = vocabulary().kinds["pack_produced"]


def codes_of(checked: Checked) -> list[str]:
    """The codes found, in order."""
    return checked.findings["code"].to_list()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_valid_records_of_every_kind_pass(kind: Kind) -> None:
    checked = check(sheet(kind, 3), kind, context())
    assert codes_of(checked) == []
    assert checked.records == 3
    assert checked.ok_rows.all()
    assert not checked.refused_records.any()
    assert checked.record.to_list() == [n for n in range(3) for _ in range(ROWS.get(kind.name, 1))]
    assert checked.findings.schema == FINDINGS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_sheet_without_rows_is_a_sheet(kind: Kind) -> None:
    checked = check(sheet(kind).clear(), kind, context())
    assert (checked.records, checked.values.height, checked.findings.height) == (0, 0, 0)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_sheet_without_columns_lacks_what_is_required(kind: Kind) -> None:
    checked = check(pl.DataFrame({"something else": ["a", "b"]}), kind, context())
    required = {field.name for field in kind.fields.values() if field.required}
    assert set(checked.findings.filter(code="events.required")["field"]) == required
    assert not checked.ok_rows.any()
    assert checked.records == 2


def test_typed_values() -> None:
    kind = vocabulary().kinds["product_made"]
    checked = check(sheet(kind), kind, context(companies={}))
    assert checked.values.schema["made_on"] == pl.Date
    assert checked.values.schema["occurred_at"] == pl.Datetime("ms", "Asia/Shanghai")
    assert checked.values.schema["mass_kg"] == pl.Float64
    assert checked.values.schema["source_company_no"] == pl.Int32
    assert checked.values["composition"].to_list() == ["cells", "cells"]
    assert checked.values["occurred_at"][0] == datetime(2026, 3, 14, 16, tzinfo=UTC)


def test_columns_may_be_categorical_and_blank_means_nothing_said() -> None:
    table = sheet(PACK, 2).with_columns(pl.all().cast(pl.Categorical))
    assert codes_of(check(table, PACK, context())) == []
    assert codes_of(check(sheet(PACK).with_columns(model=pl.lit("")), PACK, context())) == []
    found = check(sheet(PACK, produced_on=""), PACK, context()).findings
    assert found.row(0, named=True)["code"] == "events.required"


def test_every_rule_on_every_row_not_only_the_first() -> None:
    kind = vocabulary().kinds["outlet_handed_over"]
    table = sheet(kind, 2, code="04QXB76836300JBC40000001", handed_over_on="yesterday", party=None, mass_kg="0")
    found = check(table, kind, context()).findings
    assert set(found["code"]) == {
        "codes.level",
        "events.date_unreadable",
        "events.required",
        "events.number_range",
    }
    assert set(found["row"]) == {0}


def test_one_bad_row_refuses_its_record_and_no_other() -> None:
    table = sheet(PACK, 3)
    table[8, "cell_code"] = "short"
    checked = check(table, PACK, context())
    assert checked.refused_records.to_list() == [False, True, False]
    assert checked.ok_rows.to_list() == [True] * 6 + [False] * 6 + [True] * 6
    assert checked.refused_rows.to_list() == [False] * 6 + [True] * 6 + [False] * 6
    values, record, rows = checked.accepted()
    assert values.height == 12
    assert record.to_list() == [0] * 6 + [1] * 6
    assert rows.to_list() == [*range(6), *range(12, 18)]


def test_records_whose_rows_are_scattered_are_put_together() -> None:
    table = sheet(PACK, 4)
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=7)
    checked = check(shuffled, PACK, context())
    assert codes_of(checked) == []
    assert checked.records == 4
    by_record = shuffled.with_columns(checked.record).group_by("record").agg(pl.col("pack_code").n_unique(), pl.len())
    assert by_record.select(pl.col("pack_code").max(), pl.col("len").min()).row(0) == (1, 6)
    assert checked.record[0] == 0


def test_a_row_without_its_key_is_a_record_of_its_own() -> None:
    table = sheet(PACK, 2)
    table[2, "pack_code"] = table[3, "pack_code"] = None
    checked = check(table, PACK, context())
    assert checked.records == 4
    assert "events.record_disagrees" not in codes_of(checked)


def test_an_optional_key_may_be_blank() -> None:
    kind = vocabulary().kinds["vehicle_scrapped"]
    table = sheet(kind, 2).with_columns(pack_code=pl.lit(None, pl.String), missing_reason=pl.lit("lost"))
    checked = check(pl.concat([table, table]), kind, context())
    assert checked.records == 2
    assert codes_of(checked) == ["events.duplicate_record"] * 2


def test_times_are_one_key_however_they_are_written() -> None:
    kind = vocabulary().kinds["material_delivered"]
    table = pl.concat([sheet(kind), sheet(kind, delivered_on="2026年3月15日")])
    checked = check(table, kind, context())
    assert checked.records == 1
    assert codes_of(checked) == ["events.duplicate_record"]


def test_other_rows_are_named_as_the_reader_counts_them() -> None:
    kind = vocabulary().kinds["stocked"]
    table = pl.concat([sheet(kind), sheet(kind)])
    named = check(table, kind, context(), row_names=pl.Series([12, 15])).findings["data"][0]
    plain = check(table, kind, context()).findings["data"][0]
    assert (json.loads(named), json.loads(plain)) == ({"other_row": 12}, {"other_row": 1})


def test_findings_stand_in_the_order_of_the_rows() -> None:
    kind = vocabulary().kinds["stocked"]
    table = sheet(kind, 50).with_columns(pl.col("stocked_on").str.replace("03", "30"), code=pl.lit("x"))
    rows = check(table, kind, context()).findings["row"].to_list()
    assert rows == sorted(rows)


def test_a_context_needs_a_moment_with_a_time_zone() -> None:
    assert context().now == NOW
    with pytest.raises(ValueError, match="time zone"):
        context(now=datetime(2026, 11, 22))  # noqa: DTZ001 - this is what is refused


PLAUSIBLE = st.sampled_from(
    [
        "",
        " ",
        "04QCB76836300JBC40000903",
        "2026-03-15",
        "2026-02-30 25:61",
        "1e400",
        "1.5",
        "-0",
        "是",
        "nan",
        "20260315",
    ]
)


@settings(max_examples=150)
@given(st.data(), st.sampled_from(KINDS))
def test_no_text_breaks_the_check(data: st.DataObject, kind: Kind) -> None:
    cell = st.none() | PLAUSIBLE | st.text(max_size=30)
    names = data.draw(st.lists(st.sampled_from(list(kind.fields)), unique=True))
    height = data.draw(st.integers(0, 4))
    columns = {name: data.draw(st.lists(cell, min_size=height, max_size=height)) for name in names}
    table = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    filings = pl.DataFrame(
        {"prefix": ["04QCB76836300J"], "level": ["C"], "chemistry": ["B"], "modules": [None], "cells": [4]},
        schema_overrides={"modules": pl.Int64},
    )
    known = context(companies={}, sites={}, vendors=frozenset({"001"}), filings=filings)
    checked = check(table, kind, known)
    assert checked.findings.schema == FINDINGS
    assert len(checked.ok_rows) == len(checked.record) == table.height if names else True
    refused = checked.findings.filter(severity="refuse")["row"].unique()
    assert not checked.ok_rows.gather(refused).any()
    assert checked.values.height == (table.height if names else 0)


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=12))
def test_records_are_numbered_by_first_appearance(codes: list[str]) -> None:
    kind = vocabulary().kinds["stocked"]
    table = pl.DataFrame({"code": codes, "stocked_on": ["2026-01-01"] * len(codes)})
    order = list(dict.fromkeys(codes))
    assert check(table, kind, context()).record.to_list() == [order.index(code) for code in codes]


def test_every_field_type_has_its_rules() -> None:
    used = {field.type for kind in KINDS for field in kind.fields.values()}
    assert used == set(FieldType)
