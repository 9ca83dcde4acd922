"""Reading csv: encodings, delimiters, quotes, and what cannot be read."""

import codecs

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.sheets import Format, SheetError, delimited, read, write_table
from suyuan.sheets.delimited import to_utf8
from tests.sheets.examples import ALL, HEAD, csv

TEXT = ",".join(HEAD) + ",电池包型号\nP1,2026-04-01,M1,C1,型号㐂𠮷\nP2,2026/4/2,M2,C2,\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("gb18030"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", ";").encode("gb18030"),
    ],
)
def test_every_encoding_and_delimiter_gives_the_same_table(data: bytes) -> None:
    sheet = read(data, ALL)
    assert sheet.columns.rows() == [
        ("P1", "2026-04-01", "M1", "C1", "型号㐂𠮷"),
        ("P2", "2026-04-02", "M2", "C2", None),
    ]
    assert sheet.row_numbers.to_list() == [2, 3]
    assert sheet.findings.is_empty()


def test_what_is_no_known_encoding_is_refused_and_never_garbled() -> None:
    with pytest.raises(SheetError) as caught:
        read(TEXT.encode("gb18030") + b"P3,2026-04-01,\xff\xff,C3\n", ALL)
    assert caught.value.code == "sheets.encoding"


def test_lines_of_two_encodings_are_refused_and_named() -> None:
    mixed = "编码\n".encode() + "备注甲\n".encode("gb18030") + b"x\n"
    with pytest.raises(SheetError) as caught:
        to_utf8(mixed)
    assert caught.value.code == "sheets.mixed_encodings"
    assert (caught.value.data["utf8_lines"], caught.value.data["other_lines"]) == (["1"], ["2"])
    by_chance = "编码\n联通\n"  # the second line of these bytes is valid UTF-8, too
    assert to_utf8(by_chance.encode("gb18030")).decode() == by_chance
    assert to_utf8(by_chance.encode()).decode() == by_chance


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=60))
def test_gb18030_is_decoded_without_loss(text: str) -> None:
    data = ("编码\n" + text).encode("gb18030")
    assert to_utf8(data).decode() == "编码\n" + text


def test_blank_lines_and_titles_keep_the_row_numbers() -> None:
    text = "四月月报\n\n" + ",".join(HEAD) + "\n\nP1,2026-04-01,,\n,,,\n , ,\nP2,2026-04-01\n"
    sheet = read(csv(text), ALL)
    assert sheet.columns["pack_code"].to_list() == ["P1", "P2"]
    assert sheet.row_numbers.to_list() == [5, 8]


def test_quoted_fields_may_hold_delimiters_breaks_and_quotes() -> None:
    text = ",".join([*HEAD, "model"]) + '\n"P1",2026-04-01,M,"C","a,b\n""c"""\nP2,2026-04-01,M,C,5" x 6"\n'
    sheet = read(csv(text), ALL)
    assert sheet.columns["model"].to_list() == ['a,b\n"c"', '5" x 6"']
    assert sheet.row_numbers.to_list() == [2, 3]


def test_a_quote_that_is_never_closed() -> None:
    with pytest.raises(SheetError) as caught:
        read(csv(",".join(HEAD) + '\nP1,2026-04-01,M,C\nP2,2026-04-01,"M,C\nP3,2026-04-01,M,C\n'), ALL)
    assert (caught.value.code, caught.value.data) == ("sheets.unclosed_quote", {"line": 3})


def test_rows_with_too_many_fields_are_refused_and_not_shortened_silently() -> None:
    text = ",".join(HEAD) + "\nP1,2026-04-01,M,C,\n\nP2,2026-04-01,M,C,extra,more\n"
    sheet = read(csv(text), ALL)
    assert sheet.findings.select("row", "code").rows() == [(1, "sheets.too_many_fields")]
    assert sheet.row_numbers[1] == 4


def test_a_last_line_that_was_cut_is_told() -> None:
    text = ",".join(HEAD) + "\nP1,2026-04-01,M,C\nP2,2026-"
    assert read(csv(text), ALL).findings["code"].to_list() == ["sheets.last_line_short"]
    assert read(csv(text + "\n"), ALL).findings.is_empty()


