"""Where commands about outlets ask: the register on this machine, or a server elsewhere."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from suyuan.cli.commands import option
from suyuan.cli.counter import Json
from suyuan.cli.speech import language
from suyuan.cli.usage import Misuse

if TYPE_CHECKING:
    from suyuan.client import Client
    from suyuan.server.registry.services.outlet_filing import Author

F = TypeVar("F", bound=Callable[..., object])
OPERATOR = "operator"
"""Under this name the register keeps what was done at this machine."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which outlets are asked for; `place` is longitude and latitude."""

    place: tuple[float, float] | None = None
    division: str | None = None
    kind: str | None = None
    brand: str | None = None
    chemistry: str | None = None
    condition: str | None = None
    open_at: datetime | None = None
    limit: int = 20


class OutletCounter(Protocol):
    """What can be asked and done about outlets; answers are plain JSON values, the same from both sides."""

    def find(self, sought: Sought) -> Sequence[Json]:
        """Outlets, nearest first where a place is named."""
        ...

    def show(self, outlet: int) -> Json:
        """One outlet."""
        ...

    def bring_in(self, path: Path, *, dry_run: bool) -> Json:
        """File the outlets of a table."""
        ...

    def verify(self, outlet: int, on: date, way: str, *, correct: bool, note: str) -> None:
        """Note that somebody looked at an entry."""
        ...

    def withdraw(self, outlet: int, last_day: date, reason: str) -> None:
        """Close an outlet."""
        ...

    def report(self, outlet: int, words: str, contact: str) -> str:
        """Say that an entry is wrong; the id of the report."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """The register of this machine; acts as the operator, or for a company."""

    author: "Author"

    @classmethod
    def of(cls, company: str | None) -> "Here":
        """The counter, with its rooms open."""
        from suyuan.cli.ring import enter

        enter()
        from suyuan.server.kit.scope import Scope
        from suyuan.server.registry.queries import company_number
        from suyuan.server.registry.services.outlet_filing import Author

        nation = Scope.of_nation()
        scope = nation if company is None else Scope.of_company(company_number(nation, company))
        return cls(Author(scope, OPERATOR))

    def find(self, sought: Sought) -> Sequence[Json]:
        """Outlets, nearest first where a place is named."""
        from suyuan.server.kit.clock import CHINA, SYSTEM_CLOCK
        from suyuan.server.kit.connection import cursor
        from suyuan.server.registry.queries.outlet_wording import outlet_json
        from suyuan.server.registry.queries.outlets import Place, Wanted, outlets_listed, outlets_near

        moment = sought.open_at or SYSTEM_CLOCK.now()
        on = moment.astimezone(CHINA).date()
        wanted = Wanted(sought.division, sought.kind, sought.brand, sought.chemistry, sought.condition, sought.open_at)
        with cursor() as run:
            if sought.place is None:
                found = outlets_listed(run, wanted, on, limit=sought.limit)
            else:
                found = outlets_near(run, Place(*sought.place), wanted, on, limit=sought.limit)
        return [outlet_json(one, moment, language()) for one in found.rows]

    def show(self, outlet: int) -> Json:
        """One outlet."""
        from suyuan.server.kit.clock import SYSTEM_CLOCK
        from suyuan.server.kit.connection import cursor
        from suyuan.server.registry.queries import outlets
        from suyuan.server.registry.queries.outlet_wording import outlet_json

        with cursor() as run:
            found = outlets.outlet(run, outlet, SYSTEM_CLOCK.today())
        return outlet_json(found, SYSTEM_CLOCK.now(), language())

    def bring_in(self, path: Path, *, dry_run: bool) -> Json:
        """File the outlets of a table."""
        from suyuan.server.registry.services.outlet_filing import import_outlets
        from suyuan.server.registry.services.outlet_telling import filed_json

        return filed_json(import_outlets(self.author, path, path.name, dry=dry_run), language())

    def verify(self, outlet: int, on: date, way: str, *, correct: bool, note: str) -> None:
        """Note that somebody looked at an entry."""
        from suyuan.server.registry.services.outlet_acts import Look, verify_outlet

        verify_outlet(self.author, outlet, Look(on, way, correct, note))

    def withdraw(self, outlet: int, last_day: date, reason: str) -> None:
        """Close an outlet."""
        from suyuan.server.registry.services.outlet_acts import withdraw_outlet

        withdraw_outlet(self.author, outlet, last_day, reason)

    def report(self, outlet: int, words: str, contact: str) -> str:
        """Say that an entry is wrong; the id of the report."""
        from django.db import transaction

        from suyuan.server.kit.connection import cursor
        from suyuan.server.supervision.services.complaints import Report, complain

        report = Report(subject="outlet_entry", about=str(outlet), words=words, contact=contact)
        with transaction.atomic(), cursor() as run:
            return str(complain(run, report, "cli"))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The list of a server over HTTP, with the rights of a key."""

    client: "Client"

    def find(self, sought: Sought) -> Sequence[Json]:
        """Outlets, nearest first where a place is named."""
        wanted = {
            "near": None if sought.place is None else ",".join(f"{degrees:.9f}" for degrees in sought.place),
            "division": sought.division,
            "outlet_kind": sought.kind,
            "brand": sought.brand,
            "chemistry": sought.chemistry,
            "condition": sought.condition,
            "open_at": None if sought.open_at is None else sought.open_at.isoformat(),
        }
        return [dict(one) for one in self.client.outlets.find(sought.limit, **wanted)]

    def show(self, outlet: int) -> Json:
        """One outlet."""
        return dict(self.client.outlets.get(outlet))

    def bring_in(self, path: Path, *, dry_run: bool) -> Json:
        """File the outlets of a table."""
        return dict(self.client.outlets.bring_in(path.read_bytes(), path.name, dry_run=dry_run))

    def verify(self, outlet: int, on: date, way: str, *, correct: bool, note: str) -> None:
        """Note that somebody looked at an entry."""
        self.client.outlets.verify(outlet, on, way, correct=correct, note=note)

    def withdraw(self, outlet: int, last_day: date, reason: str) -> None:
        """Close an outlet."""
        self.client.outlets.withdraw(outlet, last_day, reason)

    def report(self, outlet: int, words: str, contact: str) -> str:
        """Say that an entry is wrong; the id of the report."""
        return self.client.outlets.report(outlet, words, contact)


def outlet_counter_options(function: F) -> Callable[..., object]:
    """The options that choose a counter; the command gets it as a function `counter`, to be called once."""

    @wraps(function)
    def inner(*args: Any, server: str | None, company: str | None, **rest: Any) -> object:
        return function(*args, counter=lambda: _open(server, company), **rest)

    with_company = option("--as", "company", metavar="COMPANY", text="cli.opt_as")(inner)
    return option("--server", metavar="URL", envvar=["SUYUAN_SERVER", "SUYUAN_URL"], text="cli.opt_server")(
        with_company
    )


def _open(server: str | None, company: str | None) -> OutletCounter:
    if not server:
        return cast(OutletCounter, Here.of(company))
    if company:
        raise Misuse("cli.as_only_here")
    from suyuan.client import Client

    return Elsewhere(Client(server, os.environ.get("SUYUAN_KEY") or None, language()))
