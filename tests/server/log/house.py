"""A log of the cast: its folder, its keys and a keeper that works when a test says so."""

from dataclasses import dataclass, field
from pathlib import Path

from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.log.queries.place import Place
from suyuan.server.log.queries.shards import shards
from suyuan.server.log.services.keeping import Keeper
from suyuan.server.log.services.starting import keeper
from suyuan.server.submissions.models import Submission
from suyuan.server.submissions.services import Order, receive, work
from suyuan.server.witness.keys import KeyFolder
from suyuan.tlog import Checkpoint, open_checkpoint
from tests.server.cast import Cast
from tests.server.submissions.files import csv, packs

PASSPHRASE = "only for tests"
BASE = "trace.example"


@dataclass
class House:
    """Where the log of a test lives."""

    root: Path
    clock: FixedClock
    place: Place = field(init=False)
    keys: KeyFolder = field(init=False)

    def __post_init__(self) -> None:
        self.place = Place(BASE, self.root / "log", "110000", "https://trace.example/log")
        self.keys = KeyFolder(self.root / "keys", log_cost=10)

    def keeper(self) -> Keeper:
        """A keeper as a process would make it."""
        return keeper(self.place, self.keys, PASSPHRASE, self.clock)

    def origins(self) -> list[str]:
        """Every shard."""
        with cursor() as run:
            return [shard.origin for shard in shards(run)]

    def checkpoint(self, origin: str) -> Checkpoint:
        """The published checkpoint; its signature is the log's."""
        content = self.place.files(origin).checkpoint()
        assert content is not None
        checkpoint, _ = open_checkpoint(content, self.keys.verifiers(origin))
        return checkpoint


def report(cast: Cast, clock: FixedClock, *serials: int) -> Submission:
    """Packs of the cast's maker."""
    done = receive(cast.maker.number, csv(packs(list(serials))), Order(), clock)
    done = work(done.number, clock)  # a large one waits for a worker
    assert done.admitted == len(serials)
    return done


def open_incidents() -> list[tuple[str, str]]:
    """(origin, kind) of what is wrong now."""
    with cursor() as run:
        return run.execute("SELECT origin, kind FROM log_incident WHERE closed_at IS NULL ORDER BY 1, 2").fetchall()
