"""`suyuan battery`: one battery, vehicle or batch of material: its state, its life, what it is made of."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, Json, counter_options
from suyuan.cli.exits import Exit
from suyuan.cli.output import Format, Output, note, output_options
from suyuan.cli.speech import language, say
from suyuan.cli.usage import Day, choice, new_file

if TYPE_CHECKING:
    from rich.console import RenderableType

battery = group("battery", "cli.help_battery")

Open = Callable[[], Counter]
REASONS = ("damaged", "misprint", "wrong_design", "repair", "other")


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


@command("label", "labels.help_label", battery)
@argument("code", text="labels.arg_code")
@option("-o", "--output", "target", type=new_file(), required=True, metavar="FILE", text="labels.opt_output")
@option("--design", default="60x40", show_default=True, metavar="DESIGN", text="labels.opt_design")
@option("--reason", type=choice(REASONS), text="labels.opt_reason")
@option("--note", "words", default="", metavar="TEXT", text="labels.opt_note")
@option("--test", "sample", is_flag=True, text="labels.opt_test")
@counter_options
def label_battery(  # noqa: PLR0913 - one parameter an option
    *, code: str, target: Path, design: str, reason: str | None, words: str, sample: bool, counter: Open
) -> int:
    """Print the label of one battery: PDF, or ZPL if FILE ends in .zpl."""
    from suyuan.kernel import Language

    order: Json = {
        "code": code,
        "design": design,
        "form": "zpl" if target.suffix.lower() == ".zpl" else "pdf",
        "language": "zh" if language() is Language.ZH else "en",
        "reason": reason,
        "note": words,
        "test": sample,
    }
    content = counter().label(order)
    with Output(Format.JSON, target).binary() as stream:
        stream.write(content)
    note(say("labels.label_kept", file=str(target)))
    return Exit.OK


def _state(answer: Json, at: date | None) -> "RenderableType":
    from suyuan.cli.life import state_view

    return state_view(answer, at)


def _life(answer: Json) -> "RenderableType":
    from suyuan.cli.life import life_view

    return life_view(answer)


def _tree(answer: Json) -> "RenderableType":
    from suyuan.cli.life import tree_view

    return tree_view(answer)
