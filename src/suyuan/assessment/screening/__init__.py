"""Safety screening: rules as data, verdicts pass, reject or needs measurement; what is missing never passes."""

from suyuan.assessment.screening.judging import Gate, Outcome, Screened, screen
from suyuan.assessment.screening.quantities import of_record, prepared, self_discharge
from suyuan.assessment.screening.rules import (
    QUANTITIES,
    Concerns,
    ScreeningRule,
    ScreeningRules,
    Verdict,
    read_screening_rules,
    screening_ids,
    screening_rules,
)

__all__ = [
    "QUANTITIES",
    "Concerns",
    "Gate",
    "Outcome",
    "Screened",
    "ScreeningRule",
    "ScreeningRules",
    "Verdict",
    "of_record",
    "prepared",
    "read_screening_rules",
    "screen",
    "screening_ids",
    "screening_rules",
    "self_discharge",
]
