"""`suyuan cases`: cases of authorities, here or on a server elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from suyuan.cli.cases_desk import Desk, Filters, desk_of
from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, language, say
from suyuan.cli.usage import Misuse, choice, existing_file, number

if TYPE_CHECKING:
    from rich.console import RenderableType

F = TypeVar("F", bound=Callable[..., object])

cases = group("cases", "cases.help_cases")


def desk_options(function: F) -> Callable[..., object]:
    """The options of a counter, and for whom one acts on this machine; the command gets `desk`, to be called once."""

    def inner(*, counter: Callable[[], Counter], authority: str | None, **rest: Any) -> object:
        return function(desk=lambda: desk_of(counter(), authority), **rest)

    inner.__name__, inner.__doc__ = function.__name__, function.__doc__
    inner.__dict__.update(vars(function))
    with_counter = counter_options(inner)
    return option("--for", "authority", metavar="DIVISION", text="cases.opt_for")(with_counter)


@command("list", "cases.help_list", cases)
@option("--state", metavar="STATE", text="cases.opt_state")
@option("--org", "org", metavar="COMPANY", text="cases.opt_company")
@option("--unfinished", is_flag=True, text="cases.opt_unfinished")
@option("--overdue", is_flag=True, text="cases.opt_overdue")
@option("--limit", type=number(1, 1000), default=100, show_default=True, text="cli.opt_limit")
@desk_options
@output_options()
def list_cases(*, desk: Callable[[], Desk], out: Output, limit: int, org: str | None, **filters: Any) -> None:
    """List cases, the newest first."""
    rows = desk().listed(Filters(company=org, **filters), limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    names = ("number", "title", "company_name", "state_label", "authority", "due_on")
    out.rows(rows, lambda: _table(rows, names) if rows else say("cases.none"))
    if more:
        note(say("cases.more", limit=limit))


@command("show", "cases.help_show", cases)
@argument("which", metavar="NUMBER", type=number(1), text="cases.arg_number")
@desk_options
@output_options()
def show(*, which: int, desk: Callable[[], Desk], out: Output) -> None:
    """Show a case: where it stands, its thread, both kinds of evidence, what can be done next."""
    told = desk().show(which)
    out.thing(told, lambda: _view(told))


@command("open", "cases.help_open", cases)
@option("--finding", "findings", multiple=True, type=number(1), metavar="NUMBER", text="cases.opt_finding")
@option("--duty", "duties", multiple=True, metavar="RECORD/DUTY", text="cases.opt_duty")
@option("--title", default="", metavar="TEXT", text="cases.opt_title")
@option("--note", "said", default="", metavar="TEXT", text="cases.opt_note")
@option("--org", "org", metavar="COMPANY", text="cases.opt_company")
@option("--to", "lead", metavar="AUTHORITY", text="cases.opt_to")
@desk_options
@output_options()
def open_case(*, desk: Callable[[], Desk], out: Output, **given: Any) -> None:
    """Open a case about findings and overdue duties of one company."""
    body: Json = {
        "findings": list(given["findings"]),
        "duties": [_duty(one) for one in given["duties"]],
        "title": given["title"],
        "note": given["said"],
        "company": given["org"],
        "lead": _authority(given["lead"]) if given["lead"] else None,
    }
    told = desk().open(body)
    out.thing(told, lambda: _summary(told))


@command("step", "cases.help_step", cases)
@argument("which", metavar="NUMBER", type=number(1), text="cases.arg_number")
@argument("kind", metavar="STEP", text="cases.arg_step")
@option("--note", "said", default="", metavar="TEXT", text="cases.opt_note")
@option("--letter", metavar="NAME", text="cases.opt_letter")
@option("--days", type=number(1, 366), metavar="N", text="cases.opt_days")
@option("--outcome", metavar="CODE", text="cases.opt_outcome")
@option("--to", "to", metavar="AUTHORITY", text="cases.opt_to")
@option("--attachment", "attachments", multiple=True, type=number(1), text="cases.opt_attachment")
@option("--company-reads/--internal", "seen", default=None, text="cases.opt_seen")
@option("--known", type=number(0), metavar="STEP", text="cases.opt_known")
@option("--fields", "further", type=existing_file(), metavar="FILE", text="cases.opt_fields")
@desk_options
@output_options()
def take_step(*, which: int, desk: Callable[[], Desk], out: Output, **given: Any) -> None:
    """Take a step in a case."""
    body = _step_body(**given)
    at = desk()
    if given["known"] is None:
        body["known"] = at.show(which)["known"]
    told = at.step(which, body)
    out.thing(told, lambda: _summary(told))


@command("attach", "cases.help_attach", cases)
@argument("which", metavar="NUMBER", type=number(1), text="cases.arg_number")
@argument("path", metavar="FILE", type=existing_file(), text="cases.arg_file")
@desk_options
@output_options()
def attach(*, which: int, path: Path, desk: Callable[[], Desk], out: Output) -> None:
    """Keep a file of a case; a step cites it afterwards."""
    told = desk().attach(which, path)
    out.thing(told, lambda: str(told["number"]))


@command("fetch", "cases.help_fetch", cases)
@argument("which", metavar="NUMBER", type=number(1), text="cases.arg_number")
@argument("attachment", metavar="ATTACHMENT", type=number(1), text="cases.arg_attachment")
@desk_options
@output_options()
def fetch(*, which: int, attachment: int, desk: Callable[[], Desk], out: Output) -> None:
    """Fetch the bytes of a file."""
    content = desk().fetch(which, attachment)
    with out.binary() as stream:
        stream.write(content)


@command("form", "cases.help_form", cases)
@argument("which", metavar="NUMBER", type=number(1), text="cases.arg_number")
@option("--as-form", "form", type=choice(("pdf", "html")), default="pdf", show_default=True, text="cases.opt_form")
@desk_options
@output_options()
def print_form(*, which: int, form: str, desk: Callable[[], Desk], out: Output) -> None:
    """The form of the last inspection, empty or as it was entered."""
    content = desk().form(which, form)
    with out.binary() as stream:
        stream.write(content)


@command("procedure", "cases.help_steps", cases)
@output_options()
def show_procedure(out: Output) -> None:
    """The steps of the procedure: by whom, from which states, to which."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.cases.queries.telling import procedure_json

    told = procedure_json(language())
    steps: Any = told["steps"]
    rows = [{**one, "from": one["sources"], "to": one["target"]} for one in steps]
    out.thing(told, lambda: _table(rows, ("step", "title", "by", "from", "to")))


