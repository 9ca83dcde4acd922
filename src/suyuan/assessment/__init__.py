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

__all__ = [
    "AssessmentError",
    "Battery",
    "Instrument",
    "Kind",
    "Limits",
    "Protocol",
    "Record",
    "Residual",
    "protocol",
    "protocol_ids",
    "read",
    "read_instrument",
    "read_mapping",
    "read_protocol",
    "residual_capacity",
]
