"""Keys, companies, sites, filings, codes, templates and vocabulary over HTTP."""

import json

import pytest

from suyuan.events.vocabulary import vocabulary
from tests.server.api.face import Face, pack_code
from tests.server.cast import CELL_PREFIX, PACK_PREFIX, VENDOR, Cast

FILING = {"prefix": f"{VENDOR}PB0400000ZZ", "model": "P-9", "filed_on": "2026-11-01", "modules": 2, "cells": 8}


def test_a_key_learns_what_it_is(cast: Cast) -> None:
    me = Face(cast.maker).get("/companies/me").json
    assert me["company"]["code"] == cast.maker.code
    assert me["scope"]["level"] == "company"
    assert me["permissions"] == ["file", "read", "submit"]
    assert cast.maker.token not in json.dumps(me)
    official = Face(cast.guangdong).get("/companies/me").json
    assert (official["company"], official["scope"]["division"]) == (None, "440000")


def test_sites_lie_in_the_scope(cast: Cast) -> None:
    def names(face: Face) -> set[str]:
        found, cursor = set(), None
        while True:
            page = face.get("/sites", limit=2, **({"cursor": cursor} if cursor else {})).json
            found |= {f"{site['company']}/{site['code']}" for site in page["items"]}
            cursor = page["next"]
            if cursor is None:
                return found

    maker = f"{cast.maker.number}/"
    assert names(Face(cast.maker)) == {f"{maker}F1", f"{maker}W1"}
    assert f"{maker}W1" in names(Face(cast.zhejiang))
    assert f"{maker}W1" not in names(Face(cast.guangdong))
    assert len(names(Face(cast.nation))) == 9


def test_a_filing_is_made_by_its_company_and_seen_in_scope(cast: Cast) -> None:
    made = Face(cast.maker).post("/filings", {**FILING, "details": {"material": "LFP"}})
    assert made.status == 201
    (filed,) = made.json["items"]
    assert (filed["model"], filed["company"], filed["level"]) == ("P-9", cast.maker.number, "P")
    assert Face(cast.maker).get("/filings", prefix=FILING["prefix"]).json["items"] == [filed]
    assert Face(cast.carmaker).get("/filings", prefix=FILING["prefix"]).json["items"] == []
    both = Face(cast.guangdong).get("/filings", prefix=[PACK_PREFIX, CELL_PREFIX]).json["items"]
    assert {one["prefix"] for one in both} == {PACK_PREFIX, CELL_PREFIX}


def test_nobody_files_for_another_company(cast: Cast) -> None:
    refused = Face(cast.carmaker).post("/filings", {**FILING, "company": cast.maker.code})
    assert (refused.status, refused.json["code"]) == (403, "registry.outside_scope")
    assert Face(cast.carmaker).post("/filings", FILING).json["code"] == "registry.vendor_of_other"
    assert Face(cast.nation).post("/filings", {**FILING, "company": cast.maker.code}).status == 403
    assert Face(cast.maker).get("/filings", prefix=FILING["prefix"]).json["items"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"prefix": "x" * 15},
        {"mass_kg": -1},
        {"mass_kg": "heavy"},
        {"cells": 1e30},
        {"filed_on": "never"},
        {"level": "X"},
        {"more": 1},
        {"model": "a\u0000b"},
        {"model": "\ud800"},
        {"details": {"a": "\ud800"}},
    ],
)
def test_a_filing_that_cannot_be_kept_is_refused(cast: Cast, changes: dict[str, object]) -> None:
    assert Face(cast.maker).post("/filings", {**FILING, **changes}).status == 422


def test_a_code_is_explained_in_the_language_asked_for(cast: Cast) -> None:
    english = Face(cast.maker).post("/codes/explain", {"code": pack_code(1)}).json
    chinese = Face(cast.maker, "zh").post("/codes/explain", {"code": pack_code(1)}).json
    assert english["valid"]
    assert english["produced_on"] == "2026-10-01"
    assert [place["meaning"] for place in english["positions"]] == [place["meaning"] for place in chinese["positions"]]
    assert english["positions"][0]["message"] != chinese["positions"][0]["message"]
    wrong = Face(cast.maker).post("/codes/explain", {"code": pack_code(1).replace("B", "O", 1)}).json
    assert not wrong["valid"]
    assert wrong["findings"]


def test_codes_are_judged_in_their_order(cast: Cast) -> None:
    codes = [pack_code(1), "x", pack_code(2), ""]
    items = Face(cast.maker).post("/codes/validate", {"codes": codes}).json["items"]
    assert [item["code"] for item in items] == codes
    assert [item["valid"] for item in items] == [True, False, True, False]
    assert all(finding["message"] for item in items for finding in item["findings"])
    assert Face().post("/codes/validate", {"codes": codes}).status == 401


def test_templates_are_for_everybody(database: str) -> None:
    listed = Face().get("/templates").json["items"]
    assert [item["kind"] for item in listed] == list(vocabulary().kinds)
    sheet = Face().get("/templates/pack_produced")
    assert sheet.body.startswith(b"PK")
    assert 'filename="pack_produced.xlsx"' in sheet.headers["Content-Disposition"]
    csv = Face().get("/templates/pack_produced", "text/csv")
    assert "pack_code" in csv.body.decode("utf-8-sig") or "电池包编码" in csv.body.decode("utf-8-sig")
    unknown = Face().get("/templates/nothing")
    assert (unknown.status, unknown.json["code"]) == (404, "api.kind_not_found")


def test_an_unchanged_vocabulary_is_not_sent_again(database: str) -> None:
    first = Face().get("/vocabulary")
    assert {kind["name"] for kind in first.json["kinds"]} == set(vocabulary().kinds)
    again = Face().get("/vocabulary", mark=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
