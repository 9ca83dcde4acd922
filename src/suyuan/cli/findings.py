"""`suyuan findings`: what detectors found in the ledger, and what people judged of it."""

from collections.abc import Callable
from getpass import getuser
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, say
from suyuan.cli.usage import choice, number

if TYPE_CHECKING:
    from rich.console import RenderableType

findings = group("findings", "supervision.help_findings")

Open = Callable[[], Counter]


@command("detect", "supervision.help_findings_detect", findings)
@output_options()
def look(out: Output) -> None:
    """Let every detector look at the whole ledger of this machine."""
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.services.detecting import detect

    with transaction.atomic(), cursor() as run:
        done = detect(run)
    rows: list[Json] = [
        {"finding": one.detector, "opened": one.opened, "gone": one.gone, "records": one.records} for one in done
    ]
    out.rows(rows, lambda: _table(rows, ("finding", "opened", "gone", "records")))


@command("list", "supervision.help_findings_list", findings)
@option("--finding", "detector", metavar="NAME", text="supervision.opt_finding")
@option("--severity", type=choice(("high", "medium", "low")), text="supervision.opt_severity")
@option("--org", "org", metavar="COMPANY", text="supervision.opt_finding_org")
@option("--gone", is_flag=True, text="supervision.opt_gone")
@option("--limit", type=number(1, 1000), default=100, show_default=True, text="cli.opt_limit")
@counter_options
@output_options()
def list_findings(gone: bool, limit: int, counter: Open, out: Output, **asked: str | None) -> None:
    """List findings."""
    from suyuan.cli.overseeing import Asked, findings_at

    wanted = Asked(asked["detector"], asked["severity"], asked["org"], gone)
    rows, more = findings_at(counter(), wanted, limit)
    names = ("number", "title", "severity", "company", "party", "records", "judgement")
    out.rows(rows, lambda: _table(rows, names) if rows else say("supervision.no_findings"))
    if more:
        note(say("supervision.more_findings", limit=limit))


@command("show", "supervision.help_findings_show", findings)
@argument("which", metavar="NUMBER", type=number(1), text="supervision.arg_finding")
@counter_options
@output_options()
def show(which: int, counter: Open, out: Output) -> None:
    """Show a finding with its legal basis and the records that speak for it."""
    from suyuan.cli.overseeing import finding_at

    told = finding_at(counter(), which)
    out.thing(told, lambda: _shown(told))


@command("detectors", "supervision.help_findings_detectors", findings)
@counter_options
@output_options()
def list_detectors(counter: Open, out: Output) -> None:
    """List the detectors with how often people called each right or wrong."""
    from suyuan.cli.overseeing import detectors_at

    rows = detectors_at(counter())
    out.rows(rows, lambda: _table(rows, ("finding", "title", "severity", "open", "confirmed", "false_positives")))


@command("judge", "supervision.help_findings_judge", findings)
@argument("which", metavar="NUMBER", type=number(1), text="supervision.arg_finding")
@argument(
    "judgement", metavar="JUDGEMENT", type=choice(("confirmed", "false_positive")), text="supervision.arg_judgement"
)
@option("--note", "said", default="", metavar="TEXT", text="supervision.opt_note")
def judge_finding(which: int, judgement: str, said: str) -> None:
    """Say that a finding is confirmed, or a false positive."""
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.services.judging import judge

    with transaction.atomic(), cursor() as run:
        judge(run, which, judgement, said, f"cli:{getuser()}")


def _shown(told: dict[str, Any]) -> "list[RenderableType]":
    from suyuan.cli.tables import facts

    parts: list[RenderableType] = [_table([told], ("title", "severity", "company", "party", "division"))]
    if told["figures"]:
        parts.append(facts([(name, str(value)) for name, value in told["figures"].items()]))
    parts.append(_table(told["evidence"], ("object", "record")))
    return parts


def _table(rows: list[Json], names: tuple[str, ...]) -> "RenderableType":
    from suyuan.cli.tables import grid

    table = grid(*(say(f"supervision.head_{name}") for name in names), keep=(0,))
    for row in rows:
        table.add_row(*(_cell(name, row[name]) for name in names))
    return table


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in ("severity", "judgement"):
        return say(f"supervision.word_{value}")
    return count(value) if isinstance(value, int) and name != "number" else str(value)
