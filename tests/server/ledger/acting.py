"""Records reported by the cast, written through the ledger's own door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import polars as pl
from django.db import transaction

from suyuan.codes import batch_code
from suyuan.events import records
from suyuan.events.check import Context
from suyuan.events.checks.batches import with_batch_keys
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import cursor
from suyuan.server.ledger import services
from suyuan.server.ledger.services import Amended, Correction, Filing
from suyuan.server.ledger.services.append import Appended, append
from tests.server.cast import CELL_PREFIX, MODULE_PREFIX, PACK_PREFIX, UTILISER_VENDOR, Actor

RECEIVED = int(datetime(2026, 11, 22, 2, 0, tzinfo=UTC).timestamp() * 1000)
DAY = "85A"  # 10 May 2018
VIN, OTHER_VIN = "LGWEEUA59JE003435", "1M8GDM9AXKP042788"
MATERIAL = "NI-2024-07"

Row = Mapping[str, object]


def pack(number: int) -> str:
    return f"{PACK_PREFIX}{DAY}{number:07d}"


def module(number: int) -> str:
    return f"{MODULE_PREFIX}{DAY}{number:07d}"


def cell(number: int) -> str:
    return f"{CELL_PREFIX}{DAY}{number:07d}"


def product(number: int) -> str:
    return f"{UTILISER_VENDOR}PB010000001E85{number:07d}RP"


def batch(of: Actor, text: str = MATERIAL) -> str:
    """The code of a company's batch of material."""
    return batch_code(of.code, text)


def pack_rows(code: str, modules: Mapping[str, Sequence[str]], on: date = date(2018, 5, 10)) -> list[Row]:
    """A pack as the flat form reports it: one row a cell."""
    return [
        {"pack_code": code, "produced_on": on, "module_code": of, "cell_code": cell}
        for of, cells in modules.items()
        for cell in cells
    ]


@dataclass
class Acting:
    """Appends records and keeps the time of receipt moving."""

    submission: int = 0
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def report(self, kind: str, actor: Actor, rows: Sequence[Row], record: Sequence[int] | None = None) -> Appended:
        """Report rows of one kind; `record` numbers them, one record a row if not given."""
        self.submission += 1
        numbers = np.arange(len(rows)) if record is None else np.array(record)
        values = with_batch_keys(vocabulary().kinds[kind], pl.DataFrame(rows), actor.code)
        batch = records.build(vocabulary().kinds[kind], values, numbers, actor.number)
        with transaction.atomic(), cursor() as run:
            done = append(run, batch, self.submission, RECEIVED + self.submission, rng=self.rng)
        assert done.admitted.all(), done.contradictions
        return done

    def withdraw(self, done: Appended, actor: Actor) -> Amended:
        """Withdraw what was reported, through the ledger's service."""
        with transaction.atomic(), cursor() as run:
            told = services.withdraw(run, dict.fromkeys(ids_of(done), "by mistake"), self.filing(actor))
        assert told.records, told.objections
        return told

    def correct(self, record: str, field: str, value: str | None, actor: Actor) -> str:
        """Set one field of a record right, through the ledger's service; the id of the new record."""
        now = datetime.fromtimestamp(RECEIVED / 1000, UTC)
        context = Context(now.date(), now, actor.code, {actor.code: actor.number}, dict(actor.sites))
        with transaction.atomic(), cursor() as run:
            told = services.correct(run, [Correction(record, field, value, "misread")], self.filing(actor), context)
        assert told.records, told.objections
        return dashed(next(iter(told.records.values())))

    def filing(self, actor: Actor) -> Filing:
        """The next submission of one of the cast."""
        self.submission += 1
        return Filing(actor.number, self.submission, RECEIVED + self.submission, self.rng)


def dashed(identity: str) -> str:
    """An id as the reads tell it."""
    return str(UUID(identity))


def ids_of(done: Appended) -> list[str]:
    """The ids of the records that were written."""
    return [str(UUID(bytes=row.tobytes())) for row in done.ids]
