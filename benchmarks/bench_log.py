"""The transparency log beside the ledger: integrating, publishing, proving, auditing, and what it costs ingest.

Each part works on an installation of its own. Published figures to compare with, of Tessera's POSIX
storage, are in benchmarks/README.md; the reference measured here is SHA-256 over the same bytes.
"""

import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.figures import figure, timed
from benchmarks.scratch import register_maker, scratch_server

if TYPE_CHECKING:
    import polars as pl

    from suyuan.kernel import Finding
    from suyuan.server.ledger.services.outbox import Facts
    from suyuan.server.log.services.auditing import Audit
    from suyuan.server.log.services.keeping import Keeper

LEAVES = 200_000
SECONDS, PER_SECOND = 20, 100
RECORDS = (250_000, 1_000_000)
PROOFS = 200
TURNS, FILES, ROWS = 4, 3, 1_000_000
PASSPHRASE = "only for measurements"  # noqa: S105  guards nothing


def integrate() -> None:
    """Tiles and bundles of prepared leaves, written and brought to the disk."""
    from suyuan.server.witness.folder import LogFolder
    from suyuan.tlog import Edge, grow_in_batches

    leaves = [b'{"submission":"%09d"' % number + b"x" * 400 + b"}" for number in range(LEAVES)]
    with TemporaryDirectory() as folder:
        files = LogFolder(Path(folder))

        def grow() -> None:
            for growth in grow_in_batches(Edge(), leaves, 8192):
                files.write(growth.files)

        seconds, _ = timed(grow)
    hashing, _ = timed(lambda: [sha256(leaf).digest() for leaf in leaves])
    note = f"{LEAVES:,} leaves of 424 bytes in batches of 8,192, every file brought to the disk"
    figure("submissions integrated into tiles from prepared leaves", LEAVES / seconds, "/s", at_least=20_000, note=note)
    figure("the same beside SHA-256 over the leaves alone", seconds / hashing, "ratio")


def open_keeper(home: Path) -> "Keeper":
    """The keeper of a scratch installation."""
    from suyuan.server.log.queries.place import Place
    from suyuan.server.log.services.starting import keeper
    from suyuan.server.witness.keys import KeyFolder

    return keeper(Place("bench.example", home / "log", "110000"), KeyFolder(home / "keys", log_cost=10), PASSPHRASE)


def insert(first: int, submissions: int, records: int, maker: int) -> None:
    """Submissions with `records` records each, put into the ledger and announced in one transaction."""
    from django.db import transaction

    from suyuan.server.kit.connection import OWNER_ALIAS, cursor
    from suyuan.server.ledger.services.outbox import Announcement, announce

    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        run.execute(
            """
            INSERT INTO ledger_event (lot, serial, id, slot, kind, reporter, record, submission, occurred_at, body,
                                      part_lots, part_counts, parts)
            SELECT '9SMPB010000001G15', %(first)s::integer + n, gen_random_uuid(), 0, 2, %(maker)s,
                   n %% %(records)s::integer + 1, %(first)s::bigint + n / %(records)s::integer, now(),
                   '{"model": "PK-100"}', ARRAY['9SMCB030000001G15'], '\\x01000000',
                   decode(repeat(lpad(to_hex(n), 8, '0'), 32), 'hex')
              FROM generate_series(0, %(submissions)s::integer * %(records)s - 1) AS n
            """,
            {"first": first, "maker": maker, "records": records, "submissions": submissions},
        )
        now = datetime.now(UTC)
        numbers = range(first, first + submissions)
        announce(run, [Announcement(number, maker, "pack_produced", bytes(32), now) for number in numbers])


@dataclass
class Feed:
    """When each submission was committed, and when a published checkpoint first had it."""

    committed: list[float] = field(default_factory=list)
    published: list[float] = field(default_factory=list)


