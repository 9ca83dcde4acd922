"""Nested records from JSON, NDJSON and Parquet give the same flat table."""

import io
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.sheets import Format, Sheet, SheetError, read
from tests.sheets.examples import ALL

TREE = [
    {
        "pack_code": "P1",
        "produced_on": "2026-04-01",
        "modules": [
            {"module_code": "M1", "cells": [{"cell_code": "C1"}, {"cell_code": "C2"}]},
            {"module_code": "M2", "cells": [{"cell_code": "C3"}]},
        ],
    },
    {"pack_code": "P2", "produced_on": "2026/4/2", "modules": [{"module_code": "M3", "cells": []}]},
    {"pack_code": "P3", "produced_on": "2026-04-03", "modules": []},
]
FLAT = [
    ("P1", "2026-04-01", "M1", "C1"),
    ("P1", "2026-04-01", "M1", "C2"),
    ("P1", "2026-04-01", "M2", "C3"),
    ("P2", "2026-04-02", "M3", None),
    ("P3", "2026-04-03", None, None),
]
ORDER = ["pack_code", "produced_on", "module_code", "cell_code"]


def parquet(records: list[Any]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(records, infer_schema_length=None).write_parquet(buffer)
    return buffer.getvalue()


def ndjson(records: list[Any]) -> bytes:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def forms(records: list[Any]) -> dict[Format, bytes]:
    return {
        Format.JSON: json.dumps(records).encode(),
        Format.NDJSON: ndjson(records),
        Format.PARQUET: parquet(records),
    }


def flat(sheet: Sheet) -> list[tuple[str | None, ...]]:
    return sheet.columns.select(ORDER).rows()


@pytest.mark.parametrize("form", [Format.JSON, Format.NDJSON, Format.PARQUET])
def test_a_pack_with_modules_and_cells(form: Format) -> None:
    sheet = read(forms(TREE)[form], ALL)
    assert sheet.format is form
    assert flat(sheet) == FLAT
    assert sheet.row_numbers.to_list() == [1, 1, 1, 2, 3]
    assert sheet.findings.is_empty()


def test_cells_as_bare_texts_and_keys_of_older_clients() -> None:
    record = {
        "code": "P1",
        "produced_on": "2026-04-01",
        "moduleList": [{"code": "M1", "cellList": ["C1", "C2"]}],
    }
    for data in forms([record]).values():
        sheet = read(data, ALL)
        assert flat(sheet) == [("P1", "2026-04-01", "M1", "C1"), ("P1", "2026-04-01", "M1", "C2")]
        assert sheet.headings["cell_code"] == "moduleList.cellList"


def test_flat_records_and_documents_that_name_their_kind() -> None:
    records = [{"code": "P1"}, {"code": "P2"}]
    document = {"kind": "lost", "version": "2025.1", "records": records}
    sheet = read(json.dumps(document).encode(), ALL)
    assert sheet.template is not None
    assert (sheet.template.kind, sheet.height) == ("lost", 2)
    assert sheet.findings["code"].to_list() == ["sheets.other_version"]
    assert read(json.dumps(records).encode(), ALL).rivals == ("stocked", "lost")


def test_a_single_record_and_a_single_line() -> None:
    for data in (json.dumps(TREE[0], indent=2).encode(), json.dumps(TREE[0]).encode()):
        assert flat(read(data, ALL)) == FLAT[:3]


def test_lists_side_by_side_repeat_only_what_is_required() -> None:
    record = {
        "making_no": "B1",
        "products": [{"product_code": "N1"}],
        "sources": [{"source_code": "S1"}, {"source_code": "S2"}],
    }
    turned = {"making_no": "B2", "products": [{"product_code": "N2"}, {"product_code": "N3"}], "sources": ["S3"]}
    sheet = read(json.dumps([record, turned]).encode(), ALL)
    assert sheet.columns.select("making_no", "product_code", "source_code").rows() == [
        ("B1", "N1", "S1"),
        ("B1", "N1", "S2"),
        ("B2", "N2", "S3"),
        ("B2", "N3", None),
    ]
    assert read(parquet([record]), ALL).columns.height == 2


def test_numbers_are_kept_letter_by_letter_and_judged_as_in_a_workbook() -> None:
    text = '[{"pack_code": 123456789012345678901234, "produced_on": 20260401, "capacity_ah": 1.50, "model": 7}]'
    sheet = read(text.encode(), ALL)
    assert sheet.findings.select("field", "code", "value").rows() == [
        ("model", "sheets.short_number_in_text_column", "7"),
        ("pack_code", "sheets.number_in_text_column", "123456789012345678901234"),
    ]
    assert sheet.columns["capacity_ah"].to_list() == ["1.50"]
    assert sheet.columns["produced_on"].to_list() == ["2026-04-01"]
    assert sheet.columns["pack_code"].to_list() == ["123456789012345678901234E+00"]


def test_numbers_in_parquet_are_judged_by_their_column() -> None:
    frame = pl.DataFrame(
        {
            "pack_code": [1.2345678901234568e23, None],
            "module_code": [17, 18],
            "produced_on": [pl.Series([20544]).cast(pl.Date)[0]] * 2,
            "capacity_ah": [1.5, 2.0],
            "chemistry": pl.Series(["lfp", "三元"], dtype=pl.Categorical),
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    sheet = read(buffer.getvalue(), ALL)
    assert sheet.findings.select("row", "field", "code").rows() == [
        (None, "module_code", "sheets.short_number_in_text_column"),
        (0, "pack_code", "sheets.number_in_text_column"),
    ]
    assert sheet.columns["module_code"].to_list() == ["17", "18"]
    assert sheet.columns["capacity_ah"].to_list() == ["1.5", "2"]
    assert sheet.columns["produced_on"].to_list() == ["2026-04-01"] * 2
    assert sheet.columns["chemistry"].to_list() == ["lfp", "ncm"]
    assert set(sheet.columns.dtypes) == {pl.String}


def test_a_value_that_is_no_value_is_refused() -> None:
    records = [{"pack_code": {"a": 1}, "produced_on": "2026-04-01"}, {"pack_code": "P", "produced_on": "2026-04-01"}]
    sheet = read(json.dumps(records).encode(), ALL)
    assert sheet.findings.select("row", "field", "code").rows() == [(0, "pack_code", "sheets.nested_value")]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b'{"code": "P1"}\n{"code": "P2"}\n{"code": "P', "sheets.json_syntax", 3),
        (b'[{"code": "P1"},\n {"code": }]', "sheets.json_syntax", 2),
        (b'[{"code": "P1"}', "sheets.json_syntax", 1),
        (b"[" * 100_000, "sheets.too_deep", 1),
    ],
)
def test_broken_documents_name_the_line(data: bytes, code: str, line: int) -> None:
    with pytest.raises(SheetError) as caught:
        read(data, ALL)
    assert (caught.value.code, caught.value.data["line"]) == (code, line)


