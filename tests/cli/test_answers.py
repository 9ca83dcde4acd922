"""`suyuan answers` and `suyuan report` on a small ledger, here and over HTTP."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.db import transaction

from suyuan.cli.exits import Exit
from suyuan.server.kit.clock import SystemClock
from suyuan.server.kit.connection import cursor
from tests.cli.runner import run
from tests.server.answers.folding import Folded
from tests.server.cast import NOW, Cast


@pytest.fixture
def folded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Folded:
    """One pack in use and one that nobody received, not yet folded."""
    monkeypatch.setattr("suyuan.cli.ring.enter", lambda: None)
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    monkeypatch.setattr(SystemClock, "today", lambda _: NOW.date())
    folded = Folded(cast)
    folded.installed(1, date(2026, 2, 1), sold_in="440300")
    lost = folded.installed(2, date(2026, 2, 1), "1M8GDM9AXKP042788", sold_in="330100")
    folded.removed(lost, date(2026, 6, 1), "1M8GDM9AXKP042788")
    folded.handed(lost, date(2026, 6, 3))
    return folded


def test_totals_follow_and_are_told(folded: Folded) -> None:
    assert run("answers", "rebuild", "--check", "-f", "json").json["waiting"] > 0
    assert run("answers", "follow", "--once").code == Exit.OK
    figures = {one["measure"]: one["value"] for one in run("answers", "overview", "-f", "json").json["figures"]}
    assert (figures["in_service"], figures["retired"], figures["unaccounted"]) == (1, 1, 1)
    assert "batteries in use" in run("answers", "overview").out
    assert "在用电池" in run("answers", "overview", "--lang", "zh").out
    assert "unaccounted" in run("answers", "flows").out
    assert "2026-11" in run("answers", "trend").out
    ranks = run("answers", "ranking", "--by", "division", "--measure", "in_service", "-f", "json").json
    assert (ranks[0]["area"]["code"], ranks[0]["value"]) == ("440000", 1)
    assert "440000" in run("answers", "ranking", "--by", "division", "--measure", "in_service").out
    assert run("answers", "overview", "--scope", "999999", "-f", "json").code == Exit.OK


def test_numbers_open_to_rows(folded: Folded) -> None:
    run("supervision", "follow", "--once")
    run("answers", "follow", "--once")
    (row,) = run("answers", "rows", "unaccounted", "-f", "json").json
    assert (row["reason"], row["since"]) == ("not_received", "2026-08-03")
    assert row["code"] in run("answers", "rows", "unaccounted").out
    page = run("answers", "rows", "late", "--limit", "1", "--period", "all", "-f", "json")
    assert len(page.json) == 1
    assert "--cursor" in page.told
    assert page.json[0]["duty"] in run("answers", "rows", "late", "--period", "all").out


def test_a_check_tells_what_is_wrong_and_a_rebuild_mends_it(folded: Folded) -> None:
    run("answers", "follow", "--once")
    assert run("answers", "rebuild", "--check").code == Exit.OK
    with transaction.atomic(), cursor() as sql:
        sql.execute("UPDATE answers_flow SET packs = packs + 1")
    assert run("answers", "rebuild", "--check").code == Exit.CONFLICT
    assert run("answers", "rebuild").code == Exit.OK
    assert run("answers", "rebuild", "--check").code == Exit.OK


def test_a_number_is_explained(folded: Folded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.cli.ring.set_up", lambda: None)
    assert run("answers", "explain", "unaccounted", "-f", "json").json["status"] == "inferred"
    assert run("answers", "explain", "happiness").code == Exit.USAGE


def test_a_report_is_made_listed_and_fetched_again(folded: Folded, tmp_path: Path) -> None:
    run("answers", "follow", "--once")
    first, second, sheet = tmp_path / "one.json", tmp_path / "two.json", tmp_path / "out.xlsx"
    asked = ("report", "run", "monthly", "--period", "2026-10", "--scope", "330000")
    assert run(*asked, "-o", str(first)).code == Exit.OK
    assert run(*asked, "-o", str(sheet)).code == Exit.OK
    (listed,) = run("report", "list", "-f", "json").json
    assert (listed["area"], listed["period"]) == ("330000", "2026-10")
    assert listed["id"] in run("report", "list").out
    assert run("report", "show", listed["id"], "-o", str(second)).code == Exit.OK
    assert first.read_bytes() == second.read_bytes()
    assert json.loads(first.read_bytes())["area"] == "330000"
    assert sheet.read_bytes().startswith(b"PK")


def test_what_cannot_be_reported(folded: Folded, tmp_path: Path) -> None:
    assert run("report", "run", "monthly", "-o", str(tmp_path / "out.doc")).code == Exit.USAGE
    assert run("report", "show", "7", "-o", str(tmp_path / "out.pdf")).code == Exit.USAGE
    missing = "00000000-0000-0000-0000-000000000000"
    assert run("report", "show", missing, "-o", str(tmp_path / "out.pdf")).code == Exit.NOT_FOUND
    assert not list(tmp_path.iterdir())
