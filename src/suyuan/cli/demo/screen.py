"""How far the demo is, and what came of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from suyuan.cli.output import console
from suyuan.cli.speech import count, say
from suyuan.cli.tables import facts, grid, severity_word

if TYPE_CHECKING:
    from suyuan.cli.demo.reporting import Tally

SHOWN_CAUSES = 15
_MEGABYTE = 1e6
_WEIGHT = {"refuse": 0, "finding": 1, "warning": 2}


@contextmanager
def progress(files: int, *, quiet: bool) -> "Iterator[Callable[[Tally], None]]":
    """A bar on a terminal, a line at every fifth elsewhere; gives the function that moves it."""
    target = console(stderr=True)
    if quiet:
        yield lambda tally: None
        return
    if not target.is_terminal:
        yield lambda tally: _print_at(max(files // 5, 1), tally)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=target, transient=True) as bar:
        task = bar.add_task(say("cli.demo_files"), total=files)

        def advance(tally: "Tally") -> None:
            bar.update(task, advance=1, description=_so_far(tally))

        yield advance


def _print_at(step: int, tally: "Tally") -> None:
    if tally.files % step == 0:
        console(stderr=True).print(_so_far(tally))


def _so_far(tally: "Tally") -> str:
    rate = tally.rows / tally.seconds if tally.seconds else 0.0
    return say("cli.demo_so_far", files=count(tally.files), rows=count(tally.rows), rate=count(rate))


def summary(tally: "Tally", seconds: float) -> RenderableType:
    """Counts, speed, and what was found by cause."""
    spent = max(tally.seconds, 1e-9)
    numbers = [
        ("cli.demo_head_files", f"{count(tally.files)}  ({tally.size / _MEGABYTE:.1f} MB)"),
        ("cli.demo_head_rows", count(tally.rows)),
        ("cli.head_records", count(tally.records)),
        ("cli.head_admitted", count(tally.admitted)),
        ("cli.head_duplicates", count(tally.duplicates)),
        ("cli.head_refused", count(tally.refused)),
        ("cli.demo_head_cells", count(tally.cells)),
        ("cli.demo_head_time", say("cli.demo_time", seconds=f"{spent:.1f}", whole=f"{seconds:.1f}")),
        (
            "cli.demo_head_speed",
            say(
                "cli.demo_speed",
                records=count(tally.records / spent),
                cells=count(tally.cells / max(tally.cell_seconds, 1e-9)),
            ),
        ),
    ]
    parts: list[RenderableType] = [facts([(say(name), value) for name, value in numbers])]
    if tally.causes:
        parts += ["", _causes(tally)]
    return Group(*parts)


def _causes(tally: "Tally") -> RenderableType:
    """The errors that were put into the simulation on purpose, as the program found them."""
    table = grid(say("cli.head_severity"), say("cli.head_rows"), say("cli.head_cause"), right=(1,), keep=(0,))
    listed = sorted(tally.causes.items(), key=lambda item: (_WEIGHT[item[0][0]], -item[1], item[0][1]))
    for (severity, code), rows in listed[:SHOWN_CAUSES]:
        text = Text.assemble(tally.examples[code], "\n", (code, "dim"))
        table.add_row(severity_word(severity), count(rows), text)
    return table
