"""The demo's own data folder: found or made, emptied, and never mistaken for a real one."""

import fcntl
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from suyuan.kernel import SuyuanError

MARK = ".suyuan-demo"
"""A file that says: everything in this folder is simulated and may be deleted; the server's settings look for it."""


class Occupied(SuyuanError):
    """The folder is in use, or not ours to empty."""

    status = 409


def usual_home() -> Path:
    """Where the demo lives if nobody names a folder: beside the data of the installation, never in it."""
    named = os.environ.get("SUYUAN_HOME")
    if named:
        return Path(named).expanduser().absolute() / "demo"
    if os.geteuid() == 0:
        return Path("/var/lib/suyuan/demo")
    from platformdirs import user_data_path

    return user_data_path("suyuan", appauthor=False) / "demo"


@dataclass(frozen=True, slots=True)
class Play:
    """What was played in a folder: enough to play it again."""

    vehicles: int
    seed: int


def move_in(named: Path | None, *, keep: bool) -> Play | None:
    """Make this process use the demo's folder and database; what was played there to the end and is kept.

    Raises
    ------
    Occupied
        ``cli.demo_folder_not_ours`` or ``cli.demo_running``.
    """
    home = named.expanduser().absolute() if named else usual_home()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ.pop(name, None)
    os.environ["SUYUAN_HOME"] = str(home)
    kept = _played(home / MARK) if keep else None
    if kept is None:
        _empty(home)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)  # the account that PostgreSQL runs under must pass through
    (home / MARK).touch()
    _make_passphrase(home / "key_passphrase")
    from suyuan.cli.ring import set_up

    set_up()
    from suyuan.server.kit.schema import migrate

    migrate()
    return kept


def _make_passphrase(path: Path) -> None:
    """A passphrase for the demo's signing keys, kept beside them: it guards nothing but a demo."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24))
    os.environ.pop("SUYUAN_KEY_PASSPHRASE", None)
    os.environ["SUYUAN_KEY_PASSPHRASE_FILE"] = str(path)
    for name in ("SUYUAN_LOG_FOLDER", "SUYUAN_KEY_FOLDER", "SUYUAN_LOG_URL"):
        os.environ.pop(name, None)
    os.environ["SUYUAN_LOG_BASE"] = "simulated.suyuan"  # every checkpoint and receipt says what it is


def remember(play: Play) -> None:
    """Note that everything was reported, for `--keep`."""
    (Path(os.environ["SUYUAN_HOME"]) / MARK).write_text(json.dumps(asdict(play)))


def _played(mark: Path) -> Play | None:
    try:
        return Play(**json.loads(mark.read_text()))
    except (OSError, ValueError, TypeError):  # never there, or not played to the end
        return None


def _empty(home: Path) -> None:
    """Delete the last demo."""
    if not home.exists() or not any(home.iterdir()):
        return
    if not (home / MARK).exists():
        raise Occupied("cli.demo_folder_not_ours", folder=str(home), mark=MARK)
    from suyuan.server.kit.postgres import Server, seat

    users = seat(home) / "postgres.users"
    if users.exists():
        with users.open("a") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Occupied("cli.demo_running", folder=str(home)) from None
            Server(home).stop()
    if seat(home) != home:
        shutil.rmtree(seat(home))
    shutil.rmtree(home)
