"""`suyuan answers`: totals of the nation, an area or a company, and the folds behind them."""

import signal
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, say
from suyuan.cli.totals import open_totals
from suyuan.cli.usage import choice, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

BATTERIES = ("in_service", "unaccounted", "retired", "collected")
DUTIES = ("overdue", "missed", "in_time", "late")
RANKED = ("overdue", "on_time_rate", "unaccounted", "collection_rate", "in_service", "retired", "collected")
SERVER = ["SUYUAN_SERVER", "SUYUAN_URL"]

answers = group("answers", "answers.help_answers")


def _asked(function: "Callable[..., object]") -> "Callable[..., object]":
    """The options that every answer takes."""
    for names, metavar, text in (
        (("--org", "company"), "COMPANY", "answers.opt_org"),
        (("--scope", "division"), "DIVISION", "answers.opt_scope"),
        (("--period",), "PERIOD", "answers.opt_period"),
    ):
        function = option(*names, metavar=metavar, text=text)(function)
    return option("--server", metavar="URL", envvar=SERVER, text="cli.opt_server")(function)


@command("overview", "answers.help_overview", answers)
@_asked
@output_options()
def overview(server: str | None, out: Output, **asked: str | None) -> None:
    """Show the numbers of an area or a company."""
    told = open_totals(server).answer("overview", asked)
    out.thing(told, lambda: [_heading(told), _figures(told["figures"])])


@command("flows", "answers.help_flows", answers)
@_asked
@output_options()
def flows(server: str | None, out: Output, **asked: str | None) -> None:
    """Show how batteries moved between stages."""
    told = open_totals(server).answer("flows", asked)
    out.thing(told, lambda: [_heading(told), _nodes(told["nodes"])])


@command("trend", "answers.help_trend", answers)
@_asked
@output_options()
def trend(server: str | None, out: Output, **asked: str | None) -> None:
    """Show the numbers month by month."""
    told = open_totals(server).answer("trend", asked)
    out.thing(told, lambda: [_heading(told), _months(told["items"])])


@command("ranking", "answers.help_ranking", answers)
@option("--by", type=choice(("company", "division")), default="company", show_default=True, text="answers.opt_by")
@option("--measure", type=choice(RANKED), default="overdue", show_default=True, text="answers.opt_measure")
@option("--limit", type=number(1, 1000), default=100, show_default=True, text="cli.opt_limit")
@_asked
@output_options()
def ranking(server: str | None, out: Output, **asked: str | int | None) -> None:
    """Rank areas or companies by one number."""
    told = open_totals(server).answer("ranking", asked)
    out.rows(told["items"], lambda: _ranks(told["items"]))


@command("rows", "answers.help_rows", answers)
@argument("of", metavar="NUMBER", type=choice(BATTERIES + DUTIES), text="answers.arg_rows")
@option("--limit", type=number(1, 1000), default=100, show_default=True, text="cli.opt_limit")
@option("--cursor", metavar="TEXT", text="answers.opt_cursor")
@_asked
@output_options()
def rows(of: str, server: str | None, out: Output, **asked: str | int | None) -> None:
    """List the batteries or duties behind a number."""
    what = "duties" if of in DUTIES else "batteries"
    told = open_totals(server).answer(what, {"of": of, **asked})
    out.rows(told["items"], lambda: _rows(told["items"]))
    if told["next"]:
        note(say("answers.more", cursor=told["next"]))


@command("explain", "answers.help_explain", answers)
@argument("measure", metavar="MEASURE", text="answers.arg_measure")
@output_options()
def explain(measure: str, out: Output) -> None:
    """Explain a number."""
    from suyuan.cli.ring import set_up
    from suyuan.cli.speech import language
    from suyuan.cli.usage import Misuse

    set_up()
    from suyuan.server.answers.queries.measures import measures
    from suyuan.server.answers.queries.wording import explained_json

    if measure not in measures():
        raise Misuse("cli.not_a_choice", option="MEASURE", value=measure, choices=list(measures()))
    told = explained_json(measure, language())
    out.thing(told, lambda: _explained(told))


@command("follow", "answers.help_follow", answers)
@option("--once", is_flag=True, text="answers.opt_once")
def follow_ledger(once: bool) -> int:
    """Keep the totals current as records arrive, until stopped."""
    from suyuan.cli.processes import follow_parent
    from suyuan.cli.ring import enter

    follow_parent()
    enter()
    from suyuan.server.answers.jobs import Folder

    folder = Folder()
    if once:
        done = 0
        while (round_ := folder.once()).anything:
            done += round_.changed
        note(say("answers.followed", count=count(done)))
        return Exit.OK
    signal.signal(signal.SIGTERM, lambda *_: folder.stopped.set())
    folder.run()
    return Exit.OK


