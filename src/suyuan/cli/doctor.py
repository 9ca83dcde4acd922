"""`suyuan doctor`: is everything there that this installation needs?"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import command
from suyuan.cli.exits import Exit, is_off_line
from suyuan.cli.output import Output, output_options
from suyuan.cli.speech import count, language, say
from suyuan.kernel import SuyuanError, sentence

if TYPE_CHECKING:
    from rich.console import RenderableType

ENOUGH_BYTES = 2 << 30
_GIBIBYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What one examination found: `state` is ok, warning or refuse."""

    name: str
    state: str
    said: str


@command("doctor", "cli.help_doctor")
@output_options()
def doctor(out: Output) -> int:
    """Examine the installation and say what is wrong."""
    answers = [*_examine()]
    rows = [{"check": answer.name, "state": answer.state, "message": answer.said} for answer in answers]
    out.rows(rows, lambda: _view(answers))
    return Exit.UNAVAILABLE if any(answer.state == "refuse" for answer in answers) else Exit.OK


def _view(answers: list[Answer]) -> "RenderableType":
    from rich.text import Text

    from suyuan.cli.tables import facts, mark

    return facts([(say(f"cli.doctor_{a.name}"), Text.assemble(mark(a.state), " ", a.said)) for a in answers])


def _examine() -> Iterator[Answer]:
    """Each examination in its turn; what the earlier ones found wanting ends the later ones."""
    yield _messages()
    yield _python()
    try:
        from suyuan.cli.ring import check_set_up, set_up

        yield _guarded("folder", _folder)
        check_set_up()
        set_up()
    except ModuleNotFoundError as error:
        yield Answer("database", "refuse", say("cli.extra_missing", module=error.name or ""))
        return
    except SuyuanError as error:
        yield Answer("database", "refuse", sentence(error.code, error.data, language()))
        return
    for name, look in (("database", _database), ("roles", _roles), ("migrations", _migrations), ("space", _space)):
        answer = _guarded(name, look)
        yield answer
        if answer.state == "refuse" and name == "database":
            return


def _guarded(name: str, look: Callable[[], tuple[str, str]]) -> Answer:
    """The answer of `look`; a database that does not answer is a finding, too."""
    try:
        return Answer(name, *look())
    except Exception as error:
        if not is_off_line(error):
            raise
        said = str(error).strip().splitlines() or [type(error).__name__]
        return Answer(name, "refuse", say("cli.off_line", said=said[0]))


def _messages() -> Answer:
    """Both catalogues of every room are compiled and in place."""
    from importlib.resources import files

    folder = files("suyuan") / "locale"
    found = {tag: {path.name for path in _compiled(folder / tag)} for tag in ("zh_Hans", "en")}
    missing = sorted(found["zh_Hans"] ^ found["en"])
    if missing or not found["en"]:
        return Answer("messages", "refuse", say("cli.messages_missing", names=missing or ["*.mo"]))
    return Answer("messages", "ok", say("cli.messages_there", count=count(len(found["en"]))))


def _compiled(folder: Any) -> list[Any]:
    place = folder / "LC_MESSAGES"
    return [path for path in place.iterdir() if path.name.endswith(".mo")] if place.is_dir() else []


def _python() -> Answer:
    from platform import python_version

    from suyuan import __version__

    return Answer("program", "ok", f"Suyuan {__version__}, Python {python_version()}")


def _folder() -> tuple[str, str]:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suyuan.server.settings")
    from django.conf import settings

    return "ok", str(settings.HOME)


def _database() -> tuple[str, str]:
    from django.conf import settings

    from suyuan.server.kit.binaries import OLDEST
    from suyuan.server.kit.connection import cursor

    with cursor() as asking:
        row = asking.execute(
            "SELECT current_setting('server_version'), current_setting('server_version_num')"
        ).fetchone()
    version, number = row or ("?", "0")
    code = "cli.database_embedded" if settings.EMBEDDED_DATABASE else "cli.database_elsewhere"
    if int(number) // 10_000 < OLDEST:
        return "refuse", say("cli.database_old", version=version, oldest=OLDEST)
    return "ok", say(code, version=version)


def _roles() -> tuple[str, str]:
    """The application's role may add but not rewrite; the owner's role may be taken on."""
    from suyuan.server.kit.connection import OWNER_ALIAS, cursor

    with cursor() as asking:
        app = asking.execute("SELECT current_user::text").fetchone()
    with cursor(OWNER_ALIAS) as asking:
        owner = asking.execute("SELECT current_user::text").fetchone()
    names = [str(row[0]) for row in (app, owner) if row]
    return "ok", say("cli.roles_there", roles=names)


def _migrations() -> tuple[str, str]:
    from suyuan.server.kit.schema import pending

    missing = pending()
    if missing:
        return "refuse", say("cli.migrations_pending", count=len(missing), first=missing[0])
    return "ok", say("cli.migrations_done")


def _space() -> tuple[str, str]:
    from django.conf import settings

    place = next(path for path in (settings.HOME, *Path(settings.HOME).parents) if path.exists())
    free = shutil.disk_usage(place).free
    shown = f"{free / _GIBIBYTE:.1f}"
    if free < ENOUGH_BYTES:
        return "warning", say("cli.space_scarce", gib=shown, enough=f"{ENOUGH_BYTES / _GIBIBYTE:.0f}")
    return "ok", say("cli.space_there", gib=shown)
