"""Tables and signs for people: calm, aligned, readable without colour."""

from rich import box
from rich.table import Table
from rich.text import Text

from suyuan.cli.speech import say

_SIGNS = {"ok": ("✓", "green"), "refuse": ("✗", "red"), "finding": ("!", "yellow"), "warning": ("·", "dim")}


def mark(severity: str) -> Text:
    """A sign for `ok` or a severity; the word stands beside it wherever it matters."""
    sign, style = _SIGNS[severity]
    return Text(sign, style=style)


def severity_word(severity: str) -> Text:
    """Sign and word for a severity."""
    sign, style = _SIGNS[severity]
    return Text(f"{sign} {say(f'cli.severity_{severity}')}", style=style)


def grid(*headings: str, right: tuple[int, ...] = (), keep: tuple[int, ...] = ()) -> Table:
    """A table with a line under its headings; columns `right` are numbers, columns `keep` are never broken."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(
            heading,
            justify="right" if place in right else "left",
            overflow="fold",
            no_wrap=place in right or place in keep,
        )
    return table


def facts(rows: list[tuple[str, str | Text]]) -> Table:
    """Names on the left, values on the right, without lines."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table
