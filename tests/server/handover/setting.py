"""Packs in the hands of the outlet's company, and who acts there."""

from datetime import date

from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.handover.services.acting import Act, act
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from tests.server.api.face import pack_code
from tests.server.cast import Actor

RIGHTS = frozenset({Permission.READ, Permission.SUBMIT})
DAY = date(2026, 11, 21)


def principal(actor: Actor, *rights: Permission, person: int | None = None) -> Principal:
    """Somebody who acts for a company of the cast."""
    return Principal(None, actor.name, actor.scope, frozenset(rights) or RIGHTS, person)


def taken_in(key: str, *codes: str, **changes: object) -> Act:
    """Batteries handed in at outlet O1."""
    usual: dict[str, object] = {"site": "O1", "condition": "intact"}
    return Act(key, "take_in", DAY, codes, **{**usual, **changes})  # type: ignore[arg-type]  # a plain mapping will do


def take_in(actor: Actor, count: int, clock: Clock = SYSTEM_CLOCK) -> list[str]:
    """That many packs that the outlet holds now."""
    codes = [pack_code(serial) for serial in range(1, count + 1)]
    done = act(principal(actor), taken_in("00000000-setting", *codes), clock)
    assert done.good, done.outcomes
    return codes
