"""Filters of a listing kept under a name: for oneself, or for everybody of the same company or authority."""

from typing import Final

from suyuan.server.accounts.queries.people import Membership
from suyuan.server.accounts.queries.views import SavedView, saved_views
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing, Refusal

__all__ = ["SavedView", "end_view", "save_view", "saved_views"]

_LONGEST_QUERY: Final = 2000


def save_view(of: Membership, listing: str, name: str, query: str, *, shared: bool, clock: Clock = SYSTEM_CLOCK) -> None:  # fmt: skip  # noqa: E501
    """Keep a view under a name.

    Raises
    ------
    Refusal
        ``accounts.name_missing``, ``accounts.view_too_long``.
    """
    if not name.strip():
        raise Refusal("accounts.name_missing")
    if len(query) > _LONGEST_QUERY:
        raise Refusal("accounts.view_too_long")
    with cursor() as run:
        run.execute(
            "INSERT INTO accounts_saved_view (person, level, division, company, site, listing, name, query, shared,"
            " made_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [of.person, *_scope(of), listing, name.strip()[:60], query, shared, clock.now()],
        )


def end_view(of: Membership, number: int, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a view of one's own away.

    Raises
    ------
    Missing
        ``accounts.view_not_found``.
    """
    with cursor() as run:
        row = run.execute(
            "UPDATE accounts_saved_view SET ended_at = %s WHERE number = %s AND person = %s AND ended_at IS NULL"
            " RETURNING number",
            [clock.now(), number, of.person],
        ).fetchone()
    if row is None:
        raise Missing("accounts.view_not_found")


def _scope(of: Membership) -> list[str | int | None]:
    return [of.scope.level.value, of.scope.division, of.scope.company, of.scope.site]
