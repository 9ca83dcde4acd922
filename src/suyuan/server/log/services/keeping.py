"""Keep every log of this installation: seal what waits, grow the trees, publish; again and again.

One process does this: it holds a lock of the database for as long as its connection lives, and a
second one waits until the first is gone.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import Error, connections, transaction
from psycopg import Error as DriverError

from suyuan.kernel import SuyuanError
from suyuan.kernel.findings import Value
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.log.queries.place import KEYS, Place
from suyuan.server.log.queries.shards import ShardRow, shards
from suyuan.server.log.services.cosigning import Witnesses
from suyuan.server.log.services.incidents import FAILED, close_incident, open_incident
from suyuan.server.log.services.integrating import Integrator, Keys
from suyuan.server.log.services.sealing import Sealer
from suyuan.server.witness.durable import write_whole
from suyuan.server.witness.folder import LogFolder

INTERVAL_S = 0.5
AFTER_FAILURE_S = 5.0

_LOCK = "SELECT pg_advisory_lock(7722, 1)"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Keeper:
    """The integrator of all shards.

    Parameters
    ----------
    keys_of
        Keys of an origin; makes the first where there is none.
    """

    place: Place
    sealer: Sealer
    witnesses: Witnesses
    keys_of: Callable[[str], Keys]
    clock: Clock
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until `stopped` is set; what fails is tried again."""
        locked = False
        while not self.stopped.is_set():
            try:
                if not locked:
                    with cursor() as run:
                        run.execute(_LOCK)
                    locked = True
                pause = 0.0 if self.once() else INTERVAL_S
            except (Error, DriverError) as error:
                log.error("the log waits for the database: %s", error)
                with contextlib.suppress(Error, DriverError):
                    connections.close_all()
                locked, pause = False, AFTER_FAILURE_S
            self.stopped.wait(pause)

    def once(self) -> int:
        """One round over all shards; how many submissions got their places."""
        self._integrate_all()
        with transaction.atomic(), cursor() as run:
            sealed = self.sealer.seal(run)
        if sealed:
            self._integrate_all()
        return sealed

    def _integrate_all(self) -> None:
        self.sealer.published.clear()
        with cursor() as run:
            for shard in shards(run):
                self._integrate(shard)

    def _integrate(self, shard: ShardRow) -> None:
        """Grow and publish one shard; its failure is an incident: it gives no places, and keeps no other back."""
        folder = self.place.files(shard.origin)
        with cursor() as run:
            try:
                with folder.locked():
                    keys = self.keys_of(shard.origin)
                    _show_keys(folder, keys)
                    size = Integrator(shard, folder, keys, self.witnesses, self.clock).integrate(run)
            except (SuyuanError, OSError) as error:
                open_incident(run, shard.origin, FAILED, _reason(shard, error), self.clock)
            else:
                self.sealer.published[shard.number] = size
                close_incident(run, shard.origin, FAILED, self.clock)


def _reason(shard: ShardRow, error: SuyuanError | OSError) -> dict[str, Value]:
    """What stopped the work on a shard."""
    if isinstance(error, SuyuanError):
        return {"origin": shard.origin, "reason": error.code, **error.data}
    return {"origin": shard.origin, "reason": "log.file_trouble", "said": error.strerror or type(error).__name__}


def _show_keys(folder: LogFolder, keys: Keys) -> None:
    """Write the public halves beside the log, for policies; only if they are others than before."""
    text, path = "".join(f"{key}\n" for key in keys.known).encode(), folder.root / KEYS
    if not path.is_file() or path.read_bytes() != text:
        write_whole(path, text)
