"""The wheel carries all that the program reads, and nothing else."""

import zipfile
from pathlib import Path

import pytest

from scripts.wheel import build
from tests.architecture.house import SOURCE

NOT_SHIPPED = {".pyc", ".tmp"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    with zipfile.ZipFile(build(tmp_path_factory.mktemp("wheel"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_source_file_is_shipped(shipped: dict[str, bytes]) -> None:
    here = {path.relative_to(SOURCE.parent).as_posix() for path in _files(SOURCE)}
    assert here - set(shipped) == set()
    assert "suyuan/py.typed" in shipped
    assert "suyuan/events/vocabulary.toml" in shipped


def test_nothing_else_is_shipped(shipped: dict[str, bytes]) -> None:
    assert {name.partition("/")[0].rpartition(".")[2] for name in shipped} == {"suyuan", "dist-info"}


def test_the_licence_the_extra_and_the_command_are_named(shipped: dict[str, bytes]) -> None:
    by_name = {name.rpartition("/")[2]: text.decode() for name, text in shipped.items() if ".dist-info/" in name}
    assert "Apache License" in by_name["LICENSE"]
    assert "Suyuan" in by_name["NOTICE"]
    assert "suyuan = suyuan.cli:main" in by_name["entry_points.txt"]
    metadata = by_name["METADATA"]
    assert "License-Expression: Apache-2.0" in metadata
    assert "Provides-Extra: server" in metadata
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ") and "extra ==" not in line]
    assert not [line for line in needed if "django" in line or "psycopg" in line]


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in NOT_SHIPPED and "__pycache__" not in path.parts
    ]
