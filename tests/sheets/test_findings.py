"""The columnar form of findings."""

import numpy as np
import polars as pl

from suyuan.kernel import Finding, Severity
from suyuan.sheets import findings as table


def test_every_builder_keeps_the_schema() -> None:
    some = table.make([1, 2], "vin", "codes.x", values=pl.Series(["a", None]), data={"limit": 3})
    one = table.one(Finding("sheets.formula", severity=Severity.WARNING))
    for frame in (table.empty(), some, one, table.concat([]), table.concat([table.empty(), some, one])):
        assert frame.schema == table.FINDINGS
    assert table.concat([some, one]).height == 3


def test_rows_may_be_an_array_a_series_or_a_list() -> None:
    frames = [table.make(rows, "a", "sheets.x") for rows in (np.array([4]), pl.Series([4]), [4])]
    assert frames[0].equals(frames[1])
    assert frames[1].equals(frames[2])
    assert table.make([], "a", "sheets.x").is_empty()


def test_long_values_are_cut_and_data_comes_back() -> None:
    frame = table.make([0], "a", "sheets.x", values="字" * 500, data={"b": 1, "a": "文"})
    assert frame["value"][0] == "字" * 200
    assert frame["data"][0] == '{"a":"文","b":1}'
    assert table.unpack(frame["data"][0]) == {"a": "文", "b": 1}
    assert table.unpack(None) == {}


def test_refusals_of_rows_and_of_the_file_are_told_apart() -> None:
    rows = table.make([5, 3, 5], "a", "sheets.x")
    warning = table.make(None, None, "sheets.y", Severity.WARNING)
    assert table.refused_rows(table.concat([rows, warning])).to_list() == [3, 5]
    assert not table.refuses_file(table.concat([rows, warning]))
    assert table.refuses_file(table.make(None, None, "sheets.y"))
