"""Totals and reports at the counter of this machine, or of a server elsewhere; the same plain values from both."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from getpass import getuser
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from suyuan.cli.speech import language

if TYPE_CHECKING:
    from suyuan.client import Client
    from suyuan.server.kit.scope import Scope

Json = dict[str, Any]
Asked: TypeAlias = Mapping[str, str | int | None]


class Totals(Protocol):
    """What can be asked for."""

    def answer(self, what: str, asked: Asked) -> Json:
        """An answer by its name: overview, flows, ranking, trend, batteries, duties."""
        ...

    def make_report(self, template: str, period: str | None, division: str | None, company: str | None) -> Json:
        """Make a report; what the list says of it."""
        ...

    def reports(self) -> list[Json]:
        """The reports that were made, the newest first."""
        ...

    def report(self, identity: str, form: str) -> bytes:
        """A report as a file."""
        ...


def open_totals(server: str | None) -> Totals:
    """Those of a server elsewhere if one is named, else of this machine."""
    if server:
        from suyuan.client import Client

        return Elsewhere(Client(server, os.environ.get("SUYUAN_KEY") or None, language()))
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.scope import Scope

    return Here(Scope.of_nation())


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """With the rights of a key."""

    client: "Client"

    def answer(self, what: str, asked: Asked) -> Json:
        """Ask the server."""
        return dict(self.client.answers(what, **{name: value for name, value in asked.items() if value is not None}))

    def make_report(self, template: str, period: str | None, division: str | None, company: str | None) -> Json:
        """Let the server make it."""
        return dict(self.client.make_report(template, period=period, division=division, company=company))

    def reports(self) -> list[Json]:
        """Ask the server."""
        return [dict(one) for one in self.client.reports()]

    def report(self, identity: str, form: str) -> bytes:
        """Fetch it."""
        return self.client.report(identity, form).content


@dataclass(frozen=True, slots=True)
class Here:
    """As the operator of this machine, who sees everything."""

    scope: "Scope"

    def answer(self, what: str, asked: Asked) -> Json:
        """Ask the rooms."""
        from django.db import transaction

        from suyuan.server.answers.queries import asking, wording
        from suyuan.server.answers.queries.areas import area_of
        from suyuan.server.answers.queries.periods import parse_period
        from suyuan.server.kit.clock import SYSTEM_CLOCK
        from suyuan.server.kit.connection import cursor

        division, company, period = (_text(asked.get(name)) for name in ("division", "company", "period"))
        with transaction.atomic(), cursor() as run:
            run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            area, span = area_of(self.scope, division, company), parse_period(period, SYSTEM_CLOCK.today())
            head = wording.head_json(self.scope, area, span, asking.version(run), language())
            match what:
                case "overview":
                    told = wording.overview_json(asking.overview(run, self.scope, area, span), language())
                case "flows":
                    told = wording.flows_json(asking.flows(run, area, span), span, language())
                case "trend":
                    told = wording.trend_json(asking.trend(run, self.scope, area, span), span, language())
                case "ranking":
                    measure, by = _text(asked["measure"]) or "", _text(asked["by"]) or ""
                    limit = int(asked["limit"] or 0)
                    found = asking.ranking(run, self.scope, area, span, measure, by=by, limit=limit)
                    names = wording.names_of(self.scope, [one.area for one in found], language())
                    told = wording.ranking_json(found, span, names, language())
                case _:
                    told = self._rows(run, what, area, span, asked)
        return {**head, **told}

    def _rows(self, run: Any, what: str, area: Any, span: Any, asked: Asked) -> Json:
        from suyuan.server.answers.queries import rows, wording

        wanted = rows.Wanted(_text(asked["of"]) or "")
        limit, begin = int(asked["limit"] or 0), _text(asked.get("cursor"))
        if what == "duties":
            duties = rows.duty_rows(run, self.scope, area, span, wanted, limit=limit, cursor=begin)
            return {"items": [wording.duty_json(row, language()) for row in duties.rows], "next": duties.following}
        stays = rows.stay_rows(run, self.scope, area, span, wanted, limit=limit, cursor=begin)
        return {"items": [wording.stay_json(row, span, language()) for row in stays.rows], "next": stays.following}

    def make_report(self, template: str, period: str | None, division: str | None, company: str | None) -> Json:
        """Make it here."""
        from django.db import transaction

        from suyuan.server.answers.queries.areas import area_of
        from suyuan.server.answers.queries.wording import report_json
        from suyuan.server.answers.services.reporting import Order, make_report
        from suyuan.server.kit.connection import cursor

        with transaction.atomic(), cursor() as run:
            run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            area = area_of(self.scope, division, company)
            return report_json(make_report(run, self.scope, area, Order(template, period, f"operator {getuser()}")))

    def reports(self) -> list[Json]:
        """Those kept here."""
        from suyuan.server.answers.queries.reports import reports
        from suyuan.server.answers.queries.wording import report_json
        from suyuan.server.kit.connection import cursor

        with cursor() as run:
            return [report_json(one) for one in reports(run, self.scope, limit=1000).rows]

    def report(self, identity: str, form: str) -> bytes:
        """One kept here."""
        from uuid import UUID

        from suyuan.server.answers.queries.papers import report_file
        from suyuan.server.answers.queries.reports import find
        from suyuan.server.kit.connection import cursor

        with cursor() as run:
            return report_file(find(run, self.scope, UUID(identity)), form, language())


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)
