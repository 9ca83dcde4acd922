"""Recall: from a design, a range of serials, a list of codes or a batch of material to whatever contains them.

The answer streams as frames. Where parts are not asked for one by one, parts of one lot in one
container share a row. What went into several products in one record has a row for each of them. Memory
stays bounded: blocks are read in portions, and what is kept of a lot is one row for each container.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import polars as pl
import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.materials import find_batch
from suyuan.server.ledger.queries.objects import end_of_day
from suyuan.server.ledger.queries.recalled import RECALLED, Request, answer, by_blocks, by_codes, by_material, by_state

PORTION = 1 << 13
"""Blocks (of at most 64 parts) that are read at once; codes are taken 64 times as many at once."""

_AFTER = "\x7f"  # sorts behind every character of a code


def recall_prefix(
    run: psycopg.Cursor[Row], scope: Scope, prefix: str, at: date | None = None, portion: int = PORTION
) -> Iterator[pl.DataFrame]:
    """What contains the batteries whose code begins with `prefix` (14 characters: a filed design)."""
    request = Request(run, scope, end_of_day(at), portion)
    yield from _range(request, (prefix, 0), (prefix + _AFTER, 0))


def recall_serials(
    run: psycopg.Cursor[Row],
    scope: Scope,
    lot: str,
    serials: range,
    at: date | None = None,
    portion: int = PORTION,
) -> Iterator[pl.DataFrame]:
    """What contains the batteries of a lot with these serials (consecutive ones)."""
    request = Request(run, scope, end_of_day(at), portion)
    if serials:
        yield from _range(request, (lot, serials[0]), (lot, serials[-1]))


def recall_codes(
    run: psycopg.Cursor[Row], scope: Scope, codes: Sequence[str] | pl.Series, at: date | None = None
) -> Iterator[pl.DataFrame]:
    """What contains each of these batteries; a row a code, or a product of several that it went into.

    Unknown codes, and repeated ones, are left out.
    """
    request = Request(run, scope, end_of_day(at), PORTION)
    listed = pl.Series("code", codes, dtype=pl.String).drop_nulls().unique(maintain_order=True)
    for portion in listed.to_frame().iter_slices(PORTION * 64):
        yield from answer(request, by_codes(request, portion["code"]), each=True)


def recall_material(
    run: psycopg.Cursor[Row],
    scope: Scope,
    batch: str,
    at: date | None = None,
    portion: int = PORTION,
    company: str | None = None,
) -> Iterator[pl.DataFrame]:
    """What contains the cells that were made from a batch of recycled material.

    `batch` is its whole code, or the text alone if `company` is given or no other company has a batch of
    that text; see `find_batch`, which raises ``ledger.batch_of_several`` otherwise.
    """
    request = Request(run, scope, end_of_day(at), portion)
    meant = find_batch(run, scope, batch, company)
    if meant is not None:
        yield from answer(request, by_material(request, meant))


def _range(request: Request, first: tuple[str, int], last: tuple[str, int]) -> Iterator[pl.DataFrame]:
    yield from answer(request, by_blocks(request, first, last))
    yield from answer(request, by_state(request, first, last), each=True)


def as_csv(frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """The answer as CSV (UTF-8 with a mark, as spreadsheets expect), the heading first."""
    yield "\ufeff".encode() + pl.DataFrame(schema=RECALLED).write_csv().encode()
    for frame in frames:
        yield frame.write_csv(include_header=False).encode()
