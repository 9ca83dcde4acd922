"""The register: who may enter what, what is refused and why, and who sees it."""

from datetime import date, timedelta

import polars as pl
import pytest
from django.db import IntegrityError, transaction

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry import queries, services
from suyuan.server.registry.models import CodeFiling, Company, SiteKind, VendorCode
from suyuan.server.registry.services import SiteEntry
from suyuan.sheets import findings
from tests.server.cast import CELL_PREFIX, NATION, PACK_PREFIX, VENDOR, Cast, entry, uscc
from tests.server.counting import queries_of

NEW = uscc("440300", 77)


def codes_of(table: pl.DataFrame) -> dict[int, set[str]]:
    """Codes of what was found, by row; each must have its sentence in both languages."""
    for code, data in table.select("code", "data").iter_rows():
        for language in Language:
            text = sentence(code, findings.unpack(data), language)
            assert text != code
            assert "{" not in text
    return {row: set(part["code"]) for (row,), part in table.group_by("row")}


def test_a_company_is_registered_once(clean_database: str, clock: FixedClock) -> None:
    number = services.register_company(NATION, entry(NEW), clock)
    assert queries.company_number(NATION, NEW) == number
    with pytest.raises(Conflict) as refusal:
        services.register_company(NATION, entry(NEW), clock)
    assert refusal.value.code == "registry.company_exists"


def test_a_foreign_company_has_a_duns_number_and_no_division(clean_database: str, clock: FixedClock) -> None:
    services.register_company(NATION, entry("123456789", division=None, roles=["importer"]), clock)
    assert queries.companies(NATION)["division"].to_list() == [None]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": NEW[:-1] + ("0" if NEW[-1] != "0" else "1")}, "codes.uscc_check"),
        ({"code": "SHORT"}, "codes.company_length"),
        ({"division": None}, "registry.value_missing"),
        ({"division": "990000"}, "codes.division_province"),
        ({"roles": []}, "registry.value_missing"),
        ({"roles": ["battery_maker", "king"]}, "registry.role_unknown"),
        ({"name_zh": " "}, "registry.value_missing"),
        ({"valid_from": date(2026, 1, 2), "valid_to": date(2026, 1, 1)}, "registry.validity_reversed"),
    ],
)
def test_a_company_that_is_wrong_is_not_registered(
    clean_database: str, clock: FixedClock, changes: dict[str, object], code: str
) -> None:
    order = entry(**{"code": NEW, **changes})  # type: ignore[arg-type]  # a code is a text in each case
    with pytest.raises(Refusal) as refusal:
        services.register_company(NATION, order, clock)
    assert refusal.value.code == code
    for language in Language:
        assert "{" not in sentence(refusal.value.code, refusal.value.data, language)
    assert not Company.objects.exists()


def test_an_authority_registers_the_companies_seated_with_it_and_no_others(cast: Cast, clock: FixedClock) -> None:
    services.register_company(cast.guangdong.scope, entry(NEW), clock)
    for by in (cast.zhejiang.scope, cast.maker.scope, Scope.of_city("440100")):
        with pytest.raises(Forbidden) as refusal:
            services.register_company(by, entry(uscc("440300", 78)), clock)
        assert refusal.value.code == "registry.outside_scope"


def test_good_rows_are_entered_and_the_others_named(clean_database: str, clock: FixedClock) -> None:
    rows: list[dict[str, object]] = [
        {"code": NEW, "name_zh": "甲", "roles": ["carmaker"], "division": "440300"},
        {"code": NEW, "name_zh": "乙", "roles": ["carmaker"], "division": "440300"},
        {"code": "X", "name_zh": None, "roles": ["king"], "division": "1"},
        {"code": uscc("330100", 1), "name_zh": "丙", "roles": ["dealer", "lessor"], "division": "330100"},
    ]
    done = services.register_companies(NATION, rows, clock)
    assert done.entered == 2
    assert codes_of(done.findings) == {
        1: {"registry.row_repeated"},
        2: {
            "registry.value_missing",
            "codes.company_length",
            "registry.role_unknown",
            "codes.division_form",
        },
    }
    assert queries.companies(NATION)["name_zh"].to_list() == ["丙", "甲"]
    assert queries.companies(NATION)["roles"].to_list() == [["dealer", "lessor"], ["carmaker"]]