def test_codes_shown_as_powers_of_ten_and_error_values() -> None:
    text = ",".join(HEAD) + "\n1.23E+23,2026-04-01,M,C\n12E45,2026-04-01,#N/A,C\n"
    sheet = read(csv(text), ALL)
    assert sheet.findings.select("row", "field", "code").rows() == [
        (0, "pack_code", "sheets.number_in_text_column"),
        (1, "module_code", "sheets.error_cell"),
    ]


def test_mapping_decides_over_guessing() -> None:
    text = "编号,生产日期,旧编号\nP1,2026-04-01,X\n"
    assert read(csv(text), ALL, template="pack_produced").findings["code"].to_list()[0] == "sheets.missing_column"
    sheet = read(csv(text), ALL, mapping={"编号": "pack_code", "旧编号": ""})
    assert sheet.columns["pack_code"].to_list() == ["P1"]
    assert sheet.findings.is_empty()
    assert sheet.headings == {"pack_code": "编号", "produced_on": "生产日期"}


def test_aliases_are_guesses_to_be_confirmed() -> None:
    sheet = read(csv("code,produced_on,moduleList.code,额定容量\nP1,2026-04-01,M,5\n"), ALL)
    assert sheet.columns.columns == ["pack_code", "produced_on", "module_code", "capacity_ah"]
    assert sheet.guessed_mapping == {
        "code": "pack_code",
        "moduleList.code": "module_code",
        "额定容量": "capacity_ah",
    }


def test_headings_in_any_order_case_width_and_spacing() -> None:
    sheet = read(csv("CELL_CODE, Pack  Code ,生产 日期*,模块编码\nC,P,2026-04-01,M\n"), ALL)
    assert sheet.columns.row(0, named=True) == {
        "cell_code": "C",
        "pack_code": "P",
        "produced_on": "2026-04-01",
        "module_code": "M",
    }


def test_kinds_with_the_same_columns_need_a_hint() -> None:
    text = csv("编码\nP1\n")
    sheet = read(text, ALL)
    assert sheet.template is None
    assert sheet.rivals == ("stocked", "lost")
    assert sheet.findings["code"].to_list() == ["sheets.ambiguous_template"]
    for name, kind in (("2026-11-22_丢失.csv", "lost"), ("stocked.csv", "stocked")):
        named = read(text, ALL, name=name)
        assert named.template is not None
        assert named.template.kind == kind
    chosen = read(text, ALL, template="lost")
    assert chosen.template is not None
    assert chosen.template.kind == "lost"


def test_headings_without_rows() -> None:
    sheet = read(csv(",".join(HEAD) + "\n"), ALL)
    assert sheet.findings["code"].to_list() == ["sheets.no_rows"]
    assert not sheet.readable


def test_export_keeps_formulas_from_running_and_comes_back_unchanged() -> None:
    rows = ["=1+1", "-20℃ 存放", "+86a", "@x", "'=x", "\t=x", "-5.2", "普通"]
    frame = read(csv("编码\n" + "\n".join(f"P{i}" for i in range(8)) + "\n"), ALL, template="lost").columns
    data = write_table(frame.with_columns(pl.Series("code", rows)), Format.CSV)
    body = data.decode("utf-8-sig").split("\r\n")[1:]
    assert [line.strip('"')[0] for line in body if line] == ["'", "'", "'", "'", "'", "'", "-", "普"]
    assert read(data, ALL, template="lost").columns["code"].to_list() == rows


lines = st.lists(st.sampled_from(["", ",", "a,b", "a,b,c", "电池,1,,x", " ", "'=1,2", "a"]), max_size=25)


@given(lines, st.sampled_from(["\n", "\r\n"]), st.integers(0, 3), st.integers(1, 40), st.booleans())
def test_a_table_does_not_depend_on_the_portions_in_which_it_is_read(
    rows: list[str], end: str, skip: int, portion: int, ended: bool
) -> None:
    text = (end.join(rows) + (end if ended else "")).encode()
    whole = delimited._strict(text, ",", skip, [0, 1, 3], 3)
    parted = delimited._strict(text, ",", skip, [0, 1, 3], 3, portion)
    assert whole is not None
    assert parted is not None
    assert parted.rows() == whole.rows()
