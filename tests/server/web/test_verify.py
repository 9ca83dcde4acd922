"""The public page that verifies receipts: without a script, and whatever is sent to it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.log.queries import place as places
from suyuan.server.log.queries.place import Place
from suyuan.server.log.services.starting import keeper
from suyuan.server.witness.keys import KeyFolder
from tests.server.api.face import Face, pack
from tests.server.cast import Cast

BASE = "trace.example"


@pytest.fixture
def base() -> str:
    """What the origins of this installation begin with."""
    return BASE


@pytest.fixture
def receipt(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str) -> Iterator[dict[str, object]]:
    """A receipt of this installation."""
    from django.conf import settings

    for name, value in {"LOG_FOLDER": "log", "KEY_FOLDER": "keys"}.items():
        monkeypatch.setattr(settings, name, tmp_path / value)
    monkeypatch.setattr(settings, "LOG_BASE", base)
    places.here.cache_clear()
    number = Face(cast.maker).submit(pack(1)).json["number"]
    keeper(Place(base, tmp_path / "log", "110000"), KeyFolder(tmp_path / "keys", log_cost=10), "x", SYSTEM_CLOCK).once()
    yield Face(cast.maker).get(f"/submissions/{number}/receipt").json
    places.here.cache_clear()


def sent(content: bytes, *, as_file: bool = True, language: str = "en") -> tuple[int, str]:
    data = {"file": SimpleUploadedFile("r.json", content)} if as_file else {"text": content.decode()}
    response = Client().post(f"/verify?lang={language}", data)
    return response.status_code, response.content.decode()


@pytest.mark.parametrize("as_file", [True, False])
def test_a_good_receipt(receipt: dict[str, object], as_file: bool) -> None:
    status, page = sent(json.dumps(receipt).encode(), as_file=as_file)
    assert (status, "verdict valid" in page) == (200, True)
    assert str(receipt["secret"]) not in page
    leaf = receipt["leaf"]
    assert isinstance(leaf, dict)
    assert "Commitment to the file&#x27;s digest" in page
    assert leaf["received"] in page


def test_an_altered_one(receipt: dict[str, object]) -> None:
    receipt["leaf"] = {**receipt["leaf"], "records": 9}  # type: ignore[dict-item]
    _, page = sent(json.dumps(receipt).encode(), language="zh")
    assert "verdict wrong" in page
    assert "无效" in page


@pytest.mark.parametrize("content", [b"{", b"<script>alert(1)</script>", b'{"kind":"<b>"}', b"\xff\xfe", b"[[[["])
def test_nonsense_is_wrong_and_harmless(receipt: dict[str, object], content: bytes) -> None:
    status, page = sent(content)
    assert (status, "verdict wrong" in page) == (200, True)
    assert "<script>" not in page
    assert "<b>" not in page


def test_nothing_and_too_much(receipt: dict[str, object]) -> None:
    assert sent(b" ")[0] == 422
    assert sent(b"x" * 4_000_001)[0] == 413


def test_the_page_needs_no_script_and_nothing_from_elsewhere(receipt: dict[str, object]) -> None:
    response = Client().get("/verify", headers={"Accept-Language": "zh"})
    page = response.content.decode()
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert response["Content-Language"] == "zh-Hans"
    assert "<script" not in page
    assert "//" not in page.replace("<!doctype", "")


@pytest.mark.parametrize(("base", "said"), [("simulated.example", True), (BASE, False)])
def test_a_simulated_receipt_is_marked(receipt: dict[str, object], said: bool) -> None:
    _, page = sent(json.dumps(receipt).encode(), language="zh")
    assert "verdict valid" in page
    assert ("模拟数据" in page) is said
