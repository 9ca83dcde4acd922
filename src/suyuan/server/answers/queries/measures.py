"""The numbers of this room and what each means, as data; and their values for one area."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from suyuan.events.vocabulary import Label
from suyuan.rules import Status
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.duties import Kept
from suyuan.server.answers.queries.steps import Steps

_TOLD = ("definition", "formula", "source")


@dataclass(frozen=True, slots=True)
class Measure:
    """What a number means; `rows` is what it opens to."""

    name: str
    unit: str
    rows: str | None
    highest_first: bool
    status: Status
    title: Label
    definition: Label
    formula: Label
    source: Label


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of one area; a rate comes with its numerator and denominator. None: nothing to divide by."""

    name: str
    value: float | int | None
    numerator: int | None = None
    denominator: int | None = None


@cache
def measures() -> Mapping[str, Measure]:
    """Every measure by name, in the order in which they are shown."""
    told = tomllib.loads((files(__package__) / "measures.toml").read_text(encoding="utf-8"))
    days = f"{at.limit().value:g}"
    found = {}
    for one in told["measure"]:
        labels = {
            name: Label(one[f"{name}_zh"].replace("{days}", days), one[f"{name}_en"].replace("{days}", days))
            for name in _TOLD
        }
        found[one["name"]] = Measure(
            name=one["name"],
            unit=one["unit"],
            rows=one.get("rows"),
            highest_first=one["order"] == "highest",
            status=Status(one["status"]),
            title=Label(one["zh"], one["en"]),
            **labels,
        )
    return found


def figures(steps: Steps, kept: Kept, open_cases: int | None = None) -> list[Figure]:
    """The numbers of an area; that of cases only where it was counted."""
    balance, left = steps.balance(), steps.left_use
    found = [
        Figure("in_service", balance[at.IN_USE].closing.packs),
        Figure("retired", left.packs),
        Figure("collected", left.arrived),
        Figure("collection_rate", left.arrived / left.packs if left.packs else None, left.arrived, left.packs),
        Figure("on_time_rate", kept.on_time_rate, kept.in_time, kept.decided),
        Figure("overdue", kept.overdue),
        Figure("unaccounted", balance[at.UNACCOUNTED].closing.packs),
    ]
    return found if open_cases is None else [*found, Figure("open_cases", open_cases)]
