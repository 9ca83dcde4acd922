"""The procedure as data: states, steps with who may take them and from where, outcomes, media, assignment."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from suyuan.events.vocabulary import Label
from suyuan.kernel import SuyuanError
from suyuan.rules import Status
from suyuan.server.cases.queries.actors import Standing
from suyuan.server.kit.scope import Level

CLOSED: Final = "closed"
OPENING: Final = "open"
_EVERYWHERE: Final = "*"
_SEEN: Final = ("company", "internal", "choice", "told")
_PLANNED: Final = {"planned": True, "none": False, None: None}
FIELDS: Final = frozenset(
    {
        *("note", "attachments", "subjects", "letter", "period", "basis", "plan", "record"),
        *("outcome", "authority", "division"),
    }
)
"""What a step may carry."""


class ProcedureError(SuyuanError):
    """The procedure, the letters or the checklists cannot be what they are."""


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of step; `sources` are the states it is taken from, `target` the one it leads to (None: no other).

    `planned` says whether an inspection must be planned, or must not be; None where that does not matter.
    """

    name: str
    title: Label
    by: frozenset[Standing]
    sources: frozenset[str]
    target: str | None
    planned: bool | None
    seen: str
    fields: tuple[str, ...]
    needed: frozenset[str]

    @property
    def asks_visibility(self) -> bool:
        """Whether the step itself says if the company reads it."""
        return self.seen == "choice"


@dataclass(frozen=True, slots=True)
class Media:
    """A media type that attachments may have; `begins` are the first bytes from `at`, none for text."""

    type: str
    endings: tuple[str, ...]
    begins: tuple[bytes, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """Everything of `procedure.toml`, by name and in its order."""

    status: Status
    states: Mapping[str, Label]
    steps: Mapping[str, Step]
    outcomes: Mapping[str, Label]
    levels: Mapping[str, Level]
    municipalities: frozenset[str]
    media: tuple[Media, ...]


@cache
def procedure() -> Procedure:
    """The procedure of this version."""
    return parse_procedure(packaged("procedure.toml"))


def packaged(name: str) -> str:
    """A file of data of this room."""
    return (files("suyuan.server.cases.queries") / name).read_text(encoding="utf-8")


def parse_procedure(text: str) -> Procedure:
    """The procedure that a TOML text tells.

    Raises
    ------
    ProcedureError
        ``cases.data_wrong`` with the name of the table and the key that cannot be.
    """
    table = tomllib.loads(text)
    states = {one["name"]: Label(one["zh"], one["en"]) for one in table["state"]}
    steps = [_step(one, states) for one in table["step"]]
    assignment = table["assignment"]
    if len({step.name for step in steps}) < len(steps):
        raise wrong("step", "name")
    return Procedure(
        status=Status(table["status"]),
        states=states,
        steps={step.name: step for step in steps},
        outcomes={one["name"]: Label(one["zh"], one["en"]) for one in table["outcome"]},
        levels={key: Level(value) for key, value in assignment.items() if isinstance(value, str)},
        municipalities=frozenset(assignment["municipalities"]),
        media=tuple(_media(one) for one in table["media"]),
    )


def _step(table: dict[str, Any], states: Mapping[str, Label]) -> Step:
    name = str(table.get("name"))
    fields = [field.removesuffix("!") for field in table.get("fields", ())]
    open_states = states.keys() - {CLOSED}
    sources = open_states if table.get("from") == [_EVERYWHERE] else set(table.get("from", ()))
    checks = {
        "by": set(table.get("by", ())) <= set(Standing),
        "from": sources <= states.keys(),
        "to": table.get("to", OPENING) in states,
        "seen": table.get("seen") in _SEEN,
        "inspection": table.get("inspection") in _PLANNED,
        "fields": set(fields) <= FIELDS,
    }
    for key, right in checks.items():
        if not right:
            raise wrong(name, key)
    return Step(
        name=name,
        title=Label(table["zh"], table["en"]),
        by=frozenset(Standing(one) for one in table["by"]),
        sources=frozenset(sources),
        target=table.get("to"),
        planned=_PLANNED[table.get("inspection")],
        seen=table["seen"],
        fields=tuple(fields),
        needed=frozenset(field.removesuffix("!") for field in table["fields"] if field.endswith("!")),
    )


def _media(table: dict[str, Any]) -> Media:
    begins = tuple(bytes.fromhex(one) for one in table.get("begins", ()))
    return Media(table["type"], tuple(table["endings"]), begins, table.get("at", 0))


def wrong(name: str, key: str) -> ProcedureError:
    """What is raised for data that cannot be."""
    return ProcedureError("cases.data_wrong", name=name, key=key)
