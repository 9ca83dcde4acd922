"""`suyuan assess attach`, `tests`, `report`, `model` and `lot-job`: the laboratory of a server, here or elsewhere."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.assess import assess
from suyuan.cli.assess_lots import assess_lot_file, assess_train
from suyuan.cli.assess_screening import assess_grade, assess_screen
from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.exits import Exit
from suyuan.cli.laboratory_desk import desk_of
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import say
from suyuan.cli.usage import Day, Misuse, existing_file, number

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["assess", "assess_grade", "assess_lot_file", "assess_screen", "assess_train"]

lot_job = group("lot-job", "laboratory.help_lot_start")
assess.add_command(lot_job)
_LARGEST = (1 << 63) - 1


@command("attach", "laboratory.help_attach", assess)
@argument("battery", metavar="CODE", text="laboratory.arg_battery")
@argument("path", metavar="FILE", type=existing_file(), text="cli.arg_tester_file")
@option("--protocol", metavar="ID", text="cli.opt_protocol")
@option("--rated-ah", type=float, metavar="AH", text="cli.opt_rated_ah")
@option("--end-v", type=float, metavar="V", text="cli.opt_end_v")
@option("--instrument", metavar="NAME", default="", text="laboratory.opt_instrument_name")
@option("--operator", metavar="NAME", default="", text="laboratory.opt_operator")
@option("--tested-at", metavar="MOMENT", text="laboratory.opt_tested_at")
@option("--wait/--no-wait", default=True, text="laboratory.opt_wait")
@counter_options
@output_options()
def attach_file(battery: str, path: Path, wait: bool, counter: Callable[[], Counter], out: Output, **words: Any) -> int:
    """Attach a tester's file to a battery, and tell what was read."""
    words["tested_at"] = _moment(words["tested_at"])
    found = desk_of(counter()).attach(battery, path, words, wait)
    out.thing(found, lambda: _one(found, ("number", "battery", "state", "protocol", "tested_at", "record")))
    note(say("laboratory.attached", number=str(found["number"]), state=found["state"]))
    return _exit(found)


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Misuse("laboratory.not_a_moment", value=text)
    return moment.isoformat()


def _exit(found: Json) -> int:
    if found["failure"]:
        note(found["failure"]["message"])
    return {"refused": Exit.REJECTED, "failed": Exit.UNEXPECTED}.get(found["state"], Exit.OK)


@command("tests", "laboratory.help_tests", assess)
@argument("battery", metavar="CODE", text="laboratory.arg_battery")
@counter_options
@output_options()
def list_tests(battery: str, counter: Callable[[], Counter], out: Output) -> None:
    """List the test records of a battery."""
    found = list(desk_of(counter()).tests(battery))
    out.rows(found, lambda: _list(found))


@command("report", "laboratory.help_report", assess)
@argument("number", metavar="NUMBER", type=number(1, _LARGEST), text="laboratory.arg_number")
@option("--pdf", is_flag=True, text="laboratory.opt_pdf")
@counter_options
@output_options()
def report(number: int, pdf: bool, counter: Callable[[], Counter], out: Output) -> None:
    """Write the report of a test record."""
    made = desk_of(counter()).test_report(number, "pdf" if pdf else "json")
    if isinstance(made, bytes):
        _paper(made, out)
        return
    out.thing(made, lambda: _one(made, ("number", "battery", "laboratory_name", "state", "protocol", "tested_at")))


def _paper(content: bytes, out: Output) -> None:
    with out.binary() as stream:
        stream.write(content)


@command("model", "laboratory.help_model", assess)
@argument("path", metavar="MODEL", type=existing_file(), text="laboratory.arg_model_file")
@counter_options
@output_options()
def add_model(path: Path, counter: Callable[[], Counter], out: Output) -> None:
    """Keep a trained model with the server."""
    found = desk_of(counter()).add_model(path)
    out.thing(found, lambda: say("laboratory.model_told", number=str(found["number"]), type=found["cell_type"]))


