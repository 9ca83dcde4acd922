"""The system account that PostgreSQL runs under, since it refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from suyuan.kernel import SuyuanError

_USUAL = ("suyuan", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """User and group numbers; `switch` tells whether the process must change to them."""

    user: int
    group: int
    switch: bool

    def own(self, path: Path) -> None:
        """Make `path` belong to the account."""
        if self.switch:
            os.chown(path, self.user, self.group)


def account_for(folder: Path) -> Account:
    """The account that owns `folder`, or the one that a new folder shall belong to.

    Without root that is ourselves. With root it is the owner of the existing folder, else the
    user ``suyuan`` or ``postgres``, else ``suyuan`` made anew, else ``nobody``.
    """
    if os.geteuid() != 0:
        if folder.exists() and folder.stat().st_uid != os.geteuid():
            raise SuyuanError("kit.data_folder_of_other", folder=str(folder), owner=_name(folder.stat().st_uid))
        return Account(os.geteuid(), os.getegid(), switch=False)
    if folder.exists() and folder.stat().st_uid != 0:
        status = folder.stat()
        return Account(status.st_uid, status.st_gid, switch=True)
    entry = _known(*_USUAL) or _created() or pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def reachable(path: Path) -> bool:
    """Whether any account may pass through `path` and the folders above it (those that exist)."""
    return all(bool(place.stat().st_mode & stat.S_IXOTH) for place in (path, *path.parents) if place.exists())


def _known(*names: str) -> pwd.struct_passwd | None:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _created() -> pwd.struct_passwd | None:
    program = shutil.which("useradd")
    if program is None:
        return None
    command = [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "suyuan"]
    subprocess.run(command, capture_output=True, check=False)
    return _known("suyuan")


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
