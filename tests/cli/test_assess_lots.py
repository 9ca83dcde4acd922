"""`suyuan assess train` and `suyuan assess lot`: the columns and answers that scripts rely on."""

import csv
from pathlib import Path

import polars as pl
import pytest

from suyuan.cli.exits import Exit
from tests.assessment.pulses.real import held_out, part
from tests.cli.runner import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("lot")
    away = held_out("NMC21")
    part("NMC21", "fixed_soc").filter(~pl.col("cell").is_in(away)).write_csv(place / "train.csv")
    lot = part("NMC21", "random_soc").filter(pl.col("cell").is_in(away))
    lot.drop("Q", "SOH", "soc_label_pct", "set", "session").write_csv(place / "lot.csv")
    lot.head(3).select("cell", "SOH").write_csv(place / "ref.csv")
    done = run("assess", "train", place / "train.csv", "--type", "NMC21", "-o", place / "model")
    assert done.code == Exit.OK, done.told
    return place


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream))


def test_a_lot_is_answered_in_the_columns_that_are_promised(folder: Path) -> None:
    done = run(
        "assess", "lot", folder / "lot.csv", "--model", folder / "model", "--reference", folder / "ref.csv",
        "-o", folder / "out.csv",
    )  # fmt: skip
    assert done.code == Exit.OK, done.told
    found = rows(folder / "out.csv")
    assert list(found[0]) == ["cell", "soh", "soh_lo90", "soh_hi90", "grade", "answer"]
    assert [row["cell"] for row in found] == [row["cell"] for row in rows(folder / "lot.csv")]
    assert {row["answer"] for row in found} == {"ok"}
    assert all(0.4 < float(row["soh_lo90"]) < float(row["soh"]) < float(row["soh_hi90"]) < 1.4 for row in found)
    assert all(row["grade"] in "ABCDE" or row["grade"].startswith("full_test:") for row in found)


def test_what_is_refused_says_why_in_the_table_and_to_the_user(folder: Path) -> None:
    table = pl.read_csv(folder / "lot.csv", infer_schema=False)
    bad = table.with_columns(pl.when(pl.int_range(pl.len()) == 1).then(pl.lit("x")).otherwise("U5").alias("U5"))
    bad.write_csv(folder / "bad.csv")
    done = run("assess", "lot", folder / "bad.csv", "--model", folder / "model", "-o", folder / "bad_out.csv")
    found = rows(folder / "bad_out.csv")
    assert done.code == Exit.PARTLY
    assert found[1]["answer"] == "refused:missing_value"
    assert (found[1]["soh"], found[1]["grade"]) == ("", "")
    assert found[1]["cell"] in done.told


def test_training_twice_writes_the_same_bytes(folder: Path) -> None:
    run("assess", "train", folder / "train.csv", "--type", "NMC21", "-o", folder / "again")
    assert (folder / "again").read_bytes() == (folder / "model").read_bytes()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_training_file_of_another_type_is_refused(folder: Path, language: str) -> None:
    done = run("assess", "train", folder / "train.csv", "--type", "LFP20", "-o", folder / "no", SUYUAN_LANG=language)
    assert done.code == Exit.REJECTED
    assert "NMC21" in done.told
    assert not (folder / "no").exists()


def test_a_reference_in_per_cent_is_refused(folder: Path) -> None:
    (folder / "percent.csv").write_text("cell,SOH\nx,95\n")
    done = run(
        "assess", "lot", folder / "lot.csv", "--model", folder / "model", "--reference", folder / "percent.csv",
        "-o", folder / "never.csv",
    )  # fmt: skip
    assert done.code == Exit.REJECTED
    assert not (folder / "never.csv").exists()
