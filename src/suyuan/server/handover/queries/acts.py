"""Acts beside the battery as their company may read them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from suyuan.server.handover.queries.notes import Outcome
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.submissions.services import store

_COLUMNS: Final = (
    "a.number, a.task, a.told, a.condition, a.recorded_at, a.finished_at, a.outcomes,"
    " (SELECT count(*) FROM handover_photo p WHERE p.act = a.number)"
)
_MINE: Final = "a.company = %s AND (%s::integer IS NULL OR a.site = %s)"


@dataclass(frozen=True, slots=True)
class ActDone:
    """An act, and what became of its reports; `finished_at` is None while some are still to be sent."""

    number: int
    task: str
    told: dict[str, Any]
    condition: str | None
    recorded_at: datetime
    finished_at: datetime | None
    outcomes: Sequence[Outcome]
    photos: int

    @property
    def good(self) -> bool:
        """Whether everything that follows from it is in the ledger."""
        return self.finished_at is not None and all(one.good for one in self.outcomes)


def acts(scope: Scope, limit: int = 20) -> list[ActDone]:
    """The latest acts of a company, or of one outlet of it; nobody else may see any."""
    statement = f"SELECT {_COLUMNS} FROM handover_act a WHERE {_MINE} ORDER BY a.number DESC LIMIT %s"  # noqa: S608
    with cursor() as run:
        return [_made(row) for row in run.execute(statement, [scope.company, scope.site, scope.site, limit])]


def by_key(run: psycopg.Cursor[Row], company: int, key: str) -> ActDone | None:
    """The act that was recorded under a key, for the room's own services."""
    statement = f"SELECT {_COLUMNS} FROM handover_act a WHERE a.company = %s AND a.key = %s"  # noqa: S608
    row = run.execute(statement, [company, key]).fetchone()
    return _made(row) if row else None


def _made(row: Row) -> ActDone:
    number, task, told, condition, recorded_at, finished_at, outcomes, photos = row
    told, outcomes = (json.loads(each) if isinstance(each, str) else each for each in (told, outcomes))
    done = tuple(Outcome(**one) for one in outcomes)
    return ActDone(number, task, told, condition, recorded_at, finished_at, done, photos)


def photo(scope: Scope, act: int, place: int) -> tuple[str, bytes]:
    """The form and the bytes of a photo; only for the company that took it.

    Raises
    ------
    Missing
        ``handovers.photo_not_found``.
    """
    statement = (
        "SELECT p.form, p.digest FROM handover_photo p JOIN handover_act a ON a.number = p.act"  # noqa: S608
        f" WHERE {_MINE} AND p.act = %s AND p.place = %s"
    )
    with cursor() as run:
        row = run.execute(statement, [scope.company, scope.site, scope.site, act, place]).fetchone()
    if row is None:
        raise Missing("handovers.photo_not_found", act=act)
    return row[0], store.fetch(row[1])
