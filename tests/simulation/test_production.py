from datetime import date
from itertools import islice

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.codes.columns import check_battery_codes, decode_battery_codes
from suyuan.simulation import Plan, PlanError, bulk_design, pack_files, simulate
from suyuan.simulation.production import lot_cells, matched_serials, pack_rows

REFERENCE = date(2027, 1, 1)


def gaps(frame: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Differences between the serials of cells that are neighbours in a module."""
    serial = pl.col("cell_code").str.slice(17).cast(pl.Int64)
    return frame.select(serial.diff().over("module_code").abs()).drop_nulls().to_series().to_numpy()


@given(
    packs=st.integers(1, 40),
    rows=st.integers(1, 3_000),
    a_day=st.integers(1, 15),
    shuffled=st.booleans(),
    seed=st.integers(0, 2**40),
)
def test_every_part_is_in_one_place_and_no_file_cuts_a_pack(
    packs: int, rows: int, a_day: int, shuffled: bool, seed: int
) -> None:
    files = list(pack_files(packs, rows, shuffled, seed, packs_per_day=a_day))
    everything = pl.concat(files)
    assert everything.height == packs * 160
    assert everything["cell_code"].n_unique() == packs * 160
    assert everything["module_code"].n_unique() == packs * 10
    assert everything["pack_code"].n_unique() == packs
    assert all(file.height <= max(rows, 160) for file in files)
    assert sum(file["pack_code"].n_unique() for file in files) == packs
    assert everything.unique(["module_code", "pack_code"]).height == packs * 10


def test_codes_keep_the_rules_and_say_the_day() -> None:
    frame = pl.concat(pack_files(60, 4_000, start=date(2024, 12, 20), packs_per_day=7))
    for name in ("pack_code", "module_code", "cell_code"):
        found = check_battery_codes(frame[name], REFERENCE)
        assert found["finding"].null_count() == found["warning"].null_count() == frame.height
    decoded = decode_battery_codes(frame["pack_code"], REFERENCE)
    assert decoded["produced_on"].equals(frame["produced_on"], check_names=False)
    assert (decode_battery_codes(frame["cell_code"], REFERENCE)["produced_on"] < frame["produced_on"]).all()


def test_cells_of_a_module_are_not_consecutive_but_those_of_the_plain_order_are() -> None:
    matched = pl.concat(pack_files(200, 10**6))
    plain = pl.concat(pack_files(200, 10**6, shuffled=False))
    assert np.mean(gaps(matched) <= 1) < 0.001
    assert np.median(gaps(matched)) > 1_000
    assert set(gaps(plain)) == {1}


def test_cells_that_match_no_module_are_put_aside() -> None:
    serials = matched_serials(10_000, salt=5)
    assert len(set(serials.tolist())) == 10_000
    assert serials.min() >= 1
    assert 10_000 < serials.max() <= 10_201


def test_a_pack_has_the_same_cells_whoever_asks() -> None:
    simulation = simulate(Plan.province_year(vehicles=80))
    packs = simulation.fleet.packs.filter(pl.col("design") == 0)
    whole = pl.concat(pack_rows(simulation.world, simulation.fleet.packs, packs, seed=3))
    for one in packs.sample(5, seed=1).iter_slices(1):
        alone = pl.concat(pack_rows(simulation.world, simulation.fleet.packs, one, seed=3))
        assert alone.equals(whole.filter(pl.col("pack_code") == one["code"][0]))


def test_production_streams_however_much_is_asked_for() -> None:
    files = list(islice(pack_files(50_000_000, 100_000), 3))
    assert [file.height for file in files] == [100_000] * 3


def test_the_seed_decides() -> None:
    def cells(seed: int) -> pl.Series:
        return pl.concat(pack_files(20, 10**6, seed=seed))["cell_code"]

    assert cells(1).equals(cells(1))
    assert not cells(1).equals(cells(2))


def test_a_lot_ends_with_its_serials() -> None:
    with pytest.raises(PlanError, match="out_of_range"):
        next(pack_files(1, 1, packs_per_day=62_500))
    with pytest.raises(PlanError, match="lot_too_large"):
        lot_cells(bulk_design()[1], day=20_000, packs=62_400, seed=1)
    with pytest.raises(PlanError, match="out_of_range"):
        next(pack_files(0, 1))
