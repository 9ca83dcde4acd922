"""Curves for plots: few points, every peak still there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from suyuan.assessment import read
from suyuan.assessment.curves import curves_of, thinned
from tests.assessment.made import cycles_csv, sample


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=500), st.integers(4, 100))
def test_thinning_keeps_ends_and_extremes(values: list[float], most: int) -> None:
    array = np.array(values)
    kept = thinned(array, most)
    assert len(kept) <= max(most, 2) + 2
    assert (kept[0], kept[-1]) == (0, len(array) - 1)
    assert (array[kept].min(), array[kept].max()) == (array.min(), array.max())


def test_curves_of_a_series_count_discharging_as_positive() -> None:
    found = curves_of(read(cycles_csv(2)), 100)
    assert {len(values) for values in found.values()} == {len(found["time_s"])}
    assert len(found["time_s"]) <= 102
    assert min(value for value in found["current_a"] if value is not None) == -10.0
    assert found["current_a"][0] == -10.0  # it begins with a charge


def test_curves_of_a_spectrum_are_those_of_nyquist() -> None:
    found = curves_of(read(sample("eis/exampleData.csv")))
    assert set(found) == {"real_ohm", "minus_imaginary_ohm"}
