"""A battery's life, newest on top: what happened, who said so, when it was reported, what was corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from suyuan.kernel.findings import Value
from suyuan.server.web.components.table import Status

LONG_GAP: Final = 90
"""Days without any record that are drawn as a gap."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event.

    Parameters
    ----------
    text
        Code of its kind's name, or the name itself.
    icon
        A symbol of the sprite for its stage.
    who
        The company or person who reported it.
    occurred_on, reported_at
        When it happened, and when it was reported.
    margin
        How it stands to its deadline (`Status`), None without one.
    facts
        What else it says: pairs of a code (or a label) and a value.
    receipt
        Address of the receipt or the evidence.
    corrections
        What it said before: the older readings, newest first, shown struck through.
    withdrawn
        Whether it was taken back.
    """

    text: str
    icon: str
    who: str
    occurred_on: date
    reported_at: datetime | None = None
    margin: Status | None = None
    facts: Sequence[tuple[str, str]] = ()
    receipt: str = ""
    corrections: Sequence[str] = ()
    withdrawn: bool = False
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap:
    """Days of which nothing is known."""

    days: int


def timeline(happenings: Sequence[Happening], gap_days: int = LONG_GAP) -> list[Happening | Gap]:
    """The happenings, newest first, with the gaps between them."""
    ordered = sorted(happenings, key=lambda each: each.occurred_on, reverse=True)
    shown: list[Happening | Gap] = []
    for place, each in enumerate(ordered):
        if place:
            days = (ordered[place - 1].occurred_on - each.occurred_on).days
            if days >= gap_days:
                shown.append(Gap(days))
        shown.append(each)
    return shown
