"""The digital ID as anybody gets it: no login, no script, small, in both languages, and silent about the rest."""

import gzip
import json
import re
from collections.abc import Mapping

import pytest
from django.http.response import HttpResponseBase
from django.test import Client

from suyuan.codes import compose
from suyuan.server.kit.connection import cursor
from suyuan.server.web.assets import asset_url
from suyuan.server.web.pages.identity import cities_known
from tests.server.api.face import MADE_ON, Face, pack, pack_code
from tests.server.cast import MODULE_PREFIX, PACK_PREFIX, Cast
from tests.server.ledger.acting import VIN

LARGEST = 60_000


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """What another test's register had is not remembered."""
    cities_known.cache_clear()


@pytest.fixture
def known(cast: Cast) -> str:
    """The code of a pack that was reported."""
    assert Face(cast.maker).submit(pack(1)).status < 300
    return pack_code(1)


def asked(code: str, query: str = "", **headers: str) -> HttpResponseBase:
    return Client(headers={"Accept-Language": "en", **headers}).get(f"/b/{code}{query}")


def page(code: str, query: str = "") -> str:
    return getattr(asked(code, query), "content", b"").decode()


def test_anybody_sees_the_public_facts(known: str) -> None:
    response = asked(known)
    text = getattr(response, "content", b"").decode()
    assert response.status_code == 200
    for said in ("New", "P-8", "鹏程电池(模拟)", "100 Ah", MADE_ON.isoformat(), "2026-10", "Restricted information"):
        assert said in text
    assert "Simulated data" in text
    assert response["Cache-Control"] == "public, max-age=60"


def test_both_languages_and_large_type(known: str) -> None:
    chinese = page(known, "?lang=zh")
    assert "未使用" in chinese
    assert 'lang="zh-Hans"' in chinese
    assert 'class="large"' in page(known, "?size=large")
    assert 'class="large"' not in page(known)
    assert asked(known, "?size=large")["Cache-Control"].startswith("private")


