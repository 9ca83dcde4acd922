"""A client that is killed while it appends leaves all of its submission, or nothing; sending again completes it."""

import os
import signal
import subprocess
import sys

import pytest

from tests.server.ledger.book import Book
from tests.server.ledger.test_append import MAKER, counts, tree

# The child appends one pack and dies by SIGKILL at the point that it is told: before or after a table
# is written, or after everything but the commit.
CHILD = """
import os, signal, sys
import tests.server.ledger.book as book
from suyuan.server.ledger.services import folding, writing
from tests.server.ledger.test_append import OTHER_PACK, tree

dsn, point, submission = sys.argv[1], sys.argv[2], int(sys.argv[3])
copied = writing.copy_frame
calls = 0

def copy_frame(run, table, frame):
    global calls
    if point == f"before {calls}":
        os.kill(os.getpid(), signal.SIGKILL)
    copied(run, table, frame)
    calls += 1

def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)

writing.copy_frame = folding.copy_frame = copy_frame
client = book.Book.open(dsn)
client.submission = submission
if point == "before commit":
    import suyuan.server.ledger.services.append as appending
    appending._outcome = dies
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


POINTS = ["before 0", "before 1", "before 2", "before 3", "before 4", "before 5", "before commit", "after commit"]


def test_all_or_nothing_wherever_it_is_killed(clean_database: str) -> None:
    from suyuan.server.kit import schema

    book = Book.open(clean_database)
    whole = child(clean_database, "nowhere", 1)
    assert whole.returncode == 0, whole.stderr
    assert int(whole.stdout) == 5  # events, further objects of events, blocks, states, days: each is a point to die at
    complete = counts(book)
    book.connection.rollback()
    for point in POINTS:
        schema.empty_tables()
        dead = child(clean_database, point, 1)
        survived = point == "before 5"  # there is no sixth table
        assert dead.returncode == (0 if survived else -signal.SIGKILL), dead.stderr
        there = point in ("after commit", "before 5")
        assert counts(book) == (complete if there else dict.fromkeys(complete, 0)), point
        book.connection.rollback()
        again = child(clean_database, "nowhere", 2)
        assert again.returncode == 0, again.stderr
        assert counts(book) == complete, point
        book.connection.rollback()
        assert book.rebuild().clean
    book.connection.close()


@pytest.mark.parametrize("reporter", [MAKER])
def test_the_twin_that_lives_is_whole(clean_database: str, reporter: int) -> None:
    book = Book.open(clean_database)
    assert book.report("pack_produced", tree(), reporter=reporter).admitted.all()
    assert counts(book)["event"] == 1
    book.connection.close()
