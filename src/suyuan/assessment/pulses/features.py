"""What pulses say about a cell: over-potentials by rate, relaxation, open-circuit voltage.

Every difference is divided by the C-rate and so is an area-free resistance in V at 1 C; a state of charge
enters nowhere, because nobody knows it for a cell that has just arrived.
"""

from dataclasses import dataclass

import numpy as np

from suyuan.assessment.pulses.rows import RATES, Floats

FLOOR_V = 2e-4
"""Twice the resolution of the voltages (V): below it a logarithm would show rounding, not the cell."""

_RATE = np.array(RATES)


@dataclass(frozen=True, slots=True)
class Steps:
    """Differences over the C-rate (V at 1 C), each of shape (n, 5): one a rate.

    Parameters
    ----------
    rest_v
        Voltage before the first pulse (V), shape (n,): the open-circuit voltage at the end of the rest.
    ohmic
        Jump when the current sets in or ends: + pulse on, + pulse off, - pulse on, - pulse off.
    polarisation
        Change within + pulse, rest after it, - pulse, rest after it.
    left
        What is left of the voltage before the pulse, after the rest of + and of - pulse.
    """

    rest_v: Floats
    ohmic: tuple[Floats, Floats, Floats, Floats]
    polarisation: tuple[Floats, Floats, Floats, Floats]
    left: tuple[Floats, Floats]

    @property
    def least(self) -> Floats:
        """The smallest ohmic jump of each row (V at 1 C); below zero no cell has pulsed like this."""
        return np.asarray(np.min(np.hstack(self.ohmic), axis=1))


def steps_of(volts: Floats) -> Steps:
    """The differences of rows of voltages, shape (n, 41)."""
    block = volts[:, 1:].reshape(len(volts), len(RATES), 8)
    before = volts[:, 0:40:8]
    on, end, off, rested, turned, low, back, last = (block[:, :, place] for place in range(8))
    over = [
        (on - before) / _RATE,
        (end - off) / _RATE,
        (rested - turned) / _RATE,
        (back - low) / _RATE,
        (end - on) / _RATE,
        (off - rested) / _RATE,
        (turned - low) / _RATE,
        (last - back) / _RATE,
    ]
    left = ((rested - before) / _RATE, (last - before) / _RATE)
    return Steps(volts[:, 0], (over[0], over[1], over[2], over[3]), (over[4], over[5], over[6], over[7]), left)


def plain_view(steps: Steps) -> Floats:
    """Rest voltage and every difference as it is, shape (n, 51)."""
    return np.column_stack([steps.rest_v, *steps.ohmic, *steps.polarisation, *steps.left])


def log_view(steps: Steps) -> Floats:
    """Logarithms, so that a common factor (temperature, contact) is a shift; shape (n, 51)."""
    logs = [np.log(np.maximum(each, FLOOR_V)) for each in (*steps.ohmic, *steps.polarisation)]
    scale = np.maximum(steps.polarisation[0], FLOOR_V)
    return np.column_stack([steps.rest_v, *logs, *(each / scale for each in steps.left)])


def mean_view(steps: Steps) -> Floats:
    """Logarithms averaged over the rates from 1 C, with less noise and less detail; shape (n, 11)."""
    logs = [np.log(np.maximum(each, FLOOR_V))[:, 1:].mean(axis=1) for each in (*steps.ohmic, *steps.polarisation)]
    scale = np.maximum(steps.polarisation[0], FLOOR_V)
    left = [(each / scale)[:, 2:].mean(axis=1) for each in steps.left]
    return np.column_stack([steps.rest_v, *logs, *left])
