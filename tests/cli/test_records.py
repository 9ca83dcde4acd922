"""Submitting, looking, tracing and undoing on this machine, each command as a user types it."""

import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from suyuan.cli.exits import Exit
from suyuan.cli.recall import COLUMNS
from suyuan.server.ledger.queries.recalled import RECALLED
from tests.cli import packs
from tests.cli.runner import Answer, run
from tests.server.cast import Cast

EVENT = {"kind", "occurred_at", "received_at", "reporter"}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return packs.write_csv(tmp_path / "good.csv", packs.rows(1) + packs.rows(2))


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    lines = [list(row) for row in packs.rows(3) + packs.rows(4)]
    lines[10][3] = "not a code"
    return packs.write_csv(tmp_path / "mixed.csv", lines)


def submit(path: Path, cast: Cast, *more: str) -> Answer:
    return run("submit", path, "--as", cast.maker.code, "-f", "json", *more)


def number_of(answer: Answer) -> str:
    number: Any = answer.json["number"]
    return str(number)


def test_a_good_file_is_accepted_and_traced(cast: Cast, good: Path) -> None:
    answer = submit(good, cast)
    assert answer.code == Exit.OK, answer.out + answer.told
    assert (answer.json["state"], answer.json["admitted"], answer.json["refused"]) == ("accepted", 2, 0)
    life = run("battery", "trace", packs.pack_code(1), "-f", "json").json
    assert set(life) >= {"code", "state", "holder", "events"}
    assert (life["code"], life["state"], life["holder"]) == (packs.pack_code(1), "produced", cast.maker.code)
    (event,) = life["events"]
    assert set(event) >= EVENT
    assert (event["kind"], event["occurred_at"], event["reporter"]) == (
        "pack_produced",
        packs.DAY.isoformat(),
        cast.maker.code,
    )


def test_the_same_file_again_is_the_same_receipt(cast: Cast, good: Path) -> None:
    first, again = submit(good, cast), submit(good, cast)
    assert again.code == Exit.CONFLICT
    assert again.json["already_reported"] is True
    assert again.json["number"] == first.json["number"]


def test_a_mixed_file_is_partly_accepted_and_its_bad_rows_complete_it(cast: Cast, mixed: Path, tmp_path: Path) -> None:
    answer = submit(mixed, cast)
    assert answer.code == Exit.PARTLY
    assert (answer.json["admitted"], answer.json["refused"]) == (1, 1)
    found = run("submissions", "errors", number_of(answer), "-f", "jsonl").lines
    refusals = [row for row in found if row["refused"]]
    assert [(row["row_number"], row["field"], row["value"]) for row in refusals] == [(12, "cell_code", "not a code")]
    assert all(row["message"] for row in refusals)
    back = tmp_path / "correct.xlsx"
    assert run("submissions", "errors", number_of(answer), "--bad-rows", back).code == Exit.OK
    assert pl.read_excel(back, has_header=False).height == 1 + 8  # heading and the whole record


def test_all_or_nothing_takes_nothing(cast: Cast, mixed: Path) -> None:
    answer = submit(mixed, cast, "--all-or-nothing")
    assert answer.code == Exit.REJECTED
    assert run("battery", "show", packs.pack_code(3)).code == Exit.NOT_FOUND


def test_a_dry_run_leaves_nothing_behind(cast: Cast, good: Path) -> None:
    answer = submit(good, cast, "--dry-run")
    assert answer.code == Exit.OK
    assert answer.json["dry_run"] is True
    assert run("battery", "show", packs.pack_code(1)).code == Exit.NOT_FOUND


