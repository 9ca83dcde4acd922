"""A PostgreSQL server for one test run: the distribution's binaries, a temporary folder, one socket in it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OLDEST = 15
USER = "suyuan"
SETTINGS = {
    "listen_addresses": "",  # the socket only
    "fsync": "off",  # the folder is thrown away; a killed process loses nothing by it
    "max_connections": "60",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
}


def distribution_binaries() -> Path | None:
    """The folder of the newest PostgreSQL (15 or later) that the system has installed; None without one."""
    folders = [Path(found).resolve().parent for found in (shutil.which("initdb"),) if found]
    folders += [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    able = [(_major(folder), folder) for folder in folders if (folder / "initdb").exists()]
    newest = max(able, default=(0, Path()))
    return newest[1] if newest[0] >= OLDEST else None


def _major(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split()[2].partition(".")[0])


@contextmanager
def throwaway_cluster(binaries: Path) -> Iterator[str]:
    """Start a server of our own and yield its URL; stop it and remove its folder at the end.

    PostgreSQL refuses to run as root, so root hands it to the system's `postgres` (or `nobody`).
    """
    folder = Path(tempfile.mkdtemp(prefix="suyuan-pg-"))
    owner = _owner()
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), "-D", str(folder / "data"), *arguments]
        with (folder / "commands.log").open("a") as log:
            subprocess.run(
                command,
                check=True,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=owner.pw_uid if owner else None,
                group=owner.pw_gid if owner else None,
                extra_groups=[] if owner else None,
            )

    options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
    try:
        run("initdb", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        run("pg_ctl", "-w", "-t", "60", "-l", str(folder / "server.log"), "-o", f"{options} -k '{folder}'", "start")
        try:
            yield f"postgresql://{USER}@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    except subprocess.CalledProcessError:
        for log in sorted(folder.glob("*.log")):
            print(log.read_text(errors="replace"))
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]
