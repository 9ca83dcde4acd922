"""`suyuan assess screen` and `suyuan assess grade`: what scripts rely on, in both languages."""

from pathlib import Path

import polars as pl
import pytest

from suyuan.cli.exits import Exit
from tests.assessment.pulses.real import table
from tests.assessment.test_screening import HEAD, RULE, SOUND
from tests.cli.runner import run


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    path = tmp_path / "objects.csv"
    rows = [
        {**SOUND, "object": "good", "soh": 0.95, "soh_lo90": 0.93, "soh_hi90": 0.97},
        {**SOUND, "object": "swollen", "swelling": True, "soh": 0.99, "soh_lo90": 0.98, "soh_hi90": 1.0},
        {**SOUND, "object": "open", "ocv_v": None, "soh": 0.95, "soh_lo90": 0.93, "soh_hi90": 0.97},
        {**SOUND, "object": "between", "soh": 0.8, "soh_lo90": 0.77, "soh_hi90": 0.83},
    ]
    pl.DataFrame(rows).write_csv(path)
    return path


def test_the_corrupted_row_of_a_pulse_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "pulses.csv"
    table().write_csv(path)
    done = run("assess", "screen", path, "--rules", "pulse-signal", "-f", "jsonl")
    assert done.code == Exit.PARTLY
    assert [row["object"] for row in done.lines if row["verdict"] != "pass"] == ["PIP15827A00221240"]


def test_screening_tells_verdict_and_grounds(objects: Path) -> None:
    done = run("assess", "screen", objects, "-f", "json")
    assert done.code == Exit.PARTLY
    found = {row["object"]: row for row in done.json}
    verdicts = {name: row["verdict"] for name, row in found.items()}
    assert verdicts == {"good": "pass", "swollen": "reject", "open": "needs_measurement", "between": "pass"}
    assert [gate["rule"] for gate in found["swollen"]["gates"]] == ["swelling"]
    assert {gate["quantity"] for gate in found["open"]["gates"]} == {"ocv_v"}
    assert found["good"]["rules"] == "physical@1"


def test_grades_come_with_route_law_and_reasons(objects: Path) -> None:
    done = run("assess", "grade", objects, "--on", "2026-11-22", "-f", "json")
    found = {row["object"]: (row["grade"], row["route"]) for row in done.json}
    assert found == {
        "good": ("A", "reuse"),
        "swollen": ("", "recycle"),
        "open": ("A", "full_test"),
        "between": ("full_test:C/B", "full_test"),
    }
    assert any(rule.startswith("use.prohibited.electric_bicycle@") for rule in done.json[0]["rules"])
    before = run("assess", "grade", objects, "--on", "2017-01-01", "-f", "json").json[0]
    assert not any(rule.startswith("use.prohibited") for rule in before["rules"])


def test_a_users_rules_are_taken_and_a_bad_table_is_refused(objects: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(HEAD + RULE, encoding="utf-8")
    done = run("assess", "screen", objects, "--rules", rules, "-f", "json")
    assert [row["verdict"] for row in done.json] == ["pass", "pass", "needs_measurement", "pass"]
    bad = tmp_path / "bad.csv"
    bad.write_text("object,damage\na,perhaps\n", encoding="utf-8")
    refused = run("assess", "screen", bad)
    assert refused.code == Exit.REJECTED
    assert "perhaps" in refused.told
    assert run("assess", "screen", objects, "--rules", "nobodys").code == Exit.REJECTED


@pytest.mark.parametrize(("language", "word"), [("zh", "拒绝"), ("en", "reject")])
def test_people_read_it_in_their_language(objects: Path, language: str, word: str) -> None:
    done = run("assess", "grade", objects, SUYUAN_LANG=language)
    assert word in done.out
    assert "screening." not in done.out + done.told


def test_grading_loads_no_server(objects: Path) -> None:
    from tests.architecture.test_offline_commands import HEAVY, loaded_by

    assert loaded_by("assess", "grade", str(objects), "-f", "json").isdisjoint(HEAVY)
