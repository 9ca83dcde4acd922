"""The laboratory over HTTP: attach, follow, report; the forbidden twin of each."""

import pytest

from suyuan.server.kit.clock import FixedClock
from suyuan.server.laboratory.jobs import take_up_left_behind
from suyuan.server.laboratory.services import attaching
from tests.server.api.face import Face, cell_code, pack, pack_code
from tests.server.cast import Cast
from tests.server.laboratory.bench import file, lot_csv, model_file

WORDS = {
    "name": "cell.csv",
    "protocol": "one-cycle-1c",
    "rated_ah": 10.5,
    "end_v": 3.1,
    "instrument": "tester 4",
    "operator": "李工",
    "tested_at": "2026-11-20T08:00:00+08:00",
}


@pytest.fixture
def laboratory(cast: Cast, clock: FixedClock) -> Face:
    assert Face(cast.maker).submit(pack(1), pack(2)).json["admitted"] == 2
    return Face(cast.laboratory)


def test_a_file_is_attached_followed_and_reported(laboratory: Face, cast: Cast) -> None:
    path = f"/batteries/{pack_code(1)}/tests"
    sent = laboratory.post(path, file(), "text/csv", query=WORDS)
    assert (sent.status, sent.json["state"], sent.json["operator"]) == (202, "received", "李工")
    there = sent.headers["Location"]
    early = laboratory.get(f"{there}/report")
    assert (early.status, early.json["code"]) == (409, "laboratory.test_not_read")
    assert take_up_left_behind() == 1
    told = laboratory.get(there).json
    assert told["state"] == "read"
    assert told["result"]["residual"]["capacity_ah"] == pytest.approx(10.0)
    assert told["record"] in {
        event["id"] for event in Face(cast.maker).get(f"/batteries/{pack_code(1)}/life").json["events"]
    }
    assert [item["number"] for item in laboratory.get(path).json["items"]] == [told["number"]]
    paper = laboratory.get(f"{there}/report", format="pdf")
    assert (paper.status, paper.headers["Content-Type"], paper.body[:4]) == (200, "application/pdf", b"%PDF")
    assert laboratory.get(f"{there}/original").body == file()
    for stranger in (Face(cast.utiliser), Face(cast.zhejiang)):
        for address in (there, f"{there}/report", f"{there}/original", path):
            assert stranger.get(address).status == 404
    assert Face().get(there).status == 401
    assert Face(cast.nation).post(path, file(), "text/csv", query=WORDS).status == 403


def test_what_cannot_be_attached_is_a_problem(laboratory: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/batteries/{pack_code(1)}/tests"
    assert laboratory.post("/batteries/nonsense/tests", file(), "text/csv").json["code"] == "laboratory.no_battery_code"
    assert laboratory.post(path, b"", "text/csv").json["code"] == "laboratory.file_empty"
    assert laboratory.post(path, file(), "text/csv", query={"tested_at": "2026-11-20T08:00:00"}).status == 422
    assert (
        laboratory.post(path, file(), "text/csv", query={"protocol": "nobodys"})
        .json["code"]
        .endswith("no_such_protocol")
    )
    assert laboratory.post(path, file(), "image/png").status == 415
    monkeypatch.setattr(attaching, "LARGEST_BYTES", 1000)
    assert laboratory.post(path, file(), "text/csv").status == 413


def test_a_lot_is_assessed_and_reported(laboratory: Face, cast: Cast) -> None:
    model = laboratory.post("/models", model_file(), "application/octet-stream", query={"name": "lfp20"})
    assert (model.status, model.json["cell_type"]) == (201, "LFP20")
    assert [one["number"] for one in laboratory.get("/models").json["items"]] == [model.json["number"]]
    sent = laboratory.post("/lots", lot_csv(), "text/csv", query={"model": model.json["number"], "name": "lot 1"})
    assert (sent.status, sent.json["state"]) == (202, "received")
    there = sent.headers["Location"]
    assert laboratory.get(f"{there}/report", format="pdf").status == 409
    take_up_left_behind()
    done = laboratory.get(there).json
    assert (done["state"], done["done"], done["references"]) == ("done", 12, 3)
    first = laboratory.get(f"{there}/cells", limit=7).json
    rest = laboratory.get(f"{there}/cells", limit=7, cursor=first["next"]).json
    found = [*first["items"], *rest["items"]]
    assert len({cell["object"] for cell in found}) == 12
    assert found[0]["object"] == cell_code(1, 0)
    assert all(cell["reasons"][0]["message"] for cell in found)
    assert laboratory.get(f"{there}/report", format="pdf").body[:4] == b"%PDF"
    assert laboratory.post(f"{there}/cancel").json["code"] == "laboratory.lot_finished"
    assert [lot["number"] for lot in laboratory.get("/lots").json["items"]] == [done["number"]]
    for stranger in (Face(cast.maker), Face(cast.zhejiang)):
        assert stranger.get("/lots").json["items"] == []
        assert stranger.get("/models").json["items"] == []
        for address in (there, f"{there}/cells", f"{there}/report"):
            assert stranger.get(address).status == 404
    assert Face(cast.maker).post(f"{there}/cancel").status == 404
    stolen = Face(cast.maker).post("/lots", lot_csv(), "text/csv", query={"model": model.json["number"]})
    assert stolen.json["code"] == "laboratory.model_not_found"
