"""Opening hours: a text that people write, and the minutes that it means.

A week is written like ``Mo-Fr 09:00-17:30; Sa 09:00-12:00``, or ``周一至周五 9:00-17:30``, ``每天 08:00-20:00``,
``24/7``: parts between semicolons, a later part speaking for the days that it names. ``22:00-02:00`` ends on
the next day; ``Su off`` (休息) is closed. Single days are written like ``2026-10-01..2026-10-03 off; 2026-10-04
10:00-12:00`` and replace what the week says of those days, from midnight to midnight. Public holidays have
no rule of their own: an outlet that closes on them says so day by day. Minutes are those of the clock in China.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from suyuan.codes.errors import CodeError
from suyuan.kernel import Finding, Language

Span: TypeAlias = tuple[int, int]
"""From the first minute to the one after the last."""

DAY_MINUTES: Final = 1440
WEEK_MINUTES: Final = 7 * DAY_MINUTES
_LONGEST_RUN: Final = 62  # days that one part of the single days may name
_LONGEST_TEXT: Final = 2000  # characters
_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAYS_ZH: Final = ("一", "二", "三", "四", "五", "六", "日")
_SAME: Final = {
    **{f"周{name}": code for name, code in zip(_DAYS_ZH, _DAYS, strict=True)},
    "周天": "Su",
    "每天": "Mo-Su",
    "每日": "Mo-Su",
    "工作日": "Mo-Fr",
    "周末": "Sa-Su",
    "24小时": "00:00-24:00",
    "24/7": "Mo-Su 00:00-24:00",
    "全天": "00:00-24:00",
    "不营业": "off",
    "休息": "off",
    "关闭": "off",
    "closed": "off",
}
_SIGNS: Final = str.maketrans({"；": ";", "，": ",", "、": ",", "：": ":", "—": "-", "–": "-", "－": "-", "~": "-", "～": "-", "至": "-", "到": "-"})  # fmt: skip  # noqa: E501
_PART: Final = re.compile(r"(?:(?P<days>[A-Z][a-z](?:[-,][A-Z][a-z])*)\s*)?(?P<times>off|[\d:,\-\s]+)")
_SINGLE: Final = re.compile(
    r"(?P<first>\d{4}-\d\d-\d\d)(?:\.\.(?P<last>\d{4}-\d\d-\d\d))?\s+(?P<times>off|[\d:,\-\s]+)"
)
_TIME: Final = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")


@dataclass(frozen=True, slots=True)
class Hours:
    """Open minutes of the week, counted from Monday, and those of single days, counted from midnight."""

    week: tuple[Span, ...] = ()
    days: Mapping[date, tuple[Span, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def open_at(self, local: datetime) -> bool:
        """Whether it is open at a moment on the clock in China."""
        minute = local.hour * 60 + local.minute
        single = self.days.get(local.date())
        if single is not None:
            return any(start <= minute < end for start, end in single)
        minute += local.weekday() * DAY_MINUTES
        return any(start <= minute < end for start, end in self.week)


def parse_week(text: str) -> tuple[Span, ...]:
    """The open minutes of a week, in order and without overlaps.

    Raises
    ------
    CodeError
        ``codes.hours_form`` with the part that cannot be understood.

    Examples
    --------
    >>> parse_week("Mo 09:00-12:00,13:00-17:30")
    ((540, 720), (780, 1050))
    """
    days: dict[int, list[Span]] = {}
    for part in _parts(text):
        match = _PART.fullmatch(part)
        if match is None:
            raise _wrong(text, part)
        times = _times(text, part, match["times"])
        for day in _named(text, part, match["days"]):
            days[day] = times
    spans = [
        (day * DAY_MINUTES + start, day * DAY_MINUTES + end) for day, times in days.items() for start, end in times
    ]
    return _merged(piece for span in spans for piece in _wrapped(span))


def parse_days(text: str) -> Mapping[date, tuple[Span, ...]]:
    """The open minutes of single days; none for a day that is closed. A span may not pass midnight here.

    Raises
    ------
    CodeError
        ``codes.hours_form``.
    """
    found: dict[date, tuple[Span, ...]] = {}
    for part in _parts(text):
        match = _SINGLE.fullmatch(part)
        if match is None:
            raise _wrong(text, part)
        try:
            first = date.fromisoformat(match["first"])
            last = date.fromisoformat(match["last"]) if match["last"] else first
        except ValueError:
            raise _wrong(text, part) from None
        times = _times(text, part, match["times"])
        if not 0 <= (last - first).days < _LONGEST_RUN or any(end > DAY_MINUTES for _, end in times):
            raise _wrong(text, part)
        found |= {first + timedelta(days=step): _merged(times) for step in range((last - first).days + 1)}
    return MappingProxyType(dict(sorted(found.items())))


def say_week(week: Iterable[Span], language: Language) -> str:
    """The open minutes of a week as text that `parse_week` understands; days that are alike stand together."""
    of_day: list[list[str]] = [[] for _ in _DAYS]
    for start, end in week:
        for day in range(start // DAY_MINUTES, (end - 1) // DAY_MINUTES + 1):
            low, high = max(start - day * DAY_MINUTES, 0), min(end - day * DAY_MINUTES, DAY_MINUTES)
            of_day[day].append(f"{_clock(low)}-{_clock(high)}")
    parts: list[str] = []
    first = 0
    for day in range(1, len(_DAYS) + 1):
        if day == len(_DAYS) or of_day[day] != of_day[first]:
            if of_day[first]:
                parts.append(f"{_run(first, day - 1, language)} {','.join(of_day[first])}")
            first = day
    return "; ".join(parts)


def _run(first: int, last: int, language: Language) -> str:
    names = _DAYS if language is Language.EN else tuple(f"周{name}" for name in _DAYS_ZH)
    between = "-" if language is Language.EN else "至"
    return names[first] if first == last else f"{names[first]}{between}{names[last]}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _parts(text: str) -> list[str]:
    """The parts of a text in the words and signs of the grammar."""
    if len(text) > _LONGEST_TEXT:
        raise _wrong(text, text[:40])
    plain = text.translate(_SIGNS).replace("星期", "周").replace("礼拜", "周")
    for said, meant in _SAME.items():
        plain = plain.replace(said, f"{meant} " if meant.endswith("Su") and "-" in meant else meant)
    joined = re.sub(r"\s*([-,:])\s*", r"\1", plain)
    return [part.strip() for part in joined.split(";") if part.strip()]


def _named(text: str, part: str, days: str | None) -> list[int]:
    """The days that a part names, Monday being 0; every day where it names none."""
    if days is None:
        return list(range(len(_DAYS)))
    found: list[int] = []
    for piece in days.split(","):
        ends = piece.split("-")
        if len(ends) > 2 or any(end not in _DAYS for end in ends):
            raise _wrong(text, part)
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        found += [day % len(_DAYS) for day in range(first, last + 1 if last >= first else last + 1 + len(_DAYS))]
    return found


def _times(text: str, part: str, times: str) -> list[Span]:
    """Minutes of one day; a span that ends before it begins ends on the next day."""
    if times == "off":
        return []
    found: list[Span] = []
    for piece in times.replace(" ", ",").split(","):
        match = _TIME.fullmatch(piece)
        if match is None:
            raise _wrong(text, part)
        start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if start >= DAY_MINUTES or end > DAY_MINUTES or int(match[2]) > 59 or int(match[4]) > 59 or start == end:
            raise _wrong(text, part)
        found.append((start, end if end > start else end + DAY_MINUTES))
    return found


def _wrapped(span: Span) -> list[Span]:
    """What passes the end of the week begins it, too."""
    start, end = span
    return [(start, min(end, WEEK_MINUTES))] + ([(0, end - WEEK_MINUTES)] if end > WEEK_MINUTES else [])


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def _wrong(text: str, part: str) -> CodeError:
    return CodeError(text, [Finding("codes.hours_form", {"part": part[:80]})])
