"""The witness process: its parts put together, served and kept going until it is told to stop."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from suyuan.kernel import SuyuanError
from suyuan.server.witness.deciding import Witness
from suyuan.server.witness.errors import Conflict
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.http_server import HttpServer, Site
from suyuan.server.witness.incidents import IncidentFolder
from suyuan.server.witness.journal import Journal
from suyuan.server.witness.keys import KeyFolder
from suyuan.server.witness.records import Records
from suyuan.server.witness.trust import Trust
from suyuan.tlog.keys import KeyType, VerifierKey

JOURNAL = "checkpoints"
"""Path of the witness's own log below its prefix, and the end of its origin."""
LOGS, KEYS, INCIDENTS, RECORDS = "logs", "keys", "incidents", "records.sqlite3"
_LOG = logging.getLogger("suyuan.witness")


@dataclass(frozen=True, slots=True)
class Order:
    """How a witness is to run.

    Parameters
    ----------
    folder
        Its own folder: ``logs/`` (trusted logs), ``keys/``, records, incidents and its own log.
    name
        The name that its cosignature keys sign under; its own log has the origin ``<name>/checkpoints``.
    interval_s
        Seconds between two checkpoints of its own log.
    witnesses
        (key, submission prefix) of those that cosign its own log.
    """

    folder: Path
    name: str
    host: str = "127.0.0.1"
    port: int = 8090
    prefix: str = ""
    interval_s: float = 60.0
    witnesses: Sequence[tuple[VerifierKey, str]] = ()

    @property
    def origin(self) -> str:
        """The origin of the witness's own log."""
        return f"{self.name}/{JOURNAL}"


@dataclass(frozen=True, slots=True)
class Running:
    """A witness that serves."""

    address: str
    server: HttpServer
    journal: Journal
    trust: Trust


@contextmanager
def running(order: Order, passphrase: str) -> Iterator[Running]:
    """A witness that serves in threads of this process until the block ends.

    Raises
    ------
    Conflict
        ``witness.port_taken``; ``witness.records_behind``.
    SuyuanError
        As from `KeyFolder.signers`, `Trust` and `Journal.check`.
    """
    keys = KeyFolder(order.folder / KEYS)
    signers = keys.signers(order.name, KeyType.COSIGNATURE, passphrase)
    journal_signers = keys.signers(order.origin, KeyType.ED25519, passphrase)
    trust = Trust(order.folder / LOGS)
    incidents = IncidentFolder(order.folder / INCIDENTS)
    records = Records(order.folder / RECORDS)
    try:
        files = LogFolder(order.folder / JOURNAL)
        journal = Journal(files, records, journal_signers, keys.verifiers(order.origin), order.witnesses)
        journal.check()
        witness = Witness(order.name, signers, trust, records, incidents)
        with listening(order.host, order.port, Site(order.prefix, {JOURNAL: files}, witness)) as (server, address):
            yield Running(address, server, journal, trust)
    finally:
        records.close()


def run(order: Order, passphrase: str, started: Callable[[Running], None]) -> None:
    """Serve, and publish the own log at its interval, until SIGTERM or SIGINT."""
    stop = stop_on_signal()
    with running(order, passphrase) as witness:
        started(witness)
        every(order.interval_s, stop, lambda: _tend(witness))
        _tend(witness)


def every(interval_s: float, stop: threading.Event, act: Callable[[], None]) -> None:
    """Act now and again after each interval, until told to stop."""
    while not stop.is_set():
        act()
        stop.wait(interval_s)


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM and SIGINT set from now on."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _tend(witness: Running) -> None:
    """Publish the own log; a failure is told and tried again, except where going on would do harm."""
    if witness.trust.trouble is not None:
        _LOG.error("%s %s", witness.trust.trouble.code, witness.trust.trouble.data)
    try:
        witness.journal.integrate()
    except Conflict:
        raise
    except (SuyuanError, OSError):
        _LOG.exception("own log not published")


@contextmanager
def listening(host: str, port: int, site: Site) -> Iterator[tuple[HttpServer, str]]:
    """A server in threads of this process until the block ends, and its address.

    Raises
    ------
    Conflict
        ``witness.port_taken``.
    """
    try:
        server = HttpServer(host, port, site)
    except OSError as error:
        raise Conflict("witness.port_taken", host=host, port=port, said=error.strerror or str(error)) from None
    thread = threading.Thread(target=server.serve_forever, name="http", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield server, f"http://{shown}:{server.server_port}{site.prefix}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
