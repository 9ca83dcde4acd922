"""A small supervisor for a PostgreSQL of our own: make, start, wait for recovery, stop.

The server listens on a private socket only. Several processes may use one server at once: each
holds a shared lock while it does, and the last to leave stops the server. A process that dies
without leaving lets go of its lock, so that nothing is counted wrongly.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from suyuan.kernel import SuyuanError
from suyuan.server.kit import roles
from suyuan.server.kit.account import Account, account_for, reachable
from suyuan.server.kit.binaries import Binaries, binaries, copied
from suyuan.server.kit.tuning import configuration

DATABASE = "suyuan"
SUPERUSER = "postgres"
RECOVERY_PATIENCE_S = 600.0  # a crash in the middle of a bulk load is replayed in seconds, sometimes minutes
STOP_PATIENCE_S = 120.0
_PUBLIC = Path("/var/lib/suyuan")  # where root keeps what the server's account must reach
_SOCKET_PATH_LIMIT = 100  # bytes in sockaddr_un, less a margin for the file name
_POLL_S = 0.05
_ORPHAN_POLL_S = 0.5
_ORPHANS = "pre-existing shared memory block"  # backends of a killed server are still at work; they end by themselves


def seat(home: Path) -> Path:
    """The folder that holds the server's files for the data folder `home`.

    `home` itself, unless we are root and the account that PostgreSQL must run under cannot pass
    through the folders above it (a checkout in /root): then a folder below /var/lib/suyuan.
    """
    home = home.absolute()
    if os.geteuid() != 0 or (home / "postgres").exists() or reachable(home):
        return home
    return _PUBLIC / _digest(home)


def socket_folder(home: Path) -> Path:
    """Folder of the private socket; a short one in the temporary folder where the path is too long."""
    folder = seat(home) / "run"
    if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= _SOCKET_PATH_LIMIT:
        return folder
    # The name can be foreseen: `_folder` makes it private and refuses one that belongs to somebody else.
    return Path("/tmp") / f"suyuan-{os.geteuid()}-{_digest(home.absolute())}"  # noqa: S108


def dsn(home: Path, role: str, database: str = DATABASE) -> str:
    """Connection string for the embedded server of `home`; says nothing about whether it runs."""
    return f"host={socket_folder(home)} port=5432 dbname={database} user={role}"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


@dataclass(slots=True)
class Server:
    """The embedded server of one data folder.

    Parameters
    ----------
    home
        Data folder of the installation; the cluster lives in ``postgres`` below it.
    settings
        Settings of PostgreSQL that go before our own.
    """

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    _child: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """The cluster's files."""
        return seat(self.home) / "postgres"

    @property
    def log(self) -> Path:
        """What the server says."""
        return seat(self.home) / "postgres.log"

    def postmaster(self) -> int | None:
        """Process number of the running server of this very folder; None if it does not run.

        A `postmaster.pid` left behind may name a process that has nothing to do with us; only a
        process whose command line names our folder counts.
        """
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self.folder) in arguments and b"postgres" in arguments[0] else None

    def start(self, patience_s: float = RECOVERY_PATIENCE_S) -> bool:
        """Start the server unless it runs, and wait until it answers; True if this call started it."""
        _folder(seat(self.home), 0o711)
        deadline = time.monotonic() + patience_s
        with _locked(seat(self.home) / "postgres.lock"):
            started = False
            while True:
                launched = self.postmaster() is None
                if launched:
                    self._launch()
                started |= launched
                if self._await_answer(launched, deadline):
                    break
            if started:
                roles.prepare(dsn(self.home, SUPERUSER, "postgres"), DATABASE)
        return started

    def stop(self, patience_s: float = STOP_PATIENCE_S) -> None:
        """Stop the server, if it runs: connections are cut, everything committed is kept."""
        with _locked(seat(self.home) / "postgres.lock"):
            pid = self.postmaster()
            if pid is None:
                return
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + patience_s
            while self.postmaster() is not None:
                if time.monotonic() > deadline:
                    raise SuyuanError("kit.postgres_not_stopped", folder=str(self.folder), seconds=patience_s)
                time.sleep(_POLL_S)
            self._take_leave()

    def _take_leave(self) -> None:
        """Let the system forget a child of ours that has ended."""
        if self._child is not None:
            self._child.wait()
            _children.remove(self._child)
            self._child = None

    def _launch(self) -> None:
        self._take_leave()
        account = account_for(self.folder)
        programs = binaries(self._major())
        if account.switch and not reachable(programs.folder.resolve()):
            programs = copied(programs, _PUBLIC)
        if not self.folder.exists():
            self._initialise(programs, account)
        _folder(socket_folder(self.home), 0o700, account)
        for stale in socket_folder(self.home).glob(".s.PGSQL.*"):
            stale.unlink()
        self._disown_stale_pid()
        with _opened_log(self.log) as log:
            text = configuration(socket_folder(self.home), programs, account, self.settings)
            _write(self.folder / "postgresql.conf", text, account)
            self._child = _spawn([programs.program("postgres"), "-D", str(self.folder)], account, log)
        _children.append(self._child)

    def _major(self) -> int | None:
        try:
            return int((self.folder / "PG_VERSION").read_text())
        except OSError:
            return None

    def _initialise(self, programs: Binaries, account: Account) -> None:
        """Make the cluster beside its place and move it there when whole."""
        draft = self.folder.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        _folder(draft, 0o700, account)
        command = [programs.program("initdb"), "-D", str(draft), f"--username={SUPERUSER}", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--no-instructions"]
        with _opened_log(self.log) as log:
            if _spawn(command, account, log).wait() != 0:
                raise SuyuanError("kit.postgres_failed", log=str(self.log), said=_tail(self.log))
        draft.rename(self.folder)

    def _disown_stale_pid(self) -> None:
        """Put our own number into a `postmaster.pid` left behind.

        PostgreSQL refuses to start while the process named there lives, even if the number has
        gone to somebody else since; the number of its own parent it passes over. The rest of the
        file stays, so that its check for backends still attached to shared memory still works.
        """
        path = self.folder / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError):
            _, _, rest = path.read_text().partition("\n")
            path.write_text(f"{os.getpid()}\n{rest}")

    def _await_answer(self, launched: bool, deadline: float) -> bool:
        """Wait for an answer; False where the server has to be launched again."""
        while True:
            try:
                psycopg.connect(dsn(self.home, SUPERUSER, "postgres"), connect_timeout=10).close()
            except psycopg.OperationalError as refusal:  # not yet listening, replaying the log, or gone
                if time.monotonic() > deadline:
                    raise SuyuanError("kit.postgres_no_answer", log=str(self.log)) from refusal
                if launched and self._child is not None and self._child.poll() is not None:
                    said = _tail(self.log)
                    if _ORPHANS not in said:
                        raise SuyuanError("kit.postgres_failed", log=str(self.log), said=said) from refusal
                    time.sleep(_ORPHAN_POLL_S)
                    return False
                if not launched and self.postmaster() is None:  # it was dying when we looked
                    return False
                time.sleep(_POLL_S)
            else:
                return True


