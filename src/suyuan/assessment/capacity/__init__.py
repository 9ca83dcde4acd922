"""Residual capacity and energy (余能检测): a protocol as data, a record, and what was measured by it."""

from suyuan.assessment.capacity.instrument import Instrument, read_instrument
from suyuan.assessment.capacity.protocol import Protocol, protocol, protocol_ids, read_protocol
from suyuan.assessment.capacity.residual import Battery, Residual, residual_capacity

__all__ = [
    "Battery",
    "Instrument",
    "Protocol",
    "Residual",
    "protocol",
    "protocol_ids",
    "read_instrument",
    "read_protocol",
    "residual_capacity",
]
