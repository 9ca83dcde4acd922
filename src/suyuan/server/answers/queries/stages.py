"""The stages that answers count by, as data: read and checked once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from suyuan.events.vocabulary import Label, vocabulary
from suyuan.server.supervision.queries.catalogue import Parameter, detectors

OUTSIDE, MADE, SWAP_STOCK, IN_USE, RETIRED, COLLECTED, UTILISING = range(7)
SECOND_USE, RECYCLED, DISPOSED, EXPORTED, UNACCOUNTED = range(7, 12)
LOST, NOT_RECEIVED, SCRAPPED_WITHOUT_IT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the answers, or a reason: its number in the tables, its name, its label."""

    no: int
    name: str
    label: Label
    of: tuple[str, ...] = ()
    out_of_use: bool = False
    arrived: bool = False


@dataclass(frozen=True, slots=True)
class Stages:
    """All of them, in the order of a battery's life, and which stage of the vocabulary belongs to which."""

    every: tuple[Stage, ...]
    reasons: tuple[Stage, ...]

    @property
    def by_name(self) -> Mapping[str, Stage]:
        """Stages by name."""
        return {one.name: one for one in self.every}

    @property
    def of_vocabulary(self) -> dict[int, int]:
        """Number of a stage of the vocabulary → number here; only stages of batteries."""
        numbers = vocabulary().stages
        return {numbers[name]: one.no for one in self.every for name in one.of}

    @property
    def out_of_use(self) -> list[int]:
        """Numbers of the stages of a battery that has left use."""
        return [one.no for one in self.every if one.out_of_use]

    @property
    def arrived(self) -> list[int]:
        """Numbers of the stages of a battery that counts as collected."""
        return [one.no for one in self.every if one.arrived]


@cache
def stages() -> Stages:
    """The stages of `stages.toml`."""
    told = tomllib.loads((files(__package__) / "stages.toml").read_text(encoding="utf-8"))
    every = tuple(
        Stage(
            one["no"],
            one["name"],
            Label(one["zh"], one["en"]),
            tuple(one["of"]),
            one.get("out_of_use", False),
            one.get("arrived", False),
        )
        for one in told["stage"]
    )
    reasons = tuple(Stage(one["no"], one["name"], Label(one["zh"], one["en"])) for one in told["reason"])
    return Stages(every, reasons)


def limit() -> Parameter:
    """After how many days without a receipt a battery is unaccounted: the limit of the detector of the same thing."""
    return detectors()["handover.without_receipt"].parameters["days"]
