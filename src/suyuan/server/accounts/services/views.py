"""Filters of a listing kept under a name: for oneself, or for everybody of the same company or authority."""

from dataclasses import dataclass
from typing import Final

from suyuan.server.accounts.queries.people import Membership
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing, Refusal

_LONGEST_QUERY: Final = 2000
_SAME_SCOPE: Final = (
    "level = %s AND division IS NOT DISTINCT FROM %s AND company IS NOT DISTINCT FROM %s"
    " AND site IS NOT DISTINCT FROM %s"
)


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view; `query` is what stands behind the question mark of its address."""

    number: int
    name: str
    query: str
    shared: bool
    own: bool


def saved_views(of: Membership, listing: str) -> list[SavedView]:
    """The views of a listing that somebody sees: his own and those shared in his scope, by name."""
    with cursor() as run:
        rows = run.execute(
            "SELECT number, name, query, shared, person = %s FROM accounts_saved_view"  # noqa: S608 - ours
            f" WHERE listing = %s AND ended_at IS NULL AND {_SAME_SCOPE} AND (shared OR person = %s)"
            " ORDER BY name, number",
            [of.person, listing, *_scope(of), of.person],
        ).fetchall()
    return [SavedView(*row) for row in rows]


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
