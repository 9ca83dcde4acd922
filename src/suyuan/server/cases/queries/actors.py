"""Who acts, which authority leads a case, and how the one stands to the other."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from suyuan.server.kit.scope import Level, Scope

AUTHORITIES: Final = (Level.NATION, Level.PROVINCE, Level.CITY)


class ActorKind(StrEnum):
    """By what somebody is known."""

    KEY = "key"
    PERSON = "person"
    OPERATOR = "operator"  # who runs the machine


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who takes a step; the face says who it is, and whether he may act at all or only read.

    Parameters
    ----------
    id
        Prefix of the key, number of the person, or the account on the machine.
    name
        As it stands in the thread.
    """

    kind: ActorKind
    id: str
    name: str
    scope: Scope
    may_act: bool = True

    @property
    def is_authority(self) -> bool:
        """Whether it acts for an authority."""
        return self.scope.level in AUTHORITIES


class Standing(StrEnum):
    """How somebody stands to a case."""

    LEAD = "lead"
    ABOVE = "above"
    SHARER = "sharer"
    OBSERVER = "observer"  # an authority that may only read it
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority: its level, and its division (six digits) unless it is the nation's."""

    level: Level
    division: str | None

    @classmethod
    def of(cls, scope: Scope) -> "Authority":
        """The authority whose scope this is; its division in its own form (440300, not 440306)."""
        prefix = scope.division_prefix
        return cls(scope.level, prefix.ljust(6, "0") if prefix else None)

    @property
    def scope(self) -> Scope:
        """What it sees."""
        return Scope(self.level, self.division)

    @property
    def seat(self) -> str:
        """The province whose log keeps its papers; empty for the nation."""
        return f"{self.division[:2]}0000" if self.division else ""


def standing(actor: Scope, lead: Authority, shares: frozenset[str]) -> Standing:
    """How an actor, who may see the case, stands to it; `shares` are the divisions it is shared with."""
    prefix = actor.division_prefix
    if prefix is None:
        return Standing.COMPANY
    if Authority.of(actor) == lead:
        return Standing.LEAD
    if actor.covers(lead.scope):
        return Standing.ABOVE
    if any(share.startswith(prefix) for share in shares):
        return Standing.SHARER
    return Standing.OBSERVER
