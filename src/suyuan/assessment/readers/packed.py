"""Packed files: looked at before anything is unpacked, and saved piece by piece where they are broken."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

from suyuan.assessment.errors import MEBIBYTE, AssessmentError, Limits
from suyuan.assessment.saying import found
from suyuan.kernel import Finding

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, KeyError, ValueError, struct.error)
_LOCAL = b"PK\x03\x04"
_HEADER = struct.Struct("<4sHHHHHIIIHH")
_STORED, _DEFLATED = 0, 8
_SIZES_FOLLOW = 0x08
_ENCRYPTED = 0x01
_LARGE = 0xFFFFFFFF
_STEP = 1 << 12
_GZIP = b"\x1f\x8b"
_GZIP_BITS = 31


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside: its content, and whether all of it is there."""

    name: str
    content: bytes
    whole: bool


def check_directory(data: bytes, limits: Limits) -> list[zipfile.ZipInfo] | None:
    """The entries of a zip, refused if unpacking them would take too much; None if there is no directory."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
    except _BROKEN:
        return None
    unpacked = sum(entry.file_size for entry in listed)
    packed = max(1, min(len(data), sum(entry.compress_size for entry in listed)))
    if any(entry.flag_bits & _ENCRYPTED for entry in listed):
        raise AssessmentError("assessment.password_protected")
    if len(listed) > limits.max_entries:
        raise _bomb(f"{len(listed)}", f"{limits.max_entries}")
    if unpacked > limits.max_unpacked:
        raise _bomb(f"{unpacked // MEBIBYTE} MiB", f"{limits.max_unpacked // MEBIBYTE} MiB")
    if unpacked > limits.free_unpacked and unpacked > packed * limits.max_ratio:
        raise _bomb(f"{unpacked // packed} : 1", f"{limits.max_ratio} : 1")
    return listed


def _bomb(found: str, limit: str) -> AssessmentError:
    return AssessmentError("assessment.zip_bomb", found=found, limit=limit)


def salvage(data: bytes, limits: Limits) -> list[Member]:
    """Everything that can still be unpacked, found by the header before each file, without the directory."""
    members: list[Member] = []
    room = limits.max_unpacked
    start = data.find(_LOCAL)
    while start >= 0 and len(members) < limits.max_entries:
        member, end = _member_at(data, start, min(room, 64 * MEBIBYTE + limits.max_ratio * len(data)))
        if member is not None:
            members.append(member)
            room -= len(member.content)
        if room <= 0:
            raise _bomb(f"> {limits.max_unpacked // MEBIBYTE} MiB", f"{limits.max_unpacked // MEBIBYTE} MiB")
        start = data.find(_LOCAL, max(end, start + 4))
    return members


def _member_at(data: bytes, start: int, room: int) -> tuple[Member | None, int]:
    if len(data) - start < _HEADER.size:
        return None, len(data)
    _, _, flags, method, _, _, crc, packed, size, name_length, extra = _HEADER.unpack_from(data, start)
    body = start + _HEADER.size + name_length + extra
    raw = data[start + _HEADER.size : start + _HEADER.size + name_length]
    name = raw.decode("utf-8" if flags & 0x800 else "cp437", errors="replace")
    if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED) or name.endswith("/") or not name:
        return None, body
    if _LARGE in (packed, size):
        size, packed = _large_sizes(data[body - extra : body], size, packed)
    if method == _STORED:
        content = data[body : body + packed]
        return Member(name, content, len(content) == packed and zlib.crc32(content) == crc), body + packed
    content, used, ended = _inflate(data, body, room)
    follows = bool(flags & _SIZES_FOLLOW)
    whole = ended and (follows or (zlib.crc32(content) == crc and len(content) == size))
    return Member(name, content, whole), body + used


def _large_sizes(extra: bytes, size: int, packed: int) -> tuple[int, int]:
    """Size unpacked and packed from the field that zip64 puts behind the name."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1 and length >= 16 and at + 20 <= len(extra):
            wide_size, wide_packed = struct.unpack_from("<QQ", extra, at + 4)
            return int(wide_size), int(wide_packed)
        at += 4 + length
    return size, packed


def _inflate(data: bytes, start: int, room: int) -> tuple[bytes, int, bool]:
    """What can be inflated from `start`, how many bytes that took, and whether the stream ended."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    parts: list[bytes] = []
    offset, total, pending = start, 0, b""
    try:
        while not inflater.eof:
            if not pending:
                pending = data[offset : offset + _STEP]
                offset += len(pending)
                if not pending:
                    break
            block = inflater.decompress(pending, MEBIBYTE)
            pending = inflater.unconsumed_tail
            parts.append(block)
            total += len(block)
            if total > room:
                raise _bomb(f"> {room // MEBIBYTE} MiB", f"{room // MEBIBYTE} MiB")
    except zlib.error:
        return b"".join(parts), 0, False
    used = offset - start - len(inflater.unused_data)
    return b"".join(parts), max(used, 0) if inflater.eof else 0, inflater.eof


def repack(members: list[Member]) -> bytes:
    """The members as a zip without compression, each name once."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for member in {member.name: member for member in members}.values():
            archive.writestr(zipfile.ZipInfo(member.name), member.content)
    return target.getvalue()


def gunzip(data: bytes, limits: Limits) -> tuple[bytes, tuple[Finding, ...]]:
    """What a gzip file holds; the beginning of it where the file is cut."""
    parts: list[bytes] = []
    total, pending, whole = 0, data, False
    try:
        while pending and not whole:
            inflater = zlib.decompressobj(_GZIP_BITS)
            while pending and not inflater.eof:
                block = inflater.decompress(pending, MEBIBYTE)
                pending = inflater.unconsumed_tail
                parts.append(block)
                total += len(block)
                if total > limits.max_bytes or (total > limits.free_unpacked and total > limits.max_ratio * len(data)):
                    raise _bomb(f"> {total // MEBIBYTE} MiB", f"{limits.max_bytes // MEBIBYTE} MiB")
            pending, whole = inflater.unused_data, inflater.eof and not inflater.unused_data.startswith(_GZIP)
    except zlib.error as error:
        if not total:
            raise AssessmentError("assessment.damaged", part="gzip") from error
    if not total:
        raise AssessmentError("assessment.damaged", part="gzip")
    return b"".join(parts), () if whole else (found("assessment.cut_after", part="gzip", bytes=total),)
