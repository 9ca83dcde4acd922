"""`suyuan log keys`: the keys that logs, witnesses and mirrors sign with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, say
from suyuan.cli.usage import choice, folder

if TYPE_CHECKING:
    from rich.console import RenderableType

keys = group("keys", "cli.help_log_keys")

in_folder = option("--keys", "place", type=folder(), required=True, metavar="FOLDER", text="cli.opt_log_keys")


@command("create", "cli.help_log_keys_create", keys)
@argument("name", text="cli.arg_key_name")
@option("--type", "kind", type=choice(("log", "cosigner")), required=True, text="cli.opt_key_type")
@in_folder
@output_options()
def create(*, name: str, kind: str, place: Path, out: Output) -> None:
    """Make a key and show its public half."""
    from suyuan.server.witness.keys import KeyFolder, passphrase
    from suyuan.tlog.keys import KeyType

    folder_ = KeyFolder(place)
    verifier = folder_.create(name, KeyType.ED25519 if kind == "log" else KeyType.COSIGNATURE, passphrase())
    row = {"name": name, "type": kind, "verifier": str(verifier)}
    out.thing(row, lambda: str(verifier))
    active = [key for key in folder_.list() if key.is_active and key.verifier.name == name]
    same = sum(key.verifier.type is verifier.type for key in active)
    note(say("cli.log_key_made", name=name, count=count(same)))


@command("list", "cli.help_log_keys_list", keys)
@in_folder
@output_options()
def list_keys(place: Path, out: Output) -> None:
    """List the public halves."""
    from suyuan.server.witness.keys import KeyFolder, kind_word

    rows = [
        {
            "name": key.verifier.name,
            "type": kind_word(key.verifier.type),
            "active": key.is_active,
            "verifier": str(key.verifier),
        }
        for key in KeyFolder(place).list()
    ]
    out.rows(rows, lambda: _table(rows))


@command("retire", "cli.help_log_keys_retire", keys)
@argument("verifier", text="cli.arg_verifier")
@in_folder
def retire(verifier: str, place: Path) -> None:
    """Let a key sign no more."""
    from suyuan.server.witness.keys import KeyFolder
    from suyuan.tlog.keys import parse_verifier_key

    key = parse_verifier_key(verifier)
    folder_ = KeyFolder(place)
    folder_.retire(key)
    left = [each for each in folder_.list() if each.is_active and each.verifier.name == key.name]
    same = sum(each.verifier.type is key.type for each in left)
    note(say("cli.log_key_retired", name=key.name, count=count(same)))


def _table(rows: Sequence[Mapping[str, object]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("name", "type", "active", "verifier")
    table = grid(*(say(f"cli.head_log_key_{name}") for name in names), keep=(3,))
    for row in rows:
        sign = say("cli.yes" if row["active"] else "cli.no")
        table.add_row(str(row["name"]), str(row["type"]), sign, str(row["verifier"]))
    return table
