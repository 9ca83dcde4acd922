"""`suyuan backup` and `restore` as an operator sees them; what they do is tested with the server."""

from pathlib import Path

import pytest
from django.conf import settings

from suyuan.cli.exits import Exit
from suyuan.server.operation.backing_up import LAST
from tests.cli.runner import run
from tests.server.cast import Cast


@pytest.fixture
def backup(cast: Cast, tmp_path: Path) -> Path:
    target = tmp_path / "backup"
    answer = run("backup", target, "-f", "json")
    assert answer.code == Exit.OK, answer.told
    assert (answer.json["keys"], answer.json["missing"]) == (False, [])
    (settings.HOME / LAST).unlink()
    return target


def test_a_backup_can_be_examined_without_a_database(backup: Path) -> None:
    answer = run("restore", "--check", backup, "-f", "json")
    assert answer.code == Exit.OK
    assert answer.json["rows"] > 0
    assert "folds_clean" not in answer.json


@pytest.mark.parametrize(("language", "said"), [("en", "not included"), ("zh", "未包含")])
def test_people_are_told_in_their_language(backup: Path, language: str, said: str) -> None:
    answer = run("restore", "--check", backup, "--lang", language)
    assert answer.code == Exit.OK
    assert said in answer.out


def test_a_backup_is_not_written_over_another(backup: Path) -> None:
    answer = run("backup", backup)
    assert answer.code == Exit.CONFLICT
    assert str(backup) in answer.told


def test_an_altered_backup_is_refused_with_the_file_named(backup: Path) -> None:
    path = backup / "tables" / "registry_company.copy.zst"
    path.write_bytes(path.read_bytes() + b"\0")
    answer = run("restore", "--check", backup, "--lang", "zh")
    assert answer.code == Exit.REJECTED
    assert "tables/registry_company.copy.zst" in answer.told
    assert "校验值不符" in answer.told


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        answer = run("restore", folder)
        assert answer.code == Exit.REJECTED
        assert "no whole backup" in answer.told


def test_an_installation_in_use_is_never_restored_over(backup: Path) -> None:
    answer = run("restore", backup)
    assert answer.code == Exit.CONFLICT
    assert "not empty" in answer.told
