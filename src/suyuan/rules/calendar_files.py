"""The calendar of the package, and files that tell a year: reading, checking, writing."""

from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files

from suyuan.rules.sections import Section, read_sections
from suyuan.rules.working_days import Break, Calendar, Notice, calendar_of

_SATURDAY = 5


class NoticeStatus(StrEnum):
    """Whether a year's holidays were announced or are expected."""

    OFFICIAL = "official"
    PROVISIONAL = "provisional"


def parse_notice(text: str, file: str) -> Notice:
    """The holidays of one year as a TOML text tells them.

    Raises `LawRefused` with file and line: unknown or missing keys, a holiday outside its year (the
    last days of the year before may be named), a day told twice, a make-up day in the working week.
    """
    sections = read_sections(text, file)
    head = sections[""][0]
    for name, others in sections.items():
        if name:
            raise others[0].refuse("rules.unknown_key", key=name, known=["year", "status", "source", "holidays"])
    head.only("year", "status", "source", "holidays")
    year = head.whole("year")
    if year is None or not 1971 <= year <= 2198:
        raise head.refuse("rules.calendar_year", "year", given=str(year))
    official = head.word("status", NoticeStatus) is NoticeStatus.OFFICIAL
    breaks = [(section, _break(section, year)) for section in head.inner("holidays")]
    if official and not breaks:
        raise head.refuse("rules.calendar_empty", "holidays", year=year)
    _each_day_once(breaks)
    return Notice(year, official, head.text("source"), tuple(one for _, one in breaks))


def _break(section: Section, year: int) -> Break:
    section.only("zh", "en", "from", "to", "worked")
    start, end = section.day("from"), section.day("to")
    if start is None or end is None:
        raise section.refuse("rules.missing_key", key="from" if start is None else "to", table="holidays")
    if end < start:
        raise section.refuse("rules.ends_before_start", start=str(start), end=str(end))
    made = Break(section.text("zh"), section.text("en"), start, end, section.days("worked"))
    for day in (*made.days(), *made.worked):
        if not date(year - 1, 12, 1) <= day <= date(year, 12, 31):
            raise section.refuse("rules.calendar_other_year", day=str(day), year=year)
    for day in made.worked:
        if day.weekday() < _SATURDAY:
            raise section.refuse("rules.calendar_make_up", day=str(day))
    return made


def _each_day_once(breaks: list[tuple[Section, Break]]) -> None:
    seen: dict[date, str] = {}
    for section, one in breaks:
        for day in (*one.days(), *one.worked):
            if day in seen:
                raise section.refuse("rules.calendar_twice", day=str(day), first=seen[day], second=one.zh)
            seen[day] = one.zh


def notice_text(notice: Notice) -> str:
    """The TOML text of a notice; `parse_notice` reads it back."""
    status = NoticeStatus.OFFICIAL if notice.official else NoticeStatus.PROVISIONAL
    lines = [f"year = {notice.year}", f'status = "{status}"', f"source = {_quoted(notice.source)}", "holidays = ["]
    for one in notice.breaks:
        worked = f", worked = [{', '.join(map(str, one.worked))}]" if one.worked else ""
        names = f"zh = {_quoted(one.zh)}, en = {_quoted(one.en)}"
        lines.append(f"  {{ {names}, from = {one.start}, to = {one.end}{worked} }},")
    return "\n".join([*lines, "]"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in escaped) + '"'


@cache
def calendar() -> Calendar:
    """The calendar of the package: 2018 to 2026."""
    folder = files("suyuan.rules") / "law" / "calendar"
    texts = {
        entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml")
    }
    return calendar_of(parse_notice(texts[name], f"law/calendar/{name}") for name in sorted(texts))


def days_of(notice: Notice) -> list[date]:
    """Every day that a notice names, in order."""
    return sorted({day for one in notice.breaks for day in (*one.days(), *one.worked)})


def year_days(year: int) -> list[date]:
    """The days of a year."""
    start = date(year, 1, 1)
    return [start + timedelta(days=n) for n in range((date(year + 1, 1, 1) - start).days)]
