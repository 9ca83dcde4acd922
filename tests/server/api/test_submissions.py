"""Reporting over HTTP: what is answered at once, what becomes a job, what is taken back."""

import io

import polars as pl
import pytest

from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services import KeyOrder, issue_key
from suyuan.server.submissions import services
from tests.server.api.face import Answer, Face, cell_code, pack, pack_code
from tests.server.cast import NATION, Actor, Cast


def codes(answer: Answer) -> list[str]:
    return [group["code"] for group in answer.json["groups"]]


def test_a_small_submission_is_answered_with_its_result(cast: Cast) -> None:
    answer = Face(cast.maker).submit(pack(1))
    assert answer.status == 200
    assert answer.json["state"] == "accepted"
    assert (answer.json["records"], answer.json["admitted"], answer.json["refused"]) == (1, 1, 0)
    assert answer.headers["Location"] == f"/api/v1/submissions/{answer.json['number']}"
    shown = Face(cast.maker).get(f"/submissions/{answer.json['number']}")
    assert shown.json == answer.json


def test_the_same_bytes_are_the_same_submission(cast: Cast) -> None:
    face = Face(cast.maker)
    first, second = face.submit(pack(1)), face.submit(pack(1))
    assert second.json == first.json


def test_an_idempotency_key_belongs_to_its_bytes(cast: Cast) -> None:
    face = Face(cast.maker)
    first = face.submit(pack(1), key="monday-1")
    assert face.submit(pack(1), key="monday-1").json == first.json
    other = face.submit(pack(2), key="monday-1")
    assert other.status == 409
    assert other.headers["Content-Type"] == "application/problem+json"
    assert face.get(f"/batteries/{pack_code(2)}").status == 404
    assert Face(cast.carmaker).submit(pack(3), key="monday-1").status == 200  # keys are each company's own


@pytest.mark.parametrize("key", ["two words", "x" * 201, "钥匙"])
def test_an_idempotency_key_is_short_and_plain(cast: Cast, key: str) -> None:
    answer = Face(cast.maker).submit(pack(1), key=key)
    assert (answer.status, answer.json["code"]) == (422, "api.parameter_invalid")


def test_a_refusal_says_why_in_the_language_asked_for(cast: Cast) -> None:
    bad = pack(1, produced_on="2026-13-01")
    english = Face(cast.maker).submit(bad, dry_run=True)
    chinese = Face(cast.maker, "zh-CN,zh;q=0.9").submit(bad, dry_run=True)
    assert codes(english) == codes(chinese) == ["events.date_impossible"]
    (one,), (other,) = english.json["groups"], chinese.json["groups"]
    assert one["message"] != other["message"]
    assert "2026-13-01" in one["message"]
    assert "2026-13-01" in other["message"]
    assert one["examples"][0]["data"] == other["examples"][0]["data"]
    assert chinese.headers["Content-Language"] == "zh-Hans"


def test_good_rows_enter_without_the_bad_ones_unless_all_or_nothing_is_asked(cast: Cast) -> None:
    face = Face(cast.maker)
    mixed = [pack(1), pack(2, produced_on="soon")]
    strict = face.submit(*mixed, mode="all_or_nothing")
    assert strict.json["state"] == "refused"
    assert face.get(f"/batteries/{pack_code(1)}").status == 404
    loose = face.submit(*mixed)
    assert (loose.json["state"], loose.json["admitted"], loose.json["refused"]) == ("partly_accepted", 1, 1)
    assert face.get(f"/batteries/{pack_code(1)}").status == 200


def test_a_dry_run_writes_nothing(cast: Cast) -> None:
    face = Face(cast.maker)
    assert face.submit(pack(1), dry_run=True).json["state"] == "tried"
    assert face.get(f"/batteries/{pack_code(1)}").status == 404


def test_findings_come_in_pages_and_as_files(cast: Cast) -> None:
    face = Face(cast.maker)
    number = face.submit(*(pack(n, produced_on=f"day {n}") for n in range(1, 4))).json["number"]
    path = f"/submissions/{number}/findings"
    everything = face.get(path).json
    assert everything["total"] == len(everything["items"]) >= 3
    assert everything["next"] is None
    paged, cursor = [], None
    while True:
        page = face.get(path, limit=2, **({"cursor": cursor} if cursor else {})).json
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == everything["items"]
    table = pl.read_csv(io.BytesIO(face.get(path, format="csv").body))
    assert table["message"].to_list() == [item["message"] for item in everything["items"]]
    parquet = pl.read_parquet(io.BytesIO(face.get(path, "application/vnd.apache.parquet").body))
    assert parquet["code"].to_list() == table["code"].to_list()