@command("start", "laboratory.help_lot_start", lot_job)
@argument("path", metavar="LOT.csv", type=existing_file(), text="laboratory.arg_lot_file")
@option("--model", type=number(1, _LARGEST), required=True, metavar="NUMBER", text="laboratory.opt_model")
@option("--name", metavar="TEXT", text="laboratory.opt_name")
@option("--grades", "scheme", metavar="ID", text="cli.opt_grades")
@option("--rules", metavar="ID", text="screening.opt_rules")
@option("--on", "law_on", type=Day(), metavar="DATE", text="screening.opt_on")
@option("--wait/--no-wait", default=True, text="laboratory.opt_wait")
@counter_options
@output_options()
def start_lot(path: Path, wait: bool, counter: Callable[[], Counter], out: Output, **words: Any) -> int:
    """Have a lot assessed by the server."""
    day: date | None = words["law_on"]
    told = {**words, "law_on": day.isoformat() if day else None}
    found = desk_of(counter()).start_lot(path, {name: value for name, value in told.items() if value}, wait)
    _tell_lot(found, out)
    return _exit(found)


@command("show", "laboratory.help_lot_show", lot_job)
@argument("number", metavar="NUMBER", type=number(1, _LARGEST), text="laboratory.arg_number")
@option("--cells", "with_cells", is_flag=True, text="laboratory.opt_cells")
@counter_options
@output_options()
def show_lot(number: int, with_cells: bool, counter: Callable[[], Counter], out: Output) -> None:
    """Show a lot and how far it is, or its cells."""
    desk = desk_of(counter())
    if not with_cells:
        _tell_lot(desk.lot(number), out)
        return
    found = list(desk.cells(number))
    out.rows(found, lambda: _cells(found))


@command("report", "laboratory.help_lot_report", lot_job)
@argument("number", metavar="NUMBER", type=number(1, _LARGEST), text="laboratory.arg_number")
@option("--pdf", is_flag=True, text="laboratory.opt_pdf")
@counter_options
@output_options()
def lot_report(number: int, pdf: bool, counter: Callable[[], Counter], out: Output) -> None:
    """Write the report of a lot."""
    desk = desk_of(counter())
    if pdf:
        _paper(desk.lot_report(number), out)
        return
    _tell_lot(desk.lot(number), out)


@command("cancel", "laboratory.help_lot_cancel", lot_job)
@argument("number", metavar="NUMBER", type=number(1, _LARGEST), text="laboratory.arg_number")
@counter_options
@output_options()
def cancel_lot(number: int, counter: Callable[[], Counter], out: Output) -> None:
    """End a lot that is not finished."""
    _tell_lot(desk_of(counter()).cancel_lot(number), out)


def _tell_lot(found: Json, out: Output) -> None:
    counts = {"done": str(found["done"]), "cells": str(found["cells"])}
    out.thing(found, lambda: say("laboratory.lot_told", number=str(found["number"]), state=found["state"], **counts))


def _one(found: Json, names: tuple[str, ...]) -> "RenderableType":
    from suyuan.cli.tables import facts

    return facts([(say(f"laboratory.pdf_{name}"), str(found[name])) for name in names if found[name] not in (None, "")])


def _list(found: list[Json]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("number", "state", "file", "protocol", "tested_at")
    shown = grid(*(say(f"laboratory.pdf_{name}") for name in names))
    for row in found:
        shown.add_row(*(str(row[name] or "") for name in names))
    return shown


def _cells(found: list[Json]) -> "RenderableType":
    from suyuan.cli.tables import grid

    shown = grid(*(say(f"laboratory.pdf_{name}") for name in ("cell", "verdict", "grade", "route", "soh")))
    for row in found:
        health = "" if row["soh"] is None else f"{row['soh']:.3f} ({row['soh_low']:.3f} – {row['soh_high']:.3f})"
        verdict, route = say(f"laboratory.pdf_word_{row['verdict']}"), say(f"laboratory.pdf_word_{row['route']}")
        shown.add_row(row["object"], verdict, row["grade"], route, health)
    return shown
