"""Web processes that wait in one hall: handed over, kept apart from strangers, taken over when the keeper dies."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from suyuan.server.submissions.models import Submission
from suyuan.server.submissions.services.meeting import Meeting, possible
from suyuan.server.submissions.services.store import Body

KEEPER = """
import sys, time
from pathlib import Path
import django
django.setup()
from suyuan.server.submissions.services.meeting import Meeting

def take(draft, body):
    if draft.company == 13:
        raise RuntimeError("our fault")
    draft.number, draft.name = 1000 + draft.company, body.data.decode()
    return draft if draft.company != 404 else None

meeting = Meeting(Path(sys.argv[1]), "secret", take)
meeting.join()
print(meeting.kept_here, flush=True)
time.sleep(60)
"""


def take_here(draft: Submission, _: Body) -> Submission:
    draft.number = 1
    return draft


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that keeps the hall."""
    command = [sys.executable, "-c", KEEPER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.mark.usefixtures("keeper")
def test_the_keeper_takes_what_is_handed_over(tmp_path: Path) -> None:
    guest = Meeting(tmp_path, "secret", take_here)
    guest.join()
    assert not guest.kept_here
    for company in (5, 6):
        taken = guest.enter(Submission(company=company), Body.of(b"{text}"))
        assert taken is not None
        assert (taken.number, taken.company, taken.name) == (1000 + company, company, "{text}")
    assert guest.enter(Submission(company=404), Body.of(b"{}")) is None
    assert guest.enter(Submission(company=13), Body.of(b"{}")) is None  # and the connection outlives it
    assert guest.enter(Submission(company=7), Body.of(b"{}")) is not None


@pytest.mark.usefixtures("keeper")
def test_nobody_is_let_in_without_the_secret(tmp_path: Path) -> None:
    stranger, guest = Meeting(tmp_path, "guessed", take_here), Meeting(tmp_path, "secret", take_here)
    assert stranger.enter(Submission(company=5), Body.of(b"{}")) is None
    assert guest.enter(Submission(company=5), Body.of(b"{}")) is not None


def test_when_the_keeper_dies_another_keeps_the_hall(tmp_path: Path, keeper: subprocess.Popen[str]) -> None:
    guest = Meeting(tmp_path, "secret", take_here)
    guest.join()
    assert guest.enter(Submission(company=5), Body.of(b"{}")) is not None
    keeper.kill()
    keeper.wait()
    assert guest.enter(Submission(company=5), Body.of(b"{}")) is None  # goes alone
    assert guest.kept_here
    taken = guest.enter(Submission(company=5), Body.of(b"{}"))
    assert taken is not None
    assert taken.number == 1


def test_a_folder_too_deep_for_a_socket_is_no_place_to_meet(tmp_path: Path) -> None:
    assert possible(Path("/srv/suyuan"))
    assert not possible(tmp_path / ("x" * 100))
