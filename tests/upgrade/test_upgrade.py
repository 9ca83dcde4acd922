"""What an earlier release kept is restored by this one, brought up to date, and answers as it did."""

import json
from pathlib import Path

import pytest

from tests.server.operation.elsewhere import OWNER, Elsewhere, elsewhere
from tests.upgrade.keep import COUNTED, RELEASES, essence

KEPT = sorted(path for path in RELEASES.iterdir() if path.is_dir())


def test_every_release_has_its_data() -> None:
    assert KEPT
    assert sorted(f"{path.name}.json" for path in KEPT) == sorted(path.name for path in RELEASES.glob("*.json"))


@pytest.mark.parametrize("release", KEPT, ids=lambda path: path.name)
def test_data_of_an_earlier_release_is_brought_up_to_date(release: Path) -> None:
    expected = json.loads(release.with_suffix(f"{release.suffix}.json").read_text(encoding="utf-8"))
    with elsewhere() as there:
        done = there.run("restore", release, "-f", "json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["folds_clean"] is True
        with there.connected(OWNER) as owner:
            for name in COUNTED:
                row = owner.execute(f"SELECT count(*) FROM {name}").fetchone()
                assert row == (expected["counts"][name],), name
            owner.rollback()
            for code, life in expected["lives"].items():
                assert _essence(there, code) == life
            assert {answer["state"] for answer in there.json("doctor") if answer["check"] == "migrations"} == {"ok"}


def _essence(there: Elsewhere, code: str) -> object:
    return essence(there.json("battery", "trace", code))