@command("rebuild", "answers.help_rebuild", answers)
@option("--check", is_flag=True, text="answers.opt_check")
@output_options()
def rebuild_totals(check: bool, out: Output) -> int:
    """Compute all totals anew; with --check compare only."""
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.server.answers.services import rebuild
    from suyuan.server.kit.connection import cursor

    with transaction.atomic(), cursor() as run:
        if check:  # beside writers it must see one moment
            run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        report = rebuild(run, check=check)
    told: dict[str, Any] = {
        "clean": report.clean,
        "checked_only": check,
        "stays": report.stays.rows,
        "stays_different": report.stays.different,
        "steps": report.steps.rows,
        "steps_different": report.steps.different,
        "listed": report.listed.rows,
        "listed_different": report.listed.different,
        "duties_different": report.duties,
        "waiting": report.waiting,
    }
    out.thing(told, lambda: _rebuilt(told))
    return Exit.CONFLICT if check and not report.clean else Exit.OK


# ---------------------------------------------------------------- views


def _heading(told: dict[str, Any]) -> str:
    return f"{told['area']['name']} {told['period']} ({told['as_of']}, {told['data_version']})"


def _value(one: dict[str, Any]) -> str:
    if one["value"] is None:
        return ""
    if one["unit"] != "1":
        return count(int(one["value"]))
    return f"{one['value']:.4f} ({count(one['numerator'])} / {count(one['denominator'])})"


def _figures(figures: list[dict[str, Any]]) -> "RenderableType":
    from suyuan.cli.tables import facts

    return facts([(one["title"], _value(one)) for one in figures])


def _nodes(nodes: list[dict[str, Any]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("opening", "entered", "left", "unaccounted", "closing")
    heads = (say(f"answers.head_flow_{name}") for name in names)
    table = grid(say("answers.head_stage"), *heads, right=(1, 2, 3, 4, 5))
    for node in nodes:
        table.add_row(node["label"], *(count(node[name]["packs"]) for name in names))
    return table


def _months(items: list[dict[str, Any]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    titles = [one["title"] for one in items[0]["figures"]] if items else []
    table = grid(say("answers.head_month"), *titles)
    for item in items:
        table.add_row(item["month"], *(_value(one) for one in item["figures"]))
    return table


def _ranks(items: list[dict[str, Any]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    table = grid(*(say(f"answers.head_{name}") for name in ("rank", "area", "name", "value")))
    for one in items:
        table.add_row(str(one["rank"]), one["area"]["code"], one["area"]["name"], _value(one))
    return table


def _rows(items: list[dict[str, Any]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    if items and "duty" in items[0]:
        table = grid(*(f"{name}" for name in ("duty", "object", "company", "due_on", "fulfilled_on")), keep=(1,))
        for one in items:
            table.add_row(
                *(str(one[name] or "") for name in ("duty", "object", "company_name", "due_on", "fulfilled_on"))
            )
        return table
    names = ("code", "stage", "since", "reason", "division", "name")
    table = grid(*(say(f"answers.head_{name}") for name in names), keep=(0,))
    for one in items:
        told = ("code", "stage_label", "since", "reason_label", "division_name", "company_name")
        table.add_row(*(str(one[name] or "") for name in told))
    return table


def _explained(told: dict[str, Any]) -> "RenderableType":
    from suyuan.cli.tables import facts

    names = ("title", "definition", "formula", "source", "status")
    return facts([(say(f"answers.head_{name}"), str(told[name])) for name in names])


def _rebuilt(told: dict[str, Any]) -> "RenderableType":
    from suyuan.cli.tables import facts

    stays = f"{count(told['stays'])} / {count(told['stays_different'])}"
    steps = f"{count(told['steps'])} / {count(told['steps_different'])}"
    different = say("answers.head_different")
    return facts(
        [
            (f"{say('answers.head_stays')} / {different}", stays),
            (f"{say('answers.head_kept_steps')} / {different}", steps),
            (f"{say('answers.head_duties')} / {different}", count(told["duties_different"])),
            (say("answers.head_waiting"), count(told["waiting"])),
        ]
    )
