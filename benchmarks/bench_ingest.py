"""Pack production end to end, as a ratio to a raw binary COPY of one row a cell in the same run.

A file holds 6,250 packs with 10 modules and 160 cells each: a million rows of Parquet. It goes through the
real door: kept, read, every rule on every row, compared with the ledger, written, committed. The reference
copies the same rows (pack, module and cell code, and the day) into a bare table without index, from bytes
that are ready. It runs before and after every file, into an empty table each time, because how fast a disk
takes 94 MB changes from second to second; a file is held against the mean of the two.
"""

import statistics
from collections.abc import Iterator
from datetime import date
from functools import partial
from io import BytesIO
from itertools import islice

import numpy as np
import polars as pl

from benchmarks.figures import figure, timed
from benchmarks.scratch import register_maker, scratch_server

FILES = 6
ROWS = 1_000_000
EPOCH_DAYS = 10_957  # PostgreSQL counts days from 2000
TABLES = (
    "ledger_event",
    "ledger_state",
    "ledger_block",
    "ledger_span",
    "ledger_daily",
    "ledger_finding",
    "ledger_personal",
)


def files(*, shuffled: bool) -> Iterator[tuple[pl.DataFrame, bytes]]:
    """A million rows at a time, as a frame and as the Parquet file a maker would send."""
    from suyuan.simulation.production import pack_files

    start = date(2025, 1, 1) if shuffled else date(2023, 1, 1)
    for frame in islice(pack_files(FILES * ROWS // 160, ROWS, shuffled, start=start), FILES):
        out = BytesIO()
        frame.write_parquet(out)
        yield frame, out.getvalue()


def binary_rows(frame: pl.DataFrame) -> bytes:
    """The rows of the file in PostgreSQL's binary COPY form: three codes and the day, all rows of one length."""
    codes = ("pack_code", "module_code", "cell_code")
    rows = np.empty((frame.height, 2 + 3 * 28 + 8), np.uint8)
    rows[:, :2] = (0, 4)
    for place, name in enumerate(codes):
        text = np.frombuffer("".join(frame[name].to_list()).encode(), np.uint8).reshape(-1, 24)
        rows[:, 2 + 28 * place : 6 + 28 * place] = (0, 0, 0, 24)
        rows[:, 6 + 28 * place : 30 + 28 * place] = text
    days = frame["produced_on"].to_physical().to_numpy() - EPOCH_DAYS
    rows[:, 86:90] = (0, 0, 0, 4)
    rows[:, 90:] = days.astype(">i4").view(np.uint8).reshape(-1, 4)
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"


def raw_copy(data: bytes) -> float:
    """Seconds to copy ready bytes into a bare table, and to commit; the table is empty before and after."""
    from django.db import transaction

    from suyuan.server.kit.connection import OWNER_ALIAS, cursor

    def copy_and_commit() -> None:
        statement = "COPY bench_row FROM STDIN (FORMAT binary)"
        with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run, run.copy(statement) as copy:
            copy.write(data)

    seconds, _ = timed(copy_and_commit)
    with cursor(OWNER_ALIAS) as run:
        run.execute("TRUNCATE bench_row")
    return seconds


def report(maker: int, data: bytes, name: str) -> int:
    """Send one file through the real door; cells admitted."""
    from suyuan.server.submissions.services import Order, receive, work

    submission = receive(maker, data, Order(name=name))
    done = work(submission.number)
    if done.state != "accepted":
        raise SystemExit(f"{name} was {done.state}: {done.groups}")
    return done.rows


def stored_bytes() -> int:
    """Bytes of all ledger tables with their indexes."""
    from suyuan.server.kit.connection import cursor

    with cursor() as run:
        rows = run.execute(
            "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s::text[]) AS t", [list(TABLES)]
        )
        (total,) = rows.fetchone() or (0,)
    return int(total)


def measure(maker: int, *, shuffled: bool) -> None:
    """Measure one order of cells and print its figures."""
    order = "shuffled within a day's lot" if shuffled else "consecutive serials"
    before, cells = stored_bytes(), 0
    ratios, rates, raw = [], [], []
    for number, (frame, data) in enumerate(files(shuffled=shuffled)):
        ready = binary_rows(frame)
        copied = [raw_copy(ready)]
        taken, rows = timed(partial(report, maker, data, f"{order}-{number}.parquet"))
        copied.append(raw_copy(ready))
        cells += rows
        raw += [rows / seconds for seconds in copied]
        ratios.append(statistics.mean(copied) / taken)
        rates.append(rows / taken)
        beside = " and ".join(f"{rows / seconds:,.0f}" for seconds in copied)
        print(f"{order}, file {number}: {rows / taken:,.0f} cells/s; raw COPY {beside} rows/s", flush=True)
    what = f"pack production from Parquet, {order}"
    spread = f"raw {min(raw):,.0f} to {max(raw):,.0f} rows/s, median {statistics.median(raw):,.0f}"
    note = f"median of {FILES} files of a million rows, each between two raw copies of the same rows; {spread}"
    figure(f"{what}, beside raw COPY", statistics.median(ratios), "ratio", at_least=0.5, aim=1.0, note=note)
    figure(what, statistics.median(rates), "cells/s", note=f"{min(rates):,.0f} to {max(rates):,.0f}")
    limits: dict[str, float] = {"at_most": 40, "aim": 25} if shuffled else {}
    bytes_a_cell = (stored_bytes() - before) / cells
    figure(f"storage a cell, {order}", bytes_a_cell, "B", note="all tables and indexes of the ledger", **limits)


def main() -> None:
    """Measure both orders of cells."""
    from suyuan.server.kit.connection import OWNER_ALIAS, cursor

    with scratch_server():
        maker, _ = register_maker()
        with cursor(OWNER_ALIAS) as run:
            run.execute("CREATE TABLE bench_row (pack text, module text, cell text, produced_on date)")
        for shuffled in (False, True):
            measure(maker, shuffled=shuffled)


if __name__ == "__main__":
    main()
