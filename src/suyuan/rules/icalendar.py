"""Last days as a calendar that other programs subscribe to: iCalendar (RFC 5545), whole days only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LINE_OCTETS = 75  # without the end of the line, RFC 5545 section 3.1
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\r\n": "\\n", "\n": "\\n", "\r": "\\n"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One day in the calendar.

    `uid` stays the same for ever; `sequence` grows when the day moves. A day that no official calendar decides is
    marked tentative.
    """

    uid: str
    day: date
    official: bool
    sequence: int
    summary: str
    description: str


def calendar_text(title: str, entries: Iterable[Entry], at: datetime) -> str:
    """The calendar, ready to be sent as UTF-8; `at` is the moment it was made."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Suyuan//Deadlines//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{escaped(title)}",
        f"X-WR-CALNAME:{escaped(title)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]
    for entry in entries:
        lines += _event(entry, at)
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in folded(line))


def _event(entry: Entry, at: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{escaped(entry.uid)}",
        f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{entry.day + timedelta(days=1):%Y%m%d}",
        f"SEQUENCE:{entry.sequence}",
        f"SUMMARY:{escaped(entry.summary)}",
        f"DESCRIPTION:{escaped(entry.description)}",
        f"STATUS:{'CONFIRMED' if entry.official else 'TENTATIVE'}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def escaped(text: str) -> str:
    r"""A text value (section 3.3.11); control characters, which no value may hold, are left out.

    >>> print(escaped("a, b; c\nd"))
    a\, b\; c\nd
    """
    for plain, written in _ESCAPED.items():
        text = text.replace(plain, written)
    return "".join(sign for sign in text if sign == "\t" or (sign >= " " and sign != "\x7f"))


def folded(line: str) -> Iterator[str]:
    """The line in pieces of at most `LINE_OCTETS` octets, no character cut; a later piece begins with a space."""
    piece, size = "", 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > LINE_OCTETS:
            yield piece
            piece, size = " ", 1
        piece += sign
        size += octets
    yield piece
