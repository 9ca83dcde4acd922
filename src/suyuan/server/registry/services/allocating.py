"""Give out battery codes under a filed coding rule: each serial once, and none left out.

The serials of a lot (prefix and day) are given out in the order of one row that is locked (`registry_code_sequence`).
That row and the batch are written in one transaction: what is not committed was never given out.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

import psycopg
from django.db import transaction

from suyuan.codes.alphabets import FIRST_YEAR
from suyuan.codes.battery import compose
from suyuan.codes.keys import LARGEST_SERIAL, split_code
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries.batches import Batch, batch
from suyuan.server.registry.queries.register import filings

LARGEST_BATCH: Final = 100_000
_SUFFIX_LETTER: Final = "R"


class Book(Protocol):
    """What the ledger knows of serials; it stands above this room and is handed in."""

    def free_from(self, run: psycopg.Cursor[Row], lot: str, first: int, count: int) -> int | None:
        """The lowest serial not below `first` that begins `count` serials nobody reported; None if there is none."""
        ...

    def reported(self, run: psycopg.Cursor[Row], lot: str, first: int, last: int) -> set[int]:
        """Which serials of a lot were ever reported."""
        ...


@dataclass(frozen=True, slots=True)
class CodeOrder:
    """What is asked for: `count` codes of a day under a filed prefix.

    `suffix` is compulsory for prefixes of 7 characters. The same `request` of a company gives the same batch again.
    """

    prefix: str
    produced_on: date
    count: int
    suffix: str | None = None
    request: str | None = None


def allocate(by: Scope, order: CodeOrder, book: Book, actor: str, clock: Clock = SYSTEM_CLOCK) -> Batch:
    """Give out the codes; they belong to the company from then on.

    Raises
    ------
    Forbidden
        ``labels.only_companies``.
    Missing
        ``labels.filing_missing`` if the company has no such rule on that day.
    Refusal
        ``labels.batch_size``, ``labels.day_impossible``, ``labels.suffix_wanted``.
    Conflict
        ``labels.lot_exhausted``, ``labels.request_differs``.
    """
    if by.level is not Level.COMPANY or by.company is None:
        raise Forbidden("labels.only_companies")
    lot = _lot(by, order, clock)
    try:
        with transaction.atomic(), cursor() as run:
            number = _give_out(run, lot, order, book, _Taker(by.company, actor, clock.now()))
    except psycopg.errors.UniqueViolation as error:  # the same request, for another lot, at the same moment
        raise Conflict("labels.request_differs", request=order.request or "") from error
    return batch(by, number)


def _lot(by: Scope, order: CodeOrder, clock: Clock) -> str:
    """The lot, once everything about the order is known to be right."""
    if not 1 <= order.count <= LARGEST_BATCH:
        raise Refusal("labels.batch_size", largest=LARGEST_BATCH, count=order.count)
    last_year = clock.today().year + 1  # a year letter further off would be read as that of an earlier cycle
    if not FIRST_YEAR <= order.produced_on.year <= last_year:
        raise Refusal("labels.day_impossible", day=order.produced_on.isoformat(), last=last_year)
    held = filings(by, [order.prefix], order.produced_on)
    if held.is_empty():
        raise Missing("labels.filing_missing", day=order.produced_on.isoformat(), prefix=order.prefix[:14])
    ending = f"{_SUFFIX_LETTER}{order.prefix[3]}"
    if order.suffix not in ({ending} if len(order.prefix) == 7 else {None, ending}):
        raise Refusal("labels.suffix_wanted", prefix=order.prefix, wanted=ending)
    return split_code(compose(order.prefix, order.produced_on, 1, order.suffix))[0]


@dataclass(frozen=True, slots=True)
class _Taker:
    """Who takes the codes, and when."""

    company: int
    actor: str
    at: datetime


def _give_out(run: psycopg.Cursor[Row], lot: str, order: CodeOrder, book: Book, taker: _Taker) -> int:
    following = lock(run, lot)
    known = _known(run, taker.company, lot, order)
    if known is not None:
        return known
    first = book.free_from(run, lot, following, order.count)
    if first is None:
        left = max(LARGEST_SERIAL + 1 - following, 0)
        day = order.produced_on.isoformat()
        raise Conflict("labels.lot_exhausted", prefix=order.prefix, day=day, left=left, count=order.count)
    common = [taker.company, order.prefix, order.produced_on, order.suffix, taker.actor, taker.at]
    if first > following:
        run.execute(_INSERT, [lot, following, first - 1, *common, False, None])
    last = first + order.count - 1
    row = run.execute(_INSERT, [lot, first, last, *common, True, order.request]).fetchone()
    run.execute("UPDATE registry_code_sequence SET next = %s WHERE lot = %s", [last + 1, lot])
    return int(row[0]) if row else 0


_INSERT: Final = """
INSERT INTO registry_allocation
    (lot, first, last, company, prefix, produced_on, suffix, actor, asked_at, given, request)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number
"""


def lock(run: psycopg.Cursor[Row], lot: str) -> int:
    """Lock a lot until the transaction ends; its next free serial."""
    run.execute("INSERT INTO registry_code_sequence (lot) VALUES (%s) ON CONFLICT DO NOTHING", [lot])
    row = run.execute("SELECT next FROM registry_code_sequence WHERE lot = %s FOR UPDATE", [lot]).fetchone()
    return int(row[0]) if row else 1


def _known(run: psycopg.Cursor[Row], company: int, lot: str, order: CodeOrder) -> int | None:
    """The batch that this request was already answered with."""
    if order.request is None:
        return None
    row = run.execute(
        "SELECT number, lot, last - first + 1 FROM registry_allocation WHERE company = %s AND request = %s",
        [company, order.request],
    ).fetchone()
    if row is None:
        return None
    if (row[1], row[2]) != (lot, order.count):
        raise Conflict("labels.request_differs", request=order.request)
    return int(row[0])
