"""Qualifications at either counter: the register of this machine, or a server elsewhere with the rights of a key."""

from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from suyuan.cli.counter import Counter, Json
from suyuan.cli.overseeing import client_of, scope_of
from suyuan.cli.speech import language

BY_OPERATOR = "operator"
"""Who is kept with what is entered on the machine of the server."""


class Asked(NamedTuple):
    """Which qualifications are asked for; see `suyuan.server.registry.queries.qualifications.Wanted`."""

    company: str | None = None
    kind: str | None = None
    on: date | None = None
    withdrawn: bool = False


def bring(counter: Counter, path: Path) -> Json:
    """Enter a table: counts and findings."""
    client = client_of(counter)
    if client is not None:
        return dict(client.import_qualifications(path))
    from suyuan.server.api.shapes import imported_json
    from suyuan.server.registry.services.qualifications import import_sheet, read_qualifications

    sheet = read_qualifications(path.read_bytes(), path.name)
    done = import_sheet(scope_of(counter), BY_OPERATOR, sheet)
    return dict(imported_json(done.findings, done.entered, sheet.row_numbers, language()))


def qualifications_at(counter: Counter, asked: Asked, limit: int) -> tuple[list[Json], bool]:
    """The first qualifications that were asked for, and whether there are more."""
    client = client_of(counter)
    if client is not None:
        found = client.qualifications(asked.company, asked.kind, asked.on, withdrawn=asked.withdrawn)
        rows = [dict(one) for one in islice(found, limit + 1)]
        return rows[:limit], len(rows) > limit
    from suyuan.server.api.shapes import qualification_json
    from suyuan.server.kit.connection import cursor
    from suyuan.server.registry.queries.qualifications import Wanted, qualifications

    with cursor() as run:
        page = qualifications(run, scope_of(counter), Wanted(*asked), limit=limit)
    return [dict(qualification_json(one, language())) for one in page.rows], page.following is not None


def qualification_at(counter: Counter, number: int) -> Json:
    """One qualification."""
    client = client_of(counter)
    if client is not None:
        return dict(client.qualification(number))
    from suyuan.server.api.shapes import qualification_json
    from suyuan.server.kit.connection import cursor
    from suyuan.server.registry.queries.qualifications import qualification

    with cursor() as run:
        return dict(qualification_json(qualification(run, scope_of(counter), number), language()))


def withdraw_at(counter: Counter, number: int, reason: str) -> None:
    """Take one back."""
    client = client_of(counter)
    if client is not None:
        client.withdraw_qualification(number, reason)
        return
    from suyuan.server.registry.services.qualifications import withdraw_qualification

    withdraw_qualification(scope_of(counter), BY_OPERATOR, number, reason)
