"""Pages by key: a cursor names the last row seen, so that page 10,000 costs what page 1 costs.

A cursor is opaque and signed. It belongs to one listing with its filters (`listing`): used with
another it is refused, and so is one that was altered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from django.core import signing
from psycopg import sql

from suyuan.server.kit.problems import Refusal

Row = TypeVar("Row")
Key: TypeAlias = str | int | float | None

LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a listing and the cursor for those after them; None at the end."""

    rows: Sequence[Row]
    following: str | None


def encode_cursor(listing: str, last: Sequence[Key]) -> str:
    """The cursor that continues `listing` after the row whose sort key is `last`."""
    return signing.dumps(list(last), salt=f"cursor:{listing}", compress=False)


def decode_cursor(listing: str, cursor: str | None) -> list[Key] | None:
    """The sort key that a cursor holds; None stands for the beginning.

    Raises
    ------
    Refusal
        ``kit.cursor_invalid`` for a cursor that is not ours, or not for this listing.
    """
    if not cursor:
        return None
    try:
        return list(signing.loads(cursor, salt=f"cursor:{listing}"))
    except signing.BadSignature:
        raise Refusal("kit.cursor_invalid", cursor=cursor[:80]) from None


def after(
    columns: Sequence[str], last: Sequence[Key] | None, *, descending: bool = False
) -> tuple[sql.SQL | sql.Composed, list[Key]]:
    """The condition for rows behind `last` in the order of `columns`, and its parameters."""
    if last is None:
        return sql.SQL("TRUE"), []
    if len(last) != len(columns):
        raise Refusal("kit.cursor_invalid", cursor=str(len(last)))
    names = sql.SQL(", ").join(sql.Identifier(*column.split(".")) for column in columns)
    marks = sql.SQL(", ").join(sql.Placeholder() * len(columns))
    return sql.SQL("({}) {} ({})").format(names, sql.SQL("<" if descending else ">"), marks), list(last)


def page_size(wanted: int | None, usual: int = 100) -> int:
    """How many rows a page has: what is wanted, from 1 to `LARGEST_PAGE`."""
    return min(max(wanted or usual, 1), LARGEST_PAGE)
