"""The demo's own data folder: found or made, emptied, and never mistaken for a real one."""

import fcntl
import os
import shutil
from pathlib import Path

from suyuan.kernel import SuyuanError

MARK = ".suyuan-demo"
"""A file that says: everything in this folder is simulated and may be deleted."""


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


def move_in(named: Path | None, *, keep: bool) -> bool:
    """Make this process use the demo's folder and database; whether the last demo's data are still there.

    Raises
    ------
    Occupied
        ``cli.demo_folder_not_ours`` or ``cli.demo_running``.
    """
    home = named.expanduser().absolute() if named else usual_home()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ.pop(name, None)
    os.environ["SUYUAN_HOME"] = str(home)
    furnished = keep and (home / MARK).exists()
    if not furnished:
        _empty(home)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)  # the account that PostgreSQL runs under must pass through
    (home / MARK).touch()

    from suyuan.cli.ring import set_up

    set_up()
    from suyuan.server.kit.schema import migrate

    migrate()
    return furnished


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
