"""A worker as a loop: round after round, each in its own transaction, until it is told to stop."""

import contextlib
import logging
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from django.db import Error, connections
from psycopg import Error as DriverError

from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock

AFTER_FAILURE_S = 10.0


@dataclass
class Rounds(ABC):
    """Works until `stopped` is set; what fails in a round is written down and tried again."""

    clock: Clock = SYSTEM_CLOCK
    stopped: threading.Event = field(default_factory=threading.Event)

    log: ClassVar[logging.Logger]
    fails: ClassVar[str]
    """What is not done while rounds fail, for the log."""
    interval_s: ClassVar[float] = 1.0

    @abstractmethod
    def work(self) -> bool:
        """One round; whether there was anything to do."""

    def run(self) -> None:
        """Round after round, with a rest where there was nothing to do."""
        while not self.stopped.is_set():
            try:
                pause = 0.0 if self.work() else self.interval_s
            except (SuyuanError, Error, DriverError) as error:
                self.log.error("%s: %s", self.fails, error)
                with contextlib.suppress(Error, DriverError):
                    connections.close_all()
                pause = AFTER_FAILURE_S
            self.stopped.wait(pause)
