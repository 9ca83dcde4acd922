"""A backup taken while records come in, restored in another place: the same ledger, or none."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections

from suyuan.server.kit.clock import SYSTEM_CLOCK, FixedClock
from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.kit.postgres import Server
from suyuan.server.operation import catalogue, manifest
from suyuan.server.operation.backing_up import back_up
from suyuan.server.operation.errors import Damaged, NotEmpty, TooNew
from suyuan.server.operation.examining import examine
from suyuan.server.operation.manifest import Manifest
from suyuan.server.operation.places import SECRET, in_the_way
from suyuan.server.operation.restoring import check_place, check_program
from suyuan.server.operation.rows import load, snapshot
from suyuan.server.operation.writing import digest_of
from suyuan.server.submissions import services
from suyuan.server.submissions.models import Submission
from suyuan.server.submissions.services import Order, store
from tests.server.cast import Cast
from tests.server.conftest import ADMIN_URL, DATABASE, HOME
from tests.server.operation.elsewhere import APP, OWNER, Elsewhere, contents, elsewhere, killed
from tests.server.submissions import files

HERE = Elsewhere(HOME, DATABASE if ADMIN_URL else None)
LATER = ("django_migrations", "procrastinate_workers")


@pytest.fixture(autouse=True)
def _own_files(clean_database: str) -> Iterator[None]:
    """No test finds what another left in the data folder."""
    yield
    for name in ("received", "log", "keys"):
        shutil.rmtree(Path(settings.HOME) / name, ignore_errors=True)
    (Path(settings.HOME) / SECRET).unlink(missing_ok=True)


@pytest.fixture
def there() -> Iterator[Elsewhere]:
    with elsewhere() as place:
        yield place


def submit(cast: Cast, *serials: int) -> Submission:
    """Packs in one file, worked on at once."""
    submission = services.receive(cast.maker.number, files.csv(files.packs(serials)), Order(name="packs.csv"))
    return services.work(submission.number)


def put_files() -> None:
    """A log and a key as they stand in a data folder, with the drafts that a backup must leave."""
    log = Path(settings.HOME) / "log" / "prov" / "440000" / "2026"
    (log / "tile" / "0").mkdir(parents=True)
    (log / "checkpoint").write_text("a note\n")
    (log / "tile" / "0" / "000").write_bytes(bytes(range(256)))
    (log / ".lock").touch()
    (log / "tile" / "0" / ".001.77").write_bytes(b"half a tile")
    keys = Path(settings.HOME) / "keys"
    keys.mkdir(mode=0o700)
    (keys / "log.key").write_text("sealed")
    (Path(settings.HOME) / SECRET).write_text("the secret of this installation")


def here() -> dict[str, tuple[int, str]]:
    with HERE.connected(OWNER) as connection:
        return contents(connection)


def without(found: dict[str, tuple[int, str]], *names: str) -> dict[str, tuple[int, str]]:
    return {name: told for name, told in found.items() if name not in names}


def test_what_is_restored_elsewhere_is_the_same_ledger(cast: Cast, tmp_path: Path, there: Elsewhere) -> None:
    submit(cast, 1, 2)
    large = submit(cast, *range(100, 1200))
    assert large.received.size > store.INLINE_BYTES
    assert large.admitted == 1100
    put_files()
    made = back_up(tmp_path / "backup", SYSTEM_CLOCK, keys=True)
    assert made.missing == ()
    done = there.run("restore", tmp_path / "backup", "-f", "json", umask=0o077)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["folds_clean"] is True

    kept = store.place(large.received_id).relative_to(settings.HOME)
    assert (there.home / kept).read_bytes() == store.fetch(large.received_id)
    _check_files(there.home)
    with there.connected(OWNER) as owner, there.connected(APP) as application:
        assert without(contents(owner), *LATER) == without(here(), *LATER)
        owner.rollback()
        application.execute("INSERT INTO accounts_access SELECT * FROM accounts_access WHERE false")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("UPDATE ledger_event SET reporter = 0")
        application.rollback()
        code = files.cell(900)
        assert there.json("battery", "trace", code) == HERE.json("battery", "trace", code)
        _goes_on(there, cast, tmp_path / "later.csv", large.number)


def _goes_on(there: Elsewhere, cast: Cast, path: Path, last: int) -> None:
    """What is sent to the restored installation gets the next number, and the folds keep up."""
    path.write_bytes(files.csv(files.packs([5])))
    assert there.json("submit", path, "--as", cast.maker.code)["number"] > last
    assert there.json("ledger", "rebuild", "--check")["clean"] is True


def _check_files(home: Path) -> None:
    log = home / "log" / "prov" / "440000" / "2026"
    found = sorted(path.relative_to(log).as_posix() for path in log.rglob("*") if path.is_file())
    assert found == ["checkpoint", "tile/0/000"]
    assert (home / "keys" / "log.key").read_text() == "sealed"
    assert (home / SECRET).read_text() == "the secret of this installation"
    assert (home / SECRET).stat().st_mode & 0o777 == 0o600
    assert [(home / name).stat().st_mode & 0o777 for name in ("keys", "keys/log.key")] == [0o700, 0o600]
    assert [path.stat().st_mode & 0o777 for path in (log / "checkpoint", log / "tile", log)] == [0o644, 0o755, 0o755]


def test_a_backup_beside_a_writer_holds_one_moment(cast: Cast, tmp_path: Path, there: Elsewhere) -> None:
    enough, stopped = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        try:
            serial = 1
            while not stopped.is_set():
                submit(cast, serial, serial + 1)
                serial += 2
                if serial > 8:
                    enough.set()
        except BaseException as error:
            failures.append(error)
        finally:
            enough.set()
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert enough.wait(60)
        made = back_up(tmp_path / "backup", SYSTEM_CLOCK)
        rows = {table.name: table.rows for table in made.tables}
        until = time.monotonic() + 60
        while Submission.objects.count() <= rows["submissions_submission"] and time.monotonic() < until:
            time.sleep(0.05)  # the writer goes on behind the snapshot
    finally:
        stopped.set()
        writer.join(60)
    assert failures == []
    done = there.run("restore", tmp_path / "backup", "-f", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["folds_clean"] is True
    assert 4 <= rows["submissions_submission"] < Submission.objects.count()
    with there.connected(OWNER) as connection:
        halves = connection.execute(
            "SELECT s.number FROM submissions_submission s WHERE s.state = 'accepted' AND s.admitted <>"
            " (SELECT count(*) FROM ledger_event e WHERE e.submission = s.number AND e.slot = 0)"
        ).fetchall()
    assert halves == []


def test_every_table_of_every_room_is_in_it(clean_database: str) -> None:
    with snapshot() as run_:
        named = set(catalogue.tables(run_))
    ours = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    assert ours <= named
    assert {"ledger_event", "vocabulary_effect", "django_migrations"} <= named
    with snapshot() as run_:
        order = list(catalogue.filling_order(run_, named))
    assert sorted(order) == sorted(named)
    assert order.index("submissions_received") < order.index("submissions_submission")


def test_a_table_made_later_is_in_it_without_being_named(clean_database: str, tmp_path: Path) -> None:
    with HERE.connected(OWNER) as owner:
        owner.execute("CREATE TABLE later_table (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a * 2) STORED)")
        owner.execute("INSERT INTO later_table VALUES (7)")
        owner.commit()
        try:
            made = back_up(tmp_path / "backup", SYSTEM_CLOCK)
        finally:
            owner.execute("DROP TABLE later_table")
    table = next(table for table in made.tables if table.name == "later_table")
    assert (table.rows, table.columns) == (1, (("a", "integer"),))


# ---------------------------------------------------------------- torn and altered


@pytest.fixture
def backup(cast: Cast, tmp_path: Path) -> Path:
    submit(cast, 1)
    put_files()
    back_up(tmp_path / "backup", SYSTEM_CLOCK)
    return tmp_path / "backup"


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut(path: Path, count: int = 1) -> None:
    path.write_bytes(path.read_bytes()[:-count])


def _add_line(path: Path, line: str) -> None:
    """Rewrite the list of files, and the manifest so that it vouches for it."""
    path.write_text(path.read_text() + line)
    body = json.loads((path.parent / manifest.NAME).read_text())
    found = Manifest.read((path.parent / manifest.NAME).read_bytes(), "-")
    changed = replace(found, sums=digest_of(path), files=body["files"] + 1)
    (path.parent / manifest.NAME).write_bytes(changed.write())


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda root: (root / "manifest.json").unlink(), "operation.not_a_backup"),
    "manifest cut": (lambda root: _cut(root / "manifest.json", 2), "operation.manifest_unreadable"),
    "manifest altered": (
        lambda root: (root / "manifest.json").write_text(
            (root / "manifest.json").read_text().replace('"keys": false', '"keys": true')
        ),
        "operation.manifest_altered",
    ),
    "sums altered": (lambda root: _flip(root / "SHA256SUMS"), "operation.sums_altered"),
    "sums gone": (lambda root: (root / "SHA256SUMS").unlink(), "operation.sums_altered"),
    "table cut": (lambda root: _cut(root / "tables/ledger_event.copy.zst"), "operation.file_altered"),
    "table altered": (lambda root: _flip(root / "tables/ledger_state.copy.zst"), "operation.file_altered"),
    "tile altered": (lambda root: _flip(root / "log/prov/440000/2026/tile/0/000"), "operation.file_altered"),
    "table gone": (lambda root: (root / "tables/ledger_event.copy.zst").unlink(), "operation.file_missing"),
    "a file more": (lambda root: (root / "received/x").write_text("x"), "operation.file_unknown"),
    "a link": (lambda root: (root / "log/link").symlink_to("/etc"), "operation.file_unknown"),
    "a way out": (lambda root: _add_line(root / "SHA256SUMS", f"{'0' * 64}  log/../../x\n"), "operation.sums_altered"),
    "a stranger": (lambda root: _add_line(root / "SHA256SUMS", f"{'0' * 64}  postgres/x\n"), "operation.sums_altered"),
}


def test_a_torn_or_altered_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    assert examine(backup).manifest.rows > 0
    (backup / "received").mkdir(exist_ok=True)
    for name, (damage, code) in DAMAGES.items():
        copy = tmp_path / "copy"
        shutil.copytree(backup, copy)
        damage(copy)
        with pytest.raises(Damaged) as caught:
            examine(copy)
        assert caught.value.code.endswith(code), name
        shutil.rmtree(copy)


def test_no_byte_of_the_manifest_can_be_altered(backup: Path) -> None:
    content = (backup / manifest.NAME).read_bytes()
    for place in range(0, len(content) - 1, 13):
        altered = bytearray(content)
        altered[place] ^= 1
        with pytest.raises((Damaged, TooNew)):
            Manifest.read(bytes(altered), "-")


def test_what_a_later_version_wrote_is_refused(backup: Path) -> None:
    path = backup / manifest.NAME
    text = path.read_text().replace('"version": 1,', '"version": 2,')
    path.write_text(text)
    with pytest.raises(TooNew) as caught:
        examine(backup)
    assert caught.value.code == "operation.backup_format_newer"
    path.write_text(text.replace('"version": 2,', '"version": 1,'))
    found = examine(backup)
    check_program(found)
    newer = replace(found.manifest, migrations=(*found.manifest.migrations, "ledger.9999_later"))
    with pytest.raises(TooNew) as caught:
        check_program(replace(found, manifest=newer))
    assert caught.value.data["migrations"] == ["ledger.9999_later"]


def test_the_manifest_says_what_was_written(backup: Path) -> None:
    found = Manifest.read((backup / manifest.NAME).read_bytes(), "-")
    assert found.write() == (backup / manifest.NAME).read_bytes()
    lines = (backup / manifest.SUMS).read_text().splitlines()
    assert len(lines) == found.files
    assert all(os.stat(backup / line[66:]).st_mode & 0o077 == 0 for line in lines)
    assert not any(line[66:].startswith("keys/") for line in lines)


def _with_table(made: Manifest, which: str, **changes: Any) -> Manifest:
    tables = tuple(replace(table, **changes) if table.name == which else table for table in made.tables)
    return replace(made, tables=tables)


def test_all_tables_are_filled_or_none_and_no_trigger_writes_anything(backup: Path, tmp_path: Path) -> None:
    with cursor(OWNER_ALIAS) as run:
        run.execute("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('submissions', 'trial')")
    back_up(tmp_path / "other", SYSTEM_CLOCK)
    before, found = here(), examine(tmp_path / "other")
    for name, changes, code in (
        ("ledger_event", {"columns": (("lot", "integer"),)}, "operation.tables_differ"),
        ("ledger_state", {"name": "ledger_stage"}, "operation.tables_differ"),
        ("procrastinate_jobs", {"rows": 7}, "operation.rows_differ"),
    ):
        with pytest.raises(Damaged) as caught:
            load(_with_table(found.manifest, name, **changes), found.root, found.digests)
        assert caught.value.code == code
        assert here() == before
    with pytest.raises(Damaged):
        load(found.manifest, found.root, {**found.digests, "tables/log_entry.copy.zst": "0" * 64})
    assert here() == before
    load(found.manifest, found.root, found.digests)
    assert here() == before
    assert before["procrastinate_events"][0] == 1


# ---------------------------------------------------------------- cut short, and places that are taken

CUT_BACKUP = """
import os, signal, sys
from pathlib import Path
import django; django.setup()
from suyuan.server.operation import backing_up
from suyuan.server.kit.clock import SYSTEM_CLOCK
backing_up._seal = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
backing_up.back_up(Path(sys.argv[1]), SYSTEM_CLOCK)
"""
CUT_RESTORE = """
import os, signal, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "suyuan.server.settings"
import django; django.setup()
from suyuan.server.operation import restoring
restoring.load = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from suyuan.cli import main
main(["restore", sys.argv[1]])
"""


def test_a_backup_cut_short_is_never_taken_for_a_whole_one(cast: Cast, tmp_path: Path) -> None:
    submit(cast, 1)
    killed(CUT_BACKUP, os.environ, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    (rest,) = [path for path in tmp_path.iterdir() if "unfinished" in path.name]
    with pytest.raises(Damaged) as caught:
        examine(rest)
    assert caught.value.code == "operation.not_a_backup"
    back_up(tmp_path / "backup", SYSTEM_CLOCK)
    assert examine(tmp_path / "backup").manifest.files > 0


def test_a_restore_cut_short_is_never_taken_for_an_installation(backup: Path, there: Elsewhere) -> None:
    killed(CUT_RESTORE, there.environment, backup)
    if there.database is None:
        Server(there.home).stop()
    for command in (["init"], ["ledger", "rebuild", "--check"]):
        refused = there.run(*command)
        assert refused.returncode == 7
        assert "cut short" in refused.stderr
    again = there.run("restore", backup)
    assert again.returncode == 8
    assert "not empty" in again.stderr


def test_nothing_is_ever_overwritten(backup: Path, there: Elsewhere, tmp_path: Path) -> None:
    for target in (backup, backup / "manifest.json"):
        with pytest.raises(NotEmpty) as caught:
            back_up(target, SYSTEM_CLOCK)
        assert caught.value.code == "operation.target_not_empty"
    (tmp_path / "empty").mkdir()
    back_up(tmp_path / "empty", SYSTEM_CLOCK)
    with pytest.raises(NotEmpty):  # the installation that runs this test
        check_place(examine(backup))
    there.home.mkdir()
    (there.home / "received").mkdir()
    before = here()
    refused = there.run("restore", backup)
    assert refused.returncode == 8
    assert list(there.home.iterdir()) == [there.home / "received"]
    assert here() == before


def test_a_database_that_holds_a_table_is_refused(backup: Path, there: Elsewhere) -> None:
    if there.database is None:
        pytest.skip("the embedded database comes with its folder")
    with there.connected(OWNER) as owner:
        owner.execute("CREATE TABLE somebody (i int)")
    refused = there.run("restore", backup)
    assert refused.returncode == 8
    assert "somebody" in refused.stderr
    assert not there.home.exists()


def test_received_bytes_that_are_gone_or_changed_are_told(cast: Cast, tmp_path: Path, clock: FixedClock) -> None:
    large = submit(cast, *range(100, 1200))
    path = store.place(large.received_id)
    path.chmod(0o600)
    _flip(path)
    name = f"received/{path.parent.name}/{path.name}"
    assert back_up(tmp_path / "one", clock).missing == (name,)
    path.unlink()
    assert back_up(tmp_path / "two", clock).missing == (name,)
    told = HERE.run("backup", tmp_path / "three", "-f", "json")
    assert (told.returncode, json.loads(told.stdout)["missing"]) == (5, [name])
    assert name in told.stderr


def test_copied_programs_and_other_folders_are_not_in_the_way(tmp_path: Path) -> None:
    assert in_the_way(tmp_path / "nowhere") is None
    for name in ("postgresql-18-0123456789ab", "0123456789ab", "demo"):
        (tmp_path / name).mkdir()
    assert in_the_way(tmp_path) is None
    (tmp_path / "secret_key").touch()
    assert in_the_way(tmp_path) == tmp_path / "secret_key"
    assert in_the_way(tmp_path / "secret_key") == tmp_path / "secret_key"
