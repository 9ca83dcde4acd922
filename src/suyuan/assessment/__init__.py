"""Assessment of retired batteries: a tester's file to residual capacity and an honest grade."""

from suyuan.assessment.capacity import (
    Battery,
    Instrument,
    Protocol,
    Residual,
    protocol,
    protocol_ids,
    read_instrument,
    read_protocol,
    residual_capacity,
)
from suyuan.assessment.errors import AssessmentError, Limits
from suyuan.assessment.mapping import read_mapping
from suyuan.assessment.reading import read
from suyuan.assessment.record import Kind, Record
from suyuan.assessment.routing import Graded, Health, LawOfDay, LawPoint, Route, grade_lot, health_of
from suyuan.assessment.screening import Verdict, prepared, read_screening_rules, screen, screening_rules

__all__ = [
    "AssessmentError",
    "Battery",
    "Graded",
    "Health",
    "Instrument",
    "Kind",
    "LawOfDay",
    "LawPoint",
    "Limits",
    "Protocol",
    "Record",
    "Residual",
    "Route",
    "Verdict",
    "grade_lot",
    "health_of",
    "prepared",
    "protocol",
    "protocol_ids",
    "read",
    "read_instrument",
    "read_mapping",
    "read_protocol",
    "read_screening_rules",
    "residual_capacity",
    "screen",
    "screening_rules",
]
