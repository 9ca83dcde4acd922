"""What detectors look for is injected where its rate says so, and the truth says where."""

import polars as pl
import pytest

from suyuan.simulation import ErrorRates, Plan, Simulation, simulate

NOTHING = dict.fromkeys(dict(ErrorRates().items()), 0.0)
WANTED = {"exchanged": 1.0, "overfull": 1.0, "misread": 0.2, "misweighed": 0.2, "overstated": 1.0}


@pytest.fixture(scope="module")
def crooked() -> Simulation:
    return simulate(Plan.province_year(seed=5, vehicles=600, errors=ErrorRates(**(NOTHING | WANTED))))


def of(simulation: Simulation, error: str) -> pl.DataFrame:
    found = simulation.truth.filter(pl.col("error") == error)
    assert found.height
    return found


def test_nothing_else_goes_wrong(crooked: Simulation) -> None:
    assert set(crooked.truth["error"]) == WANTED.keys()


def test_a_misread_code_differs_in_one_character(crooked: Simulation) -> None:
    told = pl.concat([crooked.reports.told[kind]["code"] for kind in ("utiliser_received", "outlet_received")])
    for true, said in of(crooked, "misread").select("true_value", "reported_value").iter_rows():
        assert sum(a != b for a, b in zip(true, said, strict=True)) == 1
        assert said in set(told)


def test_a_misweighed_receipt_is_too_light(crooked: Simulation) -> None:
    rows = of(crooked, "misweighed").select(pl.col("true_value", "reported_value").cast(pl.Float64))
    assert all(0.59 < said / true < 0.81 for true, said in rows.iter_rows())


def test_an_exchanged_pack_is_scrapped_in_the_place_of_the_true_one(crooked: Simulation) -> None:
    scrapped = dict(crooked.reports.told["vehicle_scrapped"].select("vin", "pack_code").iter_rows())
    made = set(crooked.reports.told["pack_produced"]["pack_code"])
    for vin, true in of(crooked, "exchanged").select("object", "true_value").iter_rows():
        assert scrapped[vin] != true
        assert scrapped[vin] not in made


def test_an_overfull_outlet_holds_more_than_five_tonnes(crooked: Simulation) -> None:
    received = crooked.reports.told["outlet_received"]
    for site in of(crooked, "overfull")["object"]:
        first = received.filter(pl.col("site") == site, pl.col("received_on") == received["received_on"].min())
        assert first["mass_kg"].sum() > 5000


def test_who_overstates_reports_half_as_much_again(crooked: Simulation) -> None:
    said, true = (
        frame.filter(pl.col("material") == "lithium")
        for frame in (crooked.reports.told["treated"], crooked.story["treated"])
    )
    assert sum(said["mass_kg"].to_list()) == pytest.approx(1.5 * sum(true["mass_kg"].to_list()), rel=0.01)
    assert set(of(crooked, "overstated")["object"]) <= set(crooked.world.usccs)
