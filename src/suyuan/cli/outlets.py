"""`suyuan outlet`: find outlets, bring in a table of them, verify, withdraw, and report a wrong entry."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Json
from suyuan.cli.exits import of_counts
from suyuan.cli.outlet_counter import OutletCounter, Sought, outlet_counter_options
from suyuan.cli.output import Format, Output, note, output_options
from suyuan.cli.speech import count, say
from suyuan.cli.usage import Day, Misuse, choice, existing_file, new_file, number

if TYPE_CHECKING:
    from rich.console import RenderableType

outlet = group("outlet", "outlets.help_outlet")

KINDS = ("outlet_collection", "outlet_central")
CHEMISTRIES = ("A", "B", "C", "D", "E", "F", "G", "Z")
CONDITIONS = ("whole", "damaged", "swollen", "leaking", "soaked", "burnt")
_PLACE = re.compile(r"(-?\d{1,3}(?:\.\d+)?),(-?\d{1,2}(?:\.\d+)?)")
Counting = Callable[[], OutletCounter]


def _filters(function: Callable[..., object]) -> Callable[..., object]:
    """The options that narrow the list; the command gets them as keywords of `Sought`."""
    for made in (
        option("--limit", type=number(1, 1000), default=20, show_default=True, text="cli.opt_limit"),
        option("--open", "is_open", is_flag=True, text="outlets.opt_open"),
        option("--condition", type=choice(CONDITIONS), text="outlets.opt_condition"),
        option("--chemistry", type=choice(CHEMISTRIES), text="outlets.opt_chemistry"),
        option("--brand", metavar="TEXT", text="outlets.opt_brand"),
        option("--kind", type=choice(KINDS), text="outlets.opt_kind"),
        option("--division", metavar="CODE", text="outlets.opt_division"),
    ):
        function = made(function)
    return function


@command("near", "outlets.help_near", outlet)
@argument("place", metavar="LON,LAT", text="outlets.arg_place")
@_filters
@outlet_counter_options
@output_options()
def near(*, place: str, is_open: bool, counter: Counting, out: Output, **narrowed: Any) -> None:
    """List the nearest outlets."""
    match = _PLACE.fullmatch(place)
    if match is None or abs(float(match[1])) > 180 or abs(float(match[2])) > 90:
        raise Misuse("outlets.place_form", value=place)
    _answer(counter(), Sought((float(match[1]), float(match[2])), open_at=_now(is_open), **narrowed), out)


@command("list", "outlets.help_list", outlet)
@_filters
@outlet_counter_options
@output_options()
def list_outlets(*, is_open: bool, counter: Counting, out: Output, **narrowed: Any) -> None:
    """List outlets by division."""
    _answer(counter(), Sought(open_at=_now(is_open), **narrowed), out)


def _now(is_open: bool) -> datetime | None:
    return datetime.now(UTC) if is_open else None


def _answer(counter: OutletCounter, sought: Sought, out: Output) -> None:
    rows = counter.find(sought)
    out.rows(rows, lambda: _table(rows) if rows else say("outlets.none"))


@command("show", "outlets.help_show", outlet)
@argument("which", metavar="NUMBER", type=number(1), text="outlets.arg_outlet")
@outlet_counter_options
@output_options()
def show(which: int, counter: Counting, out: Output) -> None:
    """Show one outlet."""
    found = counter().show(which)
    out.thing(found, lambda: _facts(found))


@command("template", "outlets.help_template", outlet)
@option("-o", "--output", "file", type=new_file(), metavar="FILE", required=True, text="outlets.opt_template")
def template(file: Path) -> None:
    """Write the empty table of outlets, as xlsx or csv."""
    from suyuan.cli.output import whole_file
    from suyuan.cli.ring import enter
    from suyuan.sheets import write_template, write_template_csv

    enter()
    from suyuan.server.registry.services.outlet_rows import TEMPLATE

    with whole_file(file) as stream:
        stream.write(write_template_csv(TEMPLATE) if file.suffix.lower() == ".csv" else write_template(TEMPLATE))


@command("import", "outlets.help_import", outlet)
@argument("path", metavar="FILE", type=existing_file(), text="outlets.arg_table")
@option("--dry-run", is_flag=True, text="outlets.opt_dry_run")
@outlet_counter_options
@output_options()
def import_outlets(path: Path, dry_run: bool, counter: Counting, out: Output) -> int:
    """File the outlets of a table."""
    done = counter().bring_in(path, dry_run=dry_run)
    told = say(
        "outlets.imported", entered=count(done["entered"]), rows=count(done["rows"]), changed=count(done["changed"])
    )
    out.thing(done, lambda: [*_findings(done), told])
    if out.format is not Format.TABLE:
        note(told)
    return of_counts(done["entered"], done["rows"] - done["entered"])


@command("verify", "outlets.help_verify", outlet)
@argument("which", metavar="NUMBER", type=number(1), text="outlets.arg_outlet")
@option("--on", type=Day(), required=True, text="outlets.opt_on")
@option("--way", type=choice(("visit", "call", "document")), required=True, text="outlets.opt_way")
@option("--wrong", is_flag=True, text="outlets.opt_wrong")
@option("--note", "said", default="", metavar="TEXT", text="outlets.opt_note")
@outlet_counter_options
def verify(*, which: int, on: date, way: str, wrong: bool, said: str, counter: Counting) -> None:
    """Note that somebody looked at an entry."""
    counter().verify(which, on, way, correct=not wrong, note=said)
    note(say("outlets.verified", outlet=which))


@command("withdraw", "outlets.help_withdraw", outlet)
@argument("which", metavar="NUMBER", type=number(1), text="outlets.arg_outlet")
@option("--last-day", type=Day(), required=True, text="outlets.opt_last_day")
@option("--reason", required=True, metavar="TEXT", text="outlets.opt_reason")
@outlet_counter_options
def withdraw(*, which: int, last_day: date, reason: str, counter: Counting) -> None:
    """Close an outlet after a day."""
    counter().withdraw(which, last_day, reason)
    note(say("outlets.withdrawn", outlet=which, day=str(last_day)))


@command("report", "outlets.help_report", outlet)
@argument("which", metavar="NUMBER", type=number(1), text="outlets.arg_outlet")
@argument("words", metavar="TEXT", text="outlets.arg_words")
@option("--contact", default="", metavar="TEXT", text="outlets.opt_contact")
@outlet_counter_options
@output_options()
def report(*, which: int, words: str, contact: str, counter: Counting, out: Output) -> None:
    """Say that the entry of an outlet is wrong."""
    identity = counter().report(which, words, contact)
    out.thing({"id": identity}, lambda: say("outlets.reported", id=identity))


def _table(rows: Sequence[Json]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("number", "name", "kind", "distance", "open", "address", "phone", "hours", "verified")
    table = grid(*(say(f"outlets.head_{name}") for name in names), right=(0, 3), keep=(0,))
    for row in rows:
        distance = "" if row["distance_m"] is None else f"{row['distance_m'] / 1000:.1f} km"
        verified = "" if row["verified"] is None else str(row["verified"]["on"])
        kind, opened = say(f"outlets.word_{row['kind']}"), _open_word(row["open"])
        texts = (row["name"], kind, distance, opened, row["address"], row["phone"], row["hours"] or "", verified)
        table.add_row(str(row["number"]), *texts)
    return table


def _open_word(value: bool | None) -> str:
    return "" if value is None else say("outlets.word_open" if value else "outlets.word_closed")


def _facts(found: Json) -> "RenderableType":
    from suyuan.cli.tables import facts

    shown = {
        "number": str(found["number"]),
        "name": found["name"],
        "kind": say(f"outlets.word_{found['kind']}"),
        "company": f"{found['company_name']} {found['company']}",
        "division": f"{found['division_name'] or ''} {found['division']}".strip(),
        "address": found["address"],
        "phone": found["phone"],
        "hours": found["hours"] or "",
        "open": _open_word(found["open"]),
        "chemistries": " ".join(found["chemistries"] or ()),
        "brands": ", ".join(found["brands"] or ()),
        "conditions": " ".join(found["conditions"] or ()),
        "makers": ", ".join(maker["name"] for maker in found["makers"] if maker["agreed"]),
        "verified": "" if found["verified"] is None else str(found["verified"]["on"]),
    }
    return facts([(say(f"outlets.head_{name}"), text) for name, text in shown.items() if text])


def _findings(done: Json) -> "list[RenderableType]":
    from suyuan.cli.tables import grid, severity_word

    if not done["findings"]:
        return []
    heads = ("cli.head_severity", "cli.head_rows_one", "cli.head_column", "cli.head_cause", "cli.head_value")
    table = grid(*(say(head) for head in heads), right=(1,), keep=(0,))
    for found in done["findings"]:
        row = (str(found["row"] or ""), found["field"] or "", found["message"], found["value"] or "")
        table.add_row(severity_word(found["severity"]), *row)
    return [table]
