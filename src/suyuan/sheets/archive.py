"""The door of a workbook: the zip is checked before a byte of it is unpacked for reading."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from suyuan.sheets.limits import MEBIBYTE, Limits, SheetError

BLOCK = 1 << 20
_PACKED_STEP = 1 << 17
_SMALL_PART = 16 * MEBIBYTE
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, KeyError, ValueError, struct.error)


@dataclass(frozen=True, slots=True)
class Archive:
    """The packed bytes and the directory of their parts."""

    data: bytes
    entries: dict[str, zipfile.ZipInfo]


@dataclass(frozen=True, slots=True)
class WorksheetPart:
    """A worksheet as the workbook lists it."""

    index: int
    name: str
    visible: bool
    path: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """The list of worksheets and the date system."""

    sheets: tuple[WorksheetPart, ...]
    date_1904: bool


def open_archive(data: bytes, limits: Limits) -> Archive:
    """The parts of a workbook, refused if it is damaged, dangerous or something else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as directory:
            listed = directory.infolist()
    except _BROKEN as error:
        raise SheetError("sheets.truncated") from error
    _check_bomb(listed, limits)
    entries = {info.filename: info for info in listed}
    if any(info.flag_bits & 1 for info in listed):
        raise SheetError("sheets.password_protected")
    if any(name.lower().endswith("vbaproject.bin") for name in entries):
        raise SheetError("sheets.macro")
    if "xl/workbook.bin" in entries:
        raise SheetError("sheets.binary_workbook")
    if "xl/workbook.xml" not in entries:
        raise SheetError("sheets.not_a_table", kind="ODS" if "content.xml" in entries else "zip")
    if len(entries) != len(listed):
        raise SheetError("sheets.damaged", part="zip")
    return Archive(data, entries)


def _check_bomb(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if len(entries) > limits.max_entries:
        raise SheetError("sheets.zip_bomb", found=f"{len(entries)} parts", limit=f"{limits.max_entries} parts")
    if unpacked > limits.max_unpacked:
        raise SheetError(
            "sheets.zip_bomb",
            found=f"{unpacked // MEBIBYTE} MiB",
            limit=f"{limits.max_unpacked // MEBIBYTE} MiB",
        )
    if unpacked > limits.free_unpacked and unpacked > packed * limits.max_ratio:
        raise SheetError("sheets.zip_bomb", found=f"{unpacked // packed} : 1", limit=f"{limits.max_ratio} : 1")


def stream(archive: Archive, path: str) -> Iterator[bytes]:
    """The content of one part in blocks; refused if it is damaged or not as long as the directory says.

    Unpacking stops at the declared length, so a directory that lies costs nothing and shows here,
    before another reader trusts it. The checksum is left to that reader.
    """
    entry = archive.entries.get(path)
    if entry is None:
        raise SheetError("sheets.damaged", part=path)
    found = 0
    try:
        for block in _inflate(archive.data, entry):
            found += len(block)
            if found > entry.file_size:
                break
            yield block
    except _BROKEN as error:
        raise SheetError("sheets.damaged", part=path) from error
    if found != entry.file_size:
        raise SheetError("sheets.damaged", part=path)


def _inflate(data: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Blocks of at most `BLOCK` bytes, as the packed data really holds."""
    fixed = data[entry.header_offset : entry.header_offset + 30]
    name_length, extra_length = struct.unpack("<26xHH", fixed)
    start = entry.header_offset + 30 + name_length + extra_length
    packed = memoryview(data)[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        for offset in range(0, len(packed), BLOCK):
            yield bytes(packed[offset : offset + BLOCK])
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise NotImplementedError(entry.compress_type)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    offset, rest = 0, b""
    while not inflater.eof:
        if not rest:
            rest = bytes(packed[offset : offset + _PACKED_STEP])
            offset += len(rest)
            if not rest:
                raise EOFError(entry.filename)
        block = inflater.decompress(rest, BLOCK)
        rest = inflater.unconsumed_tail
        if block:
            yield block


def verify(archive: Archive, prefix: str = "xl/", skip: frozenset[str] = frozenset()) -> None:
    """Unpack and drop the parts that the reader will load, so that a lying directory is found first."""
    for path in archive.entries:
        if path.startswith(prefix) and path.endswith(".xml") and path not in skip:
            for _ in stream(archive, path):
                pass


def _small_part(archive: Archive, path: str) -> bytes:
    if path in archive.entries and archive.entries[path].file_size > _SMALL_PART:
        raise SheetError("sheets.zip_bomb", found=path, limit=f"{_SMALL_PART // MEBIBYTE} MiB")
    content = b"".join(stream(archive, path))
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise SheetError("sheets.damaged", part=path)
    return content


def read_workbook(archive: Archive) -> Workbook:
    """Which worksheets there are, where they stand in the archive, and the date system."""
    try:
        book = ElementTree.fromstring(_small_part(archive, "xl/workbook.xml"))  # noqa: S314 - small, no DOCTYPE
        links = ElementTree.fromstring(_small_part(archive, "xl/_rels/workbook.xml.rels"))  # noqa: S314
    except ElementTree.ParseError as error:
        raise SheetError("sheets.damaged", part="xl/workbook.xml") from error
    targets = {link.get("Id", ""): _absolute(link.get("Target", "")) for link in links}
    main = _STRICT if book.tag.startswith(_STRICT) else _MAIN
    listed = book.findall(f"{main}sheets/{main}sheet")
    properties = book.find(f"{main}workbookPr")
    return Workbook(
        sheets=tuple(_worksheet(index, sheet, targets) for index, sheet in enumerate(listed)),
        date_1904=properties is not None and properties.get("date1904") in ("1", "true", "on"),
    )


def _worksheet(index: int, sheet: ElementTree.Element, targets: dict[str, str]) -> WorksheetPart:
    link = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
    return WorksheetPart(
        index=index,
        name=sheet.get("name", ""),
        visible=sheet.get("state", "visible") == "visible",
        path=targets.get(link, ""),
    )


def _absolute(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target.removeprefix('./')}"
