"""`suyuan submissions`: what was handed in, what became of it, and how to take it back."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.output import Format, Output, note, output_options, whole_file
from suyuan.cli.speech import say
from suyuan.cli.usage import choice, new_file, number

if TYPE_CHECKING:
    from rich.console import RenderableType

submissions = group("submissions", "cli.help_submissions")

STATES = ("received", "working", "accepted", "partly_accepted", "refused", "tried", "undone", "failed")
Open = Callable[[], Counter]


@command("list", "cli.help_submissions_list", submissions)
@option("--limit", type=number(1, 200), default=50, show_default=True, text="cli.opt_limit")
@option("--before", type=number(1), text="cli.opt_before")
@option("--kind", metavar="KIND", text="cli.opt_only_kind")
@option("--state", type=choice(STATES), text="cli.opt_only_state")
@counter_options
@output_options()
def list_submissions(
    limit: int, before: int | None, kind: str | None, state: str | None, counter: Open, out: Output
) -> None:
    """List submissions, the newest first."""
    found = counter().submissions(limit, before, kind, state)
    out.rows(found, lambda: _listing(found))


def _listing(found: list[Json]) -> "RenderableType":
    from suyuan.cli.receipts import listing

    return listing(found)


def _receipt(answer: Json) -> "RenderableType":
    from suyuan.cli.receipts import receipt

    return receipt(answer)


@command("show", "cli.help_submissions_show", submissions)
@argument("which", metavar="NUMBER", type=number(1), text="cli.arg_submission")
@counter_options
@output_options()
def show_submission(which: int, counter: Open, out: Output) -> None:
    """Show one submission with its result."""
    answer = counter().submission(which)
    out.thing(answer, lambda: _receipt(answer))


@command("errors", "cli.help_submissions_errors", submissions)
@argument("which", metavar="NUMBER", type=number(1), text="cli.arg_submission")
@option("--bad-rows", "bad_rows", type=new_file(), metavar="OUT.xlsx", text="cli.opt_bad_rows")
@counter_options
@output_options()
def submission_errors(which: int, bad_rows: Path | None, counter: Open, out: Output) -> None:
    """List every finding of a submission; or get the refused rows, ready to be corrected."""
    there = counter()
    if bad_rows is not None:
        with whole_file(bad_rows) as stream:
            stream.write(there.bad_rows(which))
        note(say("cli.bad_rows_written", file=str(bad_rows)))
        return
    answer = there.submission(which)
    if out.format is Format.TABLE:
        out.show(_receipt(answer))
        return
    out.rows(there.findings(which), lambda: "")


@command("undo", "cli.help_submissions_undo", submissions)
@argument("which", metavar="NUMBER", type=number(1), text="cli.arg_submission")
@option("--reason", required=True, metavar="TEXT", text="cli.opt_reason")
@counter_options
@output_options()
def undo_submission(which: int, reason: str, counter: Open, out: Output) -> None:
    """Take a submission back, as long as nothing builds on it."""
    answer = counter().undo(which, reason)
    out.thing(answer, lambda: _receipt(answer))


@command("confirm", "cli.help_submissions_confirm", submissions)
@argument("which", metavar="NUMBER", type=number(1), text="cli.arg_submission")
@counter_options
@output_options()
def confirm_submission(which: int, counter: Open, out: Output) -> None:
    """Accept the result of a submission."""
    answer = counter().confirm(which)
    out.thing(answer, lambda: _receipt(answer))
