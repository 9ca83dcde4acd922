"""Detectors with the limits that hold now: those of the catalogue, or what the nation has tuned since."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.catalogue import Detector, detectors

_LAST: Final = """
SELECT DISTINCT ON (detector) detector, limits::text FROM supervision_tuning ORDER BY detector, number DESC
"""
_HISTORY: Final = """
SELECT limits::text, reason, tuned_by, tuned_at FROM supervision_tuning WHERE detector = %s
 ORDER BY number DESC LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Tuned:
    """One change of the limits of a detector."""

    limits: Mapping[str, float]
    reason: str
    by: str
    at: datetime


def tuned_detectors(run: psycopg.Cursor[Row]) -> dict[str, Detector]:
    """Every detector by name, in the order of the catalogue."""
    last = {name: json.loads(limits) for name, limits in run.execute(_LAST)}
    return {name: with_limits(one, last.get(name, {})) for name, one in detectors().items()}


def with_limits(detector: Detector, limits: Mapping[str, float]) -> Detector:
    """The detector with other values of limits that it has; their units and how sure they are stay."""
    some = {name: replace(one, value=limits.get(name, one.value)) for name, one in detector.parameters.items()}
    return replace(detector, parameters=some) if limits else detector


def tunings(run: psycopg.Cursor[Row], detector: str) -> list[Tuned]:
    """How a detector was tuned, the last change first; the same for every reader, because it names nobody's records."""
    return [Tuned(json.loads(limits), *rest) for limits, *rest in run.execute(_HISTORY, [detector])]


def tuning_digest(run: psycopg.Cursor[Row]) -> str:
    """A mark of everything that is tuned now; empty if nothing is."""
    rows = run.execute(_LAST).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16] if rows else ""
