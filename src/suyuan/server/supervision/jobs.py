"""The worker that keeps duties current: a loop, one round a transaction."""

import contextlib
import logging
import threading
from dataclasses import dataclass, field

from django.db import Error, connections, transaction
from psycopg import Error as DriverError

from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.supervision.services import Followed, follow
from suyuan.server.supervision.services.notifying import notify
from suyuan.server.supervision.services.webhooks import deliver_next

INTERVAL_S = 1.0
MESSENGER_INTERVAL_S = 5.0
AFTER_FAILURE_S = 10.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Follower:
    """Follows the ledger until `stopped` is set; several may run, one at a time does a round."""

    clock: Clock = SYSTEM_CLOCK
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Round after round; what fails is tried again."""
        while not self.stopped.is_set():
            try:
                pause = 0.0 if self.once().anything else INTERVAL_S
            except (SuyuanError, Error, DriverError) as error:
                log.error("duties are not kept current: %s", error)
                with contextlib.suppress(Error, DriverError):
                    connections.close_all()
                pause = AFTER_FAILURE_S
            self.stopped.wait(pause)

    def once(self) -> Followed:
        """One round."""
        with transaction.atomic(), cursor() as run:
            return follow(run, clock=self.clock)


@dataclass(slots=True)
class Messenger:
    """Makes the digest of each day and delivers to webhooks, until `stopped` is set; several may run."""

    clock: Clock = SYSTEM_CLOCK
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Round after round, beside the worker that follows the ledger; what fails is tried again."""
        while not self.stopped.is_set():
            try:
                pause = 0.0 if self.once() else MESSENGER_INTERVAL_S
            except (SuyuanError, Error, DriverError) as error:
                log.error("digests are not made or delivered: %s", error)
                with contextlib.suppress(Error, DriverError):
                    connections.close_all()
                pause = AFTER_FAILURE_S
            self.stopped.wait(pause)

    def once(self) -> bool:
        """Today's digests, if they are not made yet, and one delivery; whether there was anything to do."""
        with transaction.atomic(), cursor() as run:
            made = notify(run, self.clock)
        with transaction.atomic(), cursor() as run:
            return deliver_next(run, self.clock) or bool(made)
