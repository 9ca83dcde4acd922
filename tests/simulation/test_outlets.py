"""The simulated outlets: the same from the same seed, each at a site of its operator, and plainly not real."""

from datetime import date

from suyuan.simulation import Plan, simulate
from suyuan.simulation.facts import PROVINCES
from suyuan.simulation.outlets import PLACES, outlets

SINCE = date(2025, 1, 1)


def test_every_outlet_is_a_site_of_its_operator_near_its_division() -> None:
    world = simulate(Plan.province_year(7, 50)).world
    frame = outlets(world, SINCE, 7)
    assert frame.equals(outlets(world, SINCE, 7))
    assert not frame.equals(outlets(world, SINCE, 8))
    sites = {(company.uscc, site) for company in world.of_role("outlet_operator") for site in company.sites}
    assert set(frame.select("company", "code").iter_rows()) == sites
    assert all("(模拟)" in name for name in frame["name"])
    makers = {company.uscc for company in world.of_role("carmaker")}
    assert {code for text in frame["commissioned_by"] for code in text.split()} <= makers
    for division, east, north in frame.select("division", "longitude", "latitude").iter_rows():
        longitude, latitude = PLACES[division]
        assert abs(float(east) - longitude) <= 0.081
        assert abs(float(north) - latitude) <= 0.081


def test_every_division_of_the_simulator_has_its_place() -> None:
    assert {code for province in PROVINCES.values() for code in province.divisions} == set(PLACES)
