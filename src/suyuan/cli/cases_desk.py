"""The desk at which cases are handled: the server's rooms on this machine, or a server elsewhere."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from suyuan.cli.counter import Counter, Json
from suyuan.cli.speech import language
from suyuan.cli.usage import Misuse

if TYPE_CHECKING:
    from suyuan.client.cases import Cases
    from suyuan.server.cases.queries.actors import Actor
    from suyuan.server.kit.scope import Scope


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases are listed."""

    state: str | None = None
    company: str | None = None
    unfinished: bool = False
    overdue: bool = False


class Desk(Protocol):
    """What can be done; bodies and answers are those of the API."""

    def listed(self, filters: Filters, limit: int) -> list[Json]:
        """The newest cases, at most `limit`."""
        ...

    def show(self, number: int) -> Json:
        """Everything of a case."""
        ...

    def open(self, body: Json) -> Json:
        """Open a case."""
        ...

    def step(self, number: int, body: Json) -> Json:
        """Take a step."""
        ...

    def attach(self, number: int, path: Path) -> Json:
        """Keep a file."""
        ...

    def fetch(self, number: int, attachment: int) -> bytes:
        """The bytes of a file."""
        ...

    def form(self, number: int, form: str) -> bytes:
        """The form of the last inspection."""
        ...


def desk_of(counter: Counter, authority: str | None) -> Desk:
    """The desk at a counter; on this machine one may act for the `authority` of a division."""
    from suyuan.cli.remote import Remote

    if isinstance(counter, Remote):
        if authority is not None:
            raise Misuse("cases.for_only_here")
        return RemoteDesk(counter.client.cases)
    from suyuan.cli.local import Local

    if not isinstance(counter, Local):
        raise TypeError(type(counter).__name__)
    return LocalDesk(_acting(counter.scope, authority))


def _acting(scope: "Scope", authority: str | None) -> "Actor":
    """Who runs this machine, for the nation, for one of its authorities, or for a company."""
    from suyuan.server.cases.queries.actors import Actor, ActorKind
    from suyuan.server.kit.scope import Scope

    if authority is not None:
        try:
            scope = Scope.of_province(authority) if authority.endswith("0000") else Scope.of_city(authority)
        except ValueError:
            raise Misuse("cases.not_a_division", value=authority) from None
    name = getpass.getuser()
    return Actor(ActorKind.OPERATOR, name, name, scope)


@dataclass(frozen=True, slots=True)
class RemoteDesk:
    """With the rights of a key."""

    cases: "Cases"

    def listed(self, filters: Filters, limit: int) -> list[Json]:
        """The newest cases, at most `limit`."""
        found = self.cases.list(filters.state, filters.company, unfinished=filters.unfinished, overdue=filters.overdue)
        return [dict(one) for one in islice(found, limit)]

    def show(self, number: int) -> Json:
        """Everything of a case."""
        return dict(self.cases.get(number))

    def open(self, body: Json) -> Json:
        """Open a case."""
        return dict(self.cases.open(body))

    def step(self, number: int, body: Json) -> Json:
        """Take a step."""
        return dict(self.cases.step(number, body))

    def attach(self, number: int, path: Path) -> Json:
        """Keep a file."""
        return dict(self.cases.attach(number, path))

    def fetch(self, number: int, attachment: int) -> bytes:
        """The bytes of a file."""
        return self.cases.fetch(number, attachment).content

    def form(self, number: int, form: str) -> bytes:
        """The form of the last inspection."""
        return self.cases.form(number, form).content


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """The rooms of this machine."""

    actor: "Actor"

    def listed(self, filters: Filters, limit: int) -> list[Json]:
        """The newest cases, at most `limit`."""
        from suyuan.server.cases.queries.cases import Wanted, page
        from suyuan.server.cases.queries.telling import case_json
        from suyuan.server.kit.clock import SYSTEM_CLOCK
        from suyuan.server.kit.connection import cursor

        today = SYSTEM_CLOCK.today()
        overdue = today if filters.overdue else None
        with cursor() as run:
            wanted = Wanted(filters.state, filters.unfinished, filters.company, overdue)
            found = page(run, self.actor.scope, wanted, limit=limit)
        outside = not self.actor.is_authority
        return [dict(case_json(row, today, language(), outside=outside)) for row in found.rows]

    def show(self, number: int) -> Json:
        """Everything of a case."""
        from django.db import transaction

        from suyuan.server.cases.queries.telling import whole_json
        from suyuan.server.cases.queries.view import whole
        from suyuan.server.kit.clock import SYSTEM_CLOCK
        from suyuan.server.kit.connection import cursor

        today = SYSTEM_CLOCK.today()
        with transaction.atomic(), cursor() as run:
            return dict(whole_json(whole(run, self.actor, number, today), today, language()))

    def open(self, body: Mapping[str, Any]) -> Json:
        """Open a case."""
        from django.db import transaction

        from suyuan.server.api.bodies import shaped
        from suyuan.server.api.casework import opening_of
        from suyuan.server.api.schemas.cases import OpeningIn
        from suyuan.server.cases.services.opening import open_case
        from suyuan.server.kit.connection import cursor

        opening = opening_of(shaped(body, OpeningIn))
        with transaction.atomic(), cursor() as run:
            number = open_case(run, self.actor, opening)
        return self._told(number)

    def step(self, number: int, body: Mapping[str, Any]) -> Json:
        """Take a step."""
        from django.db import transaction

        from suyuan.server.api.bodies import shaped
        from suyuan.server.api.casework import step_of
        from suyuan.server.api.schemas.cases import StepIn
        from suyuan.server.cases.services.acting import take_step
        from suyuan.server.kit.connection import cursor

        order = step_of(shaped(body, StepIn))
        with transaction.atomic(), cursor() as run:
            take_step(run, number, self.actor, order)
        return self._told(number)

    def _told(self, number: int) -> Json:
        from suyuan.server.cases.queries.cases import case
        from suyuan.server.cases.queries.telling import case_json
        from suyuan.server.kit.clock import SYSTEM_CLOCK
        from suyuan.server.kit.connection import cursor

        with cursor() as run:
            row = case(run, self.actor.scope, number)
        outside = not self.actor.is_authority
        return dict(case_json(row, SYSTEM_CLOCK.today(), language(), outside=outside))

    def attach(self, number: int, path: Path) -> Json:
        """Keep a file."""
        from django.db import transaction

        from suyuan.server.cases.queries.telling import attachment_json
        from suyuan.server.cases.services.attaching import attach
        from suyuan.server.kit.connection import cursor

        with transaction.atomic(), cursor() as run:
            return dict(attachment_json(attach(run, number, self.actor, path.name, path)))

    def fetch(self, number: int, attachment: int) -> bytes:
        """The bytes of a file."""
        from suyuan.server.cases.queries.attachments import attachment as one
        from suyuan.server.cases.queries.attachments import content
        from suyuan.server.kit.connection import cursor

        with cursor() as run:
            return content(one(run, self.actor.scope, number, attachment))

    def form(self, number: int, form: str) -> bytes:
        """The form of the last inspection."""
        from django.db import transaction

        from suyuan.server.cases.queries.form import form_html, inspection_form
        from suyuan.server.cases.queries.form_pdf import form_pdf
        from suyuan.server.kit.clock import SYSTEM_CLOCK
        from suyuan.server.kit.connection import cursor

        with transaction.atomic(), cursor() as run:
            made = inspection_form(run, self.actor.scope, number, SYSTEM_CLOCK.today(), language())
        return form_pdf(made) if form == "pdf" else form_html(made)
