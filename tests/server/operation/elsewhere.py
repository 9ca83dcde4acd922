"""A second place that a backup is restored into: another data folder, and another database where there is a server."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from suyuan.server.kit import postgres, roles
from tests.server.conftest import ADMIN_URL, FAST

ROWS = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} AS t"
NAMES = """
SELECT relname::text FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the commands of another installation act."""

    home: Path
    database: str | None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SUYUAN_", "DATABASE_"))}
        named = {
            "SUYUAN_POSTGRES": os.environ.get("SUYUAN_POSTGRES", ""),
            "SUYUAN_LANG": "en",
            "SUYUAN_KEY_PASSPHRASE": "only for tests",
        }
        if self.database is not None:
            named["DATABASE_URL"] = make_conninfo(str(ADMIN_URL), dbname=self.database)
        return {**kept, **named, "SUYUAN_HOME": str(self.home)}

    def run(self, *arguments: object, umask: int = -1) -> "subprocess.CompletedProcess[str]":
        """`suyuan ARGUMENTS` over there."""
        command = [sys.executable, "-m", "suyuan.cli", *map(str, arguments)]
        return subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            encoding="utf-8",
            umask=umask,
        )

    def json(self, *arguments: object) -> Any:
        """What a command answers; it must end well."""
        done = self.run(*arguments, "-f", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def connected(self, role: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Connected to the database there, acting as a role."""
        if self.database is not None:
            url = make_conninfo(str(ADMIN_URL), dbname=self.database, options=f"-c role={role}")
            with psycopg.connect(url) as connection:
                yield connection
            return
        with postgres.running(self.home, FAST), psycopg.connect(postgres.dsn(self.home, role)) as connection:
            yield connection


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """A data folder that does not exist yet and an empty database; its folder and its database are gone at the end."""
    database = f"suyuan_restored_{os.getpid()}" if ADMIN_URL else None
    folder = Path(tempfile.mkdtemp(prefix="suyuan-restored-"))
    folder.chmod(0o711)  # the account that PostgreSQL runs under must pass through
    if database is not None:  # what an administrator does first
        roles.prepare(str(ADMIN_URL), database)
    try:
        yield Elsewhere(folder / "home", database)
    finally:
        shutil.rmtree(folder)
        if database is not None:
            with psycopg.connect(str(ADMIN_URL), autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def contents(connection: psycopg.Connection[Any]) -> dict[str, tuple[int, str]]:
    """Every table with how many rows it has and a digest of them."""
    names = [str(name) for (name,) in connection.execute(NAMES).fetchall()]
    found = {}
    for name in names:
        row = connection.execute(sql.SQL(ROWS).format(sql.Identifier(name))).fetchone()
        assert row is not None
        found[name] = row
    return found


def killed(code: str, environment: Mapping[str, str], *arguments: object) -> None:
    """Run Python that ends itself by SIGKILL."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


OWNER, APP = roles.OWNER, roles.APP
