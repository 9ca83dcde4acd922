"""Features mean what they say: a cell that is a plain resistance shows exactly that resistance, and no charge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.assessment.pulses.features import log_view, mean_view, plain_view, steps_of
from suyuan.assessment.pulses.rows import RATES


def made(rest_v: float, ohmic: float, pol: float) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """One row of a cell with a jump `ohmic` and a creep `pol` (V at 1 C) that the rest takes back whole."""
    row = [rest_v]
    for rate in RATES:
        jump, creep = rate * ohmic, rate * pol
        row += [rest_v + jump, rest_v + jump + creep, rest_v + creep, rest_v]
        row += [rest_v - jump, rest_v - jump - creep, rest_v - creep, rest_v]
    return np.array([row])


@given(st.floats(2.8, 4.2), st.floats(0.001, 0.1), st.floats(0.001, 0.1))
def test_a_made_cell_shows_its_resistances_at_every_rate(rest_v: float, ohmic: float, pol: float) -> None:
    steps = steps_of(made(rest_v, ohmic, pol))
    assert np.allclose(np.hstack(steps.ohmic), ohmic, atol=1e-12)
    assert np.allclose(np.hstack(steps.polarisation), pol, atol=1e-12)
    assert np.allclose(np.hstack(steps.left), 0, atol=1e-12)
    assert steps.rest_v[0] == rest_v


@given(st.floats(0.7, 1.4))
def test_a_common_factor_of_all_resistances_is_a_shift_of_the_logarithms(factor: float) -> None:
    plain, scaled = (log_view(steps_of(made(3.3, 0.01 * f, 0.02 * f)))[0] for f in (1.0, factor))
    assert scaled[1:41] - plain[1:41] == pytest.approx(np.full(40, np.log(factor)), abs=1e-9)


def test_views_have_their_width_and_are_finite_for_a_flat_row() -> None:
    steps = steps_of(np.full((2, 41), 3.3))
    assert [view(steps).shape for view in (plain_view, log_view, mean_view)] == [(2, 51), (2, 51), (2, 11)]
    assert all(np.isfinite(view(steps)).all() for view in (plain_view, log_view, mean_view))
