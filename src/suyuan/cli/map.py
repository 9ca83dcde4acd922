"""`suyuan map`: the slot for a map that an operator brings along for the overview of authorities."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.ring import NotThere, check_whole
from suyuan.cli.speech import language, say
from suyuan.cli.usage import existing_file
from suyuan.kernel import sentence

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.server.web.mappack import Checked

maps = group("map", "mappack.help")


@command("check", "mappack.help_check", maps)
@argument("path", metavar="[FILE]", required=False, type=existing_file(), text="mappack.arg_file")
@output_options()
def check(path: Path | None, out: Output) -> Exit:
    """Check a pack, or the one that is installed."""
    check_whole()
    from suyuan.server.web.mappack import installed, read_pack

    found = installed() if path is None else read_pack(path.read_bytes())
    if found is None:
        raise NotThere("mappack.none")
    _tell(found, out)
    return Exit.REJECTED if found.findings else Exit.OK


@command("install", "mappack.help_install", maps)
@argument("path", metavar="FILE", type=existing_file(), text="mappack.arg_file_install")
@output_options()
def install(path: Path, out: Output) -> Exit:
    """Check a pack and put it into the slot."""
    check_whole()
    from suyuan.server.web.mappack import install as put
    from suyuan.server.web.mappack import read_pack

    found = read_pack(path.read_bytes())
    if found.findings:
        _tell(found, out)
        return Exit.REJECTED
    folder = put(found)
    _tell(found, out)
    note(say("mappack.installed", folder=str(folder)))
    return Exit.OK


def _tell(found: "Checked", out: Output) -> None:
    told: dict[str, Any] = {name: str(found.manifest.get(name, "")) for name in ("name", "source", "licence")}
    told |= {
        "review": found.review,
        "features": found.features,
        "sound": not found.findings,
        "findings": [{"code": one.code, "message": sentence(one.code, one.data, language())} for one in found.findings],
    }
    out.thing(told, lambda: _view(told))


def _view(told: dict[str, Any]) -> "list[RenderableType]":
    from suyuan.cli.tables import grid

    table = grid(say("mappack.head_fact"), say("mappack.head_value"), keep=(0,))
    for name in ("name", "source", "licence", "review", "features"):
        table.add_row(say(f"mappack.fact_{name}"), str(told[name]) or "-")
    lines: list[RenderableType] = [table]
    lines += [f"- {one['message']}" for one in told["findings"]]
    if told["sound"]:
        lines.append(say("mappack.sound"))
    if not told["review"]:
        lines.append(say("mappack.sketch"))
    return lines
