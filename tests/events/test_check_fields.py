"""Each rule of one field fires on its case and is silent on the twin beside it."""

import polars as pl
import pytest

from suyuan.events.check import Context, check
from suyuan.events.vocabulary import vocabulary
from tests.events.examples import REPORTER, company, context, sheet

# kind, field, text that fires, code, text that does not
CASES = [
    ("stocked", "code", None, "events.required", "04QCB76836300JBC40000903"),
    ("stocked", "code", "04QC876836300JBC40000903", "codes.chemistry", "04QCB76836300JBC40000903"),
    ("cell_produced", "code", "04QPB76836300JBC40000903", "codes.level_not_wanted", "04QCB76836300JBC40000903"),
    ("stocked", "code", "04QCB76836300JBC4000O9O3", "codes.serial_letters", "04QCB76836300JBC40000903"),
    ("vehicle_sold", "vin", "LGWEEUA59JE00343", "codes.vin_length", "LGWEEUA59JE003435"),
    ("vehicle_sold", "party", "91350900587527783X", "codes.uscc_check", "150483782"),
    ("vehicle_sold", "division", "3509", "codes.division_form", "350902"),
    ("stocked", "stocked_on", "15.3.2026", "events.date_unreadable", "2026/3/15"),
    ("stocked", "stocked_on", "2026-02-29", "events.date_impossible", "2024-02-29"),
    ("stocked", "stocked_on", "2026-03-15 24:00", "events.date_impossible", "2026-03-15 23:59"),
    ("stocked", "stocked_on", "1999-12-31", "events.date_early", "2022-01-01"),
    ("stocked", "stocked_on", "1940-06-01", "events.date_early", "2022-01-02"),  # a day without midnight in China
    ("stocked", "stocked_on", "2026-11-24", "events.date_future", "2026-11-23"),
    ("swap_in", "stocked_on", "2026-11-22 12:10:01", "events.date_future", "2026-11-22 12:10:00"),
    ("swap_in", "stocked_on", "2026-11-22T04:11Z", "events.date_future", "2026-11-22T04:09Z"),
    ("swap_in", "stocked_on", "2026-11-24", "events.date_future", "2026-11-22 11:00"),
    ("swap_in", "stocked_on", "2026-03-15", "events.time_missing", "2026-03-15 08:30"),
    ("retired", "mass_kg", "heavy", "events.number_unreadable", "12.5"),
    ("retired", "mass_kg", "1,234.5", "events.number_unit", "1234.5"),
    ("retired", "mass_kg", "inf", "events.number_unreadable", "1e2"),
    ("retired", "mass_kg", "1e999", "events.number_unreadable", "+5"),
    ("retired", "mass_kg", "12 g", "events.number_unit", "12 KG"),
    ("retired", "mass_kg", "0", "events.number_range", "0.001"),
    ("retired", "mass_kg", "99999.5", "events.number_range", "99999"),
    ("assessed", "soh", "82%", "events.number_unit", "0.82"),
    ("assessed", "soh", "82", "events.number_range", "1.5"),
    ("product_made", "source_count", "2.5", "events.number_whole", "2.0"),
    ("vehicle_sold", "vehicle_use", "privat", "events.choice_near", "private"),
    ("vehicle_sold", "vehicle_use", "xyzzy", "events.choice_unknown", "Ride Hailing"),
    ("vehicle_sold", "vehicle_use", "私家", "events.choice_near", "私家车"),
    ("lost", "note", "x" * 201, "events.text_long", "丢" * 200),
    ("lost", "note", "one\ntwo", "events.text_control", "one two"),
    ("lost", "note", "a\u200bb", "events.text_control", "é"),
    ("cell_produced", "material_batch", "LI\t1", "events.text_control", "LI 1"),
    ("withdrawal", "record_id", "17", "events.record_id", "0190A1B2-3C4D-7E5F-8A6B-7C8D9E0F1A2B"),
    ("correction", "record_id", "0190a1b2", "events.record_id", "0190a1b2-3c4d-7e5f-8a6b-7c8d9e0f1a2b"),
    ("correction", "field", "colour", "events.field_unknown", "Mass_kg"),
    ("correction", "field", "记录", "events.field_unknown", "合格证编号"),
]


def found(kind: str, field: str, text: str | None, known: Context | None = None) -> list[str]:
    """The codes found about `field` in the first row when it holds `text`."""
    table = sheet(kind, **{field: text})
    checked = check(table, vocabulary().kinds[kind], known or context())
    return checked.findings.filter(field=field, row=0)["code"].to_list()


@pytest.mark.parametrize(("kind", "field", "bad", "code", "good"), CASES)
def test_a_rule_fires_on_its_case_alone(kind: str, field: str, bad: str | None, code: str, good: str) -> None:
    assert code in found(kind, field, bad)
    assert found(kind, field, good) == []


