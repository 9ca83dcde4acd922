"""What is wrong with how a command was written, as a code and its data."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from click.shell_completion import CompletionItem

from suyuan.kernel import Finding
from suyuan.kernel.findings import Value

CHINA = ZoneInfo("Asia/Shanghai")


class Misuse(click.UsageError):
    """A command that cannot be understood; `finding` says why."""

    def __init__(self, code: str, *, ctx: click.Context | None = None, **data: Value) -> None:
        super().__init__(code, ctx)
        self.finding = Finding(code, data)

    @classmethod
    def of(cls, finding: Finding) -> "Misuse":
        """What another room found wrong with what was asked for."""
        misuse = cls(finding.code)
        misuse.finding = finding
        return misuse


class Worded(click.ParamType[Any]):
    """A type of click whose refusal is a code of ours."""

    def __init__(self, inner: click.ParamType[Any], code: str, **data: Value) -> None:
        self.inner, self.code, self.data = inner, code, data
        self.name = inner.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value in its type."""
        try:
            return self.inner.convert(value, param, ctx)
        except click.BadParameter as error:
            raise Misuse(self.code, ctx=ctx, option=_name(param), value=str(value), **self.data) from error

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """How the value is shown in the help."""
        return self.inner.get_metavar(param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """What a shell may offer."""
        return self.inner.shell_complete(ctx, param, incomplete)


def _name(param: click.Parameter | None) -> str:
    if param is None:
        return "?"
    return param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name


class Day(click.ParamType[date]):
    """A day in ISO 8601."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise Misuse("cli.not_a_day", ctx=ctx, option=_name(param), value=str(value)) from None

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How the value is shown in the help."""
        return "YYYY-MM-DD"


def choice(values: Sequence[str]) -> Worded:
    """One of some words."""
    return Worded(click.Choice(values, case_sensitive=False), "cli.not_a_choice", choices=list(values))


def number(least: int, most: int | None = None) -> Worded:
    """A whole number in a range."""
    shown = f"≥ {least}" if most is None else f"{least}–{most:,}"
    return Worded(click.IntRange(least, most), "cli.not_a_number", range=shown)


def existing_file(*, dash: bool = False) -> Worded:
    """A file that can be read; `-` is standard input where `dash` allows it."""
    path = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=dash, path_type=Path)
    return Worded(path, "cli.no_such_file")


def new_file() -> Worded:
    """A file to write."""
    return Worded(click.Path(dir_okay=False, writable=True, path_type=Path), "cli.not_writable")


def folder() -> Worded:
    """A folder, there or not."""
    return Worded(click.Path(file_okay=False, path_type=Path), "cli.not_writable")


def finding_of(error: click.UsageError) -> Finding:
    """The code and data of any error of usage."""
    match error:
        case Misuse():
            return error.finding
        case click.NoSuchOption():
            near = list(error.possibilities or ())
            data: dict[str, Value] = {"given": error.option_name, "near": near}
            return Finding("cli.no_such_option_near" if near else "cli.no_such_option", data)
        case click.MissingParameter():
            return Finding("cli.missing", {"option": _name(error.param)})
        case click.BadOptionUsage():
            return Finding("cli.option_value", {"option": error.option_name})
        case _:
            return Finding("cli.misuse", {"said": error.format_message()})
