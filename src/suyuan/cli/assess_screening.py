"""`suyuan assess screen` and `suyuan assess grade`: safety gates, grades and routes of a table, without a server."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.assess import assess
from suyuan.cli.commands import argument, command, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import language, say
from suyuan.cli.usage import Day, choice, existing_file

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.assessment.routing import Graded, Health
    from suyuan.assessment.screening import Gate, Screened, ScreeningRules

_SHOWN = 40
LEVELS = {"cell": "C", "module": "M", "pack": "P"}


@command("screen", "screening.help_screen", assess)
@argument("path", metavar="TABLE.csv", type=existing_file(), text="screening.arg_table")
@option("--rules", "rules", metavar="ID", default="physical", show_default=True, text="screening.opt_rules")
@option("--level", "level", type=choice(list(LEVELS)), default="cell", show_default=True, text="screening.opt_level")
@output_options()
def assess_screen(path: Path, rules: str, level: str, out: Output) -> int:
    """Hold every object of a table against the rules of screening."""
    screened = _screened(path, rules, level)
    rows = [_screened_json(screened, place) for place in range(screened.table.height)]
    out.rows(rows, lambda: _table(rows))
    return _told([row["verdict"] for row in rows], path)


@command("grade", "screening.help_grade", assess)
@argument("path", metavar="TABLE.csv", type=existing_file(), text="screening.arg_graded")
@option("--rules", "rules", metavar="ID", default="physical", show_default=True, text="screening.opt_rules")
@option("--level", "level", type=choice(list(LEVELS)), default="cell", show_default=True, text="screening.opt_level")
@option("--grades", "grades", metavar="ID", text="cli.opt_grades")
@option("--on", "on", type=Day(), metavar="DATE", text="screening.opt_on")
@output_options()
def assess_grade(path: Path, rules: str, level: str, grades: str | None, on: date | None, out: Output) -> int:
    """Screen a table of objects, grade each by its state of health, and name the route it allows."""
    from suyuan.assessment.grading import DEFAULT_SCHEME, scheme
    from suyuan.assessment.routing import LAW_VALUES, LawOfDay, LawPoint, grade_lot
    from suyuan.cli.years import today
    from suyuan.rules.of_day import of_day

    day = on or today()
    law = LawOfDay(day, tuple(LawPoint(*point) for point in of_day(LAW_VALUES, day)))
    screened = _screened(path, rules, level)
    graded = grade_lot(screened, _health(screened), scheme(grades or DEFAULT_SCHEME), law)
    rows = [_graded_json(one) for one in graded]
    out.rows(rows, lambda: _table(rows))
    return _told([one.verdict.value for one in graded], path)


def _screened(path: Path, rules: str, level: str) -> "Screened":
    from suyuan.assessment.screening import prepared, screen
    from suyuan.cli.assess_lots import table_of

    return screen(prepared(table_of(path)), _rules(rules), LEVELS[level])


def _rules(name: str) -> "ScreeningRules":
    """By their id, or from a TOML file of the user's."""
    from suyuan.assessment.screening import read_screening_rules, screening_rules
    from suyuan.cli.texts import decode

    if name.endswith(".toml") and Path(name).is_file():
        return read_screening_rules(decode(Path(name).read_bytes()))
    return screening_rules(name)


def _health(screened: "Screened") -> "list[Health | None]":
    from suyuan.assessment.routing import health_of

    return health_of(screened.table)


def _sentence(code: str, data: Any) -> str:
    from suyuan.kernel import sentence

    return sentence(code, data, language())


def _gate_json(gate: "Gate") -> dict[str, Any]:
    return {
        "rule": gate.rule.id,
        "quantity": gate.rule.quantity,
        "outcome": gate.outcome.name.lower(),
        "found": gate.found,
        "limit": gate.rule.limit(gate.chemistry),
        "unit": gate.rule.unit,
        "status": gate.rule.status.value,
        "message": _sentence(gate.code, gate.data),
    }


def _screened_json(screened: "Screened", place: int) -> dict[str, Any]:
    return {
        "row": place + 2,
        "object": str(screened.table["object"][place]),
        "verdict": screened.verdicts[place].value,
        "rules": screened.rules.edition,
        "gates": [_gate_json(gate) for gate in screened.grounds(place)],
    }


def _graded_json(graded: "Graded") -> dict[str, Any]:
    from suyuan.assessment.routing import graded_json

    return graded_json(graded, _sentence)


def _table(rows: list[dict[str, Any]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = [name for name in ("row", "object", "verdict", "grade", "route") if name in rows[0]] if rows else []
    shown = grid(*(say(f"screening.head_{name}") for name in (*names, "why")))
    gravest = sorted(rows, key=lambda row: ("reject", "needs_measurement", "pass").index(row["verdict"]))
    for row in gravest[:_SHOWN]:
        told = [each["message"] for each in row.get("gates", row.get("reasons", []))]
        more = f" (+{len(told) - 3})" if len(told) > 3 else ""
        cells = [
            say(f"screening.word_{row[name]}") if name in ("verdict", "route") else str(row[name]) for name in names
        ]
        shown.add_row(*cells, " ".join(told[:3]) + more)
    if len(rows) > _SHOWN:
        shown.caption = say("screening.more_rows", count=len(rows) - _SHOWN)
    return shown


def _told(verdicts: list[str], path: Path) -> int:
    found = Counter(verdicts)
    counts = {name: found[name] for name in ("pass", "needs_measurement", "reject")}
    note(
        say(
            "screening.told",
            file=path.name,
            passed=counts["pass"],
            open=counts["needs_measurement"],
            rejected=counts["reject"],
        )
    )
    if not counts["needs_measurement"] and not counts["reject"]:
        return Exit.OK
    return Exit.PARTLY if counts["pass"] or counts["needs_measurement"] else Exit.REJECTED
