"""A client that is killed while it appends leaves all of its submission, or nothing; sending again completes it."""

import os
import signal
import subprocess
import sys

from tests.server.ledger.book import Book
from tests.server.ledger.test_append import OTHER_PACK, counts, tree

# The child appends one pack and dies by SIGKILL at the point that it is told: before or after a table
# is written, or after everything but the commit.
CHILD = """
import os, signal, sys
import tests.server.ledger.book as book
from suyuan.server.ledger.services import copying, writing
from tests.server.ledger.test_append import OTHER_PACK, tree

dsn, point, submission = sys.argv[1], sys.argv[2], int(sys.argv[3])
copied = copying.copy_ready
calls = 0

def copy_ready(run, table, rows):
    global calls
    if point == f"before {calls}":
        os.kill(os.getpid(), signal.SIGKILL)
    copied(run, table, rows)
    calls += 1

def dies(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

writing.copy_ready = copying.copy_ready = copy_ready
client = book.Book.open(dsn)
client.submission = submission
if point == "before commit":
    sys.modules["suyuan.server.ledger.services.append"]._outcome = dies
client.report("pack_produced", tree(), tree(OTHER_PACK, 10))
if point == "after commit":
    dies()
print(calls)
"""


def child(dsn: str, point: str, submission: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", CHILD, dsn, point, str(submission)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


POINTS = ["before 0", "before 1", "before 2", "before 3", "before commit", "after commit"]


def test_all_or_nothing_wherever_it_is_killed(clean_database: str) -> None:
    from suyuan.server.kit import schema

    with Book.open(clean_database) as book:
        book.connection.autocommit = True
        whole = child(clean_database, "nowhere", 1)
        assert whole.returncode == 0, whole.stderr
        assert int(whole.stdout) == len(POINTS) - 2  # every table is a point to die at
        complete = counts(book)
        for point in POINTS:
            schema.empty_tables()
            dead = child(clean_database, point, 1)
            assert dead.returncode == -signal.SIGKILL, dead.stderr
            assert counts(book) == (complete if point == "after commit" else dict.fromkeys(complete, 0)), point
            book.report("pack_produced", tree(), tree(OTHER_PACK, 10))
            assert counts(book) == complete, point
            assert book.rebuild().clean
