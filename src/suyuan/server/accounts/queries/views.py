"""Filters of a listing that were kept under a name."""

from dataclasses import dataclass
from typing import Final

from suyuan.server.accounts.queries.people import Membership
from suyuan.server.kit.connection import cursor

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
            [of.person, listing, of.scope.level.value, of.scope.division, of.scope.company, of.scope.site, of.person],
        ).fetchall()
    return [SavedView(*row) for row in rows]
