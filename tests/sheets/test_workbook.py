"""Reading xlsx as people really send it."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, datetime

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from suyuan.sheets import Sheet, apply_repairs, read
from suyuan.sheets.cellscan import column_letters, column_number, survey
from tests.sheets.examples import ALL, HEAD, Rows, xlsx


def found(sheet: Sheet, *columns: str) -> list[tuple[object, ...]]:
    return sheet.findings.select(columns or ("row", "field", "code", "severity")).rows()


def codes(sheet: Sheet) -> list[str]:
    return sheet.findings["code"].to_list()


def rewritten(data: bytes, change: Callable[[str], str]) -> bytes:
    """The workbook with its worksheet's XML changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                content = change(content.decode()).encode()
            target.writestr(name, content)
    return buffer.getvalue()


def test_plain_rows_with_the_numbers_that_a_spreadsheet_shows() -> None:
    sheet = read(xlsx([HEAD, ["P1", "2026-04-01", "M1", "C1"], ["P1", "2026-04-01", "M1", "C2"]]), ALL)
    assert sheet.template is not None
    assert sheet.template.kind == "pack_produced"
    assert sheet.columns.to_dict(as_series=False) == {
        "pack_code": ["P1", "P1"],
        "produced_on": ["2026-04-01"] * 2,
        "module_code": ["M1", "M1"],
        "cell_code": ["C1", "C2"],
    }
    assert sheet.row_numbers.to_list() == [2, 3]
    assert sheet.row_numbers.dtype == pl.UInt32
    assert sheet.findings.is_empty()
    assert sheet.repairs.is_empty()


def test_titles_above_merged_cells_and_blank_rows_between() -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:D1")
        for row in range(12, 300):
            sheet.cell(row, 2).font = Font(bold=True)

    rows: Rows = [
        ["四月生产月报"],
        ["单位:某某公司"],
        [],
        HEAD,
        [],
        ["P1", "2026-04-01"],
        [None, "  "],
        ["P2", "2026-04-02"],
    ]
    sheet = read(xlsx(rows, merge), ALL)
    assert sheet.row_numbers.to_list() == [6, 8]
    assert sheet.columns["pack_code"].to_list() == ["P1", "P2"]
    assert sheet.findings.is_empty()


def test_headings_below_the_searched_rows_are_not_found() -> None:
    rows: Rows = [["x"]] * 30
    sheet = read(xlsx([*rows, HEAD, ["P1", "2026-04-01"]]), ALL)
    assert sheet.template is None
    assert codes(sheet) == ["sheets.unrecognised"]


def test_headings_in_two_rows_and_two_languages() -> None:
    rows = [HEAD, ["pack code", "production date", "module code", "cell code"], ["P1", "2026-04-01", "M", "C"]]
    sheet = read(xlsx(rows), ALL)
    assert sheet.row_numbers.to_list() == [3]
    assert sheet.findings.is_empty()


def test_a_table_that_does_not_begin_in_column_a() -> None:
    sheet = read(xlsx([[None, None, *HEAD], [None, None, "P1", "2026-04-01", 10**22, "C"]]), ALL)
    assert found(sheet) == [(0, "module_code", "sheets.number_in_text_column", "refuse")]


def test_a_long_number_in_a_code_column_is_refused_by_its_type() -> None:
    number = 123456789012345678901234
    sheet = read(xlsx([HEAD, [number, "2026-04-01"], [str(number), "2026-04-01"]]), ALL)
    assert found(sheet) == [(0, "pack_code", "sheets.number_in_text_column", "refuse")]
    assert sheet.columns["pack_code"].to_list() == ["1.234567890123457E+23", str(number)]
    assert sheet.numeric_cells.rows() == [(0, "pack_code", "1.234567890123457e+23")]


def test_a_short_number_in_a_text_column_is_a_warning_and_in_a_number_column_is_right() -> None:
    head = [*HEAD, "电池包型号", "额定容量(Ah)"]
    rows: Rows = [head, ["P1", "2026-04-01", "M", "C", 1234, 10**20], ["P2", "2026-04-01", "M", "C", "01", 2]]
    sheet = read(xlsx(rows), ALL)
    assert found(sheet) == [(None, "model", "sheets.short_number_in_text_column", "warning")]
    assert '"rows":["2"]' in sheet.findings["data"][0]
    assert sheet.columns["model"].to_list() == ["1234", "01"]


def test_fifteen_digits_are_kept_sixteen_are_lost() -> None:
    sheet = read(xlsx([HEAD, [123456789012345, "2026-04-01"], [1234567890123456, "2026-04-01"]]), ALL)
    assert sorted(found(sheet), key=str) == [
        (1, "pack_code", "sheets.number_in_text_column", "refuse"),
        (None, "pack_code", "sheets.short_number_in_text_column", "warning"),
    ]


