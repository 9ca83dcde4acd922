"""One door for every tester's file: bytes in, a record out."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace

from suyuan.assessment.errors import DEFAULT_LIMITS, AssessmentError, Limits
from suyuan.assessment.readers import arbin, biologic
from suyuan.assessment.readers.packed import check_directory, gunzip, salvage
from suyuan.assessment.record import Record
from suyuan.assessment.saying import found

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_NEWARE = b"NEWARE"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ACCESS_2007 = b"\x00\x01\x00\x00Standard ACE DB"
_DEPTH = 2


def read(
    data: bytes | bytearray | memoryview,
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Record:
    """Read what a tester wrote; the form is found from the bytes.

    Parameters
    ----------
    data
        The file as received; it may be packed with gzip or zip.
    name
        Name of the file, kept for messages.
    mapping
        Heading in the file → column of ours, with the unit behind a slash where the heading has
        none: ``{"Spannung": "voltage_volt/mV"}``. See `suyuan.assessment.mapping`.
    limits
        What is read at most.

    Returns
    -------
    Record
        Time series (or spectrum) and steps, with what was lost or repaired as findings.

    Raises
    ------
    AssessmentError
        Nothing can be read; the code says why, the data says where.

    Examples
    --------
    >>> record = read(b"Test Time / s,Voltage / V,Current / A\\n0,3.3,-1\\n3600,3.2,-1\\n")
    >>> record.steps["discharged_ah"].to_list()
    [1.0]
    """
    received = bytes(data)
    limits.check_size(received)
    return _read(received, name, mapping, limits, 0)


def _read(data: bytes, name: str | None, mapping: Mapping[str, str] | None, limits: Limits, depth: int) -> Record:
    if data.startswith(_GZIP) and depth < _DEPTH:
        inner, findings = gunzip(data, limits)
        limits.check_size(inner)
        record = _read(inner, name, mapping, limits, depth + 1)
        return replace(record, findings=(*findings, *record.findings))
    if data.startswith(_ZIP):
        return _read_zip(data, name, mapping, limits, depth)
    if data.startswith(_NEWARE):
        from suyuan.assessment.readers.neware import read_nda  # noqa: PLC0415 - each reader when its form arrives

        return read_nda(data, name, limits)
    if data.startswith(arbin.MAGIC):
        return arbin.read_res(data, name, limits)
    if data.startswith(biologic.MAGIC):
        return biologic.read_mpr(data, name, limits)
    if data.startswith((_OLD_OFFICE, _ACCESS_2007)):
        raise AssessmentError("assessment.old_office", position=1)
    from suyuan.assessment.readers.delimited import read_text  # noqa: PLC0415

    return read_text(data, name, mapping, limits)


def _read_zip(data: bytes, name: str | None, mapping: Mapping[str, str] | None, limits: Limits, depth: int) -> Record:
    listed = check_directory(data, limits)
    names = [entry.filename for entry in listed] if listed is not None else [m.name for m in salvage(data, limits)]
    if any(inner.lower().endswith(".ndc") for inner in names):
        from suyuan.assessment.readers.neware import read_ndax  # noqa: PLC0415

        return read_ndax(data, name, limits)
    if any(inner.startswith("xl/") for inner in names):
        if listed is None:
            raise AssessmentError("assessment.damaged", part="xlsx")
        from suyuan.assessment.readers.workbook import read_xlsx  # noqa: PLC0415

        return read_xlsx(data, name, mapping, limits)
    return _read_single(data, [inner for inner in names if not inner.endswith("/")], name, mapping, limits, depth)


def _read_single(
    data: bytes, names: list[str], name: str | None, mapping: Mapping[str, str] | None, limits: Limits, depth: int
) -> Record:
    if len(names) != 1 or depth >= _DEPTH:
        raise AssessmentError("assessment.several_files", found=names[:20], count=len(names))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inner = archive.read(names[0])
    except (zipfile.BadZipFile, EOFError, OSError, KeyError, NotImplementedError, ValueError, RuntimeError):
        inner = b""
    except Exception as error:
        if type(error).__module__ not in ("zlib", "isal.isal_zlib"):
            raise
        inner = b""
    if inner:
        return _read(inner, name, mapping, limits, depth + 1)
    saved = salvage(data, limits)
    if not saved or not saved[0].content:
        raise AssessmentError("assessment.damaged", part=names[0])
    record = _read(saved[0].content, name, mapping, limits, depth + 1)
    return _cut(record, saved[0].name, len(saved[0].content))


def _cut(record: Record, part: str, size: int) -> Record:
    return replace(record, findings=(found("assessment.cut_after", part=part, bytes=size), *record.findings))
