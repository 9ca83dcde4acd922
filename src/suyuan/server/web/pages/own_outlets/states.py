"""What stands of an outlet on a day, as words."""

from datetime import date

from suyuan.kernel import Language
from suyuan.server.registry.queries.outlets import Outlet, Verification
from suyuan.server.supervision.queries.outlets import Stock
from suyuan.server.web.components.table import Status


def state_of(found: Outlet, on: date) -> Status:
    """Whether its entry is in force on a day."""
    if found.valid_from > on:
        return Status("web_own_outlets.announced", "info", {"day": str(found.valid_from)})
    if found.valid_to is None:
        return Status("web_own_outlets.in_force", "good")
    if found.valid_to < on:
        return Status("web_own_outlets.withdrawn", "off", {"day": str(found.valid_to)})
    return Status("web_own_outlets.closing", "warn", {"day": str(found.valid_to)})


def in_force(found: Outlet, on: date) -> bool:
    """Whether it can be altered today."""
    return found.valid_from <= on and (found.valid_to is None or found.valid_to >= on)


def verified_state(verified: Verification | None) -> Status:
    """When it was last looked at."""
    if verified is None:
        return Status("web_outlets.never_verified", "unknown")
    if not verified.correct:
        return Status("web_outlets.verified_wrong", "warn", {"day": str(verified.on)})
    return Status(f"web_outlets.way_{verified.way}", "good", {"day": str(verified.on)})


def room_state(found: Outlet, stock: Stock | None) -> Status:
    """Its stock against the limit of the law and against what was filed that it can hold."""
    if stock is not None and stock.over_limit and stock.limit is not None:
        return Status("web_own_outlets.over_limit", "bad", {"limit": stock.limit.limit_kg})
    if stock is not None and stock.over_capacity:
        return Status("web_own_outlets.over_capacity", "bad")
    if found.capacity_kg is None and found.capacity_packs is None and (stock is None or stock.limit is None):
        return Status("web_own_outlets.capacity_unknown", "unknown")
    return Status("web_own_outlets.room_left", "good")


def makers_in_words(found: Outlet, language: Language) -> str:
    """The makers that it acts for and that agreed."""
    english = language is Language.EN
    names = [one.name_en if english and one.name_en else one.name_zh for one in found.makers if one.agreed]
    return (", " if english else "、").join(names)