def test_bringing_rows_again_updates_them_and_keeps_the_numbers(cast: Cast, clock: FixedClock) -> None:
    row = {"code": cast.maker.code, "name_zh": "新名", "roles": ["battery_maker", "utiliser"], "division": "440300"}
    services.register_companies(NATION, [row], clock).or_raise()
    assert queries.company_number(NATION, cast.maker.code) == cast.maker.number
    known = queries.code_and_roles(cast.maker.number, clock.today())
    assert known == (cast.maker.code, frozenset({"battery_maker", "utiliser"}))


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"code": NEW, "colour": "red"}], "registry.column_unknown"),
        ([{"code": NEW, "valid_from": "yesterday"}], "registry.column_type"),
    ],
)
def test_columns_that_are_not_ours_are_refused(
    clean_database: str, clock: FixedClock, rows: list[dict[str, object]], code: str
) -> None:
    with pytest.raises(SuyuanError) as refusal:
        services.register_companies(NATION, rows, clock)
    assert refusal.value.code == code
    assert "{" not in sentence(code, refusal.value.data, Language.ZH)


def test_a_thousand_companies_cost_a_handful_of_statements(clean_database: str, clock: FixedClock) -> None:
    rows = [
        {"code": uscc("440300", i), "name_zh": f"甲{i}", "roles": ["dealer"], "division": "440300"} for i in range(1000)
    ]
    with queries_of() as seen:
        services.register_companies(NATION, rows, clock).or_raise()
    assert len(seen) <= 4
    wanted = [str(row["code"]) for row in rows] + ["unknown"]
    with queries_of() as seen:
        found = queries.by_uscc(NATION, wanted)
    assert len(seen) == 1
    assert len(found) == 1000


def test_each_sees_the_companies_of_its_scope(cast: Cast) -> None:
    everybody = {actor.code for actor in cast.companies}
    guangdong = {cast.maker.code, cast.swapper.code, cast.repairer.code, cast.laboratory.code}
    outlet = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    expected = [
        (NATION, everybody),
        (cast.guangdong.scope, guangdong),
        (cast.zhejiang.scope, everybody - guangdong),
        (Scope.of_city("440300"), {cast.maker.code}),
        (Scope.of_city("440500"), set()),
        (cast.carmaker.scope, {cast.carmaker.code}),
        (outlet, {cast.collector.code}),
    ]
    for scope, seen in expected:
        assert set(queries.companies(scope)["code"]) == seen
        assert set(queries.by_uscc(scope, sorted(everybody))) == seen
    with pytest.raises(Missing):
        queries.company_number(cast.carmaker.scope, cast.maker.code)


def test_each_sees_the_sites_that_lie_with_it(cast: Cast) -> None:
    maker = cast.maker.sites
    assert set(queries.sites(cast.maker.scope)["number"]) == set(maker.values())
    assert maker["W1"] in queries.sites(cast.zhejiang.scope)["number"]
    assert maker["W1"] not in queries.sites(cast.guangdong.scope)["number"]
    outlet = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    assert queries.sites(outlet)["code"].to_list() == ["O1"]
    wanted = ["O1", "O2", "W1"]
    assert queries.site_numbers(NATION, cast.collector.number, wanted) == dict(cast.collector.sites)
    assert queries.site_numbers(cast.maker.scope, cast.collector.number, wanted) == {}


def test_what_is_no_longer_valid_is_not_found_that_day(cast: Cast, clock: FixedClock) -> None:
    today = clock.today()
    Company.objects.filter(number=cast.maker.number).update(valid_to=today)
    assert queries.by_uscc(NATION, [cast.maker.code], on=today)
    assert queries.code_and_roles(cast.maker.number, today)
    later = today + timedelta(days=1)
    assert not queries.by_uscc(NATION, [cast.maker.code], on=later)
    assert not queries.code_and_roles(cast.maker.number, later)
    assert queries.by_uscc(NATION, [cast.maker.code])


def test_a_company_registers_sites_of_its_own_and_no_others(cast: Cast, clock: FixedClock) -> None:
    def site(company: str, code: str = "N1") -> SiteEntry:
        return SiteEntry(company=company, code=code, kind=SiteKind.WAREHOUSE, division="330100")

    services.register_site(cast.carmaker.scope, site(cast.carmaker.code), clock)
    services.register_site(cast.zhejiang.scope, site(cast.maker.code), clock)
    outlet = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    for by, owner in ((cast.carmaker.scope, cast.collector.code), (outlet, cast.collector.code)):
        with pytest.raises(Forbidden):
            services.register_site(by, site(owner), clock)
    with pytest.raises(Forbidden):
        services.register_site(cast.guangdong.scope, site(cast.maker.code, "N2"), clock)
    with pytest.raises(Conflict):
        services.register_site(cast.carmaker.scope, site(cast.carmaker.code), clock)


