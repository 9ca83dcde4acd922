"""The menu on the left: entries that the pages bring along, shown to those whom they are for."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from django.urls import reverse

from suyuan.server.accounts.models import Role
from suyuan.server.web.actor import Actor, Where

EVERYBODY: Final = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu.

    Parameters
    ----------
    text
        Code of its words.
    url
        Name of its address.
    icon
        Name of a symbol of the sprite (``frontend/icons.txt``).
    at
        Whom it is for: ``company``, ``authority``, or None for everybody, also without a sign-in.
    order
        Place in the menu; tens are left between neighbours.
    roles
        Of those, who.
    outlets
        Whether it is also for people of a single outlet.
    """

    text: str
    url: str
    icon: str
    at: Where | None
    order: int
    roles: frozenset[Role] = EVERYBODY
    outlets: bool = True

    def is_for(self, actor: Actor) -> bool:
        """Whether somebody sees it."""
        if self.at is None:
            return True
        if actor.membership is None or actor.is_authority != (self.at == "authority"):
            return False
        return actor.role in self.roles and (self.outlets or actor.membership.scope.site is None)


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as it stands on a page."""

    text: str
    address: str
    icon: str
    current: bool


def menu_for(actor: Actor, path: str) -> list[Shown]:
    """The entries that somebody sees; the one whose address is the longest beginning of `path` is current."""
    listed = [(entry, reverse(entry.url)) for entry in entries() if entry.is_for(actor)]
    begun = [address for _, address in listed if path == address or (address != "/" and path.startswith(f"{address}/"))]
    current = max(begun, key=len, default=None)
    return [Shown(entry.text, address, entry.icon, address == current) for entry, address in listed]


@cache
def entries() -> tuple[Entry, ...]:
    """What the pages brought along, in order."""
    from suyuan.server.web.pages import pages  # noqa: PLC0415 - the pages need this module

    found = [entry for page in pages() for entry in getattr(page, "MENU", ())]
    return tuple(sorted(found, key=lambda entry: (entry.order, entry.url)))
