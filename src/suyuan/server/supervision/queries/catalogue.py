"""The catalogue of findings: what detectors look for, as data, read and checked once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from suyuan.events.vocabulary import Label, vocabulary
from suyuan.kernel import SuyuanError
from suyuan.rules import Law, Status, law
from suyuan.server.supervision.queries.evidence import EVIDENCE

_KEYS = frozenset(
    {"name", "zh", "en", "severity", "evidence", "status", "basis", "while", "codes", "roles", "parameters"}
)


class CatalogueError(SuyuanError):
    """The catalogue of findings cannot be what it is."""


class Weight(StrEnum):
    """How serious a finding is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A limit of a detector, with its unit and how sure it is."""

    value: float
    unit: str
    status: Status


@dataclass(frozen=True, slots=True)
class Detector:
    """What one kind of finding is looked for with; `holds` is a value of the law that must hold on the day."""

    name: str
    title: Label
    severity: Weight
    evidence: str
    status: Status
    basis: tuple[str, ...]
    holds: str | None
    lists: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Parameter]

    def asked_with(self, told: Law) -> dict[str, object]:
        """The parameters of its evidence query, but for the day."""
        asked: dict[str, object] = {name: list(values) for name, values in self.lists.items()}
        asked |= {name: one.value for name, one in self.parameters.items()}
        if self.holds is not None:
            versions = [one.validity for one in told.values[self.holds] if one.told is True]
            asked |= {"since": [one.start for one in versions], "until": [one.end for one in versions]}
        return asked


@cache
def detectors() -> Mapping[str, Detector]:
    """Every detector by name, in the order of the catalogue."""
    text = (files("suyuan.server.supervision.queries") / "findings.toml").read_text(encoding="utf-8")
    return parse_catalogue(text, law())


def parse_catalogue(text: str, told: Law) -> dict[str, Detector]:
    """The detectors that a TOML text tells.

    Raises
    ------
    CatalogueError
        ``supervision.catalogue_wrong`` with the name of the finding and the key that cannot be.
    """
    found: dict[str, Detector] = {}
    for table in tomllib.loads(text)["finding"]:
        one = _detector(table, told)
        if one.name in found:
            raise _wrong(one.name, "name")
        found[one.name] = one
    return found


def _detector(table: dict[str, Any], told: Law) -> Detector:
    name = str(table.get("name"))
    known = {*told.values, *told.duties}
    checks = {
        "evidence": table.get("evidence") in EVIDENCE,
        "severity": table.get("severity") in list(Weight),
        "status": table.get("status") in list(Status),
        "basis": bool(table.get("basis")) and known.issuperset(table["basis"]),
        "while": table.get("while", "scrap.with_battery") in told.values,
        "roles": vocabulary().roles.keys() >= set(table.get("roles", ())),
    }
    wrong = [key for key in table if key not in _KEYS] + [key for key, right in checks.items() if not right]
    if wrong:
        raise _wrong(name, wrong[0])
    return Detector(
        name=name,
        title=Label(table["zh"], table["en"]),
        severity=Weight(table["severity"]),
        evidence=table["evidence"],
        status=Status(table["status"]),
        basis=tuple(table["basis"]),
        holds=table.get("while"),
        lists={key: tuple(table[key]) for key in ("codes", "roles") if key in table},
        parameters={
            key: Parameter(one["value"], one["unit"], Status(one["status"]))
            for key, one in table.get("parameters", {}).items()
        },
    )


def _wrong(name: str, key: str) -> CatalogueError:
    return CatalogueError("supervision.catalogue_wrong", name=name, key=key)
