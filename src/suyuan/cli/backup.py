"""`suyuan backup` and `suyuan restore`: all of an installation in a folder, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, say
from suyuan.cli.usage import folder

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.server.operation.examining import Examined
    from suyuan.server.operation.manifest import Manifest


@command("backup", "cli.help_backup")
@argument("target", type=folder(), text="cli.arg_backup_target")
@option("--with-keys", is_flag=True, text="cli.opt_with_keys")
@output_options()
def backup(target: Path, with_keys: bool, out: Output) -> int:
    """Write a backup into a new folder while everything runs."""
    from suyuan.cli.ring import check_set_up, set_up

    check_set_up()
    set_up()
    from suyuan.server.kit.clock import SYSTEM_CLOCK
    from suyuan.server.operation.backing_up import back_up

    made = back_up(target.absolute(), SYSTEM_CLOCK, keys=with_keys)
    answer = _answer(target, made)
    out.thing(answer, lambda: _view(answer))
    if made.missing:
        note(say("cli.backup_missing", count=count(len(made.missing)), first=made.missing[0]))
    return Exit.PARTLY if made.missing else Exit.OK


@command("restore", "cli.help_restore")
@argument("source", type=folder(), text="cli.arg_backup_source")
@option("--check", is_flag=True, text="cli.opt_restore_check")
@output_options()
def restore(source: Path, check: bool, out: Output) -> int:
    """Put a backup into an empty place; with --check only examine it."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suyuan.server.settings")
    import django

    django.setup()
    from suyuan.server.operation import restoring
    from suyuan.server.operation.examining import examine

    found = examine(source.absolute())
    restoring.check_program(found)
    answer = _answer(source, found.manifest)
    if not check:
        restoring.check_place(found)
        answer["folds_clean"] = _restore(found)
    out.thing(answer, lambda: _view(answer))
    return Exit.CONFLICT if answer.get("folds_clean") is False else Exit.OK


def _restore(found: "Examined") -> bool:
    """Restore what was examined; whether the folds say what the records say."""
    from django.conf import settings

    from suyuan.cli.operation import prepare_roles
    from suyuan.cli.ring import set_up
    from suyuan.server.operation import restoring

    if settings.DATABASE_URL:
        prepare_roles()
        restoring.check_database()
    with restoring.under_way():
        set_up()
        restoring.check_database()
        report = restoring.restore(found)
    return report.clean


def _answer(place: Path, made: "Manifest") -> dict[str, Any]:
    return {
        "folder": str(place),
        "taken_at": made.taken_at,
        "program": made.program,
        "tables": len(made.tables),
        "rows": made.rows,
        "files": made.files,
        "size_bytes": made.size_bytes,
        "keys": made.keys,
        "missing": list(made.missing),
    }


def _view(answer: dict[str, Any]) -> "RenderableType":
    from suyuan.cli.tables import facts

    shown = [
        (say("cli.head_folder"), answer["folder"]),
        (say("cli.head_taken_at"), answer["taken_at"]),
        (say("cli.head_program"), answer["program"]),
        (say("cli.head_tables"), count(answer["tables"])),
        (say("cli.head_rows"), count(answer["rows"])),
        (say("cli.head_files"), count(answer["files"])),
        (say("cli.head_size"), f"{answer['size_bytes'] / (1 << 20):,.1f} MiB"),
        (say("cli.head_keys"), say("cli.backup_with_keys" if answer["keys"] else "cli.backup_without_keys")),
    ]
    clean = answer.get("folds_clean")
    if clean is not None:
        shown.append((say("cli.head_folds"), say("cli.restored_clean" if clean else "cli.restored_differs")))
    return facts(shown)
