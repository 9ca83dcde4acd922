"""Codes against what is on file and against their own date: accepted, but a supervisor is told."""

import json

import polars as pl
import pytest

from suyuan.events.check import FILINGS, Checked, Context, check
from suyuan.events.checks.filings import fields_on_file
from suyuan.events.vocabulary import vocabulary
from tests.events.examples import context, sheet

Filed = tuple[str, str | int | None]

PREFIXES = {level: f"04Q{level}B76836300J" for level in "PMC"}


def filings(**changes: Filed) -> pl.DataFrame:
    """Filings that the example records keep; `changes` name a level and give (column, value)."""
    counts = {"P": (2, 6), "M": (None, 3), "C": (None, None)}
    table: list[dict[str, str | int | None]] = [
        {"prefix": PREFIXES[level], "level": level, "chemistry": "B", "modules": modules, "cells": cells}
        for level, (modules, cells) in counts.items()
    ]
    for row in table:
        if row["level"] in changes:
            column, value = changes[str(row["level"])]
            row[column] = value
    return pl.DataFrame(table, schema=FILINGS)


def pack(known: Context, **changes: str | None) -> Checked:
    """The check of one example pack."""
    return check(sheet("pack_produced", **changes), vocabulary().kinds["pack_produced"], known)


def told(result: Checked) -> set[tuple[str, str | None, str]]:
    """(code, field, severity) of the findings."""
    return set(result.findings.select("code", "field", "severity").iter_rows())


def test_a_pack_as_filed_is_silent() -> None:
    assert told(pack(context(filings=filings(), vendors=frozenset({"04Q"})))) == set()


def test_nothing_is_compared_where_nothing_is_known() -> None:
    assert told(pack(context())) == set()


CASES: list[tuple[dict[str, Filed], str, str]] = [
    ({"P": ("prefix", "04QPB7683630XX")}, "events.prefix_unknown", "pack_code"),
    ({"C": ("level", "M")}, "events.prefix_level", "cell_code"),
    ({"M": ("chemistry", "E")}, "events.prefix_chemistry", "module_code"),
    ({"P": ("modules", 3)}, "events.module_count", "pack_code"),
    ({"P": ("cells", 160)}, "events.cell_count", "pack_code"),
]


@pytest.mark.parametrize(("changes", "code", "field"), CASES, ids=[case[1] for case in CASES])
def test_what_differs_from_the_filing_is_a_finding(changes: dict[str, Filed], code: str, field: str) -> None:
    result = pack(context(filings=filings(**changes)))
    assert told(result) == {(code, field, "finding")}
    assert result.ok_rows.all()


def test_a_count_says_what_was_expected_and_found() -> None:
    result = pack(context(filings=filings(P=("cells", 160))))
    assert json.loads(result.findings["data"][0]) == {"expected": 160, "found": 6}
    assert result.findings.height == 1


def test_a_pack_that_lists_nothing_has_no_parts() -> None:
    kind = vocabulary().kinds["pack_produced"]
    table = sheet(kind).head(1).drop("module_code", "cell_code")
    codes = check(table, kind, context(filings=filings())).findings["code"].to_list()
    assert codes == ["events.module_count", "events.cell_count"]


def test_a_repeated_cell_is_counted_once() -> None:
    table = pl.concat([sheet("pack_produced")] * 2)
    codes = check(table, vocabulary().kinds["pack_produced"], context(filings=filings())).findings["code"].to_list()
    assert codes == ["events.duplicate_record"]


def test_a_vendor_without_a_code_is_a_finding() -> None:
    result = pack(context(vendors=frozenset({"001"})))
    assert told(result) == {
        ("events.vendor_unknown", f"{level}_code", "finding") for level in ("pack", "module", "cell")
    }
    assert json.loads(result.findings["data"][0]) == {"vendor": "04Q"}


def test_a_code_that_cannot_be_read_is_not_compared() -> None:
    result = pack(context(filings=filings(), vendors=frozenset({"04Q"})), cell_code="XXX")
    assert {code for code, field, _ in told(result) if field == "cell_code"} == {"codes.length"}


def test_a_code_without_traceability_information_has_no_filed_prefix() -> None:
    kind = vocabulary().kinds["product_made"]
    known = context(filings=filings().clear(), vendors=frozenset({"04Q"}))
    assert check(sheet(kind), kind, known).findings.is_empty()


def test_only_codes_that_enter_the_ledger_are_compared() -> None:
    kinds = vocabulary().kinds
    assert fields_on_file(kinds["pack_produced"]) == ("pack_code", "module_code", "cell_code")
    assert fields_on_file(kinds["product_made"]) == ("product_code",)
    assert fields_on_file(kinds["imported"]) == ("code",)
    for name in ("transferred_out", "outlet_received", "vehicle_produced", "withdrawal"):
        assert fields_on_file(kinds[name]) == ()
    kind = kinds["transferred_out"]
    assert check(sheet(kind), kind, context(filings=filings().clear())).findings.is_empty()


def test_nothing_happens_to_a_battery_before_its_own_date() -> None:
    before = pack(context(), produced_on="2021-12-03")
    early = before.findings.filter(code="events.before_production")
    assert early.select("row", "field").rows() == [(0, "pack_code"), (0, "module_code"), (0, "cell_code")]
    assert json.loads(early["data"][0]) == {"occurred_on": "2021-12-03", "produced_on": "2021-12-04"}
    kind = vocabulary().kinds["stocked"]
    assert check(sheet(kind, stocked_on="2021-12-04"), kind, context()).findings.is_empty()


def test_the_date_of_a_short_code_is_read_where_it_stands() -> None:
    kind = vocabulary().kinds["product_delivered"]
    early = check(sheet(kind, delivered_on="2025-12-14"), kind, context())
    assert early.findings["code"].to_list() == ["events.before_production"]
    assert early.ok_rows.all()
    assert check(sheet(kind, delivered_on="2025-12-15"), kind, context()).findings.is_empty()