def test_a_file_without_a_good_record_is_rejected(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "strange.csv"
    path.write_text("a,b\n1,2\n")
    answer = submit(path, cast)
    assert answer.code == Exit.REJECTED
    assert answer.json["groups"][0]["message"]


def test_nobody_reports_in_the_name_of_nobody(cast: Cast, good: Path) -> None:
    assert run("submit", good).code == Exit.USAGE
    assert run("submit", good, "--as", "91350900587527783P").code == Exit.NOT_FOUND


def test_a_company_not_allowed_to_report_it_is_refused(cast: Cast, good: Path) -> None:
    answer = run("submit", good, "--as", cast.laboratory.code, "-f", "json")
    assert answer.code == Exit.REJECTED
    assert answer.json["state"] == "refused"


def test_submissions_are_listed_shown_confirmed_and_undone(cast: Cast, good: Path, mixed: Path) -> None:
    first, second = number_of(submit(good, cast)), number_of(submit(mixed, cast))
    listed = run("submissions", "list", "-f", "json").json
    assert [str(row["number"]) for row in listed] == [second, first]
    assert run("submissions", "list", "--as", cast.carmaker.code, "-f", "json").json == []
    assert run("submissions", "show", first, "--as", cast.carmaker.code).code == Exit.NOT_FOUND
    assert run("submissions", "show", first, "-f", "json").json["state"] == "accepted"
    undone = run("submissions", "undo", second, "--reason", "wrong file", "-f", "json")
    assert undone.code == Exit.OK, undone.told
    assert undone.json["state"] == "undone"
    assert run("submissions", "confirm", first).code == Exit.OK
    assert run("submissions", "undo", first, "--reason", "too late").code == Exit.CONFLICT
    assert run("submissions", "show", 999_999).code == Exit.NOT_FOUND


def test_the_tree_lists_cells_only_on_demand(cast: Cast, good: Path) -> None:
    submit(good, cast)
    tree = run("battery", "tree", packs.pack_code(1), "-f", "json").json
    assert set(tree) >= {"code", "kind", "children"}
    assert (tree["kind"], [child["kind"] for child in tree["children"]]) == ("pack", ["module", "module"])
    assert [child["children"] for child in tree["children"]] == [[], []]
    expanded = run("battery", "tree", packs.pack_code(1), "--expand", "-f", "json").json
    cells = [cell for module in expanded["children"] for cell in module["children"]]
    assert sorted(cell["code"] for cell in cells) == sorted(row[3] for row in packs.rows(1))
    assert {cell["kind"] for cell in cells} == {"cell"}
    before = run("battery", "tree", packs.pack_code(1), "--at", "2026-01-01", "-f", "json").json
    assert before["children"] == []


@pytest.mark.parametrize(("language", "words"), [("zh", ("电池包", "模块")), ("en", ("pack", "module"))])
def test_life_and_tree_are_shown_in_both_languages(
    cast: Cast, good: Path, language: str, words: tuple[str, str]
) -> None:
    submit(good, cast)
    shown = run("battery", "trace", packs.pack_code(1), "--lang", language).out
    shown += run("battery", "tree", packs.pack_code(1), "--lang", language).out
    shown += run("submissions", "list", "--lang", language).out
    assert all(word in shown for word in (*words, packs.pack_code(1)))


def test_a_recall_finds_every_pack(cast: Cast, good: Path, tmp_path: Path) -> None:
    submit(good, cast)
    frame = pl.read_csv(io.BytesIO(run("recall", packs.CELL).raw))
    assert tuple(frame.columns) == COLUMNS == tuple(RECALLED)
    assert set(frame["pack"]) == {packs.pack_code(1), packs.pack_code(2)}
    assert frame["count"].sum() == 16
    codes = tmp_path / "codes.txt"
    cell = packs.rows(2)[5][3]
    codes.write_text(f"{cell}\n")
    assert {row["pack"] for row in run("recall", "--codes", codes, "-f", "json").json} == {packs.pack_code(2)}
    span = f"{cell[:17]}:{int(cell[17:])}-{int(cell[17:])}"
    assert {row["pack"] for row in run("recall", span, "-f", "json").json} == {packs.pack_code(2)}


def test_a_recall_by_material_takes_the_company(cast: Cast, tmp_path: Path) -> None:
    lines = [(packs.cell_code(n), packs.DAY.isoformat(), "B1") for n in (1, 2)]
    file = packs.write_csv(tmp_path / "cells.csv", lines, ("code", "produced_on", "material_batch"))
    assert submit(file, cast, "--kind", "cell_produced").code == Exit.OK
    for asked in (("B1",), ("B1", "--batch-of", cast.maker.code), (f"{cast.maker.code}:B1",)):
        assert sum(row["count"] for row in run("recall", "--batch", *asked, "-f", "json").json) == 2
    assert run("recall", "--batch", "B1", "--batch-of", cast.carmaker.code).code == Exit.NOT_FOUND
    assert run("recall", packs.CELL, "--batch-of", cast.maker.code).code == Exit.USAGE


def test_a_recall_of_nothing_is_not_found_but_has_its_heading(cast: Cast) -> None:
    answer = run("recall", "XYZ")
    assert answer.code == Exit.NOT_FOUND
    assert answer.out.strip() == ",".join(COLUMNS)


@pytest.mark.parametrize("arguments", [("A:1-2",), ("abc",), ("XYZ", "--batch", "B")])
def test_a_recall_of_no_form_is_misuse(cast: Cast, arguments: tuple[str, ...]) -> None:
    assert run("recall", *arguments).code == Exit.USAGE


def test_the_folds_agree_with_the_records(cast: Cast, good: Path) -> None:
    submit(good, cast)
    answer = run("ledger", "rebuild", "--check", "-f", "json")
    assert answer.code == Exit.OK
    assert answer.json["clean"] is True


def test_a_fold_that_was_spoilt_is_found_and_mended(cast: Cast, good: Path) -> None:
    from suyuan.server.kit.connection import OWNER_ALIAS, cursor

    submit(good, cast)
    with cursor(OWNER_ALIAS) as act:
        act.execute("UPDATE ledger_state SET holder = NULL WHERE lot = %s", [packs.pack_code(1)[:17]])
    assert run("ledger", "rebuild", "--check").code == Exit.CONFLICT
    assert run("ledger", "rebuild", "-f", "json").json["clean"] is False
    assert run("ledger", "rebuild", "--check").code == Exit.OK