def test_a_code_that_became_a_date_is_refused() -> None:
    sheet = read(xlsx([HEAD, ["P1", "2026-04-01", datetime.combine(date(2026, 4, 1), datetime.min.time()), "C"]]), ALL)
    assert found(sheet) == [(0, "module_code", "sheets.date_in_text_column", "refuse")]


def test_days_in_every_form_of_cell() -> None:
    values: list[object] = [date(2026, 4, 1), "2026/4/1", "20260401", "2026年4月1日", 46113, 20260401]
    sheet = read(xlsx([HEAD, *([f"P{i}", value] for i, value in enumerate(values))]), ALL)
    assert sheet.columns["produced_on"].to_list() == ["2026-04-01"] * 6
    assert sheet.received("produced_on").to_list()[1:5] == ["2026/4/1", "20260401", "2026年4月1日", "46113"]
    assert found(sheet) == [(None, "produced_on", "sheets.serial_date", "warning")]


def test_the_date_system_of_1904() -> None:
    book = openpyxl.Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - the library wants it so
    assert isinstance(book.active, Worksheet)
    for row in (HEAD, ["P1", date(2026, 4, 1)], ["P2", 44651]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    sheet = read(buffer.getvalue(), ALL)
    assert sheet.columns["produced_on"].to_list() == ["2026-04-01"] * 2


def test_formulas_are_read_by_their_stored_result_and_told() -> None:
    def results(xml: str) -> str:
        return xml.replace("<f>A2</f><v></v>", "<f>A2</f><v>42</v>").replace("<f>A2</f><v />", "<f>A2</f><v>42</v>")

    rows = [[*HEAD, "额定容量(Ah)"], ["P1", "2026-04-01", "M", "C", "=A2"], ["P2", "2026-04-01", "M", "C", "=A3"]]
    sheet = read(rewritten(xlsx(rows), results), ALL)
    assert sheet.columns["capacity_ah"].to_list() == ["42", None]
    assert found(sheet) == [
        (None, "capacity_ah", "sheets.formula", "warning"),
        (1, "capacity_ah", "sheets.formula_without_value", "refuse"),
    ]
    assert '"cells":["E2","E3"],"count":2' in sheet.findings["data"][0]


def test_error_values_are_found_although_the_reader_leaves_them_out() -> None:
    sheet = read(xlsx([HEAD, ["P1", "2026-04-01", "#N/A", "C1"], ["P2", "2026-04-01", "#1", "C2"]]), ALL)
    assert found(sheet, "row", "field", "code", "value") == [(0, "module_code", "sheets.error_cell", "#N/A")]


def test_hidden_rows_are_read_and_told() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True

    sheet = read(xlsx([HEAD, *([f"P{i}", "2026-04-01"] for i in range(3))], hide), ALL)
    assert sheet.height == 3
    assert found(sheet, "row", "code", "data") == [(None, "sheets.hidden_rows", '{"count":1,"rows":["3"]}')]


def test_merged_cells_are_never_filled_silently() -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:A4")

    rows: Rows = [
        HEAD,
        ["P1", "2026-04-01", "M1", "C1"],
        [None, "2026-04-01", "M1", "C2"],
        [None, "2026-04-01", "M1", "C3"],
    ]
    sheet = read(xlsx(rows, merge), ALL)
    assert sheet.columns["pack_code"].to_list() == ["P1", None, None]
    assert found(sheet, "row", "field", "code", "data") == [
        (row, "pack_code", "sheets.merged_cells", '{"field":"pack_code","range":"A2:A4"}') for row in (1, 2)
    ]
    assert sheet.repairs.select("row", "kind", "before", "after").rows() == [
        (1, "merged_fill", None, "P1"),
        (2, "merged_fill", None, "P1"),
    ]
    filled = apply_repairs(sheet)
    assert filled.columns["pack_code"].to_list() == ["P1"] * 3
    assert filled.findings.is_empty()
    assert filled.repairs.is_empty()


def test_cells_merged_across_columns_are_refused_but_not_filled() -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("C2:D2")

    sheet = read(xlsx([HEAD, ["P1", "2026-04-01", "M1"]], merge), ALL)
    assert found(sheet) == [(0, "cell_code", "sheets.merged_cells", "refuse")]
    assert sheet.repairs.is_empty()


def test_duplicate_missing_and_unknown_headings() -> None:
    sheet = read(xlsx([["电池包编码", "pack code", "备注"], ["P1", "P2", "x"]]), ALL)
    assert found(sheet) == [
        (None, "produced_on", "sheets.missing_column", "refuse"),
        (None, "pack_code", "sheets.duplicate_heading", "refuse"),
        (None, None, "sheets.unknown_headings", "warning"),
    ]
    assert sheet.unknown_headings == ("备注",)
    assert not sheet.readable


def test_several_worksheets() -> None:
    book = openpyxl.Workbook()
    assert isinstance(book.active, Worksheet)
    book.active.append(["just", "notes"])
    sales = [["车辆识别代号", "销售时间"], ["V", "2026-04-01"]]
    for name, rows in {"一": [HEAD, ["P1", "2026-04-01"]], "二": sales}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    came = read(buffer.getvalue(), ALL)
    assert (came.worksheet, codes(came)) == ("一", ["sheets.other_sheet_not_read", "sheets.worksheets_ignored"])
    other = read(buffer.getvalue(), ALL, template="vehicle_sold")
    assert (other.worksheet, other.columns["vin"].to_list()) == ("二", ["V"])


def test_repairs_are_proposed_and_done_only_when_agreed() -> None:
    rows = [
        [*HEAD, "电池包型号"],
        ["ＰＸ１", "２０２６-04-01", "M\u200b1", " C1 ", "型号（甲）"],
        ["P2", "2026-04-01", "M\u00a0", "C2", "x "],
    ]
    sheet = read(xlsx(rows), ALL)
    assert sheet.columns["pack_code"][0] == "ＰＸ１"
    assert sorted(sheet.repairs.select("row", "field", "kind", "after").rows()) == [
        (0, "cell_code", "trailing_space", "C1"),
        (0, "module_code", "zero_width", "M1"),
        (0, "pack_code", "full_width", "PX1"),
        (0, "produced_on", "full_width", "2026-04-01"),
        (1, "model", "trailing_space", "x"),
        (1, "module_code", "nbsp", "M"),
        (1, "module_code", "trailing_space", "M"),
    ]
    mended = apply_repairs(sheet)
    assert mended.columns.row(0) == ("PX1", "2026-04-01", "M1", "C1", "型号（甲）")
    assert mended.repairs.is_empty()
    some = apply_repairs(sheet, {"full_width"})
    assert some.columns["pack_code"][0] == "PX1"
    assert some.columns["cell_code"][0] == " C1 "
    assert some.repairs["kind"].unique().sort().to_list() == ["nbsp", "trailing_space", "zero_width"]


UNUSUAL: dict[str, Callable[[str], str]] = {
    "prefix": lambda xml: re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", xml).replace("xmlns=", "xmlns:x="),
    "order": lambda xml: re.sub(r'<c (r="\w+") (t="\w+")', r"<c \2 \1", xml),
    "quotes": lambda xml: re.sub(r'<c r="(\w+)"', r"<c r='\1'", xml),
    "comment": lambda xml: xml.replace("<sheetData>", "<sheetData><!-- x -->"),
    "no references": lambda xml: re.sub(r'<(row|c) r="\w+"', r"<\1", xml),
    "line breaks": lambda xml: xml.replace("<c ", "<c\n"),
}


@pytest.mark.parametrize("form", UNUSUAL)
def test_unusual_xml_gives_the_same_answer(form: str) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.merge_cells("D3:D4")

    rows: Rows = [
        HEAD,
        ["P1", date(2026, 4, 1), 10**22, "C1"],
        [17, "2026-04-01", "M", "#REF!"],
        ["P3", "2026-04-01", "=1"],
    ]
    plain = xlsx(rows, hide)
    changed = rewritten(plain, UNUSUAL[form])
    assert changed != plain
    expected, came = read(plain, ALL), read(changed, ALL)
    assert came.columns.equals(expected.columns)
    assert came.findings.equals(expected.findings)
    assert {"sheets.number_in_text_column", "sheets.error_cell", "sheets.hidden_rows"} <= set(codes(came))


CELLS = st.one_of(st.none(), st.integers(-(10**25), 10**25), st.text("abc<&'\"中 1", max_size=4), st.booleans())


@settings(max_examples=40)
@given(st.lists(st.lists(CELLS, min_size=30, max_size=30), min_size=1, max_size=6), st.integers(0, 400))
def test_number_cells_are_those_that_were_written_as_numbers(rows: Rows, step: int) -> None:
    data = xlsx(rows)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")

    def stream() -> Iterable[bytes]:
        return (xml[i : i + step + 50] for i in range(0, len(xml), step + 50))

    facts = survey(lambda: iter(stream()), range(30))
    written = {
        (row, column)
        for row, cells in enumerate(rows, 1)
        for column, cell in enumerate(cells)
        if isinstance(cell, int) and not isinstance(cell, bool)
    }
    assert {(row, column) for row, column, _ in facts.numbers} == written
    assert survey(lambda: iter(stream()), ()).numbers == []


@given(st.integers(0, 20_000))
def test_columns_have_letters(number: int) -> None:
    assert column_number(column_letters(number)) == number