def test_sites_that_are_wrong_are_named(cast: Cast, clock: FixedClock) -> None:
    good = {"company": cast.maker.code, "code": "A", "kind": "factory", "division": "440300"}
    rows: list[dict[str, object]] = [
        {**good, "longitude": 114.05, "latitude": 22.54},
        {**good, "code": "B", "kind": "castle"},
        {**good, "code": "C", "longitude": 200.0, "latitude": 22.0},
        {**good, "code": "D", "longitude": 114.0},
        {**good, "code": "E", "company": NEW},
        {**good, "code": "F", "division": "4403"},
    ]
    done = services.register_sites(NATION, rows, clock)
    assert done.entered == 1
    assert codes_of(done.findings) == {
        1: {"registry.site_kind_unknown"},
        2: {"registry.place_impossible"},
        3: {"registry.place_impossible"},
        4: {"registry.company_unknown"},
        5: {"codes.division_form"},
    }


def test_vendor_codes_come_from_csv_and_follow_one_another(cast: Cast) -> None:
    csv = (
        "code,company,status,valid_from\n"
        f"{VENDOR},{cast.carmaker.code},confirmed,2027-01-01\n"
        "001,,reported,2017-01-01\n"
    )
    assert services.load_vendor_codes(NATION, csv).entered == 2
    held = queries.vendors([VENDOR, "001", "ZZZ"])
    assert held.select("code", "company", "valid_to").rows() == [
        ("001", None, None),
        (VENDOR, cast.maker.number, date(2026, 12, 31)),
        (VENDOR, cast.carmaker.number, None),
    ]
    assert queries.vendors([VENDOR], on=date(2027, 1, 1))["company"].to_list() == [cast.carmaker.number]


def test_vendor_codes_that_are_wrong_are_named(cast: Cast) -> None:
    csv = (
        "code,company,holder,status,valid_from,valid_to\n"
        "ab1,,,confirmed,2017-01-01,\n"
        "AB1,,甲,rumoured,2017-01-01,\n"
        f"AB2,{NEW},,confirmed,2017-01-01,\n"
        "AB3,,,confirmed,,\n"
        "AB4,,,confirmed,2017-01-02,2017-01-01\n"
    )
    done = services.load_vendor_codes(NATION, csv)
    assert done.entered == 0
    assert codes_of(done.findings) == {
        0: {"registry.vendor_code_form"},
        1: {"registry.vendor_status_unknown"},
        2: {"registry.company_unknown"},
        3: {"registry.value_missing"},
        4: {"registry.validity_reversed"},
    }


@pytest.mark.parametrize("csv", [b"", b"\xff\xfe\x00\x01", 'code\n"unclosed'])
def test_what_is_no_csv_is_refused(clean_database: str, csv: str | bytes) -> None:
    with pytest.raises(SuyuanError) as refusal:
        services.load_vendor_codes(NATION, csv).or_raise()
    assert refusal.value.code.startswith("registry.")
    assert not VendorCode.objects.exists()


def test_only_the_nation_loads_vendor_codes(cast: Cast) -> None:
    csv = "code,status,valid_from\nAB1,confirmed,2017-01-01\n"
    for by in (cast.guangdong.scope, cast.maker.scope):
        with pytest.raises(Forbidden):
            services.load_vendor_codes(by, csv).or_raise()


def filing(cast: Cast, **changes: object) -> dict[str, object]:
    return {
        "prefix": "9SMCB04ABCDEFG",
        "company": cast.maker.code,
        "model": "C-200",
        "filed_on": date(2026, 1, 1),
    } | changes


def test_a_filing_says_what_a_prefix_is(cast: Cast) -> None:
    services.file_code(cast.maker.scope, filing(cast, rated_capacity_ah=280.0, details='{"shape":"prismatic"}'))
    found = queries.filings(NATION, ["9SMCB04ABCDEFG", PACK_PREFIX, "9SMCB04XXXXXXX"])
    assert found.select("prefix", "level", "chemistry", "modules", "cells").rows() == [
        ("9SMCB04ABCDEFG", "C", "B", None, None),
        (PACK_PREFIX, "P", "B", 2, 8),
    ]
    assert CodeFiling.objects.get(prefix="9SMCB04ABCDEFG").details == {"shape": "prismatic"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prefix": "9SMXB04ABCDEFG"}, "registry.prefix_form"),
        ({"prefix": "9SMCB04"}, None),  # products in the form of 19 characters
        ({"prefix": "9SMCB04A"}, "registry.prefix_form"),
        ({"prefix": None}, "registry.value_missing"),
        ({"level": "P"}, "registry.prefix_level"),
        ({"chemistry": "E"}, "registry.prefix_chemistry"),
        ({"company": NEW}, "registry.company_unknown"),
        ({"prefix": "9SUCB04ABCDEFG"}, "registry.vendor_of_other"),
        ({"mass_kg": 0.0}, "registry.measure_impossible"),
        ({"mass_kg": float("inf")}, "registry.measure_impossible"),
        ({"cells": -1}, "registry.measure_impossible"),
        ({"details": "[]"}, "registry.details_form"),
        ({"details": "{"}, "registry.details_form"),
        ({"filed_on": None}, "registry.value_missing"),
        ({"valid_to": date(2025, 1, 1)}, "registry.validity_reversed"),
    ],
)
def test_a_filing_that_is_wrong_is_refused(cast: Cast, changes: dict[str, object], code: str | None) -> None:
    done = services.import_filings(NATION, [filing(cast, **changes)])
    found = codes_of(done.findings.filter(pl.col("severity") == "refuse"))
    assert (found == {}) if code is None else (code in found[0])
    assert done.entered == (1 if code is None else 0)


