"""Outlets and reports of the public over HTTP: without a key, with one, and with the wrong one."""

import base64

import pytest

from suyuan.server.api.bodies import SHEETS
from suyuan.server.supervision.services.complaints import A_SENDER_AN_HOUR
from suyuan.sheets import Format, write_table
from tests.server.api.face import Face
from tests.server.cast import Cast
from tests.server.registry.outlet_rows import country, row

NEAR = "121.55,29.87"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\npicture").decode()


def entry(code: str = "N1", **changes: str | None) -> dict[str, str | None]:
    usual = {name: value for name, value in row("", code).items() if name != "company"}
    return {**usual, **changes}


def filed(face: Face, code: str = "N1", **changes: str | None) -> int:
    made = face.post("/outlets", entry(code, **changes))
    assert made.status == 201, made.body
    return int(made.json["number"])


def test_the_list_is_public_and_told_in_both_languages(cast: Cast) -> None:
    site = filed(Face(cast.collector), brands="启明", valid_from="2026-01-01")
    (found,) = Face().get("/outlets", near=NEAR).json["items"]
    assert (found["number"], found["distance_m"], found["hours"]) == (site, 0.0, "Mo-Fr 09:00-17:30")
    assert found["division_name"] == "宁波市"
    assert Face(language="zh").get(f"/outlets/{site}").json["hours"] == "周一至周五 09:00-17:30"
    assert Face().get("/outlets", brand="启明", division="330000").json["items"]
    for nothing in ({"brand": "other"}, {"division": "440300"}, {"open_at": "2026-11-22T12:00:00+08:00"}):
        assert Face().get("/outlets", **nothing).json["items"] == []
    assert Face().get("/outlets", open_at="2026-11-23T12:00:00+08:00").json["items"][0]["open"] is True
    for wrong in ({"near": "200,10"}, {"near": "x"}, {"open_at": "2026-11-22T12:00:00"}, {"limit": 101}):
        assert Face().get("/outlets", **wrong).status == 422
    assert Face().get("/outlets/999999").json["code"] == "outlets.not_found"
    assert Face().get(f"/outlets/{site}", on="2025-01-01").status == 404