def test_a_cursor_belongs_to_its_listing(cast: Cast) -> None:
    face = Face(cast.maker)
    for serial in range(1, 4):
        face.submit(pack(serial))
    page = face.get("/submissions", limit=2).json
    assert len(page["items"]) == 2
    rest = face.get("/submissions", limit=2, cursor=page["next"]).json
    numbers = [item["number"] for item in [*page["items"], *rest["items"]]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 3
    for answer in (
        face.get("/submissions", limit=2, cursor=page["next"], state="refused"),
        face.get("/submissions", cursor=page["next"][:-1]),
        face.get("/sites", cursor=page["next"]),
    ):
        assert (answer.status, answer.json["code"]) == (422, "kit.cursor_invalid")


def test_bad_rows_come_back_and_the_original_is_kept(cast: Cast) -> None:
    face = Face(cast.maker)
    body = b'{"kind": "pack_produced", "records": [{"pack_code": "no", "produced_on": "2026-10-01"}]}\n'
    number = face.post("/submissions", body, query={"name": "packs.json"}).json["number"]
    original = face.get(f"/submissions/{number}/original")
    assert original.body == body
    assert original.headers["Content-Disposition"] == 'attachment; filename="packs.json"'
    assert original.headers["Content-Type"] == "application/octet-stream"
    bad = face.get(f"/submissions/{number}/bad-rows")
    assert bad.body.startswith(b"PK")
    good = face.submit(pack(5)).json["number"]
    assert face.get(f"/submissions/{good}/bad-rows").status == 409


def test_a_large_file_becomes_a_job(cast: Cast) -> None:
    face = Face(cast.maker)
    rows = [f"{pack_code(1)},2026-10-01,{'x' * 200}"] * 1500
    body = "\n".join(["pack_code,produced_on,model", *rows]).encode()
    answer = face.post("/submissions", body, "text/csv", query={"kind": "pack_produced", "name": "day.csv"})
    assert answer.status == 202
    assert (answer.json["state"], answer.json["finished"]) == ("received", False)
    place = answer.headers["Location"]
    assert face.get(place).json["state"] == "received"
    services.work(answer.json["number"])
    assert face.get(place).json["finished"] is True
    assert face.post("/submissions", body, "text/csv", query={"kind": "pack_produced"}).status == 200


def test_waiting_ends_when_patience_does(cast: Cast) -> None:
    body = b"pack_code,produced_on\n" + b"x,2026-10-01\n" * 25_000
    answer = Face(cast.maker).post("/submissions", body, "text/csv", query={"kind": "pack_produced", "wait": 1})
    assert answer.status == 202
    assert Face(cast.maker).post("/submissions", body, "text/csv", query={"wait": 999}).status == 422


def test_undo_is_for_the_submitter_until_he_confirms(cast: Cast) -> None:
    face = Face(cast.maker)
    first, second = (face.submit(pack(serial)).json["number"] for serial in (1, 2))
    for stranger in (cast.carmaker, cast.repairer):
        for act in ("undo", "confirm"):
            answer = Face(stranger).post(f"/submissions/{first}/{act}", {"reason": "mine"})
            assert (answer.status, answer.json["code"]) == (404, "submissions.not_found")
    undone = face.post(f"/submissions/{first}/undo", {"reason": "wrong file"})
    assert (undone.status, undone.json["state"]) == (200, "undone")
    assert face.post(f"/submissions/{first}/undo", {"reason": "again"}).status == 409
    assert face.post(f"/submissions/{second}/confirm").json["confirmed_at"]
    late = face.post(f"/submissions/{second}/undo", {"reason": "too late"})
    assert (late.status, late.json["code"]) == (409, "submissions.confirmed")


def test_undo_needs_a_reason(cast: Cast) -> None:
    face = Face(cast.maker)
    number = face.submit(pack(1)).json["number"]
    bodies: list[object] = [{}, {"reason": ""}, {"reason": 7}, {"reason": "x", "other": 1}, [], "x"]
    for body in bodies:
        answer = face.post(f"/submissions/{number}/undo", body)
        assert (answer.status, answer.json["code"]) == (422, "api.parameter_invalid")


@pytest.mark.parametrize("what", ["", "/findings", "/bad-rows", "/original"])
def test_who_may_not_see_a_submission_hears_that_there_is_none(cast: Cast, what: str) -> None:
    number = Face(cast.maker).submit(pack(1, produced_on="soon")).json["number"]
    the_file = what in ("/bad-rows", "/original")  # may hold personal data: for its sender only
    assert Face(cast.maker).get(f"/submissions/{number}{what}").status == 200
    for official in (cast.guangdong, cast.nation):
        assert Face(official).get(f"/submissions/{number}{what}").status == (403 if the_file else 200)
    for actor in (cast.carmaker, cast.zhejiang):
        hidden = Face(actor).get(f"/submissions/{number}{what}")
        unknown = Face(actor).get(f"/submissions/{number + 1000}{what}")
        assert hidden.status == unknown.status == 404
        assert hidden.json["code"] == unknown.json["code"] == "submissions.not_found"
        assert Face(actor).get("/submissions").json["items"] == []


def key_with(cast: Cast, *permissions: Permission) -> Actor:
    order = KeyOrder("test", cast.maker.scope, frozenset(permissions))
    return Actor("test", cast.maker.scope, issue_key(NATION, order).token.text)


def test_each_key_does_only_what_it_is_for(cast: Cast) -> None:
    reporter, reader = key_with(cast, Permission.SUBMIT), key_with(cast, Permission.READ)
    number = Face(reporter).submit(pack(1)).json["number"]
    assert Face(reporter).get(f"/submissions/{number}").status == 200
    assert Face(reporter).get(f"/batteries/{pack_code(1)}").status == 403
    assert Face(reader).get(f"/batteries/{pack_code(1)}").status == 200
    for refused in (Face(reader).submit(pack(2)), Face(cast.nation).submit(pack(2))):
        assert (refused.status, refused.json["code"]) == (403, "accounts.not_permitted")
    assert Face(cast.maker).get(f"/batteries/{pack_code(2)}").status == 404


def test_without_a_key_nothing_is_taken(cast: Cast) -> None:
    answer = Face().submit(pack(1))
    assert (answer.status, answer.json["code"]) == (401, "accounts.key_missing")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_cell_can_be_in_one_pack_only(cast: Cast) -> None:
    """A contradiction with the ledger, as the client sees it."""
    face = Face(cast.maker)
    face.submit(pack(1))
    second = pack(2)
    second["modules"] = [{"module_code": None, "cells": [cell_code(1), *(cell_code(2, n) for n in range(7))]}]
    answer = face.submit(second)
    assert answer.json["state"] == "refused"
    assert "events.second_parent" in codes(answer)
    assert face.get(f"/batteries/{cell_code(1)}").json["inside"][-1] == pack_code(1)
