"""The slot for a map: what may be shown is installed, what may not is refused and says why."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from suyuan.cli import main
from suyuan.server.kit.problems import Refusal
from suyuan.server.web import mappack
from tests.server.answers.folding import Folded
from tests.server.web.oversight.maps import packed, shapes
from tests.server.web.people import Somebody


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    return tmp_path


def codes(content: bytes) -> list[str]:
    return [one.code for one in mappack.read_pack(content).findings]


def without(division: str) -> dict[str, Any]:
    drawn = shapes()
    drawn["features"] = [one for one in drawn["features"] if one["properties"]["adcode"] != division]
    return drawn


def moved(division: str, north: float) -> dict[str, Any]:
    drawn = shapes()
    for one in drawn["features"]:
        if one["properties"]["adcode"] == division:
            one["geometry"]["coordinates"] = [[[120, north], [121, north], [121, north + 1], [120, north]]]
    return drawn


def test_a_sound_pack() -> None:
    assert codes(packed()) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (packed(drawn=without("710000")), "mappack.provinces_missing"),
        (packed(drawn=moved("710000", 23.5)), "mappack.point_missing"),
        (packed(drawn=moved("460000", 18.0)), "mappack.point_missing"),
        (packed(drawn={"features": shapes()["features"] + shapes()["features"][:1]}), "mappack.provinces_twice"),
        (
            packed(drawn={"features": [{**one, "geometry": {}} for one in shapes()["features"]]}),
            "mappack.not_degrees",
        ),
        (packed(drawn=moved("110000", 4_000_000)), "mappack.not_degrees"),
        (packed({"crs": "GCJ-02"}), "mappack.crs_unknown"),
        (packed({"level": "city"}), "mappack.level_unknown"),
        (packed({"licence": ""}), "mappack.manifest_lacks"),
        (packed({"review": None}), "mappack.manifest_lacks"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, code: str) -> None:
    found = mappack.read_pack(content)
    assert code in [one.code for one in found.findings]
    with pytest.raises(Refusal, match=r"mappack\.refused"):
        mappack.install(found)
    assert mappack.installed() is None


def test_an_inset_stands_for_the_south() -> None:
    assert codes(packed({"inset": True}, moved("460000", 18.0))) == []


@pytest.mark.parametrize("content", [b"", b"PK", packed({"file": "other.json"}), packed({"file": "../china.json"})])
def test_what_is_no_pack(content: bytes) -> None:
    with pytest.raises(Refusal, match=r"mappack\.not_a_pack"):
        mappack.read_pack(content)


def test_shapes_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mappack, "LARGEST", 1000)
    with pytest.raises(Refusal, match=r"mappack\.too_large"):
        mappack.read_pack(packed())


def test_the_pages_show_it_with_its_number(lives: Folded, minister: Somebody) -> None:
    browser = minister.client("en")
    assert "tab=map" not in browser.get("/g").content.decode()
    mappack.install(mappack.read_pack(packed()))
    page = browser.get("/g?tab=map").content.decode()
    assert "GS(2026)0000号" in page
    shown = mappack.shown_pack()
    assert shown
    answer = browser.get(shown.address)
    assert len(json.loads(answer.content)["features"]) == 34
    assert browser.get("/g/map/0000000000000000.json").status_code == 404
    mappack.install(mappack.read_pack(packed({"review": ""})))
    assert "Sketch, no standard map" in browser.get("/g?tab=map").content.decode()


def test_the_command(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = home / "good.zip", home / "bad.zip"
    good.write_bytes(packed())
    bad.write_bytes(packed(drawn=without("710000")))

    def run(*arguments: str) -> int:
        return int(main.main(["map", *arguments], standalone_mode=False))

    assert run("check") == 3
    assert run("install", str(bad), "--lang", "en") == 4
    assert "台湾" in capsys.readouterr().out
    assert run("check", str(good)) == 0
    assert run("install", str(good)) == 0
    capsys.readouterr()
    assert run("check", "-f", "json") == 0
    assert json.loads(capsys.readouterr().out)["features"] == 34
