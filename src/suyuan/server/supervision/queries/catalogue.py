"""The catalogue of findings: what detectors look for, as data, read and checked once."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from suyuan.events.vocabulary import Label, vocabulary
from suyuan.kernel import SuyuanError
from suyuan.rules import Law, Status, law
from suyuan.server.supervision.queries.evidence import EVIDENCE, About, about

_KEYS = frozenset(
    {"name", "zh", "en", "severity", "evidence", "status", "basis", "while", "needs", "codes", "roles", "parameters"}
    | {"limits", "fields", "survival"}
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
    """What one kind of finding is looked for with; `holds` is a value of the law that must hold on the day.

    `needs` says which value of the law requires which class of qualification. `limits` and `fields` are asked on the
    day, too: a value of the law by material or kind of site, and words of a free text by the value that prohibits
    what they tell. `survival` is the share of vehicles on the road by full age in years.
    """

    name: str
    title: Label
    severity: Weight
    evidence: str
    status: Status
    basis: tuple[str, ...]
    holds: str | None
    lists: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Parameter]
    needs: Mapping[str, str]
    limits: Mapping[str, str]
    fields: Mapping[str, tuple[str, ...]]
    survival: tuple[float, ...]

    @property
    def about(self) -> About:
        """What its evidence depends on."""
        return about(self.evidence)

    def asked_with(self, told: Law) -> dict[str, object]:
        """The parameters of its evidence query, but for the day."""
        asked: dict[str, object] = {name: list(values) for name, values in self.lists.items()}
        asked |= {name: one.value for name, one in self.parameters.items()}
        if self.holds is not None:
            versions = [one.validity for one in told.values[self.holds] if one.told is True]
            asked |= {"since": [one.start for one in versions], "until": [one.end for one in versions]}
        if self.needs:
            told_true = [
                (name, one.validity)
                for name, value in self.needs.items()
                for one in told.values[value]
                if one.told is True
            ]
            asked["need"] = [name for name, _ in told_true]
            asked |= {
                "need_since": [one.start for _, one in told_true],
                "need_until": [one.end for _, one in told_true],
            }
        if self.survival:
            asked["survival"] = list(self.survival)
        return {**self._dated(told), **asked}

    def _dated(self, told: Law) -> dict[str, object]:
        """Limits, or words, beside the days from which to which the law has them; what it leaves open is left out."""
        limits = [
            (name, float(one.told), one.validity)
            for name, value in self.limits.items()
            for one in told.values[value]
            if isinstance(one.told, int | float) and not isinstance(one.told, bool)
        ]
        words = [
            (value, word, one.validity)
            for value, several in self.fields.items()
            for one in told.values[value]
            if one.told is True
            for word in several
        ]
        days = [one[2] for one in (*limits, *words)]
        return {
            "names": [one[0] for one in (*limits, *words)],
            "least": [one[1] for one in limits],
            "words": [one[1] for one in words],
            "from": [day.start for day in days],
            "to": [day.end for day in days],
        }


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
        "needs": set(table.get("needs", {}).values()) <= set(told.values),
        "roles": vocabulary().roles.keys() >= set(table.get("roles", ())),
        "limits": told.values.keys() >= set(table.get("limits", {}).values()),
        "fields": told.values.keys() >= table.get("fields", {}).keys(),
        "survival": _falls(table.get("survival", ())),
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
        needs=MappingProxyType(dict(table.get("needs", {}))),
        lists={key: tuple(table[key]) for key in ("codes", "roles") if key in table},
        parameters={
            key: Parameter(one["value"], one["unit"], Status(one["status"]))
            for key, one in table.get("parameters", {}).items()
        },
        limits=MappingProxyType(dict(table.get("limits", {}))),
        fields=MappingProxyType({name: tuple(words) for name, words in table.get("fields", {}).items()}),
        survival=tuple(float(share) for share in table.get("survival", ())),
    )


def _falls(survival: Sequence[float]) -> bool:
    """Whether shares go from 1 down, none below 0."""
    shares = [1.0, *survival]
    return all(0 <= later <= earlier for earlier, later in pairwise(shares)) and (not survival or survival[0] == 1)


def _wrong(name: str, key: str) -> CatalogueError:
    return CatalogueError("supervision.catalogue_wrong", name=name, key=key)
