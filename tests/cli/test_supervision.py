"""`suyuan supervision`, `deadline list`, `rules try` on a small ledger."""

from datetime import date
from pathlib import Path

import pytest
from django.db import transaction

from suyuan.cli.exits import Exit
from suyuan.server.kit.clock import SystemClock
from suyuan.server.kit.connection import cursor
from tests.cli.runner import run
from tests.server.cast import NOW, Cast
from tests.server.ledger.acting import VIN, pack
from tests.server.supervision.watching import Watched, executed, received

DRAFT = """[draft]
id = "quick"
zh = "草案"
en = "Draft"
number = "草案"
number_en = "Draft"
from = 2025-01-01
status = "open"
source = ["a draft"]

[[change]]
duty = "utiliser.receipt"
period = 10
"""


@pytest.fixture
def watched(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Two receipts of a utiliser that wait to be looked at, reported on the day of the tests."""
    monkeypatch.setattr("suyuan.cli.ring.enter", lambda: None)
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    monkeypatch.setattr(SystemClock, "today", lambda _: NOW.date())
    watched = Watched()
    days = (date(2026, 6, 1), date(2026, 11, 1))
    for number, day in enumerate(days, 1):
        watched.report("utiliser_received", cast.utiliser, [received(pack(number), day)])
    return watched


def test_duties_follow_and_are_listed(cast: Cast, watched: Watched) -> None:
    assert run("supervision", "follow", "--once").code == Exit.OK
    rows = run("deadline", "list", "--org", cast.utiliser.code, "-f", "json").json
    assert [(row["duty"], row["state"]) for row in rows] == [
        ("utiliser.receipt", "fulfilled_late"),
        ("utiliser.receipt", "fulfilled_in_time"),
    ]
    assert run("deadline", "list", "--overdue", "-f", "json").json == []
    assert "fulfilled late" in run("deadline", "list", "--state", "fulfilled_late").out
    assert "逾期履行" in run("deadline", "list", "--lang", "zh", "--state", "fulfilled_late").out
    more = run("deadline", "list", "--limit", "1", "-f", "json")
    assert len(more.json) == 1
    assert "--limit" in more.told


def test_what_is_asked_wrongly_is_refused(cast: Cast, watched: Watched) -> None:
    assert run("deadline", "list", "--overdue", "--state", "due").code == Exit.USAGE
    assert run("deadline", "list", "--org", "91440300000000000X").code == Exit.NOT_FOUND
    assert run("supervision", "fact", "withdraw", "x", "--reason", "r").code == Exit.USAGE


def test_a_check_that_finds_something_ends_with_8(watched: Watched) -> None:
    assert run("supervision", "rebuild").code == Exit.OK
    clean = run("supervision", "rebuild", "--check", "-f", "json")
    assert (clean.code, clean.json["clean"], clean.json["duties"]) == (Exit.OK, True, 2)
    executed("DELETE FROM supervision_duty WHERE started_on = '2026-06-01'")
    wrong = run("supervision", "rebuild", "--check", "-f", "json")
    assert (wrong.code, wrong.json["missing"]) == (Exit.CONFLICT, 1)
    assert "missing" in run("supervision", "rebuild", "--check").out
    assert run("supervision", "rebuild").code == Exit.OK
    assert run("supervision", "rebuild", "--check").code == Exit.OK


def test_a_fact_is_entered_and_withdrawn(cast: Cast, watched: Watched) -> None:
    told = (cast.carmaker.code, "model_certified", "2026-04-30", "--about", "X-1")
    added = run("supervision", "fact", "add", *told, "-f", "json")
    assert added.code == Exit.OK
    run("supervision", "follow", "--once")
    (overdue,) = run("deadline", "list", "--overdue", "-f", "json").json
    assert (overdue["duty"], overdue["object"], overdue["due_on"]) == (
        "carmaker.dismantling_information",
        "X-1",
        "2026-10-30",
    )
    assert run("supervision", "fact", "withdraw", added.json["id"], "--reason", "misread").code == Exit.OK
    run("supervision", "follow", "--once")
    assert run("deadline", "list", "--overdue", "-f", "json").json == []
    (listed,) = run("supervision", "fact", "list", "-f", "json").json
    assert (listed["withdrawn"], listed["subject"]) == (True, "X-1")
    assert run("supervision", "fact", "add", cast.carmaker.code, "praised", "2026-04-30").code != Exit.OK


def test_a_draft_is_tried_and_nothing_changes(cast: Cast, watched: Watched, tmp_path: Path) -> None:
    run("supervision", "follow", "--once")
    with transaction.atomic(), cursor() as reading:
        before = reading.execute("SELECT d::text FROM supervision_duty d ORDER BY 1").fetchall()
    path = tmp_path / "draft.toml"
    path.write_text(DRAFT, encoding="utf-8")
    told = run("rules", "try", path, "--from", "2026-04-01", "--to", "2026-12-31", "-f", "json").json
    assert told["changes"] == [{"duty": "utiliser.receipt", "change": "moves", "count": 2}]
    assert told["companies"] == [{"company": cast.utiliser.code, "late_before": 1, "late_after": 2}]
    assert {row["object"].partition("/")[0] for row in told["rows"]} == {pack(1)[:17]}
    assert "utiliser.receipt" in run("rules", "try", path, "--from", "2026-04-01", "--to", "2026-12-31").out
    outside = run("rules", "try", path, "--from", "2024-04-01", "--to", "2024-12-31", "-f", "json").json
    assert (outside["changes"], outside["companies"]) == ([], [])
    assert run("rules", "try", path, "--from", "2026-04-01", "--to", "2026-01-31").code == Exit.USAGE
    with transaction.atomic(), cursor() as reading:
        assert reading.execute("SELECT d::text FROM supervision_duty d ORDER BY 1").fetchall() == before


def test_findings_are_detected_shown_and_judged(cast: Cast, watched: Watched) -> None:
    hidden = {"vin": VIN, "scrapped_on": date(2026, 6, 1), "missing_reason": "lost"}
    watched.report("vehicle_scrapped", cast.dismantler, [hidden])
    opened = {row["finding"]: row["opened"] for row in run("findings", "detect", "-f", "json").json}
    assert opened["scrap.without_pack"] == 1
    (one,) = run("findings", "list", "--finding", "scrap.without_pack", "-f", "json").json
    assert (one["company"], one["severity"], one["records"]) == (cast.dismantler.code, "high", 1)
    told = run("findings", "show", one["number"], "-f", "json").json
    assert [basis["name"] for basis in told["basis"]] == ["scrap.with_battery", "scrap.swap_models_exempt"]
    assert told["evidence"][0]["object"] == VIN
    assert "报废车辆缺少电池" in run("findings", "show", one["number"], "--lang", "zh").out
    assert run("findings", "judge", one["number"], "false_positive", "--note", "swap model").code == Exit.OK
    assert "false positive" in run("findings", "list").out
    assert run("findings", "show", 999).code == Exit.NOT_FOUND
    assert run("findings", "judge", one["number"], "maybe").code == Exit.USAGE
