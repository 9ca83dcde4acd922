"""Commands that speak both languages: every text of their help is a message id, said when it is read."""

from collections.abc import Callable, Iterator, MutableMapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeVar, cast

import click

from suyuan.cli import usage
from suyuan.cli.layout import Page
from suyuan.cli.speech import choose, say
from suyuan.kernel import Language

LANGUAGES = {"zh": Language.ZH, "en": Language.EN}
QUIET = "suyuan.quiet"
COMPLETE = "_SUYUAN_COMPLETE"
"""The variable in which a shell asks for completions."""

F = TypeVar("F", bound=Callable[..., object])


def _choose(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None and not context.resilient_parsing:
        choose(LANGUAGES[value])


def _hush(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.meta[QUIET] = True


class Option(click.Option):
    """An option whose help is a message id."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The two columns of the help page."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        extra = self.default if self.show_default and self.default not in (None, False) else None
        text = say(self.help) if self.help else ""
        return record[0], f"{text} {say('cli.default', value=str(extra))}" if extra is not None else text


class Argument(click.Argument):
    """An argument whose help is a message id."""

    def __init__(self, *args: Any, text: str | None = None, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.text = text

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """The two columns of the help page."""
        return self.make_metavar(ctx), say(self.text) if self.text else ""


def everywhere() -> list[click.Parameter]:
    """The options that every command takes."""
    return [
        Option(
            ["--lang"],
            type=usage.choice(tuple(LANGUAGES)),
            callback=_choose,
            is_eager=True,
            expose_value=False,
            help="cli.opt_lang",
        ),
        Option(["-q", "--quiet"], is_flag=True, callback=_hush, expose_value=False, help="cli.opt_quiet"),
    ]


class Spoken(click.Command):
    """What commands and groups share."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(everywhere())

    def get_help(self, ctx: click.Context) -> str:
        """The help page."""
        page = Page(width=ctx.terminal_width, max_width=ctx.max_content_width or 100)
        self.format_help(ctx, page)
        return page.getvalue().rstrip("\n")

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first paragraph of the help, whole."""
        return say(self.help).partition("\n\n")[0].rstrip(".。") if self.help else ""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The text under the usage line."""
        if self.help:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(say(self.help))

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The positional arguments that have something to be said about."""
        listed = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, Argument)]
        rows = [parameter.get_help_record(ctx) for parameter in listed if parameter.text]
        if rows:
            with formatter.section(say("cli.arguments")):
                formatter.write_dl(rows)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, those of every command last."""
        listed = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        rows = [record for parameter in listed if (record := parameter.get_help_record(ctx))]
        if rows:
            with formatter.section(say("cli.options")):
                formatter.write_dl(rows)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """``--help``, in the language of this run."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = say("cli.opt_help")
        return option

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and refuse what is left over in our own words."""
        group = isinstance(self, click.Group)
        allowed, ctx.allow_extra_args = ctx.allow_extra_args, True
        rest = super().parse_args(ctx, args)
        ctx.allow_extra_args = allowed
        if rest and not group and not allowed and not ctx.resilient_parsing:
            raise usage.Misuse("cli.extra_arguments", ctx=ctx, values=list(map(str, rest)))
        return rest


class Command(Spoken):
    """A command whose help is a message id."""


class Rooms(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is asked for."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, _, attribute = self._places[name].partition(":")
            self._loaded[name] = cast(click.Command, getattr(import_module(module), attribute))
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._places[name], self._loaded[name] = "", command

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._loaded.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Group(Spoken, click.Group):
    """A group of commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order they were written down."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command named first; one that does not exist is refused in our own words."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            near = get_close_matches(name, self.commands)
            code = "cli.no_such_command_near" if near else "cli.no_such_command"
            raise usage.Misuse(code, ctx=ctx, given=name, near=near)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What there is to choose from."""
        listed = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str()) for name, command in listed if command and not command.hidden]
        if rows:
            with formatter.section(say("cli.commands")):
                formatter.write_dl(rows)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options, then commands."""
        Spoken.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def group(name: str, text: str) -> Group:
    """A new group; `text` is the message id of its help."""
    return Group(name, help=text, callback=None)


def command(name: str, text: str, parent: Group | None = None, **settings: Any) -> Callable[[F], Command]:
    """Make a function a command; `text` is the message id of its help."""

    def wrap(function: F) -> Command:
        made = click.command(name, cls=Command, help=text, **settings)(function)
        if parent is not None:
            parent.add_command(made)
        return made

    return wrap


def option(*names: str, text: str | None = None, **settings: Any) -> Callable[[F], F]:
    """An option; `text` is the message id of its help."""
    return click.option(*names, cls=Option, help=text, **settings)


def argument(*names: str, text: str | None = None, **settings: Any) -> Callable[[F], F]:
    """An argument; `text` is the message id of its help."""
    return click.argument(*names, cls=Argument, text=text, **settings)
