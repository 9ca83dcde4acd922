"""An explanation as plain JSON values with its sentences, for the command line, the API and screens."""

from typing import TypedDict

from suyuan.codes.alphabets import CHEMISTRIES, LEVELS
from suyuan.codes.battery import Explanation, Position
from suyuan.kernel import Finding, Language, sentence


class FindingJson(TypedDict):
    """A finding with its sentence; `position` is a character counted from 1."""

    code: str
    position: int | None
    severity: str
    message: str


class PositionJson(TypedDict):
    """A field with its characters, `first` to `last` counted from 1, and what they mean."""

    field: str
    label: str
    first: int
    last: int
    characters: str
    meaning: str
    message: str


class ExplanationJson(TypedDict):
    """See `explanation_json`."""

    valid: bool
    form: str | None
    level: str | None
    chemistry: str | None
    vendor: str | None
    produced_on: str | None
    serial: str | None
    findings: list[FindingJson]
    raw: str
    level_name: str | None
    chemistry_name: str | None
    spec: str | None
    trace: str | None
    suffix: str | None
    suggestion: str | None
    positions: list[PositionJson]


def _finding(finding: Finding, language: Language) -> FindingJson:
    return {
        "code": finding.code,
        "position": finding.position,
        "severity": finding.severity.value,
        "message": sentence(finding.code, finding.data, language),
    }


def _position(position: Position, language: Language) -> PositionJson:
    return {
        "field": position.field,
        "label": sentence(f"codes.field_{position.field}", None, language),
        "first": position.first,
        "last": position.last,
        "characters": position.characters,
        "meaning": position.meaning,
        "message": sentence(position.meaning, position.data, language),
    }


def explanation_json(explanation: Explanation, language: Language) -> ExplanationJson:
    """The explanation in the form that scripts rely on.

    Fixed keys: valid, form, level, chemistry, vendor, produced_on, serial, findings (each with
    code, position, message). A field that cannot be read is null; `level` and `chemistry` are the
    letters of the code, `level_name` and `chemistry_name` the English words for them.
    """
    level, chemistry = explanation.readable("level"), explanation.readable("chemistry")
    return {
        "valid": explanation.valid,
        "form": explanation.form,
        "level": level,
        "chemistry": chemistry,
        "vendor": explanation.readable("vendor"),
        "produced_on": explanation.produced_on.isoformat() if explanation.produced_on else None,
        "serial": explanation.readable("serial"),
        "findings": [_finding(finding, language) for finding in explanation.findings],
        "raw": explanation.raw,
        "level_name": LEVELS[level] if level else None,
        "chemistry_name": CHEMISTRIES[chemistry] if chemistry else None,
        "spec": explanation.readable("spec"),
        "trace": explanation.readable("trace"),
        "suffix": explanation.readable("suffix"),
        "suggestion": explanation.suggestion,
        "positions": [_position(position, language) for position in explanation.positions],
    }
