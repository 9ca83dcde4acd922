"""Findings by cause, as a table that one mends a file from; the same off line and for what the server found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from suyuan.cli.speech import count, language, say
from suyuan.cli.tables import grid, severity_word
from suyuan.kernel.findings import Value

if TYPE_CHECKING:
    from suyuan.cli.checking import Report

SHOWN_VALUE = 40
"""Longest value shown in a table, in characters; the whole of it stands in the other formats."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause in words: severity, code, column, rows, the sentence, and examples as (row, value)."""

    severity: str
    code: str
    column: str
    rows: int
    message: str
    examples: Sequence[tuple[int | None, str | None]]


def shown_causes(report: "Report") -> list[Cause]:
    """The causes of a file checked off line."""
    return [
        Cause(
            cause.severity.value,
            cause.code,
            report.heading(cause.field, language()),
            cause.rows,
            report.message(
                language(),
                {
                    "code": cause.code,
                    "field": cause.field,
                    "value": cause.examples[0].value,
                    "data": cause.examples[0].data,
                },
            ),
            [(example.row_number, example.value) for example in cause.examples],
        )
        for cause in report.causes
    ]


def causes_table(causes: Sequence[Cause]) -> Table:
    """What is wrong, where, how often, and what to do."""
    table = grid(
        say("cli.head_severity"),
        say("cli.head_column"),
        say("cli.head_rows"),
        say("cli.head_cause"),
        say("cli.head_examples"),
        right=(2,),
        keep=(0,),
    )
    for cause in causes:
        text = Text.assemble(cause.message, "\n", (cause.code, "dim"))
        table.add_row(severity_word(cause.severity), cause.column, count(cause.rows), text, _examples(cause.examples))
    return table


def _examples(examples: Sequence[tuple[int | None, str | None]]) -> Text:
    lines = []
    for row, value in examples[:3]:
        shown = "" if value is None else value if len(value) <= SHOWN_VALUE else f"{value[:SHOWN_VALUE]}…"
        where = say("cli.row", row=str(row)) if row is not None else ""
        lines.append(f"{where} {shown}".strip())
    return Text("\n".join(line for line in lines if line))


def data_of(values: Mapping[str, object]) -> dict[str, Value]:
    """The data of a finding as it comes out of JSON, with what a sentence can hold."""
    kept: dict[str, Value] = {}
    for name, value in values.items():
        if value is None or isinstance(value, str | int | float | bool):
            kept[name] = value
        elif isinstance(value, list):
            kept[name] = [str(item) for item in value]
    return kept
