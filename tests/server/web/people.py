"""People for the tests of pages: one a role, signed in without the detour over the form."""

from dataclasses import dataclass

from django.test import Client

from suyuan.server.accounts.models import Person, Role
from suyuan.server.accounts.queries.people import Membership, memberships
from suyuan.server.accounts.services.people import Invitation, accept, invite
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.scope import Scope

PASSWORD = "a wall of seven lanterns"


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person who can be asked for a client that is signed in as him."""

    person: Person
    membership: Membership

    def client(self, language: str = "zh-CN") -> Client:
        """A browser in which he is signed in."""
        made = Client(headers={"accept": "text/html", "accept-language": language})
        made.force_login(self.person)
        return made


def person(login: str, role: Role, scope: Scope, name: str = "", clock: Clock = SYSTEM_CLOCK) -> Somebody:
    """Somebody invited by an operator who accepted."""
    sent = invite(None, Invitation(login, name or login.partition("@")[0], role, scope), clock)
    made = accept(sent.token, PASSWORD, "zh_Hans", clock)
    return Somebody(made, memberships(made.pk)[0])
