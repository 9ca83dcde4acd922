"""The worker that keeps the folds of answers current: a loop, one round a transaction."""

import contextlib
import logging
import threading
from dataclasses import dataclass, field

from django.db import Error, connections, transaction
from psycopg import Error as DriverError

from suyuan.kernel import SuyuanError
from suyuan.server.answers.services import Followed, follow
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor

INTERVAL_S = 1.0
AFTER_FAILURE_S = 10.0

log = logging.getLogger(__name__)


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
