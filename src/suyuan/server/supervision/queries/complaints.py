"""What the public reported, for the authorities that it concerns. No read here tells who reported it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from suyuan.codes import compose_code
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import Condition, visible_companies, visible_sites

SUBJECTS: Final = ("outlet_entry", "outlet", "company", "battery")
"""What a report is about: a wrong entry of an outlet, an outlet, a company, a battery."""

OUTCOMES: Final = ("founded", "unfounded", "settled")

_ROWS: Final = SQL("""
SELECT n.number, n.id, n.subject, n.about, n.site, c.code, n.lot, n.serial, n.division, n.place, n.happened_on,
       n.words, n.face, n.recorded_at, n.outcome, n.decided_at,
       EXISTS (SELECT FROM supervision_complaint_contact k WHERE k.complaint = n.number),
       (SELECT count(*) FROM supervision_complaint_file f WHERE f.complaint = n.number)
  FROM supervision_complaint n LEFT JOIN registry_company c ON c.number = n.company WHERE {visible}
""")
_PAGE: Final = SQL("{rows} AND (%s::text IS NULL OR n.subject = %s) AND (%s OR n.outcome IS NULL) AND {after}"
                   " ORDER BY n.number LIMIT %s")  # fmt: skip
_FILES: Final = """
SELECT place, name, form, encode(digest, 'hex'), length(body) FROM supervision_complaint_file
 WHERE complaint = %s ORDER BY place
"""
_BODY: Final = "SELECT name, form, body FROM supervision_complaint_file WHERE complaint = %s AND place = %s"
_ACTS: Final = """
SELECT act, outcome, note, at, author FROM supervision_complaint_act WHERE complaint = %s ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A report as it came. `company` is the code of whom it concerns, if that is known."""

    number: int
    id: UUID
    subject: str
    about: str
    site: int | None
    company: str | None
    lot: str | None
    serial: int | None
    division: str | None
    place: str
    happened_on: date | None
    words: str
    face: str
    recorded_at: datetime
    outcome: str | None
    decided_at: datetime | None
    has_contact: bool
    files: int

    @property
    def battery(self) -> str | None:
        """The code of the battery that it names."""
        return None if self.lot is None or self.serial is None else compose_code(self.lot, self.serial)


@dataclass(frozen=True, slots=True)
class ComplaintFile:
    """A file of evidence, without its bytes."""

    place: int
    name: str
    form: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ComplaintAct:
    """Something that was done with a report: received, decided, its contact opened."""

    act: str
    outcome: str | None
    note: str
    at: datetime
    author: str


def visible_complaints(scope: Scope, alias: str = "n") -> Condition:
    """The condition that rows of `supervision_complaint` fulfil that a scope may see.

    The nation sees all; a province or city those that concern a company seated, an outlet or a place there. A
    company sees only that an entry of its own outlets is said to be wrong, an outlet that of itself.
    """
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.COMPANY | Level.OUTLET:
            sites = visible_sites(scope)
            own = SQL("({0}.subject = 'outlet_entry' AND {0}.site IN ({1}))").format(row, sites.sql)
            return Condition(own, sites.params)
        case _:
            firms, sites = visible_companies(scope), visible_sites(scope)
            here = SQL("({0}.company IN ({1}) OR {0}.site IN ({2}) OR {0}.division LIKE %s)")
            params = [*firms.params, *sites.params, f"{scope.division_prefix}%"]
            return Condition(here.format(row, firms.sql, sites.sql), params)


def complaints(
    run: psycopg.Cursor[Row],
    scope: Scope,
    subject: str | None = None,
    *,
    decided: bool = False,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[Complaint]:
    """Reports by number; with `decided` also those that an authority has decided."""
    visible = visible_complaints(scope)
    listing = f"complaints:{subject or ''}:{decided}"
    behind, last = after(["n.number"], decode_cursor(listing, cursor))
    statement = _PAGE.format(rows=_ROWS.format(visible=visible.sql), after=behind)
    rows = run.execute(statement, [*visible.params, subject, subject, decided, *last, limit + 1]).fetchall()
    found = [Complaint(*row) for row in rows[:limit]]
    return Page(found, encode_cursor(listing, [found[-1].number]) if len(rows) > limit else None)


def complaint(run: psycopg.Cursor[Row], scope: Scope, number: int) -> Complaint:
    """One report.

    Raises
    ------
    Missing
        ``complaints.not_found`` if there is none in the scope.
    """
    visible = visible_complaints(scope)
    statement = SQL("{} AND n.number = %s").format(_ROWS.format(visible=visible.sql))
    row = run.execute(statement, [*visible.params, number]).fetchone()
    if row is None:
        raise Missing("complaints.not_found", number=number)
    return Complaint(*row)


def complaints_numbered(run: psycopg.Cursor[Row], scope: Scope, numbers: Sequence[int]) -> list[Complaint]:
    """Those of some reports that the scope may see, the newest first."""
    visible = visible_complaints(scope)
    statement = SQL("{} AND n.number = ANY (%s) ORDER BY n.number DESC").format(_ROWS.format(visible=visible.sql))
    return [Complaint(*row) for row in run.execute(statement, [*visible.params, list(numbers)])]


def complaint_files(run: psycopg.Cursor[Row], scope: Scope, number: int) -> Sequence[ComplaintFile]:
    """The files that came with a report."""
    complaint(run, scope, number)
    return [ComplaintFile(*row) for row in run.execute(_FILES, [number])]


def complaint_file(run: psycopg.Cursor[Row], scope: Scope, number: int, place: int) -> tuple[str, str, bytes]:
    """Name, form and bytes of one file.

    Raises
    ------
    Missing
        ``complaints.not_found``.
    """
    complaint(run, scope, number)
    row = run.execute(_BODY, [number, place]).fetchone()
    if row is None:
        raise Missing("complaints.not_found", number=number)
    return row[0], row[1], bytes(row[2])


def complaint_acts(run: psycopg.Cursor[Row], scope: Scope, number: int) -> Sequence[ComplaintAct]:
    """What was done with a report, in order."""
    complaint(run, scope, number)
    return [ComplaintAct(*row) for row in run.execute(_ACTS, [number])]
