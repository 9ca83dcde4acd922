"""The figures of an installation for monitoring.

What concerns the installation is read from the database and the data folder when somebody asks, each by a query
whose cost does not grow with the ledger, so that every web process answers the same. Only requests are counted
in memory, in the tally that all processes share.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from django.conf import settings
from django.db import Error

from suyuan import __version__
from suyuan.kernel import SuyuanError
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.observing import routes
from suyuan.server.kit.tally import BOUNDS_S, CLASSES, METHODS, Tally
from suyuan.server.log.queries.place import here
from suyuan.server.operation.backing_up import LAST
from suyuan.server.operation.exposition import Family, Sample, plain
from suyuan.tlog.checkpoints import parse_checkpoint
from suyuan.tlog.notes import parse_note

MOST_COUNTED: Final = 100_000
"""A backlog is counted up to here."""

_DATABASE = """
SELECT pg_database_size(current_database()),
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
       (SELECT coalesce(max(number), 0) FROM submissions_submission)
"""
_TABLES = """
SELECT relname::text, greatest(reltuples, 0)::bigint FROM pg_class
 WHERE relnamespace = 'public'::regnamespace
   AND relname IN ('ledger_event', 'ledger_state', 'ledger_block', 'ledger_span')
 ORDER BY 1
"""
_JOBS = """
SELECT (SELECT count(*) FROM (SELECT FROM procrastinate_jobs WHERE status = 'todo' LIMIT %(most)s) AS t),
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NOT NULL),
       (SELECT extract(epoch FROM now() - min(e.at)) FROM procrastinate_events e
         WHERE e.job_id = (SELECT min(id) FROM procrastinate_jobs WHERE status = 'todo')),
       (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '60 seconds')
"""
_OUTBOX = """
SELECT (SELECT count(*) FROM (SELECT FROM ledger_outbox LIMIT %(most)s) AS o),
       (SELECT extract(epoch FROM now() - received_at) FROM ledger_outbox ORDER BY submission LIMIT 1)
