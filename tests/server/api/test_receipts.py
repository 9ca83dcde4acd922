"""Receipts over HTTP: who gets which, and what a verdict says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.log.queries import place as places
from suyuan.server.log.queries.place import Place
from suyuan.server.log.services.starting import keeper
from suyuan.server.witness.keys import KeyFolder
from suyuan.tlog import parse_policy
from suyuan.tlog.verdicts import Outcome, verify_receipt, verify_record_proof
from tests.server.api.face import Face, pack
from tests.server.cast import Cast


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The log of this test stands in a folder of its own."""
    from django.conf import settings

    monkeypatch.setattr(settings, "LOG_FOLDER", tmp_path / "log")
    monkeypatch.setattr(settings, "LOG_BASE", "trace.example")
    monkeypatch.setattr(settings, "LOG_URL", "https://trace.example/log")
    monkeypatch.setattr(settings, "KEY_FOLDER", tmp_path / "keys")
    places.here.cache_clear()
    yield tmp_path
    places.here.cache_clear()


def integrate(root: Path) -> None:
    keys = KeyFolder(root / "keys", log_cost=10)
    keeper(Place("trace.example", root / "log", "110000", "https://trace.example/log"), keys, "x", SYSTEM_CLOCK).once()


def test_the_submitter_gets_the_secret_and_an_official_does_not(cast: Cast, log: Path) -> None:
    number = Face(cast.maker).submit(pack(1)).json["number"]
    address = f"/submissions/{number}/receipt"
    early = Face(cast.maker).get(address)
    assert (early.status, early.json["code"]) == (409, "log.not_yet")
    integrate(log)
    own, shown = Face(cast.maker).get(address), Face(cast.guangdong).get(address)
    assert (own.status, shown.status) == (200, 200)
    assert len(own.json["secret"]) == 64
    assert "secret" not in shown.json
    assert Face(cast.carmaker).get(address).status == 404
    assert Face().get(address).status == 401
    policy = Face().get("/log/policy").body
    assert verify_receipt(own.body, parse_policy(policy)).outcome is Outcome.VALID


def test_a_receipt_on_paper(cast: Cast, log: Path) -> None:
    number = Face(cast.maker).submit(pack(1)).json["number"]
    integrate(log)
    page = Face(cast.maker, "zh").get(f"/submissions/{number}/receipt?format=pdf")
    assert (page.status, page.headers["Content-Type"]) == (200, "application/pdf")
    assert page.body.startswith(b"%PDF-")


def test_what_came_to_nothing_has_no_receipt(cast: Cast, log: Path) -> None:
    number = Face(cast.maker).submit(pack(1, produced_on="soon")).json["number"]
    refused = Face(cast.maker).get(f"/submissions/{number}/receipt")
    assert (refused.status, refused.json["code"]) == (404, "log.not_logged")


def test_a_record_is_proved_to_who_may_see_it(cast: Cast, log: Path) -> None:
    Face(cast.maker).submit(pack(1), pack(2))
    integrate(log)
    life = Face(cast.maker).get(f"/batteries/{pack(1)['pack_code']}/life").json
    record = life["events"][0]["id"]
    proof = Face(cast.maker).get(f"/records/{record}/proof")
    assert proof.status == 200, proof.body
    policy = parse_policy(Face().get("/log/policy").body)
    assert verify_record_proof(proof.body, policy).outcome is Outcome.VALID
    assert Face(cast.laboratory).get(f"/records/{record}/proof").status == 404
    unknown = "00000000-0000-7000-8000-000000000000"
    assert Face(cast.maker).get(f"/records/{unknown}/proof").status == 404


def test_anybody_may_have_a_receipt_verified(cast: Cast, log: Path) -> None:
    number = Face(cast.maker).submit(pack(1)).json["number"]
    integrate(log)
    receipt = Face(cast.maker).get(f"/submissions/{number}/receipt").json
    assert Face().post("/receipts/verify", receipt).json["outcome"] == "valid"
    receipt["leaf"]["records"] = 7
    verdict = Face(language="zh").post("/receipts/verify", receipt).json
    assert (verdict["outcome"], verdict["findings"][0]["code"]) == ("wrong", "tlog.not_included")
    assert Face().post("/receipts/verify", {"kind": "letter"}).json["outcome"] == "wrong"


def test_the_log_is_served_as_tiles(cast: Cast, log: Path) -> None:
    from django.test import Client

    Face(cast.maker).submit(pack(1))
    integrate(log)
    client, prefix = Client(), f"/log/prov/440000/{SYSTEM_CLOCK.today().year}"
    checkpoint = client.get(f"{prefix}/checkpoint")
    assert checkpoint.status_code == 200
    assert checkpoint.content.startswith(b"trace.example/prov/440000/")
    tile = client.get(f"{prefix}/tile/0/000.p/1")
    assert (tile.status_code, len(tile.content)) == (200, 32)
    assert "immutable" in tile["Cache-Control"]
    for path in ("tile/0/001", "tile/0/../../checkpoint", ".lock", "tile/x/000"):
        assert client.get(f"{prefix}/{path}").status_code == 404
    assert client.post(f"{prefix}/checkpoint").status_code == 405


def test_json_of_the_receipt_is_what_the_specification_says(cast: Cast, log: Path) -> None:
    number = Face(cast.maker).submit(pack(1)).json["number"]
    integrate(log)
    receipt = json.loads(Face(cast.maker).get(f"/submissions/{number}/receipt").body)
    assert set(receipt) == {"kind", "version", "leaf", "proof", "log", "secret"}
    assert receipt["log"].startswith("https://trace.example/log/prov/440000/")
