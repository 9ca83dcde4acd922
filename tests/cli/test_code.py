import io
import json
from pathlib import Path

import polars as pl
import pytest

from suyuan.cli.exits import Exit
from tests.cli.runner import run

CELL = "04QCB76836300JBC40000903"
FIXED = {"valid", "form", "level", "chemistry", "vendor", "produced_on", "serial", "findings"}


def test_explain_answers_in_the_form_that_scripts_rely_on() -> None:
    answer = run("code", "explain", CELL, "-f", "json")
    assert answer.code == Exit.OK
    told = answer.json
    assert set(told) >= FIXED
    assert {name: told[name] for name in FIXED} == {
        "valid": True,
        "form": "24",
        "level": "C",
        "chemistry": "B",
        "vendor": "04Q",
        "produced_on": "2021-12-04",
        "serial": "0000903",
        "findings": [],
    }


def test_a_code_that_is_none_is_rejected_with_its_findings() -> None:
    answer = run("code", "explain", CELL.lower(), "-f", "json")
    assert answer.code == Exit.REJECTED
    assert answer.json["valid"] is False
    finding = answer.json["findings"][0]
    assert finding["code"] == "codes.lower_case"
    assert set(finding) >= {"code", "position", "message"}


@pytest.mark.parametrize(("language", "word"), [("zh", "单体"), ("en", "Cell")])
def test_explain_speaks_both_languages(language: str, word: str) -> None:
    assert word in run("code", "explain", CELL, "--lang", language).out
    positions = run("code", "explain", CELL, "--lang", language, "-f", "json").json["positions"]
    assert word in {position["message"].rstrip("电池") for position in positions}


def test_validate_answers_line_by_line_in_the_order_given(tmp_path: Path) -> None:
    listed = [CELL, "nonsense", "07HCBC1P22G06AC700002596", "S00PB01SM00000E14000000O"]
    path = tmp_path / "codes.txt"
    path.write_text("\n".join(listed) + "\n\n")
    answer = run("code", "validate", path, "-f", "jsonl")
    assert answer.code == Exit.PARTLY
    assert [line["code"] for line in answer.lines] == listed
    assert [line["valid"] for line in answer.lines] == [True, False, True, True]
    assert all(set(line) >= FIXED for line in answer.lines)


def test_validate_reads_standard_input_and_keeps_what_it_received() -> None:
    answer = run("code", "validate", "-", "-f", "jsonl", given=f" {CELL}\n")
    assert answer.code == Exit.REJECTED
    assert answer.lines[0]["code"] == f" {CELL}"


def test_validate_reads_what_windows_writes(tmp_path: Path) -> None:
    path = tmp_path / "codes.txt"
    path.write_bytes(f"{CELL}\r\n".encode("utf-16"))
    assert run("code", "validate", path).code == Exit.OK


def _codes(form: str, data: bytes) -> list[str]:
    """The codes in an answer of this form."""
    match form:
        case "json":
            return [row["code"] for row in json.loads(data)]
        case "jsonl":
            return [json.loads(line)["code"] for line in data.splitlines()]
        case "csv":
            return pl.read_csv(io.BytesIO(data))["code"].to_list()
        case _:
            return pl.read_parquet(io.BytesIO(data))["code"].to_list()


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "parquet"])
def test_an_answer_comes_in_every_form(form: str, tmp_path: Path) -> None:
    target = tmp_path / "answer"
    answer = run("code", "validate", "-", "-f", form, "-o", target, given=f"{CELL}\nX\n")
    assert answer.code == Exit.PARTLY
    assert answer.raw == b""
    assert _codes(form, target.read_bytes()) == [CELL, "X"]


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []

    def fail(value: object) -> bytes:
        if written:
            raise OSError(28, "No space left on device", "answer")
        written.append(value)
        return b"{}"

    monkeypatch.setattr("suyuan.cli.output._json", fail)
    answer = run("code", "validate", "-", "-f", "jsonl", "-o", tmp_path / "answer", given=f"{CELL}\n{CELL}\n")
    assert answer.code == Exit.UNEXPECTED
    assert "No space left" in answer.told
    assert list(tmp_path.iterdir()) == []


def test_quiet_leaves_only_data_and_errors() -> None:
    assert run("-q", "code", "validate", "-", "-f", "jsonl", given=f"{CELL}\n").told == ""
    assert run("code", "validate", "-", "-f", "jsonl", given=f"{CELL}\n").told != ""
