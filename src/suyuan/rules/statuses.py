"""How sure a statement about the law is."""

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """Where a statement comes from, the surest first."""

    VERIFIED = "verified"  # read in the official text
    READ = "read"  # seen in a mirror or another source of the text
    SECOND_HAND = "second_hand"  # a press report, or somebody's program or table
    INFERRED = "inferred"  # our own deduction from what was read
    RECALLED = "recalled"  # from memory; the text was not at hand
    OPEN = "open"  # not known

    @property
    def sure(self) -> bool:
        """Whether the official text was read; everything else is shown with its status."""
        return self is Status.VERIFIED

    @property
    def rank(self) -> int:
        """0 for the surest."""
        return list(Status).index(self)


def weakest(statuses: Iterable[Status]) -> Status:
    """The least sure of several.

    >>> weakest([Status.READ, Status.RECALLED, Status.INFERRED])
    <Status.RECALLED: 'recalled'>
    """
    return max(statuses, key=lambda status: status.rank)
