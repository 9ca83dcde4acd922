"""`suyuan battery`: one battery, vehicle or batch of material: its state, its life, what it is made of."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.output import Output, output_options
from suyuan.cli.usage import Day

if TYPE_CHECKING:
    from rich.console import RenderableType

battery = group("battery", "cli.help_battery")

Open = Callable[[], Counter]


@command("show", "cli.help_battery_show", battery)
@argument("code", text="cli.arg_object")
@option("--at", type=Day(), text="cli.opt_at")
@counter_options
@output_options()
def show_battery(code: str, at: date | None, counter: Open, out: Output) -> None:
    """Show the state of one object."""
    answer = counter().state(code, at)
    out.thing(answer, lambda: _state(answer, at))


@command("trace", "cli.help_battery_trace", battery)
@argument("code", text="cli.arg_object")
@counter_options
@output_options()
def trace_battery(code: str, counter: Open, out: Output) -> None:
    """Show the whole life of one object."""
    answer = counter().life(code)
    out.thing(answer, lambda: _life(answer))


@command("tree", "cli.help_battery_tree", battery)
@argument("code", text="cli.arg_object")
@option("--at", type=Day(), text="cli.opt_at")
@option("--expand", is_flag=True, text="cli.opt_expand")
@counter_options
@output_options()
def battery_tree(code: str, at: date | None, expand: bool, counter: Open, out: Output) -> None:
    """Show what an object is made of and part of."""
    answer = counter().tree(code, at, expand)
    out.thing(answer, lambda: _tree(answer))


def _state(answer: Json, at: date | None) -> "RenderableType":
    from suyuan.cli.life import state_view

    return state_view(answer, at)


def _life(answer: Json) -> "RenderableType":
    from suyuan.cli.life import life_view

    return life_view(answer)


def _tree(answer: Json) -> "RenderableType":
    from suyuan.cli.life import tree_view

    return tree_view(answer)
