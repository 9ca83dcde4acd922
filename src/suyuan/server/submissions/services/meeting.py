"""Where the web processes of one machine meet, so that small submissions wait in one hall and not in one each.

The process that holds the lock keeps the hall and listens on a socket in the data folder; the others hand their
submissions over and wait for the answer. When the keeper ends, whoever notices takes over. A submission that
was on its way then goes alone, where one that has been taken already is found by its bytes.
"""

import fcntl
import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import IO

from django.db import close_old_connections, connections

from suyuan.server.submissions.models import Submission
from suyuan.server.submissions.services.store import Body

Take = Callable[[Submission, Body], Submission | None]
"""Take a submission together with others; None if it has to go alone."""

_LONGEST_PATH = 100  # bytes that the address of a socket may have
_BACKLOG = 128

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Meeting:
    """The place in the data folder `home`; `take` is what its keeper does, `secret` is known to all who may come."""

    home: Path
    secret: str
    take: Take
    _lock: IO[bytes] | None = None
    _listener: Listener | None = None
    _change: threading.Lock = field(default_factory=threading.Lock)
    _mine: threading.local = field(default_factory=threading.local)

    @property
    def address(self) -> str:
        """The socket."""
        return str(self.home / "gathering.sock")

    @property
    def kept_here(self) -> bool:
        """Whether this process keeps the hall."""
        return self._listener is not None

    def join(self) -> None:
        """Keep the hall, if nobody does."""
        with self._change:
            if self.kept_here:
                return
            lock = (self.home / "gathering.lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                return
            Path(self.address).unlink(missing_ok=True)
            self._lock, self._listener = lock, Listener(self.address, "AF_UNIX", _BACKLOG, authkey=self._key())
            threading.Thread(target=self._admit, args=[self._listener], name="gathering", daemon=True).start()

    def enter(self, draft: Submission, body: Body) -> Submission | None:
        """Take `draft` here, or have it taken by the keeper."""
        if self.kept_here:
            return self.take(draft, body)
        try:
            link = self._link()
            link.send((draft, body))
            taken: Submission | None = link.recv()
        except (OSError, EOFError, AuthenticationError):
            self._mine.link = None
            self.join()
            return None
        return taken

    def _key(self) -> bytes:
        return hashlib.sha256(f"gathering {self.secret}".encode()).digest()

    def _link(self) -> "Connection":
        """The connection of this thread to the keeper."""
        link: Connection | None = getattr(self._mine, "link", None)
        if link is None:
            link = self._mine.link = Client(self.address, "AF_UNIX", authkey=self._key())
        return link

    def _admit(self, listener: Listener) -> None:
        """Let the others in, each with a thread of its own, as long as this process lives."""
        while True:
            try:
                link = listener.accept()
            except (OSError, EOFError, AuthenticationError):
                continue
            threading.Thread(target=self._serve, args=[link], name="gathering guest", daemon=True).start()

    def _serve(self, link: "Connection") -> None:
        """Take what comes over one connection, until the other side ends it."""
        with link:
            try:
                while True:
                    draft, body = link.recv()
                    close_old_connections()
                    link.send(self._taken(draft, body))
            except (OSError, EOFError):
                pass
            finally:
                connections.close_all()

    def _taken(self, draft: Submission, body: Body) -> Submission | None:
        try:
            return self.take(draft, body)
        except Exception:  # our fault; the sender hears of it where the submission goes alone
            log.exception("gathering failed")
            return None


def possible(home: Path) -> bool:
    """Whether a socket can stand in `home`."""
    return len(str(home / "gathering.sock").encode()) <= _LONGEST_PATH
