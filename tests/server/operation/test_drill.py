"""The drill: the machine is lost, a backup and a mirror of the log are left; what came after the backup is named."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.operation.backing_up import back_up
from suyuan.server.submissions import services
from suyuan.server.submissions.services import Order
from tests.server.cast import Cast
from tests.server.conftest import ADMIN_URL, DATABASE, HOME
from tests.server.operation.elsewhere import Elsewhere, elsewhere
from tests.server.submissions import files

HERE = Elsewhere(HOME, DATABASE if ADMIN_URL else None)


@pytest.fixture(autouse=True)
def _own_files(clean_database: str) -> Iterator[None]:
    yield
    for name in ("log", "keys", "received"):
        shutil.rmtree(Path(settings.HOME) / name, ignore_errors=True)


def submit(cast: Cast, serial: int) -> int:
    done = services.receive(cast.maker.number, files.csv(files.packs([serial])), Order(name="packs.csv"))
    assert done.admitted == 1
    return done.number


def integrate(place: Elsewhere) -> None:
    done = place.run("log", "integrate", "--once")
    assert done.returncode == 0, done.stderr


def test_the_audit_names_exactly_what_came_after_the_backup(cast: Cast, tmp_path: Path) -> None:
    before = [submit(cast, serial) for serial in (1, 2)]
    integrate(HERE)
    back_up(tmp_path / "backup", SYSTEM_CLOCK, keys=True)
    after = [submit(cast, serial) for serial in (3, 4, 5)]
    integrate(HERE)
    mirror = tmp_path / "mirror"
    shutil.copytree(Path(settings.HOME) / "log", mirror)

    with elsewhere() as there:
        restored = there.run("restore", tmp_path / "backup")
        assert restored.returncode == 0, restored.stderr
        assert there.json("ledger", "verify")["clean"] is True
        shutil.rmtree(there.home / "log")
        shutil.copytree(mirror, there.home / "log")
        audit = there.run("ledger", "verify", "-f", "json")
        assert audit.returncode == 8, audit.stderr
        findings = json.loads(audit.stdout)["findings"]
        assert sorted({finding["data"]["submission"] for finding in findings}) == after
        assert not set(before) & set(after)
