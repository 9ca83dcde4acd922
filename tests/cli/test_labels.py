"""Codes are given out and labels printed from the command line, on this machine and over HTTP."""

import json
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from suyuan.cli.remote import Remote
from suyuan.client import Client
from tests.cli.runner import run
from tests.server.cast import PACK_PREFIX, Cast


@pytest.fixture(autouse=True)
def public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PUBLIC_URL", "https://trace.example")


def test_allocate_and_label(cast: Cast, tmp_path: Path) -> None:
    order = ("code", "allocate", PACK_PREFIX, "2026-11-22", 2, "--as", cast.maker.code)
    given = run(*order, "--request", "a", "-f", "json")
    assert (given.code, given.json["count"], len(given.json["codes"])) == (0, 2, 2)
    assert run(*order, "--request", "a", "-f", "json").json == given.json
    code, label = given.json["codes"][1], tmp_path / "one.pdf"
    printed = run("battery", "label", code, "-o", label, "--as", cast.maker.code)
    assert (printed.code, label.read_bytes()[:5]) == (0, b"%PDF-")
    assert run("battery", "label", code, "-o", label).code == 8  # a conflict: no reason
    zpl = tmp_path / "one.zpl"
    assert run("battery", "label", code, "-o", zpl, "--reason", "damaged").code == 0
    assert zpl.read_bytes()[:3] == b"^XA"


def test_what_is_refused(cast: Cast, tmp_path: Path) -> None:
    assert run("code", "allocate", PACK_PREFIX, "2026-11-22", 2).code == 6  # the operator is no company
    assert run("code", "allocate", PACK_PREFIX, "2026-11-22", 2, "--as", cast.carmaker.code).code == 3
    assert run("code", "allocate", PACK_PREFIX, "someday", 2).code == 2
    target = tmp_path / "none.pdf"
    assert run("battery", "label", f"{PACK_PREFIX}GBN0000001", "-o", target, "--as", cast.maker.code).code == 8
    assert not target.exists()


def test_over_http() -> None:
    asked: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=b'{"number": 4}')

    counter = Remote(Client("http://paper.example", "sy_x", transport=httpx.MockTransport(hear)))
    order = {"prefix": PACK_PREFIX, "produced_on": "2026-11-22", "count": 2}
    assert counter.allocate(order) == {"number": 4}
    assert counter.label({"code": "x", "design": "a4"}) == b'{"number": 4}'
    assert [request.url.path for request in asked] == ["/api/v1/code-batches", "/api/v1/labels"]
    assert json.loads(asked[0].content) == order
