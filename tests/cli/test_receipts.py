"""`suyuan receipts verify`: a receipt, a policy and the file that was sent, without a server."""

import json
from pathlib import Path

import pytest

from suyuan.cli.exits import Exit
from suyuan.tlog import parse_receipt
from tests.cli.runner import run
from tests.tlog.cast import SPECS, read_json

VECTORS = read_json(SPECS / "receipt.json")
SENT = read_json(SPECS / "submission-leaf.json")["received"].encode()
GOOD = VECTORS["receipts"][0]["receipt"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A receipt as the submitter has it and as it is passed on, the policy, the file that was sent and another."""
    held = parse_receipt(json.dumps(GOOD))
    (tmp_path / "own.receipt.json").write_bytes(bytes(held))
    (tmp_path / "shared.receipt.json").write_bytes(bytes(held.without_secret))
    (tmp_path / "policy").write_text(VECTORS["policy"], encoding="utf-8")
    (tmp_path / "sent.csv").write_bytes(SENT)
    (tmp_path / "other.csv").write_bytes(SENT + b"1,2\n")
    return tmp_path


def test_the_receipt_opens_to_the_file_that_was_sent(folder: Path) -> None:
    answer = run("receipts", "verify", folder / "own.receipt.json", "--received", folder / "sent.csv", "-f", "json")
    assert (answer.code, answer.json["outcome"]) == (Exit.OK, "valid")
    assert answer.json["leaf"]["received"] == GOOD["leaf"]["received"]


@pytest.mark.parametrize(
    ("receipt", "sent", "code"),
    [
        ("own", "other", "tlog.received_differs"),
        ("shared", "sent", "tlog.secret_missing"),
        ("shared", "other", "tlog.secret_missing"),
    ],
)
def test_another_file_and_a_missing_secret_are_wrong(folder: Path, receipt: str, sent: str, code: str) -> None:
    path = folder / f"{receipt}.receipt.json"
    answer = run("receipts", "verify", path, "--received", folder / f"{sent}.csv", "-f", "json")
    assert (answer.code, answer.json["outcome"]) == (Exit.REJECTED, "wrong")
    assert [finding["code"] for finding in answer.json["findings"]] == [code]


@pytest.mark.parametrize(
    ("language", "label"), [("en", "Commitment to the file's digest"), ("zh", "承诺值（文件摘要）")]
)
def test_a_shared_receipt_verifies_and_shows_the_commitment(folder: Path, language: str, label: str) -> None:
    answer = run("receipts", "verify", folder / "shared.receipt.json", SUYUAN_LANG=language, COLUMNS="140")
    assert answer.code == Exit.OK
    assert label in answer.out
    assert GOOD["leaf"]["received"] in answer.out