def test_pages(cast: Cast) -> None:
    data = write_table(country(cast.collector.code, 25), Format.XLSX)
    form = SHEETS[3]
    done = Face(cast.zhejiang).post("/outlets/import", data, form)
    assert done.status == 200
    assert done.json["rows"] == 25
    assert done.json["entered"] < 25
    assert {found["code"] for found in done.json["findings"]} == {"registry.outside_scope"}
    assert Face(cast.collector).post("/outlets/import", data, form, query={"dry_run": "true"}).json["changed"] == 0
    assert Face(cast.collector).post("/outlets/import", data, form).json["entered"] == 25
    for asked in ({"near": NEAR}, {}, {"open_now": "true"}):
        seen: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            page = Face().get("/outlets", limit=4, **asked, **cursor).json
            seen += [one["number"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert len(seen) == len(set(seen))
        assert len(seen) == 25 or "open_now" in asked


def test_acts_need_the_right_key(cast: Cast) -> None:
    site = filed(Face(cast.collector))
    acts = {
        "changes": {"phone": "1", "reason": "new number"},
        "verifications": {"on": "2026-11-01", "way": "call"},
        "commissions": {"company": cast.carmaker.code},
        "withdrawal": {"last_day": "2100-01-01", "reason": "moved"},
    }
    for act, body in acts.items():
        assert Face().post(f"/outlets/{site}/{act}", body).status == 401
        assert Face(cast.maker).post(f"/outlets/{site}/{act}", body).status == 403
        assert Face(cast.guangdong).post(f"/outlets/{site}/{act}", body).status == 403
        assert Face(cast.zhejiang).post(f"/outlets/{site}/{act}", body).status == 200
    ended = Face(cast.carmaker).post(
        f"/outlets/{site}/commissions", {"company": cast.carmaker.code, "last_day": "2100-01-01"}
    )
    assert ended.status == 200
    history = Face(cast.collector).get(f"/outlets/{site}/history").json
    assert [act["act"] for act in history["acts"]] == [
        "filed",
        "changed",
        "verified",
        "commissioned",
        "withdrawn",
        "commission_ended",
    ]
    assert Face(cast.maker).get(f"/outlets/{site}/history").json == {"versions": [], "acts": []}
    assert Face(cast.nation).post("/outlets", entry("N2")).json["code"] == "registry.value_missing"
    assert Face(cast.collector).post("/outlets", entry("N2", longitude="200")).status == 422


def test_stock_and_coverage_lie_in_the_scope(cast: Cast) -> None:
    site = filed(Face(cast.collector), valid_from="2026-01-01")
    assert Face(cast.zhejiang).get("/outlets/stock").json == {"items": []}
    assert Face().get("/outlets/stock").status == 401
    told = Face(cast.zhejiang).get("/outlets/coverage").json
    own = [one for one in told["covered"] if one["company"] == cast.collector.code]
    assert own == [{"company": cast.collector.code, "prefecture": "330200", "own": 3, "commissioned": 0, "shared": 0}]
    assert Face(cast.guangdong).get("/outlets/coverage").json["covered"] == []
    assert Face(cast.collector).get("/outlets/coverage").json["covered"] == own
    assert site


def test_anybody_reports_and_authorities_decide(cast: Cast) -> None:
    site = filed(Face(cast.collector))
    assert Face().post(f"/outlets/{site}/reports", {"words": "moved", "contact": "13800000000"}).status == 201
    report = {
        "subject": "company",
        "about": cast.maker.code,
        "words": "batteries behind the fence",
        "evidence": [{"name": "fence.png", "content": PNG}],
    }
    assert Face().post("/complaints", report).status == 201
    assert Face().get("/complaints").status == 401
    assert [one["number"] for one in Face(cast.nation).get("/complaints").json["items"]] == [1, 2]
    assert [one["number"] for one in Face(cast.collector).get("/complaints").json["items"]] == [1]
    assert Face(cast.guangdong).get("/complaints/1").status == 404
    whole = Face(cast.guangdong).get("/complaints/2").json
    assert whole["evidence"][0]["name"] == "fence.png"
    kept = Face(cast.guangdong).get("/complaints/2/files/0")
    assert base64.b64encode(kept.body).decode() == PNG
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert Face(cast.maker).get("/complaints/2/files/0").status == 404
    assert "138" not in Face(cast.zhejiang).get("/complaints/1").body.decode()
    assert Face(cast.collector).post("/complaints/1/contact").status == 403
    assert Face(cast.zhejiang).post("/complaints/1/contact").json == {"contact": "13800000000"}
    assert Face(cast.zhejiang).post("/complaints/1/decision", {"outcome": "settled"}).json["outcome"] == "settled"
    assert Face(cast.zhejiang).post("/complaints/1/decision", {"outcome": "founded"}).status == 409


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"subject": "outlet", "about": "77", "words": "x"}, "complaints.outlet_unknown"),
        ({"subject": "battery", "about": "77", "words": "x"}, "complaints.battery_code"),
        ({"subject": "king", "about": "77", "words": "x"}, "api.parameter_invalid"),
        (
            {"subject": "company", "about": "x", "words": "x", "evidence": [{"name": "a", "content": "%%"}]},
            "complaints.file_unreadable",
        ),
    ],
)
def test_what_is_no_report(cast: Cast, body: dict[str, object], code: str) -> None:
    assert Face().post("/complaints", body).json["code"] == code


def test_a_flood_is_answered_with_429(cast: Cast) -> None:
    body = {"subject": "company", "about": "x", "words": "x"}
    statuses = [Face().post("/complaints", body).status for _ in range(A_SENDER_AN_HOUR + 1)]
    assert statuses == [201] * A_SENDER_AN_HOUR + [429]
