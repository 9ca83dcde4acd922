"""The form of an entry: the fields of the template that outlets are brought in with, as they are typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, TypeAlias

from django.http import QueryDict
from django.utils.safestring import SafeString

from suyuan.codes.alphabets import CHEMISTRIES as CHEMISTRY_NAMES
from suyuan.codes.coordinates import Datum
from suyuan.codes.divisions import national
from suyuan.kernel import Language
from suyuan.server.registry.queries.outlets import Outlet
from suyuan.server.registry.services.outlet_acts import filed_texts
from suyuan.server.registry.services.outlet_rows import CHEMISTRIES, CONDITIONS, EVERY, FIELDS, KINDS, LONGEST
from suyuan.server.web.places import coded_options, every_city

Complaints: TypeAlias = Mapping[str, Sequence[str]]
"""Sentences about what is wrong, by field."""

_SEVERAL: Final = ("chemistries", "conditions")
_LABELS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("address", "phone", "hours", "brands"), "web_outlets"),
    **dict.fromkeys(("name", "code", "division", "days", "longitude", "latitude"), "web_own_outlets"),
    **dict.fromkeys(("capacity_kg", "capacity_packs", "area_m2", "valid_from", "commissioned_by"), "web_own_outlets"),
}
_HELP: Final[Mapping[str, str]] = {
    "division": "web_own_outlets.division_help",
    "hours": "web_own_outlets.hours_help",
    "days": "web_own_outlets.days_help",
    "brands": "web_own_outlets.brands_help",
    "valid_from": "web_own_outlets.from_help",
    "commissioned_by": "web_own_outlets.by_help",
}
_REQUIRED: Final = frozenset({"code", "kind", "name", "division", "address"})
_ORDER: Final = (
    *("name", "code", "kind", "division", "address", "phone", "hours", "days", "chemistries", "conditions", "brands"),
    *("longitude", "latitude", "datum", "capacity_kg", "capacity_packs", "area_m2", "operator_name"),
    *("commissioned_by", "valid_from"),
)
_ONCE: Final = frozenset({"code", "commissioned_by"})
"""Only of a new entry: the number names it, commissions have acts of their own."""

_LONG: Final = {"hours": 400, "days": 400}
_EVERY: Final = (EVERY, "web_outlets.every")
_CHOICES: Final[Mapping[str, tuple[str, str, Sequence[tuple[str, str]]]]] = {
    "kind": ("web_own_outlets.kind", "select", [(kind, f"web_outlets.kind_{kind}") for kind in KINDS]),
    "datum": ("web_own_outlets.datum", "select", [(one.value, f"web_own_outlets.datum_{one.value}") for one in Datum]),
    "chemistries": (
        "web_outlets.takes",
        "several",
        [_EVERY, *((sign, f"codes.means_chemistry_{CHEMISTRY_NAMES[sign]}") for sign in CHEMISTRIES)],
    ),
    "conditions": (
        "web_outlets.condition",
        "several",
        [_EVERY, *((one, f"web_outlets.condition_{one}") for one in CONDITIONS)],
    ),
}


@dataclass(frozen=True, slots=True)
class Box:
    """One field as it is shown: `choices` are pairs of a value and the code of its words."""

    name: str
    label: str
    value: str
    form: str = "text"
    help: str = ""
    required: bool = False
    longest: int = 400
    choices: Sequence[tuple[str, str]] = ()
    chosen: frozenset[str] = frozenset()
    options: SafeString | None = None
    wrong: Sequence[str] = field(default=())


def typed_of(sent: QueryDict) -> dict[str, str]:
    """What was typed, by field of the template."""
    told = {name: sent.get(name, "").replace("\0", "").strip() for name in FIELDS}
    for name in _SEVERAL:
        told[name] = " ".join(value for value in sent.getlist(name) if value.isalnum() or value == EVERY)
    return told


def entry_form(
    language: Language,
    on: date,
    found: Outlet | None = None,
    typed: Mapping[str, str] | None = None,
    complaints: Complaints | None = None,
) -> list[Box]:
    """The fields of an entry, with what was typed, else with what stands."""
    standing = {} if found is None else filed_texts(found, language)
    values = typed if typed is not None else {name: value or "" for name, value in standing.items()}
    wrong = complaints or {}
    return [
        _box(name, values.get(name, ""), wrong.get(name, ()), on)
        for name in _ORDER
        if found is None or name not in _ONCE
    ]


def _box(name: str, value: str, wrong: Sequence[str], on: date) -> Box:
    label = "web_outlets.operator" if name == "operator_name" else f"{_LABELS.get(name, 'web_outlets')}.{name}"
    told = Box(name, label, value, help=_HELP.get(name, ""), required=name in _REQUIRED, wrong=wrong)
    if name in _CHOICES:
        label, form, choices = _CHOICES[name]
        return replace(told, label=label, form=form, choices=choices, chosen=frozenset(value.split()))
    if name == "division":
        codes = [(code, found.name) for code in every_city(on) if (found := national().division(code, on))]
        return replace(told, form="listed", longest=6, options=coded_options(codes))
    return replace(told, form="date" if name == "valid_from" else "text", longest={**LONGEST, **_LONG}.get(name, 40))