def publish(home: Path, maker: int) -> None:
    """How long a committed submission waits for a published checkpoint."""
    from suyuan.server.kit.connection import cursor
    from suyuan.server.log.queries.standing import standings

    keeper, feed = open_keeper(home), Feed()
    with cursor() as run:
        before = standings(run, keeper.place)[0].size
    thread = threading.Thread(target=keeper.run)
    thread.start()
    begin = time.perf_counter()
    watcher = threading.Thread(target=_watch, args=(keeper, feed, before, SECONDS * PER_SECOND))
    watcher.start()
    for turn in range(SECONDS * 10):
        insert(4_000_000 + turn * PER_SECOND // 10, PER_SECOND // 10, 1, maker)
        feed.committed += [time.perf_counter()] * (PER_SECOND // 10)
        time.sleep(max(0.0, begin + (turn + 1) / 10 - time.perf_counter()))
    watcher.join()
    keeper.stopped.set()
    thread.join()
    with cursor() as run:
        (log,) = standings(run, keeper.place)
    waits = sorted(there - gone for gone, there in zip(feed.committed, feed.published, strict=True))
    note = f"{PER_SECOND}/s for {SECONDS} s, {log.size - before:,} entries, signed and published"
    figure("committed to published, median", statistics.median(waits), "s", at_most=2, note=note)
    figure("committed to published, 99th percentile", waits[int(len(waits) * 0.99)], "s", at_most=2)


def _watch(keeper: "Keeper", feed: Feed, before: int, wanted: int) -> None:
    from suyuan.tlog import parse_checkpoint, parse_note

    files = None
    while len(feed.published) < wanted:
        time.sleep(0.02)
        if files is None:
            found = list(keeper.place.folder.glob("prov/*/*/checkpoint"))
            files = found[0] if found else None
            continue
        size = parse_checkpoint(parse_note(files.read_bytes()).text).size
        feed.published += [time.perf_counter()] * (size - before - len(feed.published))


def audit(home: Path, maker: int, sizes: tuple[int, int] = RECORDS) -> None:
    """Audits of two sizes, and proofs of single records."""
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.ledger.services.outbox import Facts
    from suyuan.server.log.queries.receipts import record_proof
    from suyuan.server.log.services.auditing import Audit
    from suyuan.server.witness.keys import KeyFolder

    keeper, done, per_record = open_keeper(home), 0, []
    with cursor() as run:
        ((code,),) = run.execute("SELECT code FROM registry_company WHERE number = %s", [maker]).fetchall()
    received: dict[int, datetime] = {}
    for records in sizes:
        while done < records:
            insert(3_000_000 + done // 1000, 50, 1000, maker)
            with cursor() as run:
                received |= dict(run.execute("SELECT submission, received_at FROM ledger_outbox").fetchall())
            done += 50_000
            seconds, _ = timed(keeper.once)
        facts = {
            number: (Facts(number, maker, "pack_produced", bytes(32), at), code) for number, at in received.items()
        }
        with transaction.atomic(), cursor() as run:
            made = Audit(run, keeper.place, KeyFolder(home / "keys"), Told(facts))
            took, found = timed(partial(_all, made))
        if found:
            raise SystemExit(f"{len(found)} differences, first {found[0]}")
        per_record.append(took / made.records)
        figure(f"audit of {made.records:,} records", made.records / took, "records/s")
    figure(
        "audit, time a record at the larger size beside the smaller",
        per_record[1] / per_record[0],
        "ratio",
        at_most=1.3,
    )
    figure("sealing and publishing records", 50_000 / seconds, "records/s", note="50 submissions of 1,000 records")
    with cursor() as run:
        ids = [
            str(row[0]) for row in run.execute("SELECT id FROM ledger_event TABLESAMPLE SYSTEM (1) LIMIT %s", [PROOFS])
        ]
        waits = sorted(timed(partial(record_proof, run, keeper.place, one))[0] * 1e3 for one in ids)
    figure("proof of one record, 99th percentile", waits[int(len(waits) * 0.99)], "ms", at_most=5)


def _all(made: "Audit") -> "list[Finding]":
    return list(made.findings())


@dataclass
class Told:
    """What the ledger's side knows of the submissions here."""

    known: "Mapping[int, tuple[Facts, str]]"

    def facts(self, numbers: Sequence[int]) -> "Mapping[int, tuple[Facts, str]]":
        """Of each of these."""
        return {number: self.known[number] for number in numbers}

    def entered_between(self, after: int, upto: int | None) -> set[int]:
        """All that left records."""
        return {number for number in self.known if after < number and (upto is None or number <= upto)}


@contextmanager
def integrator(home: Path) -> Iterator[None]:
    """The integrator as a process of its own, at work."""
    environment = {**os.environ, "SUYUAN_HOME": str(home), "SUYUAN_KEY_PASSPHRASE": PASSPHRASE}
    with subprocess.Popen([sys.executable, "-m", "suyuan.cli", "log", "integrate"], env=environment) as process:
        time.sleep(4)  # until it is at work
        try:
            yield
        finally:
            process.terminate()


def overhead(maker: int, home: Path) -> None:
    """Ingest of large files, one directly after the other, with and without the log beside it, in turns."""
    from suyuan.server.submissions.services import Order, receive, work
    from suyuan.simulation.production import pack_files

    def report(files: Sequence[bytes], turn: int) -> None:
        for number, data in enumerate(files):
            submission = receive(maker, data, Order(name=f"{turn}-{number}.parquet"))
            if work(submission.number).state != "accepted":
                raise SystemExit(f"file {number} of turn {turn} was not accepted")

    frames = pack_files(2 * TURNS * FILES * ROWS // 160, ROWS, True)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * TURNS):
        files = [_parquet(frame) for frame in islice(frames, FILES)]
        with_log = bool(turn % 2)
        with integrator(home) if with_log else nullcontext():
            took, _ = timed(partial(report, files, turn))
            seconds[with_log].append(took)
            time.sleep(2)  # until the last file is sealed, too, so that it does not run into the next turn
    without, beside = statistics.median(seconds[False]), statistics.median(seconds[True])
    note = (
        f"median of {TURNS} turns of {FILES} files of a million rows each way; the integrator is a process of its own"
    )
    figure("what the log costs ingest end to end", beside / without - 1, "share", at_most=0.15, note=note)


def _parquet(frame: "pl.DataFrame") -> bytes:
    out = BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def main() -> None:
    """Everything, each on its own installation."""
    integrate()
    with scratch_server() as home:
        maker, _ = register_maker()
        audit(home, maker)
        publish(home, maker)
        overhead(maker, home)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figure("peak memory of all of this", peak, "MiB", at_most=2048)


if __name__ == "__main__":
    main()
