"""What kind of file the bytes are, judged by the bytes and never by the name."""

import codecs
import re
from enum import StrEnum

from suyuan.sheets.limits import SheetError

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TEXT_BYTES_PER_NUL = 20  # UTF-16 without its mark has two
_OTHER_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1f\x7f]")
_LOOKED_AT = 1 << 16
_FOREIGN = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"{\\rtf", "RTF"),
    (b"SQLite format 3", "SQLite"),
)


class Format(StrEnum):
    """A form in which records arrive."""

    XLSX = "xlsx"
    CSV = "csv"
    PARQUET = "parquet"
    NDJSON = "ndjson"
    JSON = "json"


def sniff(data: bytes) -> Format:
    """The form of `data`; SheetError if it is none that can be read."""
    if data.startswith(_OLE):
        raise SheetError(_ole_reason(data))
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Format.XLSX
    if data.startswith(b"PAR1"):
        return _parquet(data)
    for magic, kind in _FOREIGN:
        if data.startswith(magic):
            raise SheetError("sheets.not_a_table", kind=kind)
    if data.startswith(_UTF16):
        return Format.CSV
    if b"\0" in data and not _is_text_with_nul(data):
        raise SheetError("sheets.not_a_table", kind="?")
    return _text(data)


def _is_text_with_nul(data: bytes) -> bool:
    """Whether NUL strayed into what else is text: such cells are refused one by one."""
    return data.count(b"\0") * _TEXT_BYTES_PER_NUL <= len(data) and not _OTHER_CONTROLS.search(data[:_LOOKED_AT])


def _ole_reason(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "sheets.password_protected"
    if any(word.encode("utf-16-le") in data for word in ("Workbook", "Book")):
        return "sheets.old_excel"
    return "sheets.not_a_table_ole"


def _parquet(data: bytes) -> Format:
    if len(data) < 12 or not data.endswith(b"PAR1"):
        raise SheetError("sheets.truncated")
    return Format.PARQUET


def _text(data: bytes) -> Format:
    start = data[:4096].removeprefix(codecs.BOM_UTF8).lstrip()
    if not start:
        if not data.removeprefix(codecs.BOM_UTF8).strip():
            raise SheetError("sheets.empty_file")
        return Format.CSV
    head = start[:512].lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"mime-version")):
        raise SheetError("sheets.not_a_table", kind="HTML/XML")
    if start.startswith(b"["):
        return Format.JSON
    if start.startswith(b"{"):
        return Format.NDJSON if _first_line_is_an_object(data) else Format.JSON
    return Format.CSV


def _first_line_is_an_object(data: bytes) -> bool:
    """Whether the text looks like one object a line: the first full line closes what it opens and more follow."""
    body = data.removeprefix(codecs.BOM_UTF8).lstrip()
    line, newline, rest = body.partition(b"\n")
    closed = line.rstrip().endswith(b"}")
    if not closed:
        return False
    return rest.lstrip().startswith(b"{") if newline and rest.strip() else b'"records"' not in line
