"""Seconds of pulses to state of health with an interval, chemistry, equivalent circuit; which cells to test fully."""

from suyuan.assessment.pulses.chemistry import ChemistryModel, Named, identify, train_chemistry
from suyuan.assessment.pulses.lot import COVERAGE, Assessed, assess_lot, grades_of
from suyuan.assessment.pulses.model import HealthModel, train
from suyuan.assessment.pulses.model_file import model_bytes, read_model
from suyuan.assessment.pulses.quality import Refusal, refusals
from suyuan.assessment.pulses.rows import Pulses, pulses_of, reference_of
from suyuan.assessment.pulses.sparse import Plan, misgrading, next_cells
from suyuan.assessment.pulses.thevenin import Circuit, fit_circuit, voltage_of

__all__ = [
    "COVERAGE",
    "Assessed",
    "ChemistryModel",
    "Circuit",
    "HealthModel",
    "Named",
    "Plan",
    "Pulses",
    "Refusal",
    "assess_lot",
    "fit_circuit",
    "grades_of",
    "identify",
    "misgrading",
    "model_bytes",
    "next_cells",
    "pulses_of",
    "read_model",
    "reference_of",
    "refusals",
    "train",
    "train_chemistry",
    "voltage_of",
]
