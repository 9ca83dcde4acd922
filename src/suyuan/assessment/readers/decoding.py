"""Bytes of a text file to UTF-8 with plain line ends; what was not UTF-8 is said."""

import codecs
import re
from dataclasses import dataclass

from suyuan.assessment.errors import AssessmentError, Limits
from suyuan.assessment.saying import found, noted
from suyuan.kernel import Finding

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LATIN_SIGNS = re.compile(rb"[^\x00-\x7f]")
_SIGNS = frozenset(b"\xb0\xb2\xb3\xb5\xd8\xe4\xf6\xfc\xdf")  # ° ² ³ µ Ø ä ö ü ß, alone among ASCII
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Text:
    """UTF-8 bytes, lines ended by a line feed, with what was found on the way."""

    data: bytes
    findings: tuple[Finding, ...]


def decode(data: bytes, limits: Limits) -> Text:
    """The text of a file; refuses what is no text at all."""
    said: list[Finding] = []
    mark = next((mark for mark in _UTF16 if data.startswith(mark)), None)
    if mark is not None:
        data = data[len(mark) :].decode(_UTF16[mark], errors="replace").encode("utf-8", errors="replace")
        said.append(noted("assessment.encoding", encoding="UTF-16"))
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\x00" in data:
        data = _without_nul(data, said)
    if b"\r" in data:
        data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    _check_lines(data, limits)
    if data.isascii():
        return Text(data, tuple(said))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = _by_line(data, said)
    return Text(data, tuple(said))


def _without_nul(data: bytes, said: list[Finding]) -> bytes:
    count = data.count(0)
    if count * 50 > len(data):
        raise AssessmentError("assessment.not_text", position=data.index(0) + 1)
    said.append(found("assessment.nul", count=count, position=data.index(0) + 1))
    return data.replace(b"\x00", b"?")


def _check_lines(data: bytes, limits: Limits) -> None:
    """Refuse a line that is too long; a search from line to line only where the file is that large."""
    start = 0
    while len(data) - start > limits.max_line:
        end = data.rfind(b"\n", start, start + limits.max_line)
        if end < 0:
            line = data.count(b"\n", 0, start) + 1
            raise AssessmentError("assessment.line_too_long", line=line, limit=limits.max_line)
        start = end + 1


def _by_line(data: bytes, said: list[Finding]) -> bytes:
    """Each line in the encoding that it is in; a file put together from two encodings is said to be one."""
    lines = data.split(b"\n")
    used: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if line.isascii():
            continue
        encoding, lines[number] = _line(line)
        used.setdefault(encoding, []).append(number + 1)
    broken = used.pop("", [])
    if len(used) > 1:
        where = [f"{encoding}: {_some(numbers)}" for encoding, numbers in sorted(used.items())]
        said.append(noted("assessment.mixed_encodings", where=where))
    elif used and "UTF-8" not in used:
        said.append(noted("assessment.encoding", encoding=next(iter(used))))
    if broken:
        said.append(found("assessment.unreadable_text", lines=_some(broken), count=len(broken)))
    return b"\n".join(lines)


def _line(line: bytes) -> tuple[str, bytes]:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "UTF-8", line
    if set(_LATIN_SIGNS.findall(line)) <= {bytes([sign]) for sign in _SIGNS} and b"\xb0\xb0" not in line:
        return "Windows-1252", line.decode("cp1252").encode()
    try:
        return "GB18030", line.decode("gb18030").encode()
    except UnicodeDecodeError:
        return "", line.decode("utf-8", errors="replace").encode()


def _some(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    return f"{shown} …" if len(numbers) > _SHOWN else shown
