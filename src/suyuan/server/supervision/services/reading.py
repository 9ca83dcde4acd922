"""Read the next portion on a connection of its own while the last one is computed and written: both cores work."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

import polars as pl
import psycopg
from django.db import connections, transaction
from psycopg.sql import SQL, Literal

from suyuan.rules import Law
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.supervision.queries.history import PORTION, Portion, events_between, portions

_EXPORT = "SELECT pg_export_snapshot()"
_ISOLATED = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@dataclass(frozen=True, slots=True)
class Read:
    """The records of the objects in a range of lots that matter to a duty."""

    portion: Portion
    events: pl.DataFrame


@dataclass
class _Reader:
    """Lives in the second thread, whose connection it opens and closes; sees what the first one's snapshot sees."""

    snapshot: str
    law: Law
    open: ExitStack = field(default_factory=ExitStack)
    ahead: Iterator[Read] = field(init=False)

    def start(self) -> None:
        self.open.enter_context(transaction.atomic())
        run = cursor()
        run.execute(_ISOLATED)
        run.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(self.snapshot)))
        self.ahead = (Read(portion, events_between(run, self.law, portion)) for portion in portions(run, PORTION))

    def next(self) -> Read | None:
        return next(self.ahead, None)

    def stop(self) -> None:
        self.open.close()
        connections.close_all()


def read_ahead(run: psycopg.Cursor[Row], law: Law) -> Iterator[Read]:
    """Every portion in order, one read ahead; what `run` has changed in its transaction is not in it."""
    ((snapshot,),) = run.execute(_EXPORT).fetchall()
    reader = _Reader(str(snapshot), law)
    with ThreadPoolExecutor(1, thread_name_prefix="reading") as beside:
        beside.submit(reader.start).result()
        try:
            ahead = beside.submit(reader.next)
            while (read := ahead.result()) is not None:
                ahead = beside.submit(reader.next)
                yield read
        finally:
            beside.submit(reader.stop).result()
