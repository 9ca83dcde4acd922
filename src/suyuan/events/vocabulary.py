"""The vocabulary: every kind of event, read from the one table `vocabulary.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from suyuan.kernel import Language


class FieldType(StrEnum):
    """What a field holds; the check for each is in `suyuan.events.check`."""

    BATTERY_CODE = "battery_code"
    VIN = "vin"
    COMPANY = "company"  # unified social credit code, or DUNS for foreign parties
    BATCH = "batch"  # a batch of material: the text that its company gave it
    SITE = "site"
    RECORD = "record"  # the id of an earlier record
    DIVISION = "division"  # GB/T 2260
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"
    INTEGER = "integer"
    CHOICE = "choice"
    TEXT = "text"


class Parts(StrEnum):
    """What a kind does to containment."""

    NONE = ""
    TREE = "tree"
    EXCHANGE = "exchange"
    GATHER = "gather"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Label:
    """A name in both languages."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """The name in `language`."""
        return self.zh if language is Language.ZH else self.en


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record; numbers carry their unit in the name."""

    name: str
    type: FieldType
    label: Label
    required: bool = False
    levels: str = ""
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: Mapping[str, Label] = default(default_factory=dict)
    wire: str | None = None
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes true of an object; None means it stays as it was."""

    stage: str | None = None
    holder: str | None = None
    consignee: str | None = None
    site: str | None = None
    vehicle: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One object that an event touches: what must be true of it before, and what is after.

    `owner` is the field that names the company whose batch of material it is; see `with_batch_keys`.
    """

    name: str
    field: str
    object: str
    levels: str
    many: bool
    before: frozenset[str]
    holder: str
    vehicle: str
    sets: Effect
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event."""

    no: int
    name: str
    label: Label
    reporters: tuple[str, ...]
    time: str
    record: tuple[str, ...]
    parts: Parts
    children: tuple[str, ...]
    slots: tuple[Slot, ...]
    fields: Mapping[str, Field]
    about_record: bool = False
    day: str = "end"

    @property
    def main(self) -> Slot:
        """The slot whose object the event is filed under."""
        return self.slots[0]

    def slot(self, name: str) -> Slot:
        """The slot called `name`; KeyError if there is none."""
        return next(slot for slot in self.slots if slot.name == name)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All kinds, stages and roles of one version of the table."""

    version: str
    kinds: Mapping[str, Kind]
    stages: Mapping[str, int]
    stage_labels: Mapping[str, Label]
    roles: Mapping[str, Label]

    def by_number(self, no: int) -> Kind:
        """The kind stored under `no` in the ledger."""
        return next(kind for kind in self.kinds.values() if kind.no == no)

    def stage_name(self, number: int) -> str:
        """The stage stored as `number`."""
        return next(name for name, value in self.stages.items() if value == number)


def _label(pair: list[str]) -> Label:
    return Label(pair[0], pair[1])


def _field(row: Mapping[str, Any], levels: str) -> Field:
    return Field(
        name=row["name"],
        type=FieldType(row["type"]),
        label=Label(row["zh"], row["en"]),
        required=row.get("required", False),
        levels=row.get("levels", levels),
        unit=row.get("unit"),
        minimum=row.get("min"),
        maximum=row.get("max"),
        choices=MappingProxyType({key: _label(pair) for key, pair in row.get("choices", {}).items()}),
        wire=row.get("wire"),
        personal=row.get("personal", False),
    )


def _slot(name: str, row: Mapping[str, Any]) -> Slot:
    return Slot(
        name=name,
        field=row["field"],
        object=row["object"],
        levels=row.get("levels", ""),
        many=row.get("many", False),
        before=frozenset(row["before"]),
        holder=row.get("holder", "any"),
        vehicle=row.get("vehicle", "any"),
        sets=Effect(**row["sets"]),
        owner=row.get("owner"),
    )


def _kind(row: Mapping[str, Any]) -> Kind:
    slots = tuple(_slot(name, slot) for name, slot in row.get("slots", {}).items())
    levels = {slot.field: slot.levels for slot in slots}
    return Kind(
        no=row["no"],
        name=row["name"],
        label=Label(row["zh"], row["en"]),
        reporters=tuple(row["reporters"]),
        time=row["time"],
        record=tuple(row["record"]),
        parts=Parts(row.get("parts", "")),
        children=tuple(row.get("children", ())),
        slots=slots,
        fields=MappingProxyType({f["name"]: _field(f, levels.get(f["name"], "")) for f in row["fields"]}),
        about_record=row.get("about") == "record",
        day=row.get("day", "end"),
    )


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary this version of the program speaks."""
    table = tomllib.loads((files("suyuan.events") / "vocabulary.toml").read_text(encoding="utf-8"))
    return Vocabulary(
        version=table["version"],
        kinds=MappingProxyType({row["name"]: _kind(row) for row in table["kind"]}),
        stages=MappingProxyType({name: row[0] for name, row in table["stages"].items()}),
        stage_labels=MappingProxyType({name: Label(row[1], row[2]) for name, row in table["stages"].items()}),
        roles=MappingProxyType({name: _label(pair) for name, pair in table["roles"].items()}),
    )
