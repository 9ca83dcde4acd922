"""`suyuan code`: what a battery code says, without a server."""

import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.exits import Exit, of_counts
from suyuan.cli.output import Format, Output, note, output_options
from suyuan.cli.speech import count, language, say
from suyuan.cli.usage import CHINA, Day, existing_file, number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.codes import ExplanationJson

code = group("code", "cli.help_code")


def _explained(text: str, levels: str) -> "ExplanationJson":
    from suyuan.codes import explain, explanation_json

    return explanation_json(explain(text, datetime.now(CHINA).date(), levels), language())


@command("explain", "cli.help_code_explain", code)
@argument("text", metavar="CODE", text="cli.arg_code")
@option("--levels", default="PMC", metavar="PMC", text="cli.opt_levels")
@output_options()
def explain_code(text: str, levels: str, out: Output) -> int:
    """Explain every position of one code."""
    explained = _explained(text, levels)
    out.thing(dict(explained), lambda: _explanation(explained))
    return Exit.OK if explained["valid"] else Exit.REJECTED


def _explanation(explained: "ExplanationJson") -> "list[RenderableType]":
    from rich.text import Text

    from suyuan.cli.tables import grid, mark

    verdict = mark("ok" if explained["valid"] else "refuse")
    word = say("cli.code_valid" if explained["valid"] else "cli.code_invalid")
    lines: list[RenderableType] = [Text.assemble(verdict, " ", (explained["raw"], "bold"), "  ", word)]
    if explained["positions"]:
        positions = grid(
            say("cli.head_positions"), say("cli.head_characters"), say("cli.head_field"), say("cli.head_meaning")
        )
        for place in explained["positions"]:
            where = str(place["first"]) if place["first"] == place["last"] else f"{place['first']}–{place['last']}"
            positions.add_row(where, place["characters"], place["label"], place["message"])
        lines.append(positions)
    lines += [Text.assemble(mark(finding["severity"]), " ", finding["message"]) for finding in explained["findings"]]
    if explained["suggestion"]:
        lines.append(Text(say("cli.code_suggestion", code=explained["suggestion"])))
    return lines


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text file, `-` being standard input, without their ends; blank lines are left out."""
    from suyuan.cli.texts import decode

    data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    return (line for line in decode(data).splitlines() if line.strip())


@command("validate", "cli.help_code_validate", code)
@argument("path", metavar="FILE", type=existing_file(dash=True), text="cli.arg_codes_file")
@option("--levels", default="PMC", metavar="PMC", text="cli.opt_levels")
@output_options()
def validate_codes(path: Path, levels: str, out: Output) -> int:
    """Check a list of codes, one a line, and answer in the order of the lines."""
    listed = list(lines_of(path))
    answers = [_explained(line, levels) for line in listed]
    bad = sum(not answer["valid"] for answer in answers)
    out.rows((_line(answer) for answer in answers), lambda: _verdicts(answers))
    if out.format is not Format.TABLE or out.path is not None:
        note(say("cli.codes_counted", codes=count(len(answers)), bad=count(bad)))
    return of_counts(len(answers) - bad, bad)


def _line(answer: "ExplanationJson") -> dict[str, object]:
    left_out = {"positions", "raw"}
    return {"code": answer["raw"], **{name: value for name, value in answer.items() if name not in left_out}}


def _verdicts(answers: "list[ExplanationJson]") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from suyuan.cli.tables import grid, mark

    table = grid("", say("cli.head_code"), say("cli.head_produced_on"), say("cli.head_finding"))
    for answer in answers:
        first = answer["findings"][0] if answer["findings"] else None
        sign = mark(first["severity"] if first else "ok")
        table.add_row(sign, answer["raw"], answer["produced_on"] or "", first["message"] if first else "")
    bad = sum(not answer["valid"] for answer in answers)
    return Group(table, Text(say("cli.codes_counted", codes=count(len(answers)), bad=count(bad))))


@command("allocate", "labels.help_allocate", code)
@argument("prefix", metavar="PREFIX", text="labels.arg_prefix")
@argument("day", metavar="DAY", type=Day(), text="labels.arg_day")
@argument("amount", metavar="COUNT", type=number(1, 100_000), text="labels.arg_count")
@option("--suffix", metavar="RP|RM|RC", text="labels.opt_suffix")
@option("--request", metavar="TEXT", text="labels.opt_request")
@counter_options
@output_options()
def allocate_codes(  # noqa: PLR0913 - one parameter an option
    *,
    prefix: str,
    day: date,
    amount: int,
    suffix: str | None,
    request: str | None,
    counter: Callable[[], Counter],
    out: Output,
) -> int:
    """Have codes given out."""
    order: Json = {"prefix": prefix, "produced_on": day.isoformat(), "count": amount}
    answer = counter().allocate(order | {key: text for key, text in (("suffix", suffix), ("request", request)) if text})
    out.thing(answer, lambda: _batch(answer))
    return Exit.OK


def _batch(answer: Json) -> "RenderableType":
    from suyuan.cli.tables import facts

    return facts(
        [
            (say("labels.head_batch"), str(answer["number"])),
            (say("labels.head_model"), str(answer["model"])),
            (say("labels.head_count"), count(answer["count"])),
            (say("labels.head_first"), str(answer["first_code"])),
            (say("labels.head_last"), str(answer["last_code"])),
        ]
    )
