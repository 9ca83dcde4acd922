"""Templates and lists of refused rows are recognised again and come back unchanged."""

import io

import openpyxl
import polars as pl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from suyuan.kernel import Language, Severity
from suyuan.sheets import Column, Format, SheetError, Template, read, write_bad_rows, write_table, write_template
from suyuan.sheets import findings as table
from suyuan.sheets.writing import write_template_csv
from tests.sheets.examples import ALL, HEAD, LOST, PACK, SALE, Rows, xlsx


def filled(template: Template, rows: list[list[object]]) -> bytes:
    """The workbook of `template` as a person fills it in below the example."""
    book = openpyxl.load_workbook(io.BytesIO(write_template(template)))
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    for number, row in enumerate(rows, 3):
        for column, value in enumerate(row, 2):
            sheet.cell(number, column).value = value  # type: ignore[assignment]
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("template", ALL, ids=lambda template: template.kind)
def test_an_empty_template_is_recognised_and_its_example_is_not_read(template: Template) -> None:
    for data in (write_template(template), write_template_csv(template)):
        sheet = read(data, ALL)
        assert sheet.template is template
        assert sheet.columns.columns == list(template.names)
        assert sheet.findings["code"].to_list() == ["sheets.no_rows"]


def test_a_filled_template_comes_back_without_findings() -> None:
    rows: list[list[object]] = [
        ["P1", "2026-04-01", "M1", "C1", "型号", 120.5, "磷酸铁锂 LFP"],
        ["P1", "2026-04-01", "M1", "C2", "型号", 120.5, "ncm"],
        ["P2", "2026-04-02", None, None, None, None, "三元"],
    ]
    sheet = read(filled(PACK, rows), ALL)
    assert sheet.findings.is_empty()
    assert sheet.columns["chemistry"].to_list() == ["lfp", "ncm", "ncm"]
    assert sheet.received("chemistry").to_list() == ["磷酸铁锂 LFP", "ncm", "三元"]
    assert sheet.columns["capacity_ah"].to_list() == ["120.5", "120.5", None]
    assert sheet.row_numbers.to_list() == [3, 4, 5]


def test_the_hidden_sheet_decides_between_equal_kinds() -> None:
    sheet = read(filled(LOST, [["P1"]]), ALL)
    assert sheet.template is LOST
    assert sheet.findings.is_empty()


def test_an_older_template_is_read_with_a_remark() -> None:
    newer = Template("lost", "2027.1", "丢失", "lost", LOST.columns, LOST.record)
    sheet = read(filled(LOST, [["P1"]]), [newer])
    assert sheet.findings.select("code", "severity").rows() == [("sheets.other_version", "warning")]


def test_the_example_is_left_out_even_without_its_remark() -> None:
    book = openpyxl.load_workbook(io.BytesIO(filled(SALE, [["V1", "2026-04-01", None]])))
    book.worksheets[0].delete_cols(1)
    buffer = io.BytesIO()
    book.save(buffer)
    assert read(buffer.getvalue(), ALL).columns["vin"].to_list() == ["V1"]


def test_what_the_template_offers_to_a_person() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_template(PACK)))
    assert [sheet.sheet_state for sheet in book.worksheets] == ["visible", "visible", "hidden", "veryHidden"]
    data = book.worksheets[0]
    assert data["B1"].value == "电池包编码*\npack code"
    assert data.column_dimensions["B"].number_format == "@"
    assert data.column_dimensions["C"].number_format == "yyyy-mm-dd"
    (rule,) = data.data_validations.dataValidation
    assert (str(rule.sqref), rule.formula1) == ("H2:H1048576", "'选项 Choices'!$A$1:$A$2")
    assert [cell.value for cell in book.worksheets[2]["A"]] == ["磷酸铁锂 LFP", "三元 NCM"]


