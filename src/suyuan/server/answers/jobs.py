"""The worker that keeps the folds of answers current: a loop, one round a transaction; and exports as jobs."""

import contextlib
import logging

from django.db import transaction
from procrastinate.contrib.django import app

from suyuan.server.answers.services import Followed, exporting, follow
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.rounds import Rounds

log = logging.getLogger(__name__)


@app.task(queue=exporting.QUEUE, name=exporting.TASK)
def export_batteries(number: int) -> None:
    """Write the file of an export."""
    exporting.work_export(number)


def take_up_left_behind() -> int:
    """Write the exports that a crash left unfinished; how many."""
    finished = 0
    for number in exporting.unfinished_exports():
        with contextlib.suppress(Exception):  # it stands as failed, and the journal says why
            finished += exporting.work_export(number)
    return finished


class Folder(Rounds):
    """Folds what waits; several may run, one at a time does a round."""

    log = log
    fails = "answers are not kept current"

    def work(self) -> bool:
        """One round; whether it changed anything."""
        return self.once().anything

    def once(self) -> Followed:
        """One round."""
        with transaction.atomic(), cursor() as run:
            return follow(run, self.clock)