"""
_INCIDENTS = "SELECT kind, count(*) FROM log_incident WHERE closed_at IS NULL GROUP BY kind ORDER BY kind"
_ORIGINS = "SELECT origin FROM log_shard ORDER BY origin"


def families(tally: Tally) -> Iterator[Family]:
    """Every figure; those of the database are missing while it does not answer, and ``suyuan_database_up`` is 0."""
    yield Family("suyuan_build_info", "gauge", "The version that runs.", [Sample(1, {"version": __version__})])
    yield from _requests(tally)
    yield from _folder()
    try:
        with cursor() as run:
            found = [*_database(run), *_work(run), *_log(run)]
    except (Error, psycopg.Error):
        found = []
    yield plain("suyuan_database_up", "gauge", "Whether the database answers.", bool(found))
    yield from found


def _requests(tally: Tally) -> Iterator[Family]:
    answers, durations, total_us = tally.answers(), tally.durations(), tally.total_us()
    names = {number: name for name, number in routes().items()}
    seen = [number for number in sorted(names) if answers[number].any()]
    yield Family(
        "suyuan_http_requests_total",
        "counter",
        "Requests answered by all web processes since the server started.",
        [
            Sample(answers[n, m, c], {"route": names[n], "method": method, "status": status})
            for n in seen
            for m, method in enumerate(METHODS)
            for c, status in enumerate(CLASSES)
            if answers[n, m, c]
        ],
    )
    samples = []
    for n in seen:
        for bound, upto in zip([*map(str, BOUNDS_S), "+Inf"], durations[n].cumsum(), strict=True):
            samples.append(Sample(upto, {"route": names[n], "le": bound}, "_bucket"))
        samples.append(Sample(total_us[n] / 1e6, {"route": names[n]}, "_sum"))
        samples.append(Sample(durations[n].sum(), {"route": names[n]}, "_count"))
    yield Family("suyuan_http_request_seconds", "histogram", "Time until an answer began.", samples)


def _folder() -> Iterator[Family]:
    home = Path(settings.HOME)
    usage = shutil.disk_usage(next(path for path in (home, *home.parents) if path.exists()))
    yield plain("suyuan_disk_free_bytes", "gauge", "Free space where the data folder is.", usage.free)
    yield plain("suyuan_disk_size_bytes", "gauge", "Size of the disk that the data folder is on.", usage.total)
    try:
        last = json.loads((home / LAST).read_text(encoding="ascii"))
        taken_at, size = _moment(last["taken_at"]), float(last["size_bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    yield plain("suyuan_backup_timestamp_seconds", "gauge", "When the last whole backup was taken.", taken_at)
    yield plain("suyuan_backup_size_bytes", "gauge", "Size of the last whole backup.", size)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _database(run: psycopg.Cursor[Row]) -> Iterator[Family]:
    size, connections, last = run.execute(_DATABASE).fetchone() or (0, 0, 0)
    yield plain("suyuan_database_size_bytes", "gauge", "Size of the database.", size)
    yield plain("suyuan_database_connections", "gauge", "Open connections to the database.", connections)
    yield plain("suyuan_submissions_total", "counter", "The highest number given to a submission.", last)
    rows = run.execute(_TABLES).fetchall()
    samples = [Sample(count, {"table": name}) for name, count in rows]
    yield Family("suyuan_ledger_rows", "gauge", "Rows of the ledger's tables, as the planner estimates.", samples)


def _work(run: psycopg.Cursor[Row]) -> Iterator[Family]:
    todo, doing, oldest, workers = run.execute(_JOBS, {"most": MOST_COUNTED}).fetchone() or (0, 0, None, 0)
    samples = [Sample(todo, {"state": "waiting"}), Sample(doing, {"state": "worked_on"})]
    yield Family("suyuan_jobs", "gauge", f"Jobs for the workers, counted up to {MOST_COUNTED}.", samples)
    yield plain("suyuan_jobs_oldest_seconds", "gauge", "How long the oldest job waits.", float(oldest or 0))
    yield plain("suyuan_workers", "gauge", "Workers that gave a sign of life in the last minute.", workers)


def _log(run: psycopg.Cursor[Row]) -> Iterator[Family]:
    waiting, oldest = run.execute(_OUTBOX, {"most": MOST_COUNTED}).fetchone() or (0, None)
    text = f"Submissions that no log has taken yet, counted up to {MOST_COUNTED}."
    yield plain("suyuan_log_waiting_submissions", "gauge", text, waiting)
    text = "How long the oldest of them waits for the log."
    yield plain("suyuan_log_oldest_waiting_seconds", "gauge", text, float(oldest or 0))
    incidents = [Sample(count, {"kind": kind}) for kind, count in run.execute(_INCIDENTS).fetchall()]
    total = plain("suyuan_log_incidents", "gauge", "Open incidents of the logs, by kind.", 0)
    yield Family(total.name, total.kind, total.text, incidents) if incidents else total
    sizes, ages = [], []
    for (origin,) in run.execute(_ORIGINS).fetchall():
        published = _published(origin)
        if published is not None:
            sizes.append(Sample(published[0], {"origin": origin}))
            ages.append(Sample(published[1], {"origin": origin}))
    yield Family("suyuan_log_published_entries", "gauge", "Entries under the published checkpoint.", sizes)
    yield Family("suyuan_log_published_timestamp_seconds", "gauge", "When the checkpoint was published.", ages)


def _published(origin: str) -> tuple[int, float] | None:
    """Size of the published checkpoint and when it was published; None without one."""
    try:
        files = here().files(origin)
        note = files.checkpoint()
        if note is None:
            return None
        at = (files.root / "checkpoint").stat().st_mtime
        return parse_checkpoint(parse_note(note).text).size, at
    except (OSError, SuyuanError):
        return None
