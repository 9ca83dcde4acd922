"""Cases over HTTP: opened, answered, inspected; what is refused, and that files are only ever kept."""

from typing import Any

import pytest

from suyuan.server.kit.clock import FixedClock
from tests.server.api.face import Answer, Face
from tests.server.cases.docket import PNG, Docket
from tests.server.cast import Cast


@pytest.fixture
def docket(cast: Cast, clock: FixedClock) -> Docket:
    """A hand-over that nobody received."""
    return Docket.with_trouble(cast, clock)


@pytest.fixture
def guangdong(docket: Docket) -> Face:
    """The province where the company is."""
    return Face(docket.cast.guangdong)


@pytest.fixture
def maker(docket: Docket) -> Face:
    """The company."""
    return Face(docket.cast.maker)


LEAD = {"level": "province", "division": "440000"}


def opened(face: Face, docket: Docket, **more: object) -> int:
    answer = face.post("/cases", {"findings": [docket.finding], "lead": LEAD, **more})
    assert answer.status == 201, answer.json
    number = answer.json["number"]
    assert isinstance(number, int)
    return number


def step(face: Face, number: int, kind: str, **more: object) -> Answer:
    known = face.get(f"/cases/{number}").json.get("known", 0)
    return face.post(f"/cases/{number}/steps", {"kind": kind, "known": known, **more})


def test_a_case_over_http(docket: Docket, guangdong: Face, maker: Face) -> None:
    number = opened(guangdong, docket, title="lost packs")
    assert maker.get(f"/cases/{number}").status == 404
    told = step(guangdong, number, "notice", letter="explanation")
    assert (told.status, told.json["state"], told.json["state_label"]) == (
        200,
        "awaiting_answer",
        "waiting for an answer",
    )
    seen = maker.get(f"/cases/{number}").json
    assert [one["kind"] for one in seen["thread"]] == ["notice"]
    assert seen["online"] == []
    assert {one["step"] for one in seen["steps"] if one["allowed"]} == {"answer", "message"}
    reasons = {one["step"]: one["reason"] for one in seen["steps"]}
    assert "the company concerned" in reasons["close"]
    kept = maker.post(f"/cases/{number}/attachments", PNG, "image/png", query={"name": "store.png"})
    assert kept.status == 201
    file = kept.json["number"]
    assert step(maker, number, "answer", note="they are here", attachments=[file]).json["state"] == "answered"
    fetched = guangdong.get(f"/cases/{number}/attachments/{file}")
    assert (fetched.status, fetched.body) == (200, PNG)
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert fetched.headers["Content-Type"] == "application/octet-stream"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert [one["number"] for one in guangdong.get("/cases").json["items"]] == [number]


def test_an_inspection_over_http(docket: Docket, guangdong: Face) -> None:
    number = opened(guangdong, docket)
    who = [{"name": "Chen", "role": "inspector"}]
    plan = {"on": "2026-11-20", "place": "store 3", "checklists": ["records"], "inspectors": who}
    assert step(guangdong, number, "plan_inspection", plan=plan, company_reads=False).json["inspection_planned"] is True
    for form, begins in (("pdf", b"%PDF-"), ("html", b"<!doctype html>")):
        printed = guangdong.get(f"/cases/{number}/form", format=form)
        assert printed.body.startswith(begins)
        assert printed.headers["Content-Disposition"].startswith("attachment")
    names = [one["item"] for one in _checklist(guangdong, "records")]
    record: dict[str, Any] = {
        "on": "2026-11-20",
        "items": [{"item": name, "result": "met"} for name in names],
        "signatures": [{"side": "authority", **who[0], "method": "typed", "at": "2026-11-20T10:00:00+08:00"}],
        "refused": "nobody was there",
    }
    late = {**record, "signatures": [{**record["signatures"][0], "at": "2026-11-20T10:00:00"}]}
    assert step(guangdong, number, "enter_inspection", record=late).json["code"] == "cases.signature_wrong"
    assert step(guangdong, number, "enter_inspection", record=record).json["inspection_planned"] is False
    onsite = guangdong.get(f"/cases/{number}").json["onsite"]
    assert onsite[0]["record"]["refused"] == "nobody was there"


def _checklist(face: Face, name: str) -> list[dict[str, Any]]:
    lists = face.get("/case-procedure").json["checklists"]
    items: list[dict[str, Any]] = next(one["items"] for one in lists if one["name"] == name)
    return items


def test_what_is_refused(docket: Docket, guangdong: Face, maker: Face) -> None:
    number = opened(guangdong, docket)
    assert step(guangdong, number, "notice", letter="explanation").status == 200
    for answer, status, code in (
        (guangdong.post(f"/cases/{number}/steps", {"kind": "note", "known": 1, "note": "x"}), 409, "cases.changed"),
        (step(maker, number, "close", company_reads=True), 403, "cases.not_his_step"),
        (step(guangdong, number, "report_done", note="x"), 403, "cases.not_his_step"),
        (step(guangdong, number, "close", company_reads=True), 409, "cases.not_in_this_state"),
        (guangdong.post("/cases", {"findings": [docket.finding]}), 409, "cases.already_taken_up"),
        (maker.post("/cases", {"findings": [docket.finding]}), 403, "cases.only_authorities_open"),
        (guangdong.post("/cases", {}), 422, "cases.no_subject"),
        (guangdong.post("/cases", {"findings": [0]}), 422, "api.parameter_invalid"),
        (step(guangdong, number, "escalate", note="x", authority={"level": "city"}), 422, "cases.authority_malformed"),
        (Face(docket.cast.utiliser).get(f"/cases/{number}"), 404, "cases.not_found"),
        (maker.get(f"/cases/{number}/papers/1"), 404, "cases.paper_not_found"),
        (Face().get("/cases"), 401, "accounts.key_missing"),
    ):
        assert (answer.status, answer.json["code"]) == (status, code)
        assert "{" not in answer.json["detail"]


def test_the_paper_and_its_receipt(docket: Docket, guangdong: Face) -> None:
    number = opened(guangdong, docket)
    paper = guangdong.get(f"/cases/{number}").json["thread"][0]["paper"]
    document = guangdong.get(f"/cases/{number}/papers/{paper}")
    assert b'"kind":"open"' in document.body
    waiting = guangdong.get(f"/cases/{number}/papers/{paper}/receipt")
    assert (waiting.status, waiting.json["code"]) == (409, "log.paper_not_yet")


def test_the_overview_is_sent_again_when_a_case_was_opened(docket: Docket, guangdong: Face) -> None:
    first = guangdong.get("/answers/overview")
    mark = first.headers["ETag"]
    assert guangdong.get("/answers/overview", mark=mark).status == 304
    opened(guangdong, docket)
    again = guangdong.get("/answers/overview", mark=mark)
    assert again.status == 200
    assert next(one["value"] for one in again.json["figures"] if one["measure"] == "open_cases") == 1
