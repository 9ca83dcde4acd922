"""The accuracy of a tester, and what it does to charge and energy (GUM, JCGM 100:2008, type B)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from suyuan.assessment.errors import AssessmentError

SQRT3 = 3.0**0.5
"""A stated limit of error is the half width of a rectangle: its standard uncertainty is a √3-th of it."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """Limits of error as a maker states them.

    A limit is ``of_range`` times the range plus ``of_reading`` times the reading.

    Parameters
    ----------
    current_range_a, voltage_range_v
        Full scale (A, V).
    current_of_range, current_of_reading, voltage_of_range, voltage_of_reading
        Ratios.
    time_of_reading
        Ratio.
    temperature_k
        Limit of error of temperature (K).
    """

    current_range_a: float = 0.0
    current_of_range: float = 0.0
    current_of_reading: float = 0.0
    voltage_range_v: float = 0.0
    voltage_of_range: float = 0.0
    voltage_of_reading: float = 0.0
    time_of_reading: float = 0.0
    temperature_k: float = 0.0
    name: str = ""

    @property
    def current_floor_a(self) -> float:
        """The part of the limit of current that does not depend on the reading (A)."""
        return self.current_of_range * self.current_range_a

    @property
    def voltage_floor_v(self) -> float:
        """The part of the limit of voltage that does not depend on the reading (V)."""
        return self.voltage_of_range * self.voltage_range_v


def read_instrument(text: str) -> Instrument:
    """An instrument from its TOML text; refuses unknown keys and impossible numbers.

    >>> read_instrument('current_range_a = 5.0\\ncurrent_of_range = 0.001').current_floor_a
    0.005
    """
    try:
        table: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AssessmentError("assessment.not_toml", said=str(error)[:120]) from error
    known = {field.name for field in fields(Instrument)}
    for key, value in table.items():
        if key not in known:
            raise AssessmentError("assessment.bad_instrument", key=key, known=sorted(known))
        if key != "name" and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6):
            raise AssessmentError("assessment.bad_instrument", key=key, known=sorted(known))
    limits: dict[str, Any] = {key: float(value) for key, value in table.items() if key != "name"}
    return replace(Instrument(name=str(table.get("name", ""))), **limits)
