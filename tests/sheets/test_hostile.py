"""Texts that nothing can keep, and parts of records that would be lost: refused by name, the twin is read."""

import io
import json

import polars as pl
import pytest

from suyuan.sheets import Format, Sheet, SheetError, harmless, read, write_table
from suyuan.sheets.findings import make
from tests.sheets.examples import ALL, HEAD, csv

GOOD = {"pack_code": "P1", "produced_on": "2026-04-01", "modules": [{"module_code": "M1", "cells": ["C1"]}]}


def told(sheet: Sheet) -> list[tuple[int | None, str]]:
    refused = sheet.findings.filter(pl.col("severity") == "refuse")
    return refused.select("row", "code").rows()


def as_json(*records: object) -> bytes:
    return json.dumps(records).encode()


@pytest.mark.parametrize(("text", "code"), [("A\ud800", "sheets.bad_unicode"), ("A\0", "sheets.control_character")])
def test_what_cannot_be_kept_is_refused_cell_by_cell(text: str, code: str) -> None:
    sheet = read(as_json(GOOD, {**GOOD, "pack_code": "P2", "model": text}), ALL)
    assert told(sheet) == [(1, code)]
    assert "\0" not in "".join(sheet.findings["value"].drop_nulls())
    assert sheet.columns["model"].to_list() == [None, "A\ufffd"]
    assert told(read(as_json({**GOOD, "model": "😀 \\u0000"}), ALL)) == []


def test_nul_in_csv() -> None:
    text = ",".join(HEAD) + "\nP1,2026-04-01,M1,C1\nP2,2026-04-01,M\0,C2\n"
    assert told(read(csv(text), ALL)) == [(1, "sheets.control_character")]
    assert told(read(csv(text.replace("\0", "")), ALL)) == []


def test_findings_hold_nothing_that_cannot_be_kept() -> None:
    found = make([0], "a", "b", values=pl.Series(["x\0y"]), data={"k": "\0\ud800z"})
    assert found.select("value", "data").row(0) == ("xy", '{"k":"z"}')
    assert make(None, None, "b", values="\ud800v")["value"].to_list() == ["v"]


@pytest.mark.parametrize("depth", [40, 300, 100_000])
def test_too_deep(depth: int) -> None:
    inner = '{"modules":[' * depth + "]}" * depth
    with pytest.raises(SheetError) as caught:
        read(f"[{inner}]".encode(), ALL)
    assert caught.value.code == "sheets.too_deep"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"modules": {"module_code": "M1"}}, "sheets.nested_shape"),
        ({"modul": [{"module_code": "M1"}]}, "sheets.unknown_nested_key"),
        ({"modul": {"module_code": "M1"}}, "sheets.unknown_nested_key"),
        ({"modules": [{"module_code": "M1", "cels": ["C1"]}]}, "sheets.unknown_nested_key"),
        ({"modules": [{"modul_code": "M1"}]}, "sheets.unknown_nested_key"),
    ],
)
def test_a_tree_is_never_dropped_with_a_warning(change: dict[str, object], code: str) -> None:
    assert told(read(as_json({**GOOD, "pack_code": "P0"}, {**GOOD, **change}), ALL)) == [(1, code)]


def test_unknown_flat_keys_and_empty_ones_stay_a_warning() -> None:
    sheet = read(as_json({**GOOD, "remark": "x", "more": [], "none": None}), ALL)
    assert told(sheet) == []
    assert "sheets.unknown_headings" in sheet.findings["code"]
    assert told(read(as_json({**GOOD, "extra": {"a": 1}}), ALL, mapping={"extra": ""})) == []


def test_unknown_nested_columns_of_parquet() -> None:
    for change, expected in (({"modul": [{"a": "M"}]}, [(None, "sheets.unknown_nested_key")]), ({"remark": "x"}, [])):
        buffer = io.BytesIO()
        pl.DataFrame([{**GOOD, **change}]).write_parquet(buffer)
        assert told(read(buffer.getvalue(), ALL)) == expected


def test_keys_given_twice() -> None:
    first, good = json.dumps({**GOOD, "pack_code": "P0"}), json.dumps(GOOD)
    for bad in (good[:-1] + ', "pack_code": "P9"}', good.replace('"M1"', '"M1", "module_code": "M2"')):
        for data in (f"[{first},{bad}]", f"{first}\n{bad}\n"):
            assert told(read(data.encode(), ALL)) == [(1, "sheets.duplicate_key")]
    assert told(read(f"[{first},{good}]".encode(), ALL)) == []


def test_csv_is_harmless() -> None:
    frame = pl.DataFrame({"a": ["=1+1", "-5.2", "@x", "x"], "n": [1, 2, 3, 4]})
    assert harmless(frame)["a"].to_list() == ["'=1+1", "-5.2", "'@x", "x"]
    assert b"'=1+1,1" in write_table(frame, Format.CSV)
