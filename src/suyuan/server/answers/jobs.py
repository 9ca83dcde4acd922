"""The worker that keeps the folds of answers current: a loop, one round a transaction; and exports as jobs."""

import contextlib
import logging
import threading
from dataclasses import dataclass, field

from django.db import Error, connections, transaction
from procrastinate.contrib.django import app
from psycopg import Error as DriverError

from suyuan.kernel import SuyuanError
from suyuan.server.answers.services import Followed, exporting, follow
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor

INTERVAL_S = 1.0
AFTER_FAILURE_S = 10.0

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


@dataclass(slots=True)
class Folder:
    """Folds what waits until `stopped` is set; several may run, one at a time does a round."""

    clock: Clock = SYSTEM_CLOCK
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Round after round; what fails is tried again."""
        while not self.stopped.is_set():
            try:
                pause = 0.0 if self.once().anything else INTERVAL_S
            except (SuyuanError, Error, DriverError) as error:
                log.error("answers are not kept current: %s", error)
                with contextlib.suppress(Error, DriverError):
                    connections.close_all()
                pause = AFTER_FAILURE_S
            self.stopped.wait(pause)

    def once(self) -> Followed:
        """One round."""
        with transaction.atomic(), cursor() as run:
            return follow(run, self.clock)
