"""The laboratory's commands: here through the server's rooms, elsewhere over HTTP with the same answers."""

import json
from pathlib import Path

import httpx
import pytest

from suyuan.cli.exits import Exit
from suyuan.cli.laboratory_desk import desk_of
from suyuan.cli.remote import Remote
from suyuan.client import Client
from tests.cli.runner import run
from tests.server.api.face import Face, pack, pack_code
from tests.server.cast import Cast
from tests.server.laboratory.bench import file, lot_csv, model_file


@pytest.fixture
def folder(cast: Cast, tmp_path: Path) -> Path:
    assert Face(cast.maker).submit(pack(1), pack(2)).json["admitted"] == 2
    (tmp_path / "cell.csv").write_bytes(file())
    (tmp_path / "lot.csv").write_bytes(lot_csv())
    (tmp_path / "lfp20.model").write_bytes(model_file())
    return tmp_path


def test_a_file_is_attached_listed_and_reported(folder: Path, cast: Cast) -> None:
    own = ("--as", cast.laboratory.code)
    done = run(
        "assess", "attach", pack_code(1), folder / "cell.csv", "--protocol", "one-cycle-1c", "--rated-ah", "10.5",
        "--end-v", "3.1", "--operator", "李工", "--tested-at", "2026-11-20T08:00:00+08:00", *own, "-f", "json",
    )  # fmt: skip
    assert done.code == Exit.OK, done.told
    assert (done.json["state"], done.json["operator"]) == ("read", "李工")
    number = done.json["number"]
    assert [row["number"] for row in run("assess", "tests", pack_code(1), *own, "-f", "json").json] == [number]
    run("assess", "report", number, "--pdf", "-o", folder / "report.pdf", *own)
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    stranger = run("assess", "report", number, "--as", cast.utiliser.code)
    assert stranger.code == Exit.NOT_FOUND
    unzoned = run("assess", "attach", pack_code(1), folder / "cell.csv", "--tested-at", "2026-11-20", *own)
    assert unzoned.code == Exit.USAGE


def test_a_lot_is_assessed_shown_and_reported(folder: Path, cast: Cast) -> None:
    own = ("--as", cast.laboratory.code)
    model = run("assess", "model", folder / "lfp20.model", *own, "-f", "json").json
    started = run(
        "assess", "lot-job", "start", folder / "lot.csv", "--model", model["number"], *own, "-f", "json"
    )  # fmt: skip
    assert (started.code, started.json["state"], started.json["done"]) == (Exit.OK, "done", 12)
    number = started.json["number"]
    cells = run("assess", "lot-job", "show", number, "--cells", *own, "-f", "json").json
    assert len(cells) == 12
    assert "12" in run("assess", "lot-job", "show", number, *own).out
    run("assess", "lot-job", "report", number, "--pdf", "-o", folder / "lot.pdf", *own)
    assert (folder / "lot.pdf").read_bytes().startswith(b"%PDF")
    assert run("assess", "lot-job", "cancel", number, *own).code == Exit.CONFLICT
    assert run("assess", "lot-job", "show", number, "--as", cast.maker.code).code == Exit.NOT_FOUND


def test_elsewhere_the_same_is_asked_over_http_until_it_is_finished(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        state = "read" if len(asked) > 1 else "received"
        return httpx.Response(200, content=json.dumps({"number": 4, "state": state}).encode())

    client = Client("http://paper.example", "sy_x", transport=httpx.MockTransport(hear))
    (tmp_path / "cell.csv").write_bytes(file())
    found = desk_of(Remote(client)).attach("A/B", tmp_path / "cell.csv", {"rated_ah": 5.0, "operator": None}, wait=True)
    assert found["state"] == "read"
    assert asked[0].url.raw_path.startswith(b"/api/v1/batteries/A%2FB/tests?")
    assert dict(asked[0].url.params) == {"name": "cell.csv", "rated_ah": "5.0"}
    assert asked[0].read() == file()
    assert asked[1].url.path == "/api/v1/tests/4"
