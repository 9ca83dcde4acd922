import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from suyuan.cli.exits import Exit
from suyuan.cli.log_mirror import mirror_folder
from suyuan.tlog import KeyType, open_checkpoint, parse_verifier_key
from tests.architecture.house import python
from tests.cli.runner import Answer, run
from tests.server.witness.watching import other_entries, trust_file, write_log
from tests.tlog.cast import LOG

PASSPHRASE = {"SUYUAN_KEY_PASSPHRASE": "only for tests"}
KEY = str(LOG.verifier)


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase that is stretched no further than it has to be."""
    monkeypatch.setattr("suyuan.server.witness.keys.KeyFolder.__init__.__defaults__", (10,))
    monkeypatch.delenv("SUYUAN_KEY_PASSPHRASE_FILE", raising=False)
    monkeypatch.setenv("SUYUAN_KEY_PASSPHRASE", "only for tests")


def made(folder: Path, name: str, kind: str = "cosigner") -> str:
    answer = run("log", "keys", "create", name, "--type", kind, "--keys", folder, "-f", "json")
    assert answer.code == Exit.OK
    return str(answer.json["verifier"])


def listed(folder: Path) -> dict[str, bool]:
    return {row["verifier"]: row["active"] for row in run("log", "keys", "list", "--keys", folder, "-f", "json").json}


def test_keys_are_made_listed_rotated_and_retired(tmp_path: Path) -> None:
    old, new = made(tmp_path / "keys", "w.example/w1"), made(tmp_path / "keys", "w.example/w1")
    assert parse_verifier_key(old).type is KeyType.COSIGNATURE
    assert listed(tmp_path / "keys") == {old: True, new: True}
    retired = run("log", "keys", "retire", old, "--keys", tmp_path / "keys")
    assert (retired.code, "w.example/w1: 1." in retired.told) == (Exit.OK, True)
    assert listed(tmp_path / "keys") == {old: False, new: True}
    table = run("log", "keys", "list", "--keys", tmp_path / "keys").out
    assert all(text in table for text in (old, new, "yes", "no"))


def test_the_key_of_a_log_is_of_its_own_type(tmp_path: Path) -> None:
    assert parse_verifier_key(made(tmp_path, "trace.example/prov/440000/2027", "log")).type is KeyType.ED25519


def test_without_a_passphrase_no_key_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUYUAN_KEY_PASSPHRASE")
    answer = run("log", "keys", "create", "x", "--type", "log", "--keys", tmp_path / "keys")
    assert (answer.code, answer.out) == (Exit.NOT_PERMITTED, "")
    assert "SUYUAN_KEY_PASSPHRASE" in answer.told
    assert not (tmp_path / "keys").exists()


def test_a_log_is_mirrored_and_the_copy_brings_it_back(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 300)
    first = run("log", "mirror", tmp_path / "log", tmp_path / "copy", "--key", KEY)
    assert (first.code, "from 0 to 300 entries" in first.told) == (Exit.OK, True)
    (tmp_path / "log" / "tile/0/000").write_bytes(b"damaged")
    (tmp_path / "log" / "tile/entries/000").unlink()
    back = run("log", "mirror", tmp_path / "copy", tmp_path / "log", "--key", KEY, "--restore")
    assert (back.code, "2 files" in back.told) == (Exit.OK, True)
    again = run("log", "mirror", f"file://{tmp_path / 'log'}", tmp_path / "copy", "--key", KEY, "--check")
    assert (again.code, "0 files" in again.told) == (Exit.OK, True)


def test_a_mirror_signs_with_its_own_key(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 5)
    own = parse_verifier_key(made(tmp_path / "keys", "m.example/m1"))
    where = ("--sign", "m.example/m1", "--keys", tmp_path / "keys")
    assert run("log", "mirror", tmp_path / "log", tmp_path / "copy", "--key", KEY, *where).code == Exit.OK
    note = (tmp_path / "copy" / "checkpoint").read_bytes()
    assert set(open_checkpoint(note, [LOG.verifier, own])[1].keys) == {LOG.verifier, own}


@pytest.mark.parametrize(
    "arguments", [("--restore", "--check"), ("--restore", "--every", "5"), ("--sign", "x"), ("--every", "0")]
)
def test_what_does_not_go_together_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write_log(tmp_path / "log", 5)
    answer = run("log", "mirror", tmp_path / "log", tmp_path / "copy", "--key", KEY, *arguments)
    assert answer.code == Exit.USAGE
    assert not (tmp_path / "copy").exists()


def test_a_fork_ends_with_conflict_and_is_listed(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 5)
    write_log(tmp_path / "other", 9, made=other_entries)
    run("log", "mirror", tmp_path / "log", tmp_path / "copy", "--key", KEY)
    answer = run("log", "mirror", tmp_path / "other", tmp_path / "copy", "--key", KEY)
    assert (answer.code, "forked" in answer.told) == (Exit.CONFLICT, True)
    found = run("log", "incidents", tmp_path / "copy", "-f", "json")
    assert found.code == Exit.CONFLICT
    assert [(row["kind"], row["proven"], row["first_size"]) for row in found.json] == [("fork", True, 5)]
    assert "fork" in run("log", "incidents", tmp_path / "copy" / "incidents").out
    assert "分叉" in run("--lang", "zh", "log", "incidents", tmp_path / "copy").out


def test_no_incident_is_no_conflict(tmp_path: Path) -> None:
    answer = run("log", "incidents", tmp_path, "-f", "json")
    assert (answer.code, answer.json) == (Exit.OK, [])


def test_every_trusted_log_is_mirrored_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 5)
    trust_file(tmp_path / "logs", LOG.verifier, url=str(tmp_path / "log"))
    (tmp_path / "logs" / "a.toml").write_text(f'origin = "gone"\nkeys = ["{KEY}"]\nurl = "{tmp_path / "gone"}"\n')
    answer = run("log", "mirror-all", tmp_path / "logs", tmp_path / "copies")
    assert answer.code == Exit.NOT_FOUND
    assert (mirror_folder(tmp_path / "copies", LOG.name) / "checkpoint").exists()


def compare(tmp_path: Path, *places: str, form: str = "json") -> Answer:
    where = [tmp_path / place for place in places]
    return run("log", "compare", *where, "--key", KEY, "--incidents", tmp_path / "incidents", "-f", form)


def test_places_that_agree_and_places_that_do_not(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 9)
    write_log(tmp_path / "older", 5)
    write_log(tmp_path / "liar", 9, made=other_entries)
    agree = compare(tmp_path, "log", "older")
    assert (agree.code, {row["state"] for row in agree.json}) == (Exit.OK, {"consistent"})
    differ = compare(tmp_path, "log", "older", "liar")
    assert differ.code == Exit.CONFLICT
    assert [row["state"] for row in differ.json] == ["contradicts"] * 3
    assert "split view" in differ.told
    assert len(list((tmp_path / "incidents").iterdir())) == 2  # and the older one is no beginning of the lie
    assert "contradicts" in compare(tmp_path, "log", "liar", form="table").out
    (tmp_path / "none").mkdir()
    assert compare(tmp_path, "log", "none").code == Exit.UNAVAILABLE


def test_the_keys_are_of_one_log(tmp_path: Path) -> None:
    other = made(tmp_path / "keys", "other.example", "log")
    answer = run("log", "compare", tmp_path, "--key", KEY, "--key", other)
    assert (answer.code, "different logs" in answer.told) == (Exit.USAGE, True)


@contextmanager
def started(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that runs until it is stopped, and the first line that it tells."""
    command = [sys.executable, "-m", "suyuan.cli", "--lang", "en", "log", *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **PASSPHRASE})
    assert process.stderr
    try:
        yield process, process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_mirror_goes_on_until_it_is_stopped_and_is_served(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 5)
    with (
        started("serve", tmp_path, "--port", 0) as (_, told),
        started("mirror", address(told) + "/log", tmp_path / "copy", "--key", KEY, "--every", 1) as (_, first),
    ):
        assert "to 5 entries" in first
        write_log(tmp_path / "log", 9)
        deadline = time.monotonic() + 10
        while b"\n9\n" not in (tmp_path / "copy" / "checkpoint").read_bytes() and time.monotonic() < deadline:
            time.sleep(0.05)
        seen = run("log", "compare", f"{address(told)}/log", f"{address(told)}/copy", "--key", KEY, "-f", "json")
        assert [(row["size"], row["state"]) for row in seen.json] == [(9, "consistent")] * 2


def address(told: str) -> str:
    found = re.search(r"http://\S+", told)
    assert found, told
    return found[0].rstrip("/")


LOADED = """
import json, sys
from suyuan.cli import main
try:
    main(args=sys.argv[1:], standalone_mode=True)
except SystemExit:
    pass
import suyuan.server.witness.process, suyuan.server.witness.mirror, suyuan.server.witness.compare
print()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_witness_and_mirror_know_neither_django_nor_a_database_driver(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 5)
    printed = python(LOADED, "log", "mirror", str(tmp_path / "log"), str(tmp_path / "copy"), "--key", KEY)
    loaded = set(json.loads(printed.splitlines()[-1]))
    assert "sqlite3" in loaded
    assert loaded.isdisjoint({"django", "psycopg", "procrastinate", "ninja", "numpy", "polars"})
    witness = python("import json, sys\nimport suyuan.server.witness.process\nprint(json.dumps(sorted(sys.modules)))")
    rooms = {name for name in json.loads(witness) if name.startswith("suyuan.server.")}
    assert {name.split(".")[2] for name in rooms} == {"witness"}
