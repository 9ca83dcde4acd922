"""How many statements an act sends to the database, Django's and raw ones alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg


@contextmanager
def queries_of() -> Iterator[list[str]]:
    """Collect the statements sent by this process while inside; transaction control is left out."""
    seen: list[str] = []
    send = psycopg.Cursor.execute

    def execute(self: psycopg.Cursor[Any], query: Any, *args: Any, **kwargs: Any) -> psycopg.Cursor[Any]:
        text = query if isinstance(query, str) else query.as_string(None)
        if not text.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "SET ")):
            seen.append(text)
        return send(self, query, *args, **kwargs)

    with patch.object(psycopg.Cursor, "execute", execute):
        yield seen
