"""What the jobs of this room share: nobody works on the same thing twice at once, and a failure is written down."""

import contextlib
from collections.abc import Iterator
from typing import Final

import psycopg
from django.db import Error, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from suyuan.server.kit.connection import cursor

QUEUE: Final = "laboratory"
LOCKS_OF_TESTS: Final = 7731  # our parts of the two-number lock space
LOCKS_OF_LOTS: Final = 7732


@contextlib.contextmanager
def alone(space: int, number: int) -> Iterator[bool]:
    """Whether nobody else works on it; a lock of the session says so, and ends with it in a crash."""
    key = [space, number % (1 << 31)]
    with cursor() as run:
        row = run.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        if mine:
            with contextlib.suppress(Error, psycopg.Error), cursor() as run:  # a lost connection has let go already
                run.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def defer(task: str, number: int) -> None:
    """Hand it to a worker, unless it waits for one already."""
    named = app.configure_task(task, queue=QUEUE, queueing_lock=f"{task}-{number}")
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        named.defer(number=number)