def test_documents_of_the_wrong_shape() -> None:
    for data in (b"[1, 2]", b'["P1"]'):
        with pytest.raises(SheetError) as caught:
            read(data, ALL)
        assert caught.value.code == "sheets.json_shape"


def test_empty_records_are_left_out_and_findings_keep_their_rows() -> None:
    records = [{"pack_code": None}, {"pack_code": 10**20, "produced_on": "2026-04-01"}]
    sheet = read(json.dumps(records).encode(), ALL)
    assert sheet.row_numbers.to_list() == [2]
    assert sheet.findings["row"].to_list() == [0]


NAMES = st.text("ABCP019", min_size=1, max_size=4)
CELL = st.builds(lambda code: {"cell_code": code}, NAMES)
MODULE = st.builds(lambda code, cells: {"module_code": code, "cells": cells}, NAMES, st.lists(CELL, max_size=3))
PACK = st.builds(
    lambda code, modules: {"pack_code": code, "produced_on": "2026-04-01", "modules": modules},
    NAMES,
    st.lists(MODULE, max_size=3),
)


@settings(max_examples=60)
@given(st.lists(PACK, min_size=1, max_size=4))
def test_all_nested_forms_agree(records: list[Any]) -> None:
    full = {
        "pack_code": "Z",
        "produced_on": "2026-04-01",
        "modules": [{"module_code": "Z", "cells": [{"cell_code": "Z"}]}],
    }
    sheets = [read(data, ALL) for data in forms([full, *records]).values()]
    for sheet in sheets[1:]:
        assert flat(sheet) == flat(sheets[0])
        assert sheet.row_numbers.to_list() == sheets[0].row_numbers.to_list()
