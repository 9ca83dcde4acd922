"""Drives the ledger through a connection of its own, and reads its folds for comparison."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import psycopg

from suyuan.events.check import Context
from suyuan.events.containment import decode_block
from suyuan.events.folds import Key, Span, Standing
from suyuan.events.policy import DEFAULT, Policy
from suyuan.events.records import Batch
from suyuan.server.kit.connection import Row
from suyuan.server.ledger import services
from suyuan.server.ledger.services import Amended, Appended, Correction, Filing, Report, append
from tests.events.histories import Row as Cells
from tests.events.histories import batch_of

RECEIVED_MS = 1_780_000_000_000


@dataclass(slots=True)
class Book:
    """A client of the ledger; every call is a transaction unless one is open."""

    connection: psycopg.Connection[Row]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    submission: int = 0
    policy: Policy = DEFAULT

    @classmethod
    def open(cls, dsn: str, seed: int = 7) -> "Book":
        """A book on a new connection."""
        return cls(psycopg.connect(dsn), np.random.default_rng(seed))

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @property
    def now_ms(self) -> int:
        """When the latest submission was received."""
        return RECEIVED_MS + self.submission

    def append(
        self, batch: Batch, *, received_ms: int | None = None, whole: bool = False, dry: bool = False
    ) -> Appended:
        self.submission += 1
        at = self.now_ms if received_ms is None else received_ms
        with self.connection.transaction(), self.connection.cursor() as run:
            return append(run, batch, self.submission, at, rng=self.rng, policy=self.policy, whole=whole, dry=dry)

    def report(self, kind: str, *rows: list[Cells], reporter: int = 1) -> Appended:
        """Typed records, one list of rows each."""
        return self.append(batch_of(kind, list(rows), reporter))

    def filing(self, reporter: int = 1) -> Filing:
        """The next submission, of withdrawals or corrections."""
        self.submission += 1
        return Filing(reporter, self.submission, self.now_ms, self.rng)

    def withdraw(self, *records: str, reporter: int = 1, reason: str = "reported twice") -> Amended:
        filing = self.filing(reporter)
        with self.connection.transaction(), self.connection.cursor() as run:
            return services.withdraw(run, dict.fromkeys(records, reason), filing)

    def correct(self, corrections: Sequence[Correction], reporter: int, context: Context) -> Amended:
        filing = self.filing(reporter)
        with self.connection.transaction(), self.connection.cursor() as run:
            return services.correct(run, corrections, filing, context, self.policy)

    def rebuild(self, *, check: bool = True) -> Report:
        with self.connection.transaction(), self.connection.cursor() as run:
            return services.rebuild(run, check=check)

    def query(self, statement: str, parameters: Sequence[object] = ()) -> list[Row]:
        return self.connection.execute(statement, parameters).fetchall()

    def states(self) -> dict[Key, Standing]:
        rows = self.query(
            "SELECT lot, serial, stage, coalesce(holder, 0), coalesce(consignee, 0), coalesce(site, 0), vehicle,"
            " (extract(epoch FROM changed_at) * 1000)::bigint, replace(changed_by::text, '-', '') FROM ledger_state"
        )
        return {(lot, serial): Standing(*rest) for lot, serial, *rest in rows}

    def spans(self, *, up: bool = True) -> dict[Key, list[Span]]:
        rows = self.query(
            "SELECT lot, serial, other_lot, other_serial, (extract(epoch FROM from_at) * 1000)::bigint,"
            " replace(from_by::text, '-', ''), (extract(epoch FROM to_at) * 1000)::bigint FROM ledger_span"
            " WHERE up = %s ORDER BY lot, serial, from_at, to_at",
            [up],
        )
        found: dict[Key, list[Span]] = {}
        for lot, serial, other_lot, other_serial, since, by, until in rows:
            found.setdefault((lot, serial), []).append(Span((other_lot, other_serial), since, by, until))
        return found

    def births(self) -> set[tuple[int, Key, Key | None]]:
        """(submission, part, parent) of every bit in the blocks; no parent for cells that were only made."""
        found: set[tuple[int, Key, Key | None]] = set()
        for lot, block, submission, mask, lots, parents in self.query("SELECT * FROM ledger_block"):
            columns = decode_block(block, mask, parents or b"")
            for serial, place, parent in zip(*(column.tolist() for column in columns), strict=True):
                found.add((submission, (lot, serial), (lots[place], parent) if lots else None))
        return found

    def daily(self) -> dict[tuple[object, ...], int]:
        rows = self.query("SELECT day, kind, company, submission, records FROM ledger_daily")
        return {tuple(row[:4]): row[4] for row in rows}


def hexes(ids: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[str]:
    """Ids of records as hexadecimal text."""
    return [row.tobytes().hex() for row in ids]