@contextlib.contextmanager
def running(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The embedded server of `home`, running; the last process to leave stops it."""
    server = Server(home, settings or {})
    _folder(seat(home), 0o711)
    with (seat(home) / "postgres.users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while another process uses it
                server.stop()


_children: list[subprocess.Popen[bytes]] = []  # a server that others still use outlives the object that started it
_kept: dict[Path, contextlib.ExitStack] = {}


def ensure_running(home: Path) -> str:
    """Start the embedded server of `home` for as long as this process lives; the application's DSN."""
    if home not in _kept:
        stack = contextlib.ExitStack()
        stack.enter_context(running(home))
        _kept[home] = stack
        atexit.register(_release, home, os.getpid())
    return dsn(home, roles.APP)


@atexit.register
def _take_leave_of_all() -> None:
    for child in _children:
        child.poll()


def _release(home: Path, owner: int) -> None:
    if os.getpid() == owner and home in _kept:  # a forked child does not stop its parent's server
        _kept.pop(home).close()


def _spawn(command: list[str], account: Account, log: int) -> subprocess.Popen[bytes]:
    """Start a program under the account, in its own session so that Ctrl-C does not reach it."""
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=environment,
        cwd="/",
        start_new_session=True,
        user=account.user if account.switch else None,
        group=account.group if account.switch else None,
        extra_groups=[] if account.switch else None,
    )


def _folder(path: Path, mode: int, account: Account | None = None) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    try:
        path.mkdir()
    except FileExistsError:
        if account is not None and (path.is_symlink() or path.stat().st_uid not in (account.user, os.geteuid())):
            raise SuyuanError("kit.data_folder_of_other", folder=str(path), owner=str(path.stat().st_uid)) from None
        if account is None:
            return
    path.chmod(mode)
    if account is not None:
        account.own(path)


def _write(path: Path, text: str, account: Account) -> None:
    path.write_text(text, encoding="utf-8")
    account.own(path)


@contextlib.contextmanager
def _opened_log(path: Path, limit_bytes: int = 10_000_000) -> Iterator[int]:
    """The log opened for appending; an overlong one starts anew."""
    overlong = path.exists() and path.stat().st_size > limit_bytes
    with path.open("wb" if overlong else "ab") as stream:
        yield stream.fileno()


def _tail(path: Path, lines: int = 8) -> str:
    return " | ".join(path.read_text(errors="replace").splitlines()[-lines:])


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
