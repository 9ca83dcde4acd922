from datetime import date

import polars as pl
import pytest

from suyuan.codes.columns import check_companies, check_divisions, check_vins
from suyuan.events.check import FILINGS
from suyuan.events.vocabulary import vocabulary
from suyuan.simulation import Plan, build_world, simulate
from suyuan.simulation.facts import PROVINCES
from suyuan.simulation.register import registry_tables

PLANS = [Plan.province_year(), Plan.province_year(seed=9_999, province="110000"), Plan.nation()]


@pytest.mark.parametrize("plan", PLANS)
def test_companies_are_marked_and_have_right_credit_codes(plan: Plan) -> None:
    companies = registry_tables(build_world(plan))["companies"]
    assert companies["code"].is_unique().all()
    assert check_companies(companies["code"])["finding"].null_count() == companies.height
    assert companies["name_zh"].str.ends_with("(模拟)").all()
    assert companies["name_en"].str.ends_with("(simulated)").all()
    assert companies["simulated"].all()
    assert set(companies["roles"].explode()) == set(vocabulary().roles)


@pytest.mark.parametrize("plan", PLANS)
def test_the_register_is_closed(plan: Plan) -> None:
    tables = registry_tables(build_world(plan))
    known = set(tables["companies"]["code"])
    for name in ("sites", "vendor_codes", "filings"):
        assert set(tables[name]["company"]) <= known
    assert tables["vendor_codes"]["code"].is_unique().all()
    assert tables["filings"]["prefix"].is_unique().all()
    assert set(tables["filings"]["prefix"].str.slice(0, 3)) == set(tables["vendor_codes"]["code"])
    assert set(FILINGS) <= set(tables["filings"].columns)
    assert tables["filings"]["prefix"].str.len_bytes().is_in([7, 14]).all()


def test_divisions_are_in_force() -> None:
    divisions = pl.Series([code for province in PROVINCES.values() for code in province.divisions])
    assert check_divisions(divisions, date(2025, 6, 1))["finding"].null_count() == len(divisions)
    assert divisions.is_unique().all()


def test_vins_pass_the_strict_check() -> None:
    vins = simulate(Plan.province_year(vehicles=500)).fleet.vehicles["vin"]
    assert vins.is_unique().all()
    assert check_vins(vins, strict=True, reference=date(2026, 1, 1))["finding"].null_count() == 500
