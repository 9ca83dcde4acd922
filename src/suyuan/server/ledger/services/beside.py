"""Arithmetic beside the database: a second thread computes while the first one waits for PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Protocol, TypeVar

MANY = 50_000  # parts from which on a thread is worth its start

T = TypeVar("T")


class Beside(Protocol):
    """Starts `act`; the answer waits for what it gives, or raises what it raised."""

    def __call__(self, act: Callable[[], T], /) -> Callable[[], T]:
        """The answer to ask for; it is worked out once."""


@contextmanager
def second_thread(parts: int) -> Iterator[Beside]:
    """For a large batch a thread of its own; a small one is worked on when it is asked for.

    What runs beside must not touch the database: the connection is the first thread's.
    """
    if parts < MANY:
        yield cache
        return
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as pool:
        yield lambda act: pool.submit(act).result
