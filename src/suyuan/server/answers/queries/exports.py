"""Exports of lists of batteries: each belongs to who asked, acting for the scope that he asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from psycopg.sql import SQL

from suyuan.kernel import Language
from suyuan.server.accounts.queries.people import Membership, scope_of
from suyuan.server.answers.queries.batteries import Sought
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict, Missing
from suyuan.server.kit.scope import Scope

KEPT_FOR: Final = timedelta(days=7)
"""How long a file can be fetched."""

PERSONAL: Final = frozenset({"vehicle"})
"""Columns that say something about people: a vehicle's number leads to its owner."""

_COLUMNS: Final = SQL(
    "x.number, x.person, x.level, x.division, x.company, x.site, x.language, x.form, x.sought::text, x.columns,"
    " x.disclosure, x.state, x.asked_at, x.started_at, x.finished_at, x.done, x.total, x.size, x.failure"
)
_SAME: Final = SQL(
    "x.person = %s AND x.level = %s AND x.division IS NOT DISTINCT FROM %s AND x.company IS NOT DISTINCT FROM %s"
    " AND x.site IS NOT DISTINCT FROM %s"
)
_ONE: Final = SQL("SELECT {} FROM answers_export x WHERE x.number = %s AND {}").format(_COLUMNS, _SAME)
_MINE: Final = SQL("SELECT {} FROM answers_export x WHERE {} ORDER BY x.number DESC LIMIT %s").format(_COLUMNS, _SAME)
_ANY: Final = SQL("SELECT {} FROM answers_export x WHERE x.number = %s").format(_COLUMNS)


@dataclass(frozen=True, slots=True)
class Export:
    """An export: `done` of `total` rows; `disclosure` is the approval that it needs."""

    number: int
    person: int
    scope: Scope
    language: Language
    form: str
    sought: Sought
    columns: tuple[str, ...]
    disclosure: int | None
    state: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    done: int
    total: int | None
    size: int | None
    failure: str | None

    @property
    def name(self) -> str:
        """What the file is called."""
        return f"suyuan-batteries-{self.number}.{self.form}"

    def gone(self, now: datetime) -> bool:
        """Whether the file is kept no longer."""
        return self.finished_at is not None and self.finished_at + KEPT_FOR <= now


def folder() -> Path:
    """Where the files are."""
    return Path(settings.HOME) / "exports"


def place(number: int, form: str) -> Path:
    """The file of an export."""
    return folder() / f"{number}.{form}"


def export_of(by: Membership, number: int) -> Export:
    """One export of somebody's own.

    Raises
    ------
    Missing
        ``batteries.export_not_found``, also for one of somebody else or of another scope.
    """
    with cursor() as run:
        row = run.execute(_ONE, [number, *_own(by)]).fetchone()
    if row is None:
        raise Missing("batteries.export_not_found", number=number)
    return _read(row)


def exports_of(by: Membership, most: int = 50) -> list[Export]:
    """Somebody's exports for the scope he acts in, newest first."""
    with cursor() as run:
        return [_read(row) for row in run.execute(_MINE, [*_own(by), most])]


def file_of(by: Membership, number: int, now: datetime) -> tuple[Export, Path]:
    """The file of a finished export.

    Raises
    ------
    Conflict
        ``batteries.export_not_ready``, ``batteries.export_gone``.
    """
    found = export_of(by, number)
    if found.state != "done":
        raise Conflict("batteries.export_not_ready", number=number)
    file = place(number, found.form)
    if found.gone(now) or not file.exists():
        raise Conflict("batteries.export_gone", number=number, days=KEPT_FOR.days)
    return found, file


def any_export(number: int) -> Export | None:
    """An export whoever asked: for the worker."""
    with cursor() as run:
        row = run.execute(_ANY, [number]).fetchone()
    return None if row is None else _read(row)


def _read(row: Row) -> Export:
    number, person, *scope, language, form, sought, columns = row[:10]
    known = Sought.of_text(sought)
    return Export(number, person, scope_of(*scope), Language(language), form, known, tuple(columns), *row[10:])


def _own(by: Membership) -> list[object]:
    return [by.person, by.scope.level.value, by.scope.division, by.scope.company, by.scope.site]
