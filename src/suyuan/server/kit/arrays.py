"""Long lists as parameters of statements: those of whole numbers and of codes are written at once."""

from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.types.array import ListDumper


class QuickLists(ListDumper):
    """Writes a list without asking for every element whether it needs quotes, where all are alike and none does.

    A batch names its objects by lists of lots and serials; element by element that takes longer than the query.
    """

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The text of an array."""
        kinds = set(map(type, obj))
        if kinds == {int}:
            return ("{" + ",".join(map(str, obj)) + "}").encode()
        if kinds == {str} and all(text.isascii() and text.isalnum() for text in set(obj)):
            return ('{"' + '","'.join(obj) + '"}').encode()
        return super().dump(obj)


def install() -> None:
    """Let connections opened from now on write lists so."""
    psycopg.adapters.register_dumper(list, QuickLists)
