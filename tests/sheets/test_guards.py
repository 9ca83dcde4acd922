"""What is refused at the door, each with the permitted twin beside it."""

import io
import struct
import zipfile
import zlib
from dataclasses import replace

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from suyuan.sheets import Limits, SheetError, read, write_template
from tests.sheets.examples import ALL, HEAD, PACK, csv, xlsx

GOOD = xlsx([HEAD, ["P1", "2026-04-01", "M1", "C1"]])


def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(SheetError) as caught:
        read(data, ALL, limits=limits or Limits())
    return caught.value.code


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def replaced(data: bytes, path: str, old: bytes, new: bytes) -> bytes:
    """The workbook with a change in one part."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            assert name != path or old in content
            target.writestr(name, content.replace(old, new) if name == path else content)
    return buffer.getvalue()


def test_the_good_twin_is_read() -> None:
    assert read(GOOD, ALL).findings.is_empty()


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf\n"])
def test_empty(data: bytes) -> None:
    assert refusal(data) == "sheets.empty_file"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_truncated_workbook(share: float) -> None:
    assert refusal(GOOD[: int(len(GOOD) * share)]) == "sheets.truncated"


def test_damaged_inside() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    spoilt = bytearray(GOOD)
    start = info.header_offset + 60
    spoilt[start : start + 40] = bytes(40)
    assert refusal(bytes(spoilt)) == "sheets.damaged"


def test_password_protected_and_old_workbooks_are_told_apart() -> None:
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    assert refusal(ole + "EncryptedPackage".encode("utf-16-le")) == "sheets.password_protected"
    assert refusal(ole + "Workbook".encode("utf-16-le")) == "sheets.old_excel"
    assert refusal(ole + "WordDocument".encode("utf-16-le")) == "sheets.not_a_table_ole"


def test_macros() -> None:
    assert refusal(with_part(GOOD, "xl/vbaProject.bin", b"x")) == "sheets.macro"
    assert read(with_part(GOOD, "xl/media/image1.png", b"x"), ALL).height == 1


def test_binary_workbook_and_other_zips() -> None:
    assert refusal(with_part(GOOD, "xl/workbook.bin", b"x")) == "sheets.binary_workbook"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("letter.txt", "hello")
    assert refusal(buffer.getvalue()) == "sheets.not_a_table"


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7 ...", b"\x89PNG\r\n\x1a\n", b"<html><table>", b"\x1f\x8b\x08", b"a\0b,c\n"]
)
def test_not_a_table(data: bytes) -> None:
    assert refusal(data) == "sheets.not_a_table"


def test_zip_bomb_is_refused_by_its_directory() -> None:
    bomb = with_part(GOOD, "xl/media/big.bin", bytes(80 << 20))
    assert refusal(bomb) == "sheets.zip_bomb"
    assert refusal(bomb, Limits(max_ratio=10**6, max_unpacked=1 << 20)) == "sheets.zip_bomb"
    assert refusal(GOOD, Limits(max_entries=3)) == "sheets.zip_bomb"


def test_a_directory_that_lies_about_the_length_is_found_before_reading() -> None:
    """The packed part holds 64 MiB, the directory says 100 bytes and gives the checksum of just these."""
    path = "xl/sharedStrings.xml"
    content = b"<sst><si><t>" + b"A" * (64 << 20)
    bomb = bytearray(with_part(GOOD, path, content))
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as archive:
        local = archive.getinfo(path).header_offset
    central = bomb.rfind(b"PK\x01\x02", 0, bomb.rfind(path.encode()))
    checksum = zlib.crc32(content[:100])
    struct.pack_into("<L", bomb, central + 16, checksum)
    struct.pack_into("<L", bomb, central + 24, 100)
    struct.pack_into("<L", bomb, local + 14, checksum)
    struct.pack_into("<L", bomb, local + 22, 100)
    assert refusal(bytes(bomb)) == "sheets.damaged"


def test_a_stray_cell_far_away_does_not_cost_memory() -> None:
    def workbook(corner: str) -> bytes:
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, HEAD)
            sheet.write_row(1, 0, ["P1", "2026-04-01", "M1", "C1"])
            sheet.write(corner, "x")
        return buffer.getvalue()

    assert refusal(workbook("XFD200000")) == "sheets.too_many_cells"
    assert refusal(workbook("A1048576"), Limits(max_rows=1000)) == "sheets.too_many_rows"
    assert read(workbook("K300"), ALL).height == 1


def test_rows_out_of_order_do_not_reach_the_reader() -> None:
    path = "xl/worksheets/sheet1.xml"
    data = xlsx([HEAD, ["P1", "2026-04-01"], ["P2", "2026-04-01"]])
    assert refusal(replaced(data, path, b'<row r="1"', b'<row r="9"')) == "sheets.damaged"
    assert refusal(replaced(data, path, b'r="A3"', b'r="A3000000"')) == "sheets.damaged"


def test_entities_are_not_expanded() -> None:
    data = replaced(GOOD, "xl/workbook.xml", b"<workbook", b'<!DOCTYPE x [<!ENTITY a "b">]><workbook')
    assert refusal(data) == "sheets.damaged"
    sheet = replaced(GOOD, "xl/worksheets/sheet1.xml", b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet')
    assert refusal(sheet) == "sheets.damaged"


def test_too_many_rows_in_every_form() -> None:
    rows = [["P1", "2026-04-01", "M1", f"C{i}"] for i in range(50)]
    text = "\n".join(",".join(row) for row in [HEAD, *rows])
    frame = pl.DataFrame(rows, schema=["pack_code", "produced_on", "module_code", "cell_code"], orient="row")
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    for data in (xlsx([HEAD, *rows]), csv(text), buffer.getvalue(), frame.write_ndjson().encode()):
        assert read(data, ALL, limits=Limits(max_rows=60)).height == 50
        assert refusal(data, Limits(max_rows=20)) == "sheets.too_many_rows"


def test_line_breaks_in_quotes_are_no_rows() -> None:
    text = ",".join(HEAD) + "\n" + 'P1,2026-04-01,M1,"C\n\n\n1"\n' * 30
    assert read(csv(text), ALL, limits=Limits(max_rows=40)).height == 30


def test_columns_size_and_length_of_text_are_limited() -> None:
    wide = xlsx([[*HEAD, *(f"x{i}" for i in range(30))], ["P1", "2026-04-01", *["x"] * 32]])
    assert refusal(wide, Limits(max_columns=20)) == "sheets.too_many_columns"
    assert read(wide, ALL).height == 1
    assert refusal(GOOD, replace(Limits(), max_bytes=100)) == "sheets.file_too_large"
    long = read(xlsx([HEAD, ["P" * 5000, "2026-04-01"], ["P2", "2026-04-01"]]), ALL)
    assert long.findings.select("row", "field", "code").rows() == [(0, "pack_code", "sheets.cell_too_long")]


def test_truncated_parquet() -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"pack_code": ["P1"] * 100, "produced_on": ["2026-04-01"] * 100}).write_parquet(buffer)
    data = buffer.getvalue()
    assert refusal(data[:-20]) == "sheets.truncated"
    assert refusal(data[:4] + bytes(60) + data[64:]) == "sheets.damaged"
    assert read(data, ALL).height == 100


def test_a_workbook_without_data_and_a_kind_nobody_knows() -> None:
    assert refusal(xlsx([])) == "sheets.no_rows_at_all"
    assert refusal(b"[]") == "sheets.no_rows_at_all"
    with pytest.raises(SheetError) as caught:
        read(write_template(PACK), ALL, template="other")
    assert caught.value.code == "sheets.no_such_template"
