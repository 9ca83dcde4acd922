"""Feeds, notices, webhooks, standing duties and qualifications over HTTP: who may, and who may not."""

import pytest

from suyuan.server.kit import outward
from suyuan.server.supervision.services import webhooks
from tests.server.api.face import Face
from tests.server.cast import Cast
from tests.server.supervision.test_feeds import MONDAY, Receiver, delivered, notified, on, owed

CSV = "company,kind,category,reference,valid_from,status,source\n{},{},{},R-1,2026-05-01,simulated,made up\n"


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host is a public one."""
    monkeypatch.setattr(outward, "destination", lambda url, allowed: outward.check_url(url))


def test_a_feed_is_opened_read_without_a_key_replaced_and_closed(cast: Cast) -> None:
    face = Face(cast.utiliser)
    assert face.get("/api/v1/deadline-feed").json["open"] is False
    first = face.post("/api/v1/deadline-feed", {}).json["path"]
    calendar = Face().get(first)
    assert (calendar.status, calendar.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert calendar.body.startswith(b"BEGIN:VCALENDAR\r\n")
    second = face.post("/api/v1/deadline-feed", {}).json["path"]
    assert Face().get(first).status == 404
    assert Face().get(second).status == 200
    assert face.get("/api/v1/deadline-feed").json["open"] is True
    assert face.delete("/api/v1/deadline-feed").status == 200
    assert Face().get(second).status == 404
    assert face.delete("/api/v1/deadline-feed").status == 404
    for official in (cast.nation, cast.zhejiang):
        assert Face(official).post("/api/v1/deadline-feed", {}).status == 403


def test_digests_are_listed_and_read(cast: Cast) -> None:
    owed(cast.utiliser.number, MONDAY)
    notified(on(MONDAY))
    (one,) = Face(cast.utiliser).get("/api/v1/notices?unread=true").json["items"]
    assert one["due"][0]["count"] == 1
    assert Face(cast.maker).get("/api/v1/notices").json["items"] == []
    assert Face(cast.maker).post(f"/api/v1/notices/{one['number']}/read", {}).status == 404
    assert Face(cast.utiliser).post(f"/api/v1/notices/{one['number']}/read", {}).status == 200
    assert Face(cast.utiliser).get("/api/v1/notices?unread=true").json["items"] == []


def test_lead_times_are_chosen(cast: Cast) -> None:
    face = Face(cast.utiliser)
    assert face.get("/api/v1/notice-leads").json == {"working_days": [0, 1, 3, 5]}
    assert face.put("/api/v1/notice-leads", {"working_days": [7, 2]}).json == {"working_days": [2, 7]}
    assert face.get("/api/v1/notice-leads").json == {"working_days": [2, 7]}
    assert face.put("/api/v1/notice-leads", {"working_days": []}).status == 422


def test_webhooks_are_added_told_about_and_ended(cast: Cast) -> None:
    face = Face(cast.utiliser)
    made = face.post("/api/v1/webhooks", {"url": "https://hooks.example.org/suyuan"})
    assert made.status == 201
    assert made.json["secret"].startswith("whsec_")
    owed(cast.utiliser.number, MONDAY)
    notified(on(MONDAY))
    assert delivered(on(MONDAY), Receiver(500))
    path = f"/api/v1/webhooks/{made.json['number']}"
    (row,) = face.get(f"{path}/deliveries").json["items"]
    assert (row["state"], row["attempts"], row["status"]) == ("waiting", 1, 500)
    assert Face(cast.maker).get(f"{path}/deliveries").json["items"] == []
    assert Face(cast.maker).delete(path).status == 404
    assert face.delete(path).status == 200
    assert face.get("/api/v1/webhooks").json["items"] == []
    assert face.post("/api/v1/webhooks", {"url": "ftp://example.org"}).status == 422
    assert webhooks.MOST_WEBHOOKS > 0


def test_qualifications_are_entered_by_authorities_and_seen_by_their_company(cast: Cast) -> None:
    text = CSV.format(cast.utiliser.code, "industry_conditions", "recycling")
    refused = CSV.format(cast.maker.code, "discharge_permit", "")
    done = Face(cast.zhejiang).post("/api/v1/qualifications", text.encode(), "text/csv")
    assert (done.status, done.json["rows"], done.json["entered"]) == (200, 1, 1)
    outside = Face(cast.zhejiang).post("/api/v1/qualifications", refused.encode(), "text/csv")
    assert outside.json["entered"] == 0
    (found,) = outside.json["findings"]
    assert (found["code"], found["row"]) == ("registry.outside_scope", 2)
    assert Face(cast.utiliser).post("/api/v1/qualifications", text.encode(), "text/csv").status == 403
    (one,) = Face(cast.utiliser).get("/api/v1/qualifications?on=2026-06-01").json["items"]
    assert (one["kind"], one["category"], one["company"]) == ("industry_conditions", "recycling", cast.utiliser.code)
    assert Face(cast.utiliser).get("/api/v1/qualifications?on=2026-04-30").json["items"] == []
    path = f"/api/v1/qualifications/{one['number']}"
    assert Face(cast.maker).get(path).status == 404
    assert Face(cast.utiliser).post(f"{path}/withdrawal", {"reason": "mine"}).status == 403
    assert Face(cast.guangdong).post(f"{path}/withdrawal", {"reason": "not mine"}).status == 404
    gone = Face(cast.zhejiang).post(f"{path}/withdrawal", {"reason": "misread"})
    assert (gone.status, gone.json["reason"]) == (200, "misread")
    assert Face(cast.utiliser).get("/api/v1/qualifications").json["items"] == []
