"""A test record: one time series and one table of steps, whatever tester wrote the file.

Column names of the series are the machine-readable names of the Battery Data Format
(github.com/battery-data-alliance/battery-data-format, README, read 2026-11), and so is the sign:
in a column named `current_ampere` charging is positive, as testers write it. Every quantity with
a name of our own counts discharging as positive: `Record.current_a` and the table of steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.kernel import Finding
from suyuan.kernel.findings import Value


class Kind(StrEnum):
    """What a record holds."""

    SERIES = "series"  # voltage and current over time
    STEPS = "steps"  # a table of steps with what the tester itself counted; the series has their ends only
    IMPEDANCE = "impedance"  # a spectrum


SERIES = pl.Schema(
    {
        "test_time_second": pl.Float64(),
        "voltage_volt": pl.Float64(),
        "current_ampere": pl.Float64(),  # charging is positive
        "unix_time_second": pl.Float64(),
        "step_time_second": pl.Float64(),
        "cycle_count": pl.Int64(),
        "step_count": pl.Int64(),
        "step_index": pl.Int64(),
        "record_index": pl.Int64(),
        "step_type": pl.String(),  # as the tester calls it
        "charging_capacity_ah": pl.Float64(),
        "discharging_capacity_ah": pl.Float64(),
        "charging_energy_wh": pl.Float64(),
        "discharging_energy_wh": pl.Float64(),
        "step_capacity_ah": pl.Float64(),
        "step_energy_wh": pl.Float64(),
        "net_capacity_ah": pl.Float64(),
        "power_watt": pl.Float64(),
        "internal_resistance_ohm": pl.Float64(),
        "ambient_temperature_celsius": pl.Float64(),
        "temperature_t1_celsius": pl.Float64(),
        "temperature_t2_celsius": pl.Float64(),
        "temperature_t3_celsius": pl.Float64(),
        "temperature_t4_celsius": pl.Float64(),
        "temperature_t5_celsius": pl.Float64(),
        "soc": pl.Float64(),  # ratio, as the vehicle or tester says
    }
)
"""Columns that a series may have, in this order; the first three stand in every one."""

SPECTRUM = pl.Schema(
    {
        "frequency_hertz": pl.Float64(),
        "real_impedance_ohm": pl.Float64(),
        "imaginary_impedance_ohm": pl.Float64(),  # negative for a capacitor
    }
)
"""Columns of an impedance spectrum."""

STEPS = pl.Schema(
    {
        "step_count": pl.Int64(),  # from 1, in order of time
        "step_index": pl.Int64(),  # place in the tester's programme
        "cycle_count": pl.Int64(),
        "phase": pl.String(),  # rest, charge, discharge, mixed or unknown
        "label": pl.String(),  # as the tester calls it
        "first_row": pl.Int64(),  # into the series, from 0
        "rows": pl.Int64(),
        "start_s": pl.Float64(),
        "duration_s": pl.Float64(),
        "start_v": pl.Float64(),
        "end_v": pl.Float64(),
        "min_v": pl.Float64(),
        "max_v": pl.Float64(),
        "mean_current_a": pl.Float64(),  # over time; discharging is positive
        "end_current_a": pl.Float64(),
        "intervals": pl.Int64(),  # intervals of time that were integrated
        "longest_interval_s": pl.Float64(),
        "charged_ah": pl.Float64(),
        "discharged_ah": pl.Float64(),
        "charged_wh": pl.Float64(),
        "discharged_wh": pl.Float64(),
        "start_celsius": pl.Float64(),
        "end_celsius": pl.Float64(),
        "max_celsius": pl.Float64(),
    }
)
"""Columns of the table of steps."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was read from one file.

    Parameters
    ----------
    form
        How the file is written, for example ``neware-ndax``.
    kind
        What it holds; see `Kind`.
    series
        Columns of `SERIES` (or of `SPECTRUM`), only those present, ordered by time as recorded.
    steps
        Table with the schema `STEPS`; empty for a spectrum.
    findings
        What was lost, repaired or is doubtful; a record that had to be refused raises instead.
    about
        What the file says about itself: channel, start, operator and the like, as text.
    """

    form: str
    kind: Kind
    series: pl.DataFrame
    steps: pl.DataFrame
    findings: tuple[Finding, ...] = ()
    about: Mapping[str, Value] = field(default_factory=dict)
    name: str | None = None

    @property
    def current_a(self) -> npt.NDArray[np.float64]:
        """Current (A), discharging positive; NaN where the file has none."""
        return -self.series["current_ampere"].to_numpy()

    @property
    def voltage_v(self) -> npt.NDArray[np.float64]:
        """Voltage (V)."""
        return self.series["voltage_volt"].to_numpy()

    @property
    def time_s(self) -> npt.NDArray[np.float64]:
        """Time since the start of the test (s)."""
        return self.series["test_time_second"].to_numpy()

    @property
    def complete(self) -> bool:
        """Whether nothing of the file was lost or contradicts itself."""
        return not any(finding.severity != "warning" for finding in self.findings)
