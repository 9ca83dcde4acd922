"""Records reported by the cast, written through the ledger's own door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
from django.db import transaction

from suyuan.events import records
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import cursor
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
        batch = records.build(vocabulary().kinds[kind], pl.DataFrame(rows), numbers, actor.number)
        with transaction.atomic(), cursor() as run:
            done = append(run, batch, self.submission, RECEIVED + self.submission, rng=self.rng)
        assert done.admitted.all(), done.contradictions
        return done
