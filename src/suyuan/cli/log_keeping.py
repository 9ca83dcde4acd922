"""`suyuan log integrate|status|policy`: the logs that this installation keeps."""

import signal
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import command, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.server.log.services.keeping import Keeper


@command("integrate", "cli.help_log_integrate")
@option("--once", is_flag=True, text="cli.opt_log_once")
def integrate(once: bool) -> int:
    """Give submissions their places, write tiles, sign and publish, until stopped."""
    from suyuan.cli.processes import follow_parent
    from suyuan.cli.ring import enter

    follow_parent()
    enter()
    keeper = open_keeper()
    if once:
        done = 0
        while sealed := keeper.once():
            done += sealed
        note(say("cli.log_integrated", count=count(done)))
        return Exit.OK
    signal.signal(signal.SIGTERM, lambda *_: keeper.stopped.set())
    note(say("cli.log_keeping", folder=str(keeper.place.folder)))
    keeper.run()
    return Exit.OK


def open_keeper() -> "Keeper":
    """The integrator of this installation, with its keys opened."""
    from django.conf import settings

    from suyuan.server.log.queries.place import here
    from suyuan.server.log.services.starting import keeper
    from suyuan.server.witness.keys import KeyFolder, passphrase

    return keeper(here(), KeyFolder(settings.KEY_FOLDER), passphrase())


@command("status", "cli.help_log_status")
@output_options()
def status(out: Output) -> int:
    """Size of each log, what waits, and what is wrong; ends with 8 if something is."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.connection import cursor
    from suyuan.server.log.queries.place import here
    from suyuan.server.log.queries.standing import standings

    with cursor() as run:
        rows = [one.plain() for one in standings(run, here())]
    out.rows(rows, lambda: _table(rows))
    return Exit.CONFLICT if any(row["incidents"] for row in rows) else Exit.OK


def _table(rows: "list[dict[str, Any]]") -> "RenderableType":
    from suyuan.cli.tables import grid

    table = grid(*(say(f"cli.head_log_{name}") for name in ("origin", "size", "sealed", "incidents")), right=(1, 2))
    for row in rows:
        wrong = [say(f"cli.log_incident_{kind}") for kind in row["incidents"]]
        table.add_row(str(row["origin"]), count(row["size"]), count(row["sealed"]), "; ".join(wrong))
    return table


@command("policy", "cli.help_log_policy")
def policy() -> int:
    """Print the policy by which receipts of this installation are verified."""
    from suyuan.cli.ring import set_up

    set_up()
    import click

    from suyuan.server.log.queries.place import here
    from suyuan.server.log.queries.policies import policy_text

    click.echo(policy_text(here()), nl=False)
    return Exit.OK
