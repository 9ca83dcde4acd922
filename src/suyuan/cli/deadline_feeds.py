"""`suyuan deadline standing|ics`: standing duties that are not met, and what is owed as a calendar."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import command, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, language, say
from suyuan.cli.usage import number

if TYPE_CHECKING:
    from rich.console import RenderableType

Open = Callable[[], Counter]
_NAMES = ("company_name", "title", "place", "since", "ended_on")


@command("standing", "supervision.help_deadline_standing")
@option("--org", "org", metavar="COMPANY", text="supervision.opt_org")
@option("--duty", metavar="RULE", text="supervision.opt_duty")
@option("--ended", is_flag=True, text="supervision.opt_ended")
@option("--limit", type=number(1, 1000), default=100, show_default=True, text="cli.opt_limit")
@counter_options
@output_options()
def standing(counter: Open, out: Output, limit: int, ended: bool, **asked: str | None) -> None:
    """List standing duties that are not met: by whom, where, since when."""
    rows, more = _standing_at(counter(), asked["org"], asked["duty"], ended, limit)
    out.rows(rows, lambda: _view(rows))
    if more:
        note(say("supervision.more_duties", limit=limit))


def _standing_at(
    counter: Counter, company: str | None, duty: str | None, ended: bool, limit: int
) -> tuple[list[Json], bool]:
    from suyuan.cli.overseeing import client_of, scope_of

    client = client_of(counter)
    if client is not None:
        rows = [dict(one) for one in islice(client.standing_duties(company, duty, ended=ended), limit + 1)]
        return rows[:limit], len(rows) > limit
    from suyuan.server.kit.connection import cursor
    from suyuan.server.registry.queries import company_number
    from suyuan.server.supervision.queries.standing import WantedGaps, gap_json, gaps

    scope = scope_of(counter)
    if company is not None:
        company_number(scope, company)  # says so where there is none
    with cursor() as run:
        found = gaps(run, scope, WantedGaps(company, duty, ended), limit=limit)
    return [gap_json(one, language()) for one in found.rows], found.following is not None


def _view(rows: list[Json]) -> "RenderableType":
    from suyuan.cli.tables import grid

    if not rows:
        return say("supervision.no_standing")
    table = grid(*(say(f"supervision.head_{name}") for name in _NAMES))
    for row in rows:
        table.add_row(*(str(row[name] or "") for name in _NAMES))
    return table


@command("ics", "feeds.help_ics")
@option("--org", "company", required=True, metavar="COMPANY", text="feeds.opt_org")
@option("-o", "--output", "target", default="-", metavar="FILE", text="feeds.opt_file")
def ics(company: str, target: str) -> None:
    """Write the open duties of a company as a calendar, from the server on this machine."""
    import click

    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.clock import SYSTEM_CLOCK
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.queries import company_number
    from suyuan.server.supervision.queries.feeds import calendar_of_company

    owing = company_number(Scope.of_nation(), company)
    with cursor() as run:
        text = calendar_of_company(run, owing, language(), SYSTEM_CLOCK.today(), SYSTEM_CLOCK.now())
    if target == "-":
        click.echo(text.encode(), nl=False)
        return
    Path(target).write_bytes(text.encode())
    note(say("feeds.written", file=target, count=count(text.count("BEGIN:VEVENT"))))
