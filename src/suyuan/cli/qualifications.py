"""`suyuan qualification`: what companies are entitled to or were fined for, on this machine or elsewhere."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.exits import of_counts
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, say
from suyuan.cli.usage import Day, existing_file, number

if TYPE_CHECKING:
    from rich.console import RenderableType

Open = Callable[[], Counter]

_SHOWN = ("number", "company_name", "label", "category", "batch", "valid_from", "valid_to", "status")
_WHOLE = (
    *("number", "company", "company_name", "label", "category", "reference", "batch", "division", "amount_yuan"),
    *("valid_from", "valid_to", "status", "source", "note", "entered_at", "entered_by", "ended_at", "ended_by"),
    *("end_source", "withdrawn_at", "withdrawn_by", "reason"),
)

qualification = group("qualification", "qualifications.help_group")


@command("import", "qualifications.help_import", qualification)
@argument("path", metavar="FILE", type=existing_file(), text="qualifications.arg_table")
@counter_options
@output_options()
def import_table(path: Path, counter: Open, out: Output) -> int:
    """Enter qualifications from a table."""
    from suyuan.cli.qualifying import bring

    answer = bring(counter(), path)
    out.thing(answer, lambda: _imported(answer))
    return of_counts(answer["entered"], answer["rows"] - answer["entered"])


def _imported(answer: Json) -> "list[RenderableType]":
    from suyuan.cli.tables import grid, severity_word

    counted = say("cli.imported", entered=count(answer["entered"]), rows=count(answer["rows"]))
    if not answer["findings"]:
        return [counted]
    heads = ("cli.head_severity", "cli.head_rows_one", "cli.head_column", "cli.head_cause", "cli.head_value")
    table = grid(*(say(head) for head in heads), right=(1,), keep=(0,))
    for one in answer["findings"]:
        cells = (str(one["row"] or ""), one["field"] or "", one["message"], one["value"] or "")
        table.add_row(severity_word(one["severity"]), *cells)
    return [table, counted]


@command("list", "qualifications.help_list", qualification)
@option("--org", "org", metavar="COMPANY", text="qualifications.opt_company")
@option("--kind", metavar="KIND", text="qualifications.opt_kind")
@option("--on", "day", type=Day(), text="qualifications.opt_on")
@option("--withdrawn", is_flag=True, text="qualifications.opt_withdrawn")
@option("--limit", type=number(1, 1000), default=100, show_default=True, text="cli.opt_limit")
@counter_options
@output_options()
def list_qualifications(
    counter: Open, out: Output, limit: int, day: date | None, withdrawn: bool, **asked: str | None
) -> None:
    """List qualifications."""
    from suyuan.cli.qualifying import Asked, qualifications_at

    rows, more = qualifications_at(counter(), Asked(asked["org"], asked["kind"], day, withdrawn), limit)
    out.rows(rows, lambda: _view(rows))
    if more:
        note(say("qualifications.more", limit=limit))


def _view(rows: list[Json]) -> "RenderableType":
    from suyuan.cli.tables import grid

    if not rows:
        return say("qualifications.none")
    table = grid(*(say(f"qualifications.head_{name}") for name in _SHOWN), right=(0,))
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in _SHOWN))
    return table


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


@command("show", "qualifications.help_show", qualification)
@argument("which", metavar="NUMBER", type=number(1), text="qualifications.arg_number")
@counter_options
@output_options()
def show(which: int, counter: Open, out: Output) -> None:
    """Show one qualification with its source and who entered, ended or withdrew it."""
    from suyuan.cli.qualifying import qualification_at

    told = qualification_at(counter(), which)
    out.thing(told, lambda: _whole(told))


def _whole(told: Json) -> "RenderableType":
    from suyuan.cli.tables import facts

    known = [name for name in _WHOLE if told[name] not in (None, "")]
    return facts([(say(f"qualifications.head_{name}"), str(told[name])) for name in known])


@command("withdraw", "qualifications.help_withdraw", qualification)
@argument("which", metavar="NUMBER", type=number(1), text="qualifications.arg_number")
@option("--reason", required=True, metavar="TEXT", text="qualifications.opt_reason")
@counter_options
def withdraw(which: int, reason: str, counter: Open) -> None:
    """Withdraw a qualification that was entered by mistake; it stays, with the reason."""
    from suyuan.cli.qualifying import withdraw_at

    withdraw_at(counter(), which, reason)
    note(say("qualifications.withdrawn", number=which))
