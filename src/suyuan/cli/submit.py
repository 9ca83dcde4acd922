"""`suyuan submit`: hand files in, here or at a server elsewhere."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from suyuan.cli.commands import argument, command, option
from suyuan.cli.counter import Counter, Json, Wish, counter_options
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, output_options, quiet
from suyuan.cli.usage import Misuse, existing_file

if TYPE_CHECKING:
    from rich.console import RenderableType


F = TypeVar("F", bound=Callable[..., object])


def wish_options(function: F) -> Callable[..., object]:
    """The options that say what the sender wants; the command gets them as one `wish`."""

    @option("--kind", metavar="KIND", text="cli.opt_kind")
    @option("--all-or-nothing/--good-rows-only", default=False, text="cli.opt_all_or_nothing")
    @option("--dry-run", is_flag=True, text="cli.opt_dry_run")
    @option("--repair", is_flag=True, text="cli.opt_repair")
    @option("--mapping", type=existing_file(), metavar="JSON", text="cli.opt_mapping")
    @option("--idempotency-key", metavar="KEY", text="cli.opt_idempotency_key")
    @option("--wait/--no-wait", default=True, text="cli.opt_wait")
    @wraps(function)
    def inner(*args: Any, mapping: Path | None, **rest: Any) -> object:
        chosen = {field.name: rest.pop(field.name) for field in fields(Wish) if field.name != "mapping"}
        headings = _mapping(mapping) if mapping else None
        return function(*args, wish=Wish(mapping=headings, **chosen), **rest)

    return inner


@command("submit", "cli.help_submit")
@argument("paths", metavar="FILE...", nargs=-1, required=True, type=existing_file(), text="cli.arg_files")
@wish_options
@counter_options
@output_options()
def submit(paths: tuple[Path, ...], wish: Wish, counter: Callable[[], Counter], out: Output) -> int:
    """Hand files in and tell what became of them."""
    if wish.idempotency_key is not None and len(paths) > 1:
        raise Misuse("cli.one_file_only", options=["--idempotency-key"])
    with _waiting():
        there = counter()
        answers = [there.submit(path, wish) for path in paths]
    shown = [{**answer, "already_reported": known} for answer, known in answers]
    if len(shown) == 1:
        out.thing(shown[0], lambda: _view(shown))
    else:
        out.rows(shown, lambda: _view(shown))
    return exit_of_all([exit_of_answer(answer, known) for answer, known in answers])


def _waiting() -> AbstractContextManager[object]:
    from suyuan.cli.output import console
    from suyuan.cli.speech import say

    target = console(stderr=True)
    if quiet() or not target.is_terminal:
        return nullcontext()
    return target.status(say("cli.working"))


def _mapping(path: Path) -> dict[str, str]:
    try:
        value = json.loads(path.read_bytes())
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(field, str) for field in value.values()):
        raise Misuse("cli.mapping_form", file=str(path))
    return value


def exit_of_answer(answer: Json, known: bool) -> Exit:
    """The exit code for one submission."""
    if answer["state"] in ("failed", "received", "working"):
        return Exit.UNEXPECTED if answer["state"] == "failed" else Exit.OK
    if known or (answer["duplicates"] and not answer["admitted"] and not answer["refused"]):
        return Exit.CONFLICT
    if answer["refused"] or answer["state"] == "refused":
        return Exit.PARTLY if answer["admitted"] or answer["duplicates"] else Exit.REJECTED
    if answer["state"] == "tried" and not answer["records"]:
        return Exit.REJECTED
    return Exit.OK


def exit_of_all(codes: list[Exit]) -> Exit:
    """The exit code for several submissions: theirs if they agree, else partly, else the gravest."""
    distinct = set(codes)
    if len(distinct) == 1:
        return codes[0]
    if Exit.UNEXPECTED in distinct:
        return Exit.UNEXPECTED
    return Exit.PARTLY if distinct & {Exit.REJECTED, Exit.PARTLY} else Exit.OK


def _view(answers: list[Json]) -> "RenderableType":
    from rich.console import Group

    from suyuan.cli.receipts import receipt

    parts: list[RenderableType] = []
    for place, answer in enumerate(answers):
        parts += [*([""] if place else []), receipt(answer)]
    return Group(*parts)