def test_no_script_runs_and_nothing_comes_from_elsewhere(known: str) -> None:
    response = asked(known)
    text = getattr(response, "content", b"").decode()
    assert response["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert re.findall(r"<script[^>]*>", text) == ['<script type="application/ld+json">']
    linked = re.findall(r'(?:src|href|action)="([^"]*)"', text)
    assert not [address for address in linked if address.startswith(("http", "//"))]
    assert " style=" not in text
    assert " onclick" not in text


def test_the_page_is_small(known: str) -> None:
    style = Client().get(asset_url("identity.css"))
    parts = [getattr(asked(known), "content", b""), getattr(style, "content", b"")]
    assert sum(len(gzip.compress(part)) for part in parts) < LARGEST / 4


def test_json_and_json_ld_by_negotiation(known: str) -> None:
    plain = asked(known, accept="application/json")
    told = json.loads(getattr(plain, "content", b""))
    assert (plain["Content-Type"], told["status"], told["facts"]["model"]) == (
        "application/json; charset=utf-8",
        "new",
        "P-8",
    )
    assert told["address"].endswith(f"/b/{known}")
    linked = json.loads(getattr(asked(known, accept="application/ld+json"), "content", b""))
    assert (linked["@type"], linked["productID"]) == ("Product", known)
    assert json.loads(getattr(asked(known, "?format=json"), "content", b"")) == told
    for accept in ("text/html", "*/*", "", "image/png"):
        assert asked(known, accept=accept)["Content-Type"].startswith("text/html")
    inside = re.search(r"ld\+json\">(.*?)</script>", page(known))
    assert inside is not None
    assert json.loads(inside[1])["productID"] == known
    assert "Accept" in plain["Vary"]


def test_an_unchanged_page_is_not_sent_again(known: str) -> None:
    first = asked(known)
    again = asked(known, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, getattr(again, "content", b"")) == (304, b"")
    assert asked(known, "?lang=zh")["ETag"] != first["ETag"]
    assert asked(known, **{"If-None-Match": '"other"'}).status_code == 200


def test_a_mistyped_code_is_explained(known: str) -> None:
    wrong = known[:5] + "O" + known[6:]
    text = page(wrong)
    assert f'href="/b/{known}"' in text
    assert "Did you mean" in text
    low = page(known.lower())
    assert f'href="/b/{known}"' in low
    short = page(known[:-2])
    assert "What is wrong with the code" in short
    assert "Did you mean" not in short


def test_a_code_near_something_that_is_not_public_is_not_suggested(cast: Cast, known: str) -> None:
    car = {"vin": VIN, "pack_code": known, "produced_on": "2026-11-01"}
    body = {"kind": "vehicle_produced", "records": [car]}
    assert Face(cast.carmaker).post("/submissions", body).status < 300
    text = page(VIN.replace("0", "O", 1))
    assert VIN not in text
    assert "Did you mean" not in text


def shape(response: HttpResponseBase, code: str) -> tuple[int, Mapping[str, str], str]:
    text = getattr(response, "content", b"").decode()
    return response.status_code, dict(response.headers), text.replace(code, "CODE")


def test_forged_codes_are_answered_like_unknown_ones(cast: Cast, known: str) -> None:
    """A serial that was never used, one of a filed design, one of nobody's, one that exists in a car: one answer."""
    never = compose(PACK_PREFIX, MADE_ON, 77)
    foreign = compose("7XYPB010000001", MADE_ON, 77)
    module = compose(MODULE_PREFIX, MADE_ON, 777)
    first = shape(asked(never), never)
    assert first[0] == 404
    assert first[1]["Cache-Control"] == "no-store"
    for other in (foreign, module):
        status, headers, text = shape(asked(other), other)
        assert (status, headers.keys(), text) == (404, first[1].keys(), first[2])
    problem = asked(never, accept="application/json")
    assert (problem.status_code, problem["Content-Type"]) == (404, "application/problem+json; charset=utf-8")
    assert json.loads(getattr(problem, "content", b""))["code"] == "web_identity.unknown"


@pytest.mark.parametrize(
    "code", ["<script>alert(1)", "%3Cb%3E", "x" * 3000, "%F0%9F%98%80", "..", "%E2%80%AE", "'\"", "%0a", "%ff"]
)
def test_nonsense_is_harmless(known: str, code: str) -> None:
    response = asked(code)
    assert response.status_code == 404
    text = getattr(response, "content", b"").decode()
    assert "<script>alert" not in text
    assert "<b>" not in text.replace("<b>Suyuan", "")


def test_only_reading(known: str) -> None:
    assert Client().post(f"/b/{known}").status_code == 405
    assert Client().head(f"/b/{known}").status_code == 200


@pytest.mark.parametrize(
    "query", ["?near=x", "?near=1,2,3", "?near=999,0", "?near=nan,nan", "?city=%00", "?city=４４０３００"]
)
def test_a_strange_place_is_no_place(known: str, query: str) -> None:
    assert asked(known, query).status_code == 200


def outlet(cast: Cast, site: str, name: str, longitude: float) -> None:
    with cursor() as run:
        run.execute(
            "INSERT INTO registry_outlet (site, version, valid_from, recorded_at, author, kind, name, division,"
            " address, phone, longitude, latitude, datum)"
            " VALUES (%s, 1, '2020-01-01', now(), 'test', 'outlet_collection', %s, '330200', '江北路 1 号',"
            " '0574-1234567', %s, 29.9, 'wgs84')",
            [cast.collector.sites[site], name, longitude],
        )


def test_the_nearest_outlets(cast: Cast, known: str) -> None:
    assert "No recycling outlet has been published" in page(known)
    cities_known.cache_clear()
    outlet(cast, "O1", "近处网点", 121.6)
    outlet(cast, "O2", "远处网点", 121.9)
    plain = page(known)
    assert '<option value="330200"' in plain
    assert "近处网点" not in plain
    listed = page(known, "?city=330200")
    assert "近处网点" in listed
    assert 'href="tel:0574-1234567"' in listed
    nearest = page(known, "?near=121.61,29.9")
    assert nearest.index("近处网点") < nearest.index("远处网点")
    assert "1.0 km" in nearest
    assert "No valid outlet was found here" in page(known, "?city=440300")
