"""Csv for spreadsheet programs: what would run as a formula there is text."""

from pathlib import Path

import polars as pl

from suyuan.cli.output import Format, Output


def test_both_ways_to_csv_make_formulas_harmless_and_leave_numbers(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"a": "=1+1", "n": -1},
        {"a": "@x", "n": 2},
        {"a": "-5.2", "n": None},
        {"a": "x", "n": 4},
    ]
    out = Output(Format.CSV, tmp_path / "a.csv")
    expected = "a,n\n'=1+1,-1\n'@x,2\n-5.2,\nx,4\n"
    out.rows(rows, lambda: "")
    assert (tmp_path / "a.csv").read_text() == expected
    out.frame(pl.DataFrame(rows), lambda: "")
    assert (tmp_path / "a.csv").read_text() == expected
