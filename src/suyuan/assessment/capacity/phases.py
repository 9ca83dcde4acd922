"""Phases of a record: neighbouring steps that do the same, and the places where a protocol's sequence stands."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from suyuan.assessment.capacity.protocol import Place, Protocol
from suyuan.assessment.signs import DISCHARGE, REST


@dataclass(frozen=True, slots=True)
class Phase:
    """Neighbouring steps of one kind: rows `first` to `last` (inclusive, from 0) of the table of steps."""

    phase: str
    first: int
    last: int
    charged_ah: float
    discharged_ah: float
    charged_wh: float
    discharged_wh: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Match:
    """One pass through a sequence: the discharge that is measured and what went before it."""

    discharge: Phase
    rest: Phase | None
    charge: Phase | None
    before: Phase | None  # the phase before the charge, rests left out


def phases_of(steps: pl.DataFrame) -> list[Phase]:
    """The phases of a table of steps, in order of time."""
    if not steps.height:
        return []
    kinds = steps["phase"].to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], kinds[1:] != kinds[:-1]]))
    ends = np.append(starts[1:], steps.height) - 1
    names = ("charged_ah", "discharged_ah", "charged_wh", "discharged_wh", "duration_s")
    sums = {name: np.add.reduceat(steps[name].fill_null(0.0).to_numpy(), starts) for name in names}
    return [
        Phase(str(kinds[first]), int(first), int(last), *(float(sums[name][place]) for name in names))
        for place, (first, last) in enumerate(zip(starts, ends, strict=True))
    ]


def matches(phases: list[Phase], protocol: Protocol) -> list[Match]:
    """Every full discharge that ends a pass through the protocol's sequence."""
    largest = max((phase.discharged_ah for phase in phases if phase.phase == DISCHARGE), default=0.0)
    if largest <= 0:
        return []
    found = []
    for place, phase in enumerate(phases):
        if phase.phase != DISCHARGE or phase.discharged_ah < protocol.least_share * largest:
            continue
        match = _before(phases, place, protocol.sequence)
        if match is not None:
            found.append(match)
    return found


def _before(phases: list[Phase], place: int, sequence: tuple[Place, ...]) -> Match | None:
    """What went before a discharge, if it follows the sequence."""
    at = place - 1
    for wanted in reversed(sequence[:-1]):
        if at >= 0 and phases[at].phase == wanted.phase:
            at -= 1
        elif not wanted.optional:
            return None
    rest = phases[place - 1] if place and phases[place - 1].phase == REST else None
    at = place - (2 if rest else 1)
    charge = phases[at] if at >= 0 and phases[at].phase not in (REST, DISCHARGE) else None
    before = next((phase for phase in reversed(phases[: max(at, 0)]) if phase.phase != REST), None)
    return Match(phases[place], rest, charge, before)
