from pathlib import Path

import pytest

from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.serving import serve, serve_below
from suyuan.tlog import decode_bundle, open_checkpoint
from tests.server.witness.watching import write_log
from tests.tlog.cast import LOG, entries


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    write_log(tmp_path / "log", 300)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "log" / "notes.txt").write_text("not a file of the log")
    return LogFolder(tmp_path / "log")


def test_the_checkpoint_is_text_and_kept_for_a_moment(folder: LogFolder) -> None:
    served = serve(folder, "checkpoint")
    assert served.status == 200
    assert served.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "max-age=2" in served.headers["Cache-Control"]
    assert open_checkpoint(served.body, [LOG.verifier])[0].size == 300


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"])
def test_tiles_and_bundles_are_kept_for_ever(folder: LogFolder, path: str) -> None:
    served = serve(folder, path)
    assert served.status == 200
    assert served.headers["Content-Type"] == "application/octet-stream"
    assert "immutable" in served.headers["Cache-Control"]
    assert served.body == (folder.root / path).read_bytes()


def test_a_bundle_has_its_entries(folder: LogFolder) -> None:
    assert decode_bundle(serve(folder, "tile/entries/000").body, 256) == entries(256)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "notes.txt",
        "../secret",
        "tile/../../secret",
        "tile/0/../../../secret",
        "/etc/passwd",
        "checkpoint/",
        "checkpoint\x00",
        ".lock",
        "tile/0/000/",
        "tile/0/0",
        "tile/00/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/64/000",
        "tile/0/002",
        "tile/0",
        "tile/0/001.p",
        "tile/0/x000/001",
        "Tile/0/000",
        "tile/0/٠٠٠",
    ],
)
def test_everything_else_is_not_found_and_not_kept(folder: LogFolder, path: str) -> None:
    served = serve(folder, path)
    assert served.status == 404
    assert served.headers["Cache-Control"] == "no-store"
    assert b"secret" not in served.body


def test_a_log_without_checkpoint_has_none(tmp_path: Path) -> None:
    assert serve(LogFolder(tmp_path), "checkpoint").status == 404


def test_logs_below_a_folder_are_found_by_their_path(folder: LogFolder) -> None:
    root = folder.root.parent
    write_log(root / "prov" / "440000" / "2027", 3)
    assert serve_below(root, "prov/440000/2027/checkpoint").status == 200
    assert serve_below(root, "log/tile/entries/000").body == folder.read("tile/entries/000")
    assert serve_below(folder.root, "checkpoint").body == folder.checkpoint()


@pytest.mark.parametrize(
    "path",
    [
        "secret",
        "../log/checkpoint",
        "log/../log/checkpoint",
        "./log/checkpoint",
        "/log/checkpoint",
        "log//checkpoint",
        ".hidden/checkpoint",
        "log/.lock",
        "log/tile/../../secret",
        "none/checkpoint",
        "log/checkpoint\n",
    ],
)
def test_nothing_else_below_a_folder_is_found(folder: LogFolder, path: str) -> None:
    (folder.root.parent / ".hidden").mkdir()
    (folder.root.parent / ".hidden" / "checkpoint").write_text("secret")
    assert serve_below(folder.root.parent, path).status == 404
