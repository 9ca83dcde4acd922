"""Who is asking, by key or by sign-in; which keys, people and readings a scope may see."""

from suyuan.server.accounts.queries.keys import (
    REMEMBERED,
    Principal,
    authenticate,
    keys,
    memory,
    readings,
    visible_keys,
)
from suyuan.server.accounts.queries.people import Membership, memberships

__all__ = [
    "REMEMBERED",
    "Membership",
    "Principal",
    "authenticate",
    "keys",
    "memberships",
    "memory",
    "readings",
    "visible_keys",
]