def test_bad_rows_hold_whole_records_and_can_be_corrected_and_sent_again() -> None:
    rows: Rows = [
        [*HEAD, "电池包型号"],
        ["P1", "2026-04-01", "M1", "C1", "a"],
        ["P1", "2026-04-01", "M1", 10**22, "a"],
        ["P2", "2026-04-01", "M2", "C3", "b"],
        ["P3", "2026/4/1", "M3", "#N/A", "c"],
    ]
    sheet = read(xlsx(rows), ALL)
    later = table.make([3], "cell_code", "sheets.cell_too_long", values="#N/A", data={"limit": 9})
    spoken: list[str] = []

    def say(code: str, data: object) -> str:
        spoken.append(code)
        return f"«{code}»"

    data = write_bad_rows(sheet, table.concat([sheet.findings, later]), PACK, Language.ZH, say)
    shown = [list(row) for row in openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(values_only=True)]
    assert shown[0][0] == "检查结果\ncheck result"
    assert [row[1] for row in shown[1:]] == ["P1", "P1", "P3"]
    assert [row[0] for row in shown[1:]] == [
        None,
        "单体编码: «sheets.number_in_text_column»",
        "单体编码: «sheets.error_cell»\n单体编码: «sheets.cell_too_long»",
    ]
    assert shown[3][2] == "2026/4/1"

    again = read(data, ALL)
    assert again.template is PACK
    assert set(again.findings["code"]) == {"sheets.number_in_text_column", "sheets.error_cell"}

    book = openpyxl.load_workbook(io.BytesIO(data))
    book.worksheets[0]["E3"], book.worksheets[0]["E4"] = "C2", "C4"
    buffer = io.BytesIO()
    book.save(buffer)
    corrected = read(buffer.getvalue(), ALL)
    assert corrected.findings.is_empty()
    assert corrected.columns["cell_code"].to_list() == ["C1", "C2", "C4"]


def _as_text(sheet: Worksheet) -> None:
    for cell in sheet["E"]:
        cell.data_type = "s"


@pytest.mark.parametrize("form", [Format.XLSX, Format.CSV])
@pytest.mark.parametrize("language", [Language.ZH, Language.EN])
def test_bad_rows_as_they_are_keep_every_text(form: Format, language: Language) -> None:
    texts = ["=1+1", "@x", "'=1", 'a,b\n"c"', "ＡＢ", "007"]
    rows = [[*HEAD, "电池包型号"], *(["P" + str(i), "2026-04-01", "#REF!", "C", text] for i, text in enumerate(texts))]
    sheet = read(xlsx(rows, _as_text), ALL)
    again = read(write_bad_rows(sheet, sheet.findings, None, language, form=form), ALL)
    assert again.columns["model"].to_list() == texts
    assert again.findings["code"].to_list() == ["sheets.error_cell"] * len(texts)


def test_only_refusals_make_bad_rows() -> None:
    sheet = read(xlsx([HEAD, ["P1", "2026-04-01"], ["P2", "2026-04-01"]]), ALL)
    warned = table.make([0], "pack_code", "sheets.cell_too_long", Severity.WARNING, data={"limit": 1})
    assert read(write_bad_rows(sheet, warned), ALL).findings["code"].to_list() == ["sheets.no_rows"]


def test_columns_may_have_any_name() -> None:
    names = ("row", "remark", "number", "column_0", "text")
    template = Template(
        "odd", "1", "怪", "odd", tuple(Column(name, name, name, "batch", True) for name in names), ("row",)
    )
    rows: Rows = [names, ["a", "b", "c", "d", "#N/A"], ["a", "e", "f", "g", "h"], ["i", "j", "k", "l", "m"]]
    for data in (xlsx(rows), "\n".join(",".join(map(str, row)) for row in rows).encode()):
        sheet = read(data, [template])
        again = read(write_bad_rows(sheet, sheet.findings), [template])
        assert again.columns.rows() == [("a", "b", "c", "d", "#N/A"), ("a", "e", "f", "g", "h")]


def test_bad_rows_need_a_template() -> None:
    sheet = read(xlsx([["x", "y"], ["1", "2"]]), ALL)
    with pytest.raises(SheetError) as caught:
        write_bad_rows(sheet, sheet.findings)
    assert caught.value.code == "sheets.unrecognised"


def test_plain_tables() -> None:
    frame = pl.DataFrame({"code": ["=x", None], "count": [1, 2], "long": [10**17, 3], "share": [0.5, float("inf")]})
    assert pl.read_parquet(write_table(frame, Format.PARQUET)).equals(frame)
    assert write_table(frame, Format.CSV).decode("utf-8-sig").splitlines()[1] == "'=x,1,100000000000000000,0.5"
    sheet = openpyxl.load_workbook(io.BytesIO(write_table(frame, Format.XLSX, "表/1"))).worksheets[0]
    assert sheet.title == "表1"
    assert [cell.value for cell in sheet[2]] == ["=x", 1, "100000000000000000", 0.5]
    assert sheet["A2"].data_type == "s"
    assert sheet["D3"].value == "inf"
    with pytest.raises(SheetError):
        write_table(frame, Format.JSON)
