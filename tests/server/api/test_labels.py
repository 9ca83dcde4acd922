"""Codes and labels over HTTP: what a maker orders, and what others are refused."""

from datetime import date

import pytest
from django.conf import settings

from suyuan.codes import compose
from tests.server.api.face import Face
from tests.server.cast import PACK_PREFIX, Cast

ORDER = {"prefix": PACK_PREFIX, "produced_on": "2026-11-22", "count": 3}


@pytest.fixture(autouse=True)
def public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PUBLIC_URL", "https://trace.example")


def test_order_print_and_look_back(cast: Cast) -> None:
    face = Face(cast.maker)
    given = face.post("/code-batches", {**ORDER, "request": "a"})
    codes = [compose(PACK_PREFIX, date(2026, 11, 22), serial) for serial in (1, 2, 3)]
    assert (given.status, given.json["codes"], given.json["printed_at"]) == (201, codes, None)
    assert face.post("/code-batches", {**ORDER, "request": "a"}).json == given.json
    labels = face.post("/labels", {"batch": given.json["number"], "design": "60x40"})
    assert (labels.status, labels.body[:5], labels.headers["Content-Type"]) == (200, b"%PDF-", "application/pdf")
    again = face.post("/labels", {"code": codes[1], "design": "60x40"})
    assert (again.status, again.json["code"]) == (409, "labels.reason_missing")
    zpl = face.post("/labels", {"code": codes[1], "design": "60x40", "form": "zpl", "reason": "damaged"})
    assert (zpl.status, zpl.body[:3], zpl.headers["Content-Type"]) == (200, b"^XA", "application/zpl")
    jobs = face.get("/label-jobs").json["items"]
    assert [(job["kind"], job["reason"], job["first_code"]) for job in jobs] == [
        ("reprint", "damaged", codes[1]),
        ("first", None, codes[0]),
    ]
    assert labels.headers["Suyuan-Print-Job"] == str(jobs[1]["number"])


def test_pages_of_batches(cast: Cast) -> None:
    face = Face(cast.maker)
    numbers = [face.post("/code-batches", ORDER).json["number"] for _ in range(3)]
    first = face.get("/code-batches", limit=2).json
    rest = face.get("/code-batches", limit=2, cursor=first["next"]).json
    assert [one["number"] for one in first["items"] + rest["items"]] == sorted(numbers, reverse=True)
    assert rest["next"] is None
    assert "codes" not in first["items"][0]
    assert len(face.get(f"/code-batches/{numbers[0]}").json["codes"]) == 3


def test_what_others_are_refused(cast: Cast) -> None:
    number = Face(cast.maker).post("/code-batches", ORDER).json["number"]
    assert Face().post("/code-batches", ORDER).status == 401
    assert Face(cast.nation).post("/code-batches", ORDER).status == 403
    assert Face(cast.carmaker).post("/code-batches", ORDER).json["code"] == "labels.filing_missing"
    assert Face(cast.carmaker).get(f"/code-batches/{number}").status == 404
    assert Face(cast.carmaker).get("/code-batches").json["items"] == []
    assert Face(cast.zhejiang).get("/code-batches").json["items"] == []
    assert [one["number"] for one in Face(cast.guangdong).get("/code-batches").json["items"]] == [number]
    refused = Face(cast.carmaker).post("/labels", {"batch": number, "design": "60x40"})
    assert (refused.status, refused.json["code"]) == (404, "labels.batch_not_found")
    assert Face(cast.carmaker).get("/label-jobs").json["items"] == []


def test_orders_that_make_no_sense(cast: Cast) -> None:
    face = Face(cast.maker)
    for wrong in ({"count": 0}, {"prefix": "x"}, {"suffix": "XX"}, {"produced_on": "soon"}, {"what": 1}):
        assert face.post("/code-batches", {**ORDER, **wrong}).json["code"] == "api.parameter_invalid"
    assert face.post("/labels", {"design": "60x40"}).status == 422
    assert face.post("/labels", {"design": "none", "batch": 1}).json["code"] == "labels.design_unknown"
    assert face.post("/labels", {"design": "60x40", "code": "nonsense"}).status == 422
