"""Circuits: a made record gives back its parameters within their deviations; what cannot be fitted is refused."""

import csv

import numpy as np
import pytest

from suyuan.assessment import AssessmentError
from suyuan.assessment.pulses import fit_circuit
from suyuan.assessment.pulses.thevenin import Circuit, Pair, Value, voltage_of
from tests.assessment.pulses.real import SAMPLES

TIME = np.arange(0.0, 60.0, 0.25)
CURRENT = np.where((TIME >= 5) & (TIME < 25), 10.0, np.where((TIME >= 40) & (TIME < 50), -10.0, 0.0))


def sure(value: float) -> Value:
    return Value(value, 0.0)


def circuit(order: int) -> Circuit:
    pairs = (Pair(sure(0.002), sure(1.5)), Pair(sure(0.004), sure(12.0)))[:order]
    return Circuit(sure(3.3), sure(0.003), pairs, sure(0.05), 0.0, True)


@pytest.mark.parametrize("order", [1, 2])
def test_a_record_without_noise_gives_back_its_circuit(order: int) -> None:
    made = circuit(order)
    found = fit_circuit(TIME, CURRENT, voltage_of(made, TIME, CURRENT), order)
    assert found.ohmic_ohm.value == pytest.approx(0.003, rel=0.01)
    for pair, wanted in zip(found.pairs, made.pairs, strict=True):
        assert pair.resistance_ohm.value == pytest.approx(wanted.resistance_ohm.value, rel=0.03)
        assert pair.time_constant_s.value == pytest.approx(wanted.time_constant_s.value, rel=0.03)
    assert found.settled


def test_the_stated_deviations_are_those_of_repeated_records() -> None:
    made = circuit(1)
    random = np.random.default_rng(11)
    clean = voltage_of(made, TIME, CURRENT)
    found = [fit_circuit(TIME, CURRENT, clean + random.normal(0, 5e-4, len(TIME)), 1) for _ in range(12)]
    parameters = [(each.ohmic_ohm, each.pairs[0].resistance_ohm, each.pairs[0].time_constant_s) for each in found]
    for values in zip(*parameters, strict=True):
        spread = np.std([value.value for value in values], ddof=1)
        assert 0.5 < np.mean([value.deviation for value in values]) / spread < 2.0


def test_a_second_pair_that_is_not_there_is_not_called_settled() -> None:
    noise = np.random.default_rng(5).normal(0, 5e-4, len(TIME))
    assert not fit_circuit(TIME, CURRENT, voltage_of(circuit(1), TIME, CURRENT) + noise, 2).settled


def test_a_weaker_cell_shows_more_resistance_in_real_records() -> None:
    with (SAMPLES / "pouch31_soc30.csv").open() as stream:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(stream))[1:]])
    strong, weak = (fit_circuit(rows[:, 0], -rows[:, 1], rows[:, place], 1) for place in (2, 3))
    total = [each.ohmic_ohm.value + each.pairs[0].resistance_ohm.value for each in (strong, weak)]
    assert 0.01 < total[0] < total[1] < 0.2


@pytest.mark.parametrize(
    ("time", "current", "order", "code"),
    [
        (TIME, CURRENT, 3, "assessment.circuit_order"),
        (TIME[:5], CURRENT[:5], 1, "assessment.circuit_few_records"),
        (TIME[::-1], CURRENT, 1, "assessment.circuit_time"),
        (TIME, CURRENT * 0, 1, "assessment.circuit_no_pulse"),
        (TIME, np.where(TIME == 3, np.nan, CURRENT), 1, "assessment.circuit_not_finite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(time: object, current: object, order: int, code: str) -> None:
    assert isinstance(time, np.ndarray)
    assert isinstance(current, np.ndarray)
    with pytest.raises(AssessmentError) as caught:
        fit_circuit(time, current, np.full(len(time), 3.3), order)
    assert caught.value.code == code
