"""Background work of the laboratory: files to read and lots to assess, taken up again after a crash."""

import contextlib

from procrastinate.contrib.django import app

from suyuan.server.laboratory.services import attaching, lots
from suyuan.server.laboratory.services.working import QUEUE


@app.task(queue=QUEUE, name=attaching.TASK)
def read_test_record(number: int) -> None:
    """Read one attached file."""
    attaching.read_test(number)


@app.task(queue=QUEUE, name=lots.TASK)
def assess_lot(number: int) -> None:
    """Work on one lot."""
    lots.work_lot(number)


def take_up_left_behind() -> int:
    """Finish what a crash left unfinished; how many files and lots that were. What somebody works on stays his."""
    finished = 0
    for number in attaching.attached_and_unread():
        with contextlib.suppress(Exception):  # it stands as failed, and the journal says why
            finished += attaching.read_test(number) in attaching.FINISHED
    for number in lots.unfinished_lots():
        with contextlib.suppress(Exception):
            finished += lots.work_lot(number) in lots.FINISHED
    return finished