def test_a_strict_vin_is_checked_to_the_letter_only_where_that_is_wanted() -> None:
    text = "LGWEEUA50JE003435"
    assert found("vehicle_sold", "vin", text, context(strict_vin=True)) == ["codes.vin_check"]
    assert "codes.vin_check" not in found("vehicle_sold", "vin", text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05",
        "2026-3-5",
        "2026/3/5",
        "2026.03.05",
        "2026年3月5日",
        "20260305",
        " 2026-03-05 ",
        "2026-03-05 10:30",
    ],
)
def test_dates_are_read_as_people_write_them(text: str) -> None:
    checked = check(sheet("stocked", stocked_on=text), vocabulary().kinds["stocked"], context())
    assert checked.values["stocked_on"].cast(pl.String).to_list() == ["2026-03-05"]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-05 10:30:15.25", "2026-03-05 02:30:15.250"),
        ("2026-03-05T10:30", "2026-03-05 02:30:00.000"),
        ("2026-03-05T10:30Z", "2026-03-05 10:30:00.000"),
        ("2026-03-05 10:30-0130", "2026-03-05 12:00:00.000"),
        ("2026年3月5日 10:30", "2026-03-05 02:30:00.000"),
    ],
)
def test_times_are_china_s_unless_they_say_otherwise(text: str, utc: str) -> None:
    checked = check(sheet("swap_in", stocked_on=text), vocabulary().kinds["swap_in"], context())
    moment = checked.values["occurred_at"].dt.convert_time_zone("UTC")
    assert moment.dt.to_string("%Y-%m-%d %H:%M:%S%.3f").to_list() == [utc]


def test_choices_become_their_key() -> None:
    kind = vocabulary().kinds["vehicle_sold"]
    for text in ("taxi", "TAXI", "出租车"):
        assert check(sheet(kind, vehicle_use=text), kind, context()).values["vehicle_use"].to_list() == ["taxi"]


def test_a_suggestion_is_the_nearest_choice_in_both_languages() -> None:
    kind = vocabulary().kinds["vehicle_sold"]
    data = check(sheet(kind, vehicle_use="logistic"), kind, context()).findings["data"][0]
    assert '"nearest":"物流/logistics"' in data


def test_a_file_full_of_different_wrong_choices_is_answered_in_full() -> None:
    kind = vocabulary().kinds["vehicle_sold"]
    table = sheet(kind, 300).with_columns(vehicle_use=pl.format("taxi{}", pl.int_range(300)))
    codes = check(table, kind, context()).findings["code"]
    assert codes.value_counts().height == 2
    assert len(codes) == 300


def test_companies_are_looked_up_where_they_are_known() -> None:
    kind = vocabulary().kinds["transferred_out"]
    table = sheet(kind, 2)
    known = check(table, kind, context(companies={company(0): 7}))
    assert known.values["party_no"].to_list() == [7, None]
    assert known.findings["code"].to_list() == ["events.company_unknown"]
    assert known.ok_rows.all()
    offline = check(table, kind, context())
    assert "party_no" not in offline.values.columns
    assert offline.findings.is_empty()


def test_an_unreadable_company_is_not_called_unknown_as_well() -> None:
    assert "events.company_unknown" not in found("transferred_out", "party", "12", context(companies={}))


def test_a_foreign_company_may_have_a_duns_number() -> None:
    assert found("transferred_out", "party", "150483782", context(companies={"150483782": 3})) == []


def test_a_site_must_be_one_of_the_reporter_s_where_they_are_known() -> None:
    assert found("stocked", "site", "S009", context(sites={"S001": 1})) == ["events.site_unknown"]
    assert found("stocked", "site", "S001", context(sites={"S001": 1})) == []
    assert found("stocked", "site", "S009") == []
    kind = vocabulary().kinds["stocked"]
    assert check(sheet(kind), kind, context(sites={"S001": 4})).values["site_no"].to_list() == [4]


def test_personal_fields_are_accepted_and_marked_in_the_vocabulary() -> None:
    assert found("vehicle_sold", "owner_name", "王小明") == []
    assert vocabulary().kinds["vehicle_sold"].fields["owner_name"].personal


def test_a_destination_must_be_somebody_else() -> None:
    assert found("transferred_out", "party", REPORTER) == ["events.destination_is_reporter"]
    assert found("transferred_out", "party", company(1)) == []
    assert found("retired", "party", REPORTER) == ["events.destination_own"]
    assert found("retired", "party", company(1)) == []
    assert found("transferred_out", "party", REPORTER, context(reporter=None)) == []
