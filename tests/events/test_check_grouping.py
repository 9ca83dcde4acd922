"""Findings grouped by cause, and the sentences that a person reads."""

import re
from collections.abc import Iterator

import polars as pl
import pytest

from suyuan.codes.verdicts import SEVERITIES as OF_CODES
from suyuan.events.check import SEVERITIES, check, severity_of
from suyuan.events.checks.grouping import Counts, counts, group_by_cause
from suyuan.events.checks.wording import finding_data, finding_sentence
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.kernel import Language, Severity
from suyuan.sheets.findings import empty
from tests.events.examples import REPORTER, TODAY, context, sheet
from tests.events.test_check_fields import CASES
from tests.events.test_check_filings import CASES as FILED
from tests.events.test_check_filings import filings, pack
from tests.events.test_check_records import BINDINGS, CROSS, PLACES, checked

PACK = vocabulary().kinds["pack_produced"]
STOCKED = vocabulary().kinds["stocked"]


def eight_causes() -> pl.DataFrame:
    """Ten rows: eight wrong dates, one of them with a wrong code, and one future date."""
    table = sheet(STOCKED, 10).with_columns(
        stocked_on=pl.when(pl.int_range(10) < 8).then(pl.lit("soon")).otherwise(pl.lit("2027-01-01"))
    )
    table[3, "code"] = "X"
    return check(table, STOCKED, context()).findings


def test_a_cause_has_its_count_and_its_first_examples() -> None:
    groups = group_by_cause(eight_causes(), pl.Series(range(2, 12)))
    assert [(g.code, g.field, g.severity, g.rows) for g in groups] == [
        ("events.date_unreadable", "stocked_on", Severity.REFUSE, 8),
        ("events.date_future", "stocked_on", Severity.REFUSE, 2),
        ("codes.length", "code", Severity.REFUSE, 1),
    ]
    assert [(e.row_number, e.value) for e in groups[0].examples] == [(n, "soon") for n in range(2, 7)]
    assert groups[1].examples[0].data == {"today": "2026-11-22"}
    assert groups[2].examples[0].row_number == 5


def test_rows_count_from_one_where_nothing_is_said() -> None:
    assert group_by_cause(eight_causes())[0].examples[0].row_number == 1


def test_refusals_come_before_findings_before_warnings() -> None:
    kind = vocabulary().kinds["swap_in"]
    table = sheet(kind, 3).with_columns(stocked_on=pl.Series(["2020-01-01", "2020-01-01", "never"]))
    severities = [group.severity for group in group_by_cause(check(table, kind, context()).findings)]
    assert severities == [Severity.REFUSE, Severity.FINDING, Severity.WARNING]


def test_rows_are_counted_by_severity_once_each() -> None:
    assert counts(eight_causes()) == Counts(refuse=10, finding=0, warning=0)
    assert counts(empty()) == Counts(0, 0, 0)
    assert group_by_cause(empty()) == []


def everything_that_fires() -> Iterator[tuple[Kind, pl.DataFrame]]:
    """Sheets that together break every rule, with what is found in them."""
    kinds = vocabulary().kinds
    for name, field, bad, _, _ in CASES:
        yield kinds[name], check(sheet(name, **{field: bad}), kinds[name], context()).findings
    for _, name, changes, _ in CROSS:
        yield kinds[name], check(sheet(name, **changes), kinds[name], context()).findings
    for name, names, first, clash, _ in PLACES + BINDINGS:
        yield kinds[name], checked(name, names, first, clash).findings
    for filed, _, _ in FILED:
        yield PACK, pack(context(filings=filings(**filed), vendors=frozenset())).findings
    yield PACK, pack(context(), produced_on="2021-12-03", model="other").findings
    yield STOCKED, check(sheet(STOCKED), STOCKED, context(sites={})).findings
    yield STOCKED, check(pl.concat([sheet(STOCKED)] * 2), STOCKED, context()).findings
    yield PACK, check(pl.concat([sheet(PACK), sheet(PACK).head(1)]), PACK, context()).findings
    for name, field in (("product_made", "source_company"), ("treated", "uncoded_mass_kg")):
        table = sheet(name).with_columns(pl.lit(None, pl.String).alias(column) for column in (field, "source_code"))
        yield kinds[name], check(table, kinds[name], context()).findings
    for name in ("transferred_out", "retired"):
        yield kinds[name], check(sheet(name, party=REPORTER), kinds[name], context(companies={})).findings
    module = kinds["module_produced"]
    cells = pl.Series("cell_code", [f"04QCB76836300JBC4{n:07d}" for n in range(1, 65_537)])
    table = sheet(module).head(1).drop("cell_code").join(cells.to_frame(), how="cross")
    yield module, check(table, module, context()).findings


@pytest.mark.parametrize("language", Language)
def test_every_rule_of_the_table_fires_and_has_its_sentence(language: Language) -> None:
    fired = set()
    for kind, findings in everything_that_fires():
        for group in group_by_cause(findings):
            example = group.examples[0]
            data = finding_data(kind, group.field, group.code, example.value, example.data, TODAY)
            text = finding_sentence(kind, group.field, group.code, example.value, data, language)
            assert text != group.code
            assert "{" not in text
            assert bool(re.search("[\u4e00-\u9fff]", text.replace(example.value or "", ""))) or language is Language.EN
            fired.add(group.code)
    assert fired >= set(SEVERITIES)


def test_what_a_check_of_codes_leaves_unsaid_is_worked_out() -> None:
    data = finding_data(STOCKED, "code", "codes.length", "04QCB", {}, TODAY)
    assert "5" in finding_sentence(STOCKED, "code", "codes.length", "04QCB", data, Language.EN)


def test_severities_stand_in_one_table() -> None:
    assert severity_of("events.required") is Severity.REFUSE
    assert severity_of("codes.serial_letters") is OF_CODES["codes.serial_letters"]
    assert set(SEVERITIES).isdisjoint(OF_CODES)
    assert all(re.fullmatch(r"events\.[a-z_]+", code) for code in SEVERITIES)
    with pytest.raises(KeyError):
        severity_of("events.unheard_of")