@command("verify", "cases.help_verify", cases)
@output_options()
def verify(out: Output) -> int:
    """Compare steps, folds and bytes of all cases with their digests and the log."""
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.kernel import sentence
    from suyuan.server.cases.services.checking import Check

    with transaction.atomic():
        check = Check()
        found = [
            {"code": one.code, "data": dict(one.data), "message": sentence(one.code, one.data, language())}
            for one in check.findings()
        ]
    counts = {"cases": check.cases, "steps": check.steps, "attachments": check.attachments, "found": len(found)}
    said = say("cases.verified", **{name: count(value) for name, value in counts.items()})
    shown: list[RenderableType] = [*(str(one["message"]) for one in found), said]
    out.thing({**counts, "clean": not found, "findings": found}, lambda: shown)
    return Exit.CONFLICT if found else Exit.OK


# ---------------------------------------------------------------- what was given


def _step_body(*, kind: str, said: str, further: Path | None, known: int | None, **given: Any) -> Json:
    """The body of a step: what the file says, and the options over it."""
    body: Json = _fields(further) if further else {}
    to = given["to"]
    if to and kind in ("share", "stop_sharing"):
        body["division"] = to
    elif to:
        body["authority"] = _authority(to)
    if given["days"]:
        body["period"] = {"count": given["days"], "unit": "working_day"}
    if given["seen"] is not None:
        body["company_reads"] = given["seen"]
    plain = {"note": said, "letter": given["letter"], "outcome": given["outcome"]}
    body |= {name: value for name, value in plain.items() if value}
    if given["attachments"]:
        body["attachments"] = list(given["attachments"])
    return {**body, "kind": kind, "known": known}


def _fields(path: Path) -> Json:
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Misuse("cases.fields_unreadable", file=str(path), reason=str(error)) from None
    if not isinstance(value, dict):
        raise Misuse("cases.fields_unreadable", file=str(path), reason=type(value).__name__)
    return value


def _duty(text: str) -> Json:
    record, slash, duty = text.partition("/")
    if not slash or not duty:
        raise Misuse("cases.duty_form", value=text)
    return {"record": record, "duty": duty}


def _authority(text: str) -> Json:
    if text == "nation":
        return {"level": "nation", "division": None}
    return {"level": "province" if text.endswith("0000") else "city", "division": text}


# ---------------------------------------------------------------- for people


def _summary(told: Json) -> "RenderableType":
    from suyuan.cli.tables import facts

    names = ("number", "title", "company_name", "state_label", "authority", "due_on", "outcome_label")
    return facts([(say(f"cases.head_{name}"), str(told[name])) for name in names if told[name] is not None])


def _view(told: Json) -> "list[RenderableType]":
    thread = [{**one, "step": one["title"], "number": one["version"]} for one in told["thread"]]
    evidence = [{"evidence": say("cases.online"), "title": _title(one)} for one in told["online"]]
    evidence += [{"evidence": say("cases.onsite"), "title": _inspected(one)} for one in told["onsite"]]
    steps = [one for one in told["steps"] if one["allowed"]]
    return [
        _summary(told),
        _table(thread, ("number", "at", "step", "actor", "note")),
        _table(evidence, ("evidence", "title")),
        _table(steps, ("step", "title")),
    ]


def _title(one: Json) -> str:
    return str(one["title_en" if language().value == "en" else "title_zh"])


def _inspected(one: Json) -> str:
    found = one["record"] or one["plan"]
    results = [item["result"] for item in found["items"]] if one["record"] else []
    told = ", ".join(f"{say(f'cases.result_{name}')} {results.count(name)}" for name in dict.fromkeys(results))
    return f"{found['on']} {told}".strip()


def _table(rows: list[Json], names: tuple[str, ...]) -> "RenderableType":
    from suyuan.cli.tables import grid

    table = grid(*(say(f"cases.head_{name}") for name in names), keep=(0,))
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in names))
    return table


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
