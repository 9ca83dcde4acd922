"""`suyuan outlet` on a small register, and the same commands against a server of paper."""

import json
from pathlib import Path

import httpx
import pytest

from suyuan.cli.exits import Exit
from suyuan.cli.outlet_counter import Elsewhere, Sought
from suyuan.client import Client
from suyuan.server.kit.clock import SystemClock
from suyuan.server.kit.connection import cursor
from suyuan.server.registry.queries.outlets import outlet_acts
from suyuan.server.supervision.queries.complaints import complaints
from suyuan.sheets import Format, write_table
from tests.cli.runner import run
from tests.server.cast import NOW, Cast
from tests.server.registry.outlet_rows import country


@pytest.fixture
def table(cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A table of 30 outlets, one of which is wrong."""
    monkeypatch.setattr("suyuan.cli.ring.enter", lambda: None)
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    monkeypatch.setattr(SystemClock, "today", lambda _: NOW.date())
    frame = country(cast.collector.code, 30)
    frame[3, "hours"] = "nowhen"
    path = tmp_path / "outlets.xlsx"
    path.write_bytes(write_table(frame, Format.XLSX))
    return path


def test_a_table_is_brought_in_and_asked(cast: Cast, table: Path, tmp_path: Path) -> None:
    dry = run("outlet", "import", table, "--dry-run", "-f", "json")
    assert (dry.code, dry.json["entered"], dry.json["changed"]) == (Exit.PARTLY, 29, 0)
    done = run("outlet", "import", table, "--as", cast.collector.code, "-f", "json")
    assert (done.code, done.json["changed"]) == (Exit.PARTLY, 29)
    (found,) = done.json["findings"]
    assert (found["row"], found["code"]) == (5, "outlets.hours_form")  # the heading is row 1
    assert "nowhen" in run("outlet", "import", table).out
    assert run("outlet", "import", table, "--as", cast.carmaker.code).code == Exit.REJECTED
    rows = run("outlet", "near", "121.55,29.87", "--limit", "3", "-f", "json").json
    assert len(rows) == 3
    assert rows[0]["distance_m"] < rows[1]["distance_m"] < rows[2]["distance_m"]
    shown = run("outlet", "show", rows[0]["number"])
    assert rows[0]["name"] in shown.out
    assert "营业时间" in run("outlet", "list", "--lang", "zh").out
    assert "km" in run("outlet", "near", "121.55,29.87").out
    assert len(run("outlet", "list", "--kind", "outlet_central", "-f", "json").json) < 10
    assert "No outlet" in run("outlet", "list", "--division", "110000", "--brand", "nobody").out
    empty = tmp_path / "empty.csv"
    assert run("outlet", "template", "-o", empty).code == Exit.OK
    assert "网点编号" in empty.read_text(encoding="utf-8-sig")


def test_acts(cast: Cast, table: Path) -> None:
    run("outlet", "import", table)
    site = run("outlet", "list", "--limit", "1", "-f", "json").json[0]["number"]
    assert run("outlet", "verify", site, "--on", "2026-11-20", "--way", "call").code == Exit.OK
    assert run("outlet", "verify", site, "--on", "2027-11-20", "--way", "call").code == Exit.REJECTED
    told = run("outlet", "report", site, "moved", "--contact", "13800000000", "-f", "json")
    with cursor() as asked:
        assert [str(one.id) for one in complaints(asked, cast.nation.scope).rows] == [told.json["id"]]
    stranger = ("--as", cast.maker.code)
    last = ("--last-day", "2026-11-21", "--reason", "moved")
    before = ("--last-day", "2026-11-22", "--reason", "moved")
    assert run("outlet", "withdraw", site, *before, *stranger).code == Exit.NOT_PERMITTED
    assert run("outlet", "withdraw", site, *last).code == Exit.REJECTED
    assert run("outlet", "withdraw", site, *before).code == Exit.OK
    assert run("outlet", "withdraw", site, *before).code == Exit.CONFLICT
    assert run("outlet", "show", 999999).code == Exit.NOT_FOUND
    assert run("outlet", "near", "everywhere").code == Exit.USAGE
    assert run("outlet", "near", "200,10").code == Exit.USAGE
    with cursor() as asked:
        acts = outlet_acts(asked, cast.nation.scope, site)
    assert [(act.act, act.author) for act in acts] == [
        ("filed", "operator"),
        ("verified", "operator"),
        ("withdrawn", "operator"),
    ]


def test_elsewhere_the_same_is_asked_over_http(tmp_path: Path) -> None:
    heard: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        page = {"items": [{"number": n} for n in range(5)], "next": None, "id": "x", "number": 1}
        return httpx.Response(200, content=json.dumps(page).encode())

    there = Elsewhere(Client("http://paper.example", "sy_x", transport=httpx.MockTransport(hear)))
    assert len(there.find(Sought((121.5, 29.8), brand="启明", limit=3))) == 3
    asked = heard[0].url.params
    assert (asked["near"], asked["brand"], asked["limit"]) == ("121.500000000,29.800000000", "启明", "3")
    path = tmp_path / "t.csv"
    path.write_text("a", encoding="utf-8")
    there.bring_in(path, dry_run=True)
    assert (heard[1].url.path, heard[1].url.params["dry_run"]) == ("/api/v1/outlets/import", "true")
    there.verify(7, NOW.date(), "visit", correct=False, note="n")
    there.withdraw(7, NOW.date(), "moved")
    assert there.report(7, "wrong", "") == "x"
    assert there.show(7)["number"] == 1
    assert [request.url.path.rpartition("/")[2] for request in heard[2:5]] == ["verifications", "withdrawal", "reports"]
