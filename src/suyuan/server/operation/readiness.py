"""Can this installation serve? What it needs, one by one, with what was found."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import psycopg
from django.conf import settings
from django.db import Error

from suyuan.server.kit.connection import APP_ALIAS, cursor
from suyuan.server.kit.schema import pending

ENOUGH_BYTES: Final = 512 << 20
"""Free space below which records are no longer taken: a full disk must not meet a write half done."""

LATE_S: Final = 900.0
"""How long a large file may wait for a worker before that is called late."""

_OLDEST_JOB = """
SELECT extract(epoch FROM now() - min(e.at)) FROM procrastinate_events e
 WHERE e.job_id = (SELECT min(id) FROM procrastinate_jobs WHERE status = 'todo')
"""


class State(StrEnum):
    """What was found."""

    OK = "ok"
    LATE = "late"  # it works, slower than it should; requests are served
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that serving needs."""

    name: str
    state: State


_migrated: set[str] = set()  # databases seen up to date: it cannot go back while this version runs


def checks() -> Iterator[Check]:
    """Database, tables, disk space, work that waits. What needs the database is bad where that is."""
    late = _waiting()
    yield Check("database", State.BAD if late is None else State.OK)
    yield Check("migrations", State.OK if late is not None and _is_migrated() else State.BAD)
    yield Check("disk", State.OK if _free_bytes() >= ENOUGH_BYTES else State.BAD)
    yield Check("work", State.BAD if late is None else State.LATE if late > LATE_S else State.OK)


def _waiting() -> float | None:
    """How long the oldest job waits, seconds; None where the database does not answer, or lacks the table."""
    try:
        with cursor() as run:
            row = run.execute(_OLDEST_JOB).fetchone()
    except (Error, psycopg.Error):
        return None
    return float(row[0] or 0) if row else 0.0


def _is_migrated() -> bool:
    name = str(settings.DATABASES[APP_ALIAS].get("NAME"))
    if name not in _migrated:
        try:
            if pending():
                return False
        except (Error, psycopg.Error):
            return False
        _migrated.add(name)
    return True


def _free_bytes() -> int:
    home = Path(settings.HOME)
    return shutil.disk_usage(next(path for path in (home, *home.parents) if path.exists())).free
