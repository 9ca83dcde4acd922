"""What a command answers: data on standard output in the format asked for, all else on standard error."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from suyuan.cli.commands import QUIET, option
from suyuan.cli.usage import Misuse, choice, new_file

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console, RenderableType

F = TypeVar("F", bound=Callable[..., object])

NARROWEST = 140
"""Width in cells of tables that go to a file or another program, unless COLUMNS says otherwise."""


class Format(StrEnum):
    """How data is written."""

    TABLE = "table"  # for people
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def console(stream: IO[str] | None = None, *, stderr: bool = False) -> "Console":
    """A console that lays tables out; colour only on a terminal, and never with NO_COLOR."""
    from rich.console import Console

    target = stream or (sys.stderr if stderr else sys.stdout)
    width = None if target.isatty() or os.environ.get("COLUMNS") else NARROWEST
    return Console(file=target, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def note(text: str) -> None:
    """Tell the user something beside the data; silent with ``--quiet``."""
    if not quiet():
        click.echo(text, err=True)


def quiet() -> bool:
    """Whether ``--quiet`` was given, here or before a group."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(QUIET))


@dataclass(frozen=True, slots=True)
class Output:
    """Where the answer goes and in which format."""

    format: Format
    path: Path | None = None

    @property
    def for_people(self) -> bool:
        """Whether it is laid out for reading."""
        return self.format is Format.TABLE

    @contextmanager
    def binary(self) -> Iterator[IO[bytes]]:
        """The stream for bytes; a file appears under its name only when it is whole."""
        if self.path is None:
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        with whole_file(self.path) as stream:
            yield stream

    def show(self, *parts: "RenderableType") -> None:
        """Lay something out for people."""
        if self.path is None:
            target = console()
            for part in parts:
                target.print(part)
            return
        text = io.StringIO()
        target = console(text)
        for part in parts:
            target.print(part)
        self._write(text.getvalue().encode())

    def thing(self, value: Mapping[str, Any], view: Callable[[], "RenderableType | Sequence[RenderableType]"]) -> None:
        """Answer with one thing: a JSON object, or the view of it."""
        match self.format:
            case Format.TABLE:
                shown = view()
                if isinstance(shown, str):  # a line for programs, too: never folded
                    self._write(f"{shown}\n".encode())
                    return
                self.show(*(shown if isinstance(shown, Sequence) else [shown]))
            case Format.JSON:
                self._write(_json(value, indent=2))
            case _:
                self.rows([value], lambda: "")

    def rows(self, rows: Iterable[Mapping[str, Any]], view: Callable[[], "RenderableType"]) -> None:
        """Answer with a list of things."""
        match self.format:
            case Format.TABLE:
                self.show(view())
            case Format.JSON:
                self._write(_json(list(rows), indent=2))
            case Format.JSONL:
                with self.binary() as stream:
                    stream.writelines(_json(row) for row in rows)
            case Format.CSV:
                self._write(_csv(list(rows)))
            case Format.PARQUET:
                self._parquet(_frame(list(rows)))

    def frame(self, frame: "pl.DataFrame", view: Callable[[], "RenderableType"]) -> None:
        """Answer with a table of columns."""
        match self.format:
            case Format.PARQUET:
                self._parquet(frame)
            case Format.CSV:
                self._write(_harmless(_texts(frame)).write_csv().encode())
            case _:
                self.rows(frame.iter_rows(named=True), view)

    def _parquet(self, frame: "pl.DataFrame") -> None:
        if self.path is None and sys.stdout.isatty():
            raise Misuse("cli.parquet_on_terminal")
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        self._write(buffer.getvalue())

    def _write(self, data: bytes) -> None:
        with self.binary() as stream:
            stream.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when all of it is written, and not at all if that fails."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as stream:
            yield stream
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def plain(value: object) -> object:
    """What JSON knows no form for, as text: moments and days in ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _json(value: object, indent: int | None = None) -> bytes:
    tight = (",", ":") if indent is None else None
    return (json.dumps(value, ensure_ascii=False, indent=indent, separators=tight, default=plain) + "\n").encode()


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, default=plain) if isinstance(value, dict | list | tuple) else value


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = _names(rows)
    writer.writerow(names)
    cells = [[_plain_cell(row.get(name)) for name in names] for row in rows]
    writer.writerows(_harmless_cells(cells))
    return text.getvalue().encode()


def _harmless(frame: "pl.DataFrame") -> "pl.DataFrame":
    from suyuan.sheets.writing import harmless

    return harmless(frame)


def _harmless_cells(rows: Sequence[Sequence[object]]) -> Iterator[list[object]]:
    """Every text cell made harmless as in any other csv; what is no text stays as it is."""
    import polars as pl

    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    safe = iter(_harmless(pl.DataFrame({"text": texts}, schema={"text": pl.String}))["text"])
    return ([next(safe) if isinstance(cell, str) else cell for cell in row] for row in rows)


def _plain_cell(value: object) -> object:
    cell = _cell(value)
    return plain(cell) if isinstance(cell, date) else cell


def _frame(rows: Sequence[Mapping[str, Any]]) -> "pl.DataFrame":
    import polars as pl

    names = _names(rows)
    return pl.DataFrame(
        {name: [_cell(row.get(name)) for row in rows] for name in names}, infer_schema_length=None, strict=False
    )


def _texts(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Lists and structures as JSON text, which csv has no other form for."""
    import polars as pl

    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    return frame.with_columns(
        pl.Series(
            name,
            [
                None if value is None else json.dumps(value, ensure_ascii=False, default=plain)
                for value in frame[name].to_list()
            ],
            dtype=pl.String,
        )
        for name in nested
    )


def output_options(default: Format = Format.TABLE) -> Callable[[F], Callable[..., object]]:
    """The options ``-f`` and ``-o``; the command gets them as the one parameter `out`."""

    def wrap(function: F) -> Callable[..., object]:
        from functools import wraps

        @wraps(function)
        def inner(*args: Any, chosen_format: str, file: Path | None, **rest: Any) -> object:
            return function(*args, out=Output(Format(chosen_format), file), **rest)

        with_file = option("-o", "--output", "file", type=new_file(), metavar="FILE", text="cli.opt_output")(inner)
        return option(
            "-f",
            "--format",
            "chosen_format",
            type=choice([form.value for form in Format]),
            default=default.value,
            show_default=True,
            text="cli.opt_format",
        )(with_file)

    return wrap