def test_an_unknown_vendor_code_is_only_remarked_on(cast: Cast) -> None:
    done = services.import_filings(NATION, [filing(cast, prefix="04QCB76836300J")])
    assert done.entered == 1
    assert codes_of(done.findings) == {0: {"registry.vendor_unknown"}}
    assert done.findings["severity"].to_list() == ["warning"]


def test_a_company_files_for_itself_and_nobody_else(cast: Cast) -> None:
    for by in (cast.utiliser.scope, cast.guangdong.scope, Scope.of_outlet(cast.maker.number, 1)):
        with pytest.raises(Forbidden) as refusal:
            services.file_code(by, filing(cast))
        assert refusal.value.code == "registry.outside_scope"


def test_a_later_filing_ends_the_earlier_one(cast: Cast) -> None:
    services.file_code(cast.maker.scope, filing(cast, cells=1))
    services.file_code(cast.maker.scope, filing(cast, cells=2, filed_on=date(2026, 7, 1)))
    rows = queries.filings(NATION, ["9SMCB04ABCDEFG"]).select("cells", "valid_from", "valid_to").rows()
    assert rows == [(1, date(2026, 1, 1), date(2026, 6, 30)), (2, date(2026, 7, 1), None)]
    for day, cells in ((date(2026, 6, 30), [1]), (date(2026, 7, 1), [2]), (date(2025, 12, 31), [])):
        assert queries.filings(NATION, ["9SMCB04ABCDEFG"], on=day)["cells"].to_list() == cells


def test_filings_are_the_business_of_who_made_them(cast: Cast) -> None:
    prefixes = [PACK_PREFIX, CELL_PREFIX]
    for scope, count in (
        (cast.maker.scope, 2),
        (cast.guangdong.scope, 2),
        (cast.carmaker.scope, 0),
        (cast.zhejiang.scope, 0),
    ):
        assert queries.filings(scope, prefixes).height == count


def test_ten_thousand_filings_come_in_by_the_set(cast: Cast) -> None:
    rows = pl.DataFrame({"row": range(10_000)}).select(
        prefix=pl.format("9SMCB07{}", pl.col("row").cast(pl.String).str.zfill(7)),
        company=pl.lit(cast.maker.code),
        model=pl.lit("C"),
        filed_on=pl.lit(date(2026, 1, 1)),
    )
    with queries_of() as seen:
        assert services.import_filings(cast.maker.scope, rows).entered == 10_000
    assert len(seen) <= 7
    with queries_of() as seen:
        assert queries.filings(NATION, rows["prefix"].to_list()).height == 10_000
    assert len(seen) == 1


def test_provinces_count_seats_and_sites(cast: Cast, clock: FixedClock) -> None:
    today = clock.today()
    assert queries.provinces(NATION, today).rows() == [("330000", "浙江省", 4, 6), ("440000", "广东省", 4, 3)]
    assert queries.provinces(cast.guangdong.scope, today).rows() == [("440000", "广东省", 4, 3)]
    assert queries.provinces(cast.maker.scope, today).rows() == [("330000", "浙江省", 0, 1), ("440000", "广东省", 1, 1)]


@pytest.mark.parametrize(
    "change", [{"code": "tooshort"}, {"division": None}, {"valid_from": date(2026, 1, 2), "valid_to": date(2026, 1, 1)}]
)
def test_the_database_itself_refuses_a_senseless_company(cast: Cast, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.filter(number=cast.maker.number).update(**change)


def test_the_database_itself_holds_a_filing_to_its_prefix(cast: Cast) -> None:
    for change in ({"level": "C"}, {"chemistry": "E"}, {"prefix": "lower"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CodeFiling.objects.filter(prefix=PACK_PREFIX).update(**change)
