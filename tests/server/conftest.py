"""A migrated PostgreSQL for the tests of the server ring, and a small cast that plays in it.

Without ``SUYUAN_TEST_DATABASE_URL`` the tests start a server of their own in a temporary folder
and stop it at the end. With it they make a database of their own on that server and drop it; the
login must be able to create roles and databases.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.server.cast import Cast

HOME = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
HOME.chmod(0o711)  # the account that PostgreSQL runs under must pass through
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

os.environ["SUYUAN_HOME"] = str(HOME)
os.environ["SUYUAN_SECRET_KEY"] = "only for tests"
os.environ["DJANGO_SETTINGS_MODULE"] = "suyuan.server.settings"
for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
    os.environ.pop(name, None)

ADMIN_URL = os.environ.get("SUYUAN_TEST_DATABASE_URL")
DATABASE = f"suyuan_test_{os.getpid()}"

import psycopg  # noqa: E402  the environment goes first
from psycopg import sql  # noqa: E402
from psycopg.conninfo import make_conninfo  # noqa: E402

if ADMIN_URL:
    os.environ["DATABASE_URL"] = make_conninfo(ADMIN_URL, dbname=DATABASE)

import django  # noqa: E402
import pytest  # noqa: E402
from django.db import connections  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from suyuan.kernel import SuyuanError  # noqa: E402
from suyuan.server.kit import postgres, roles, schema  # noqa: E402
from suyuan.server.kit.clock import FixedClock  # noqa: E402

django.setup()
setup_test_environment()

# What a crash of the machine would lose is of no worth here, and many small tests commit.
FAST = {"fsync": "off", "shared_buffers": "128MB", "max_wal_size": "1GB"}


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """A migrated database; gives the connection string of the application's role."""
    if ADMIN_URL:
        yield from _elsewhere(ADMIN_URL)
        return
    try:
        server = postgres.running(HOME, FAST)
        entered = server.__enter__()
    except SuyuanError as refusal:
        if os.environ.get("CI") == "true":
            raise
        pytest.fail(f"no PostgreSQL for the tests of the server: {refusal}")
    try:
        schema.migrate()
        yield postgres.dsn(entered.home, roles.APP)
    finally:
        connections.close_all()
        server.__exit__(None, None, None)


def _elsewhere(url: str) -> Iterator[str]:
    roles.prepare(url, DATABASE)
    try:
        schema.migrate()
        yield make_conninfo(url, dbname=DATABASE, options=f"-c role={roles.APP}")
    finally:
        connections.close_all()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))


@pytest.fixture
def clean_database(database: str) -> Iterator[str]:
    """The database with every table of ours empty; what the test commits is real."""
    schema.empty_tables()
    yield database
    connections.close_all()


@pytest.fixture
def clock() -> FixedClock:
    """The moment that the tests play at."""
    from tests.server.cast import NOW

    return FixedClock(NOW)


@pytest.fixture
def cast(clean_database: str, clock: FixedClock) -> "Cast":
    """Eight companies and three officials with their keys, in an otherwise empty database."""
    from suyuan.server.accounts.queries import memory
    from tests.server.cast import assemble

    memory.forget()
    return assemble(clock)
