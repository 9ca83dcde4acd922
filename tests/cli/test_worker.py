"""Large files: received at once, worked on in the background, taken up again after a crash."""

import subprocess
import sys
from pathlib import Path

import pytest

from suyuan.cli.exits import Exit
from suyuan.cli.operation import take_up_left_behind
from suyuan.server.submissions import services
from suyuan.server.submissions.models import State, Submission
from suyuan.server.submissions.services import Order
from tests.cli import packs
from tests.cli.runner import run
from tests.server.cast import Cast

PACKS = 400  # enough for a file that is not worked on at once


@pytest.fixture
def waiting(cast: Cast, tmp_path: Path) -> Submission:
    lines = [row for serial in range(1, PACKS + 1) for row in packs.rows(serial)]
    path = packs.write_csv(tmp_path / "large.csv", lines)
    submission = services.receive(cast.maker.number, path, Order(name=path.name))
    assert submission.state == State.RECEIVED.value
    return submission


def test_what_was_left_behind_is_finished_before_new_work(waiting: Submission) -> None:
    assert take_up_left_behind() == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.admitted) == (State.ACCEPTED.value, PACKS)
    assert take_up_left_behind() == 0


def test_the_worker_empties_the_queue(waiting: Submission) -> None:
    done = subprocess.run([sys.executable, "-m", "suyuan.cli", "worker", "--once"], check=False)
    assert done.returncode == Exit.OK
    waiting.refresh_from_db()
    assert waiting.state == State.ACCEPTED.value


def test_submitting_again_what_was_only_received_finishes_it(waiting: Submission, cast: Cast, tmp_path: Path) -> None:
    answer = run("submit", tmp_path / "large.csv", "--as", cast.maker.code, "-f", "json")
    assert (answer.json["number"], answer.json["state"]) == (waiting.number, "accepted")
