"""How good the data of a company are: three shares that anybody can count again, and what betters them most easily.

The definition is our own; no authority has published one. Each share is of the last three calendar months or of
today, from 0 to 1; the score is the mean of those that are known, times 100. A share of which nothing is known (no
record sent, no duty due, no battery held) is left out and not counted as good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from suyuan.kernel.findings import Value

SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Share:
    """So many `good` `of` so many."""

    name: str
    good: int
    of: int

    @property
    def ratio(self) -> float | None:
        """From 0 to 1; None where there is nothing to count."""
        return self.good / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that can be done: by how many points it betters the score (or keeps it from falling), and how many
    things have to be looked at for it: causes, reports or batteries."""

    name: str
    points: float
    things: int
    address: str
    data: dict[str, Value]

    @property
    def about(self) -> str:
        """Code of its sentence."""
        return f"web_work.step_{self.name}"


@dataclass(frozen=True, slots=True)
class Quality:
    """The score from 0 to 100, None where nothing is known; its shares; the cheapest steps."""

    shares: Sequence[Share]
    steps: Sequence[Step]

    @property
    def score(self) -> float | None:
        """The mean of the known shares, times 100."""
        return score_of(self.shares)


def score_of(shares: Sequence[Share]) -> float | None:
    """The mean of the known shares, times 100.

    >>> score_of([Share("a", 1, 2), Share("b", 0, 0), Share("c", 4, 4)])
    75.0
    """
    known = [share.ratio for share in shares if share.ratio is not None]
    return 100 * sum(known) / len(known) if known else None


def gain(shares: Sequence[Share], name: str, *, good: int = 0, of: int = 0) -> float:
    """By how many points the score changes if a share gets so many more.

    >>> gain([Share("a", 1, 2), Share("c", 4, 4)], "a", good=1)
    25.0
    """
    later = [Share(one.name, one.good + good, one.of + of) if one.name == name else one for one in shares]
    before, after = score_of(shares), score_of(later)
    return 0.0 if before is None or after is None else after - before


def cheapest(steps: Sequence[Step], most: int = SHOWN) -> list[Step]:
    """Those with the most points for each thing that has to be looked at; those without any are left out."""
    worth = [step for step in steps if step.points > 0]
    return sorted(worth, key=lambda step: (-step.points / max(step.things, 1), step.address))[:most]
