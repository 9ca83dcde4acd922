import io
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from suyuan.cli.exits import Exit
from tests.cli import packs
from tests.cli.runner import run

OFF_LINE = """
import json, sys
from suyuan.cli import main
code = main(args=sys.argv[1:], standalone_mode=False)
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return packs.write_csv(tmp_path / "good.csv", packs.rows(1) + packs.rows(2))


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """The second of two packs has a broken cell code in row 12 as a spreadsheet program counts."""
    lines = [list(row) for row in packs.rows(1) + packs.rows(2)]
    lines[10][3] = "not a code"
    return packs.write_csv(tmp_path / "mixed.csv", lines)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    lines = [list(row) for row in packs.rows(1)]
    lines[0][1] = "2026-13-45"
    return packs.write_csv(tmp_path / "bad.csv", lines)


def test_a_good_file_passes(good: Path) -> None:
    answer = run("check", good, "-f", "json")
    assert answer.code == Exit.OK
    (report,) = answer.json
    assert (report["kind"], report["rows"], report["records"], report["refused"]) == ("pack_produced", 16, 2, 0)


def test_one_bad_row_refuses_its_record_and_is_named_by_cause_row_and_value(mixed: Path) -> None:
    answer = run("check", mixed, "-f", "json")
    assert answer.code == Exit.PARTLY
    (report,) = answer.json
    assert (report["accepted"], report["refused"]) == (1, 1)
    refusals = [cause for cause in report["causes"] if cause["severity"] == "refuse"]
    assert len(refusals) == 1
    assert refusals[0]["field"] == "cell_code"
    assert refusals[0]["rows"] == 1
    assert refusals[0]["examples"][0]["row"] == 12
    assert refusals[0]["examples"][0]["value"] == "not a code"
    assert refusals[0]["message"]


def test_a_file_without_one_good_record_is_rejected(bad: Path) -> None:
    assert run("check", bad).code == Exit.REJECTED


def test_several_files_are_judged_together(good: Path, bad: Path, mixed: Path) -> None:
    assert run("check", good, good).code == Exit.OK
    assert run("check", good, bad).code == Exit.PARTLY
    assert run("check", bad, bad).code == Exit.REJECTED
    assert len(run("check", good, bad, mixed, "-f", "json").json) == 3


@pytest.mark.parametrize(("language", "words"), [("zh", ("第12行", "拒绝")), ("en", ("row 12", "refused"))])
def test_people_read_it_in_their_language(mixed: Path, language: str, words: tuple[str, ...]) -> None:
    shown = run("check", mixed, "--lang", language).out
    assert all(word in shown for word in words)


def test_every_finding_comes_as_a_table(mixed: Path, bad: Path) -> None:
    frame = pl.read_csv(io.BytesIO(run("check", mixed, bad, "-f", "csv").raw))
    assert frame.columns == ["file", "row", "field", "code", "severity", "value", "message"]
    assert set(frame["file"]) == {"mixed.csv", "bad.csv"}
    assert frame["message"].null_count() == 0


def test_bad_rows_come_back_corrected_and_pass(mixed: Path, tmp_path: Path) -> None:
    target = tmp_path / "correct.csv"
    assert run("check", mixed, "--bad-rows", target).code == Exit.PARTLY
    text = target.read_text(encoding="utf-8-sig")
    assert text.count(packs.pack_code(2)) == 8  # the whole record
    assert packs.pack_code(1) not in text
    target.write_text(text.replace("not a code", packs.rows(2)[2][3]), encoding="utf-8")
    again = run("check", target, "-f", "json")
    assert again.code == Exit.OK, again.out
    assert again.json[0]["records"] == 1


def test_bad_rows_as_xlsx_say_what_is_wrong(mixed: Path, tmp_path: Path) -> None:
    target = tmp_path / "correct.xlsx"
    run("check", mixed, "--bad-rows", target, "--lang", "zh")
    frame = pl.read_excel(target, has_header=False)
    remarks = [text for text in frame.to_series(0).to_list() if text and "单体" in text]
    assert remarks


def test_a_good_file_has_no_bad_rows(good: Path, tmp_path: Path) -> None:
    target = tmp_path / "correct.csv"
    assert run("check", good, "--bad-rows", target).code == Exit.OK
    assert not target.exists()


def test_boring_faults_are_mended_in_a_new_file(tmp_path: Path) -> None:
    lines = [list(row) for row in packs.rows(1)]
    lines[0][3] = lines[0][3].replace("9", "９", 1)  # full width
    path = packs.write_csv(tmp_path / "wide.csv", lines)
    before = path.read_bytes()
    fixed = tmp_path / "fixed.csv"
    answer = run("check", path, "--fix", fixed, "-f", "json")
    assert answer.code == Exit.REJECTED
    assert answer.json[0]["repairs"] == [{"kind": "full_width", "cells": 1}]
    assert path.read_bytes() == before
    assert run("check", fixed).code == Exit.OK


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        b"PK\x03\x04rest is missing",
        b"PAR1",
        b"{",
        b"a,b\n1,2\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
)
def test_what_is_no_table_is_rejected_with_a_reason(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "strange"
    path.write_bytes(content)
    answer = run("check", path, "-f", "json")
    assert answer.code == Exit.REJECTED
    (report,) = answer.json
    assert report["causes"]
    assert all(cause["message"] != cause["code"] for cause in report["causes"])


def test_wrong_kinds_and_endings_are_misuse(good: Path, tmp_path: Path) -> None:
    assert run("check", good, "--kind", "nonsense").code == Exit.USAGE
    assert run("check", good, "--fix", tmp_path / "out.doc").code == Exit.USAGE
    assert run("check", good, good, "--fix", tmp_path / "out.csv").code == Exit.USAGE


def test_checking_needs_neither_django_nor_a_database_driver(good: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFF_LINE, "check", str(good), "-o", str(good.with_suffix(".out"))],
        capture_output=True,
        text=True,
        check=True,
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert code == Exit.OK
    assert set(loaded).isdisjoint({"django", "psycopg", "ninja", "procrastinate", "httpx"})


def test_a_template_that_was_written_is_recognised_again(tmp_path: Path) -> None:
    for name in ("pack_produced.xlsx", "pack_produced.csv"):
        path = tmp_path / name
        assert run("template", "pack_produced", "-o", path).code == Exit.OK
        (report,) = run("check", path, "-f", "json").json
        assert report["kind"] == "pack_produced"
        assert report["records"] == 0


def test_templates_are_listed() -> None:
    listed = run("template", "--list", "-f", "json").json
    kinds = {row["kind"] for row in listed}
    assert {"pack_produced", "vehicle_sold", "correction", "withdrawal"} <= kinds
    assert run("template", "nonsense").code == Exit.USAGE


def test_a_simulated_fleet_is_written_and_its_files_can_be_checked(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    answer = run("simulate", "--vehicles", 5, "--seed", 3, "-d", folder, "-f", "json")
    assert answer.code == Exit.OK
    assert answer.json["simulated"] is True
    manifest = pl.read_parquet(folder / "manifest_simulated.parquet")
    assert manifest.height == answer.json["files"]
    first = folder / str(manifest["path"][0])
    assert run("check", first).code == Exit.OK
    assert run("simulate", "-d", folder).code == Exit.USAGE  # not empty any more
