"""Duties and findings at either counter: the server of this machine, or one elsewhere with the rights of a key."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from suyuan.cli.counter import Counter, Json
from suyuan.cli.speech import language

if TYPE_CHECKING:
    from suyuan.client import Client
    from suyuan.server.kit.scope import Scope


class Asked(NamedTuple):
    """Which findings are asked for; see `suyuan.server.supervision.queries.findings.Sought`."""

    detector: str | None = None
    severity: str | None = None
    company: str | None = None
    gone: bool = False


def duties_at(
    counter: Counter, company: str | None, duty: str | None, state: str | None, limit: int
) -> tuple[list[Json], bool]:
    """The first duties that were asked for, by company and day, and whether there are more."""
    client = client_of(counter)
    if client is not None:
        return _first(client.duties(company=company, duty=duty, state=state, limit=min(limit + 1, 1000)), limit)
    from suyuan.rules.duties import State
    from suyuan.server.kit.clock import SYSTEM_CLOCK
    from suyuan.server.kit.connection import cursor
    from suyuan.server.registry.queries import company_number
    from suyuan.server.supervision.queries.duties import Wanted, page
    from suyuan.server.supervision.queries.wording import duty_json

    scope = scope_of(counter)
    if company is not None:
        company_number(scope, company)  # says so where there is none
    wanted = Wanted(company, duty, None if state is None else State(state))
    with cursor() as run:
        found = page(run, scope, wanted, SYSTEM_CLOCK.today(), limit=limit)
    return [duty_json(one, language()) for one in found.rows], found.following is not None


def findings_at(counter: Counter, asked: Asked, limit: int) -> tuple[list[Json], bool]:
    """The first findings that were asked for, by number, and whether there are more."""
    client = client_of(counter)
    if client is not None:
        given = {"finding": asked.detector, "severity": asked.severity, "company": asked.company}
        return _first(client.findings(**given, gone=asked.gone, limit=min(limit + 1, 1000)), limit)
    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.queries.findings import Sought, findings
    from suyuan.server.supervision.queries.wording import finding_json

    with cursor() as run:
        found = findings(run, scope_of(counter), Sought(*asked), limit=limit)
    return [finding_json(row, language()) for row in found.rows], found.following is not None


def finding_at(counter: Counter, number: int) -> Json:
    """One finding with its legal basis and its records."""
    client = client_of(counter)
    if client is not None:
        return dict(client.finding(number))
    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.queries.findings import finding, judgements
    from suyuan.server.supervision.queries.wording import shown_finding_json

    scope = scope_of(counter)
    with cursor() as run:
        row, evidence = finding(run, scope, number)
        said = judgements(run, scope, number)
    return shown_finding_json(row, evidence, said, language())


def detectors_at(counter: Counter) -> list[Json]:
    """Every detector with its counters."""
    client = client_of(counter)
    if client is not None:
        return [dict(one) for one in client.detectors()]
    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.queries.catalogue import detectors
    from suyuan.server.supervision.queries.findings import tallies
    from suyuan.server.supervision.queries.wording import detector_json

    with cursor() as run:
        counted = {one.detector: one for one in tallies(run, scope_of(counter))}
    return [detector_json(one, counted.get(one.name), language()) for one in detectors().values()]


def _first(items: Iterator[Mapping[str, Any]], limit: int) -> tuple[list[Json], bool]:
    some = [dict(one) for one in islice(items, limit + 1)]
    return some[:limit], len(some) > limit


def client_of(counter: Counter) -> "Client | None":
    """The client of a counter elsewhere; None at this machine."""
    from suyuan.cli.remote import Remote

    return counter.client if isinstance(counter, Remote) else None


def scope_of(counter: Counter) -> "Scope":
    """What the counter of this machine may see."""
    from suyuan.cli.local import Local

    assert isinstance(counter, Local)  # noqa: S101  there are two counters
    return counter.scope
