"""Whether the voltages of a row can be what a cell of the type does; a row that is not is refused, with the reason."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from suyuan.assessment.pulses.features import steps_of
from suyuan.assessment.pulses.rows import Flags, Floats, Pulses

LOWEST_V, HIGHEST_V = 0.5, 5.0  # no lithium-ion cell works outside; a module or millivolts do
SLACK_V = 1e-3
"""A jump this far below zero may be noise (V at 1 C); the corrupted row of PulseBat lies a hundred times further."""


class Refusal(StrEnum):
    """Why there is no answer for a row."""

    MISSING = "missing_value"  # a voltage, the width or the nominal capacity is no number
    UNIT = "wrong_unit"  # voltages that no single cell has
    SIGN = "reversed_current"  # all pulses go the other way
    SIGNAL = "bad_signal"  # a negative resistance: steps shifted, or a contact lost
    TYPE = "other_type"  # another nominal capacity or chemistry than the model's
    WIDTH = "other_pulse_width"  # a pulse width that the model was not trained on
    CHARGE = "state_of_charge_outside"  # a rest voltage outside the trained range
    DOMAIN = "unlike_training"  # features far from every trained cell's
    TWICE = "cell_twice"  # two rows name the same cell


def refusals(pulses: Pulses) -> npt.NDArray[np.object_]:
    """A `Refusal` or None for each row, from the row alone."""
    reasons = np.full(len(pulses), None, dtype=object)
    volts = pulses.volts
    missing = (
        np.asarray(~np.isfinite(volts).all(axis=1)) | ~np.isfinite(pulses.width_ms) | ~np.isfinite(pulses.nominal_ah)
    )
    missing |= (pulses.width_ms <= 0) | (pulses.nominal_ah <= 0)
    safe = np.where(np.isfinite(volts), volts, 3.0)
    mark(reasons, missing, Refusal.MISSING)
    mark(reasons, np.asarray(((safe < LOWEST_V) | (safe > HIGHEST_V)).any(axis=1)), Refusal.UNIT)
    steps = steps_of(safe)
    most = np.max(np.hstack(steps.ohmic), axis=1)
    mark(reasons, np.asarray(most < 0), Refusal.SIGN)
    mark(reasons, np.asarray(steps.least < -SLACK_V), Refusal.SIGNAL)
    mark(reasons, flat(steps.ohmic), Refusal.SIGNAL)
    return reasons


def unrefused(reasons: npt.NDArray[np.object_]) -> Flags:
    """Rows without a reason."""
    return np.array([reason is None for reason in reasons], dtype=bool)


def mark(reasons: npt.NDArray[np.object_], rows: Flags, reason: Refusal) -> None:
    """Refuse rows that are not refused yet."""
    reasons[rows & unrefused(reasons)] = reason


def flat(ohmic: tuple[Floats, ...]) -> Flags:
    """Rows without any answer to the current: the pulses were not applied or the voltage was not recorded."""
    return np.asarray(np.median(np.hstack(ohmic), axis=1) < SLACK_V)


def repeated(cells: npt.NDArray[np.object_]) -> Flags:
    """Rows whose cell stands in more than one row."""
    _, inverse, counts = np.unique(cells.astype(str), return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse] > 1)
