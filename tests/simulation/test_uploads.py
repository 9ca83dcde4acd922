import hashlib
import io
import json

import openpyxl
import polars as pl
import pytest

from suyuan.events.templates import template
from suyuan.events.vocabulary import vocabulary
from suyuan.sheets.names import NOTES_SHEET
from suyuan.sheets.reading import read
from suyuan.simulation import Plan, simulate, write

PLAN = Plan.province_year(seed=2, vehicles=60)


def written(plan: Plan) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    write(simulate(plan), files.__setitem__)
    return files


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return written(PLAN)


def test_the_same_plan_gives_the_same_bytes(files: dict[str, bytes]) -> None:
    assert written(PLAN) == files


def test_another_seed_gives_other_files(files: dict[str, bytes]) -> None:
    other = written(Plan.province_year(seed=3, vehicles=60))
    assert set(other) != set(files)


def test_every_name_and_every_file_says_simulated(files: dict[str, bytes]) -> None:
    assert all("simulated" in name for name in files)
    for name, data in files.items():
        if name.endswith(".parquet"):
            assert pl.read_parquet_metadata(io.BytesIO(data))["suyuan.simulated"] == "true"
        elif name.endswith(".xlsx"):
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
            assert "simulated" in str(book[NOTES_SHEET]["A2"].value)
            assert "simulated" in str(book.properties.title)


def test_the_manifest_agrees_with_the_files(files: dict[str, bytes]) -> None:
    manifest = pl.read_parquet(io.BytesIO(files["manifest_simulated.parquet"]))
    assert manifest["path"].to_list() == [name for name in files if name.startswith("uploads/")]
    for row in manifest.iter_rows(named=True):
        assert hashlib.sha256(files[row["path"]]).hexdigest() == row["sha256"]
        assert len(files[row["path"]]) == row["bytes"]
    summary = json.loads(files["simulated.json"])
    assert summary["rows"] == manifest["rows"].sum()
    assert summary["files"] == manifest.height


def test_small_files_are_xlsx_with_the_headings_of_the_vocabulary() -> None:
    for upload in simulate(PLAN).uploads():
        kind = vocabulary().kinds[upload.kind]
        assert (upload.format == "xlsx") == (upload.rows <= PLAN.xlsx_rows)
        if upload.format == "xlsx":
            sheet = openpyxl.load_workbook(io.BytesIO(upload.data))["数据"]
            heads = [cell.value for cell in sheet[1]]
            assert set(heads) <= {field.label.zh for field in kind.fields.values()}
            assert {field.label.zh for field in kind.fields.values() if field.required} <= set(heads)
            assert sheet.max_row == upload.rows + 1


def test_the_reader_recognises_the_files_without_a_remark() -> None:
    wanted = {"pack_produced", "swapped", "treated"}
    templates = [template(vocabulary().kinds[kind]) for kind in sorted(wanted)]
    for upload in simulate(PLAN).uploads():
        if upload.kind in wanted:
            sheet = read(upload.data, templates, name=upload.path)
            assert sheet.template is not None
            assert sheet.template.kind == upload.kind
            assert sheet.height == upload.rows
            assert sheet.findings.is_empty()


def test_large_files_are_parquet_with_canonical_names() -> None:
    plan = Plan.province_year(seed=2, vehicles=60)
    whole = simulate(Plan(seed=2, vehicles=60, xlsx_rows=0, errors=plan.errors))
    for upload in whole.uploads():
        table = pl.read_parquet(io.BytesIO(upload.data))
        assert upload.format == "parquet"
        assert set(table.columns) <= set(vocabulary().kinds[upload.kind].fields)
        assert table.height == upload.rows


def test_the_province_year_is_a_moderate_number_of_files() -> None:
    simulation = simulate(Plan.province_year(vehicles=2_000))
    assert simulation.files.height < 700
    assert 300_000 < simulation.files["rows"].sum() < 340_000
