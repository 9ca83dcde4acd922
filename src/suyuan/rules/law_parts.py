"""From a table of a law file to a record: instrument, value, duty. Everything wrong is refused with its line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from types import MappingProxyType

from suyuan.events.vocabulary import Label, vocabulary
from suyuan.kernel import Validity
from suyuan.rules.periods import FirstDay, LastDay, Period, Unit
from suyuan.rules.records import Bound, Duty, Form, Instrument, Measured, Owes, Told, Value
from suyuan.rules.sections import Section
from suyuan.rules.statuses import Status

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)")
SAME_AS = "same_as"
DUTY_KEYS = (
    *("id", "zh", "en", "article", "status", "source", "doubts", "from", "to", "note_zh", "note_en", "edition", "past"),
    *("owed_by", "not_owed_by", "owes", "when", "where", "fulfilled_by", "measured", "by"),
    *("period", "unit", "first_day", "last_day", SAME_AS, "starts", "yearly", "check"),
)
DOUBTFUL = (
    "value",
    "unit",
    "period",
    "when",
    "owed_by",
    "fulfilled_by",
    "first_day",
    "last_day",
    "from",
    "to",
    "scope",
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a law file may name: facts of the register, columns for conditions, checks, both with their labels."""

    facts: Mapping[str, Label]
    columns: Mapping[str, Label]
    checks: Mapping[str, Label]


def words(sections: Mapping[str, list[Section]]) -> Words:
    """The words of `facts.toml`."""

    def labels(name: str) -> Mapping[str, Label]:
        section = sections[name][0]
        return MappingProxyType({key: Label(*section.texts(key)) for key in section.content})

    return Words(labels("facts"), labels("columns"), labels("checks"))


def instrument(section: Section) -> Instrument:
    """An instrument."""
    section.only(
        *(
            "id",
            "zh",
            "en",
            "number",
            "number_en",
            "from",
            "to",
            "status",
            "source",
            "doubts",
            "repeals",
            "note_zh",
            "note_en",
        )
    )
    return Instrument(
        id=_name(section),
        title=_title(section),
        number=Label(section.text("number"), section.text("number_en")),
        validity=validity(section, Validity()),
        status=section.word("status", Status),
        sources=_sources(section),
        doubts=_doubts(section),
        repeals=section.texts("repeals"),
        note=_note(section),
    )


def value(section: Section, of: Instrument) -> Value:
    """One version of a value."""
    section.only(
        *("id", "zh", "en", "unit", "value", "bound", "article", "status", "source", "doubts"),
        *("from", "to", "note_zh", "note_en", "edition", "past"),
    )
    status = section.word("status", Status)
    told = _told(section, status)
    unit = section.optional_text("unit") or ""
    if isinstance(told, int | float) and not isinstance(told, bool) and not unit:
        raise section.refuse("rules.missing_unit", "value", id=_name(section))
    return Value(
        id=_name(section),
        title=_title(section),
        unit=unit,
        told=told,
        bound=section.word("bound", Bound, Bound.EQUALS),
        validity=validity(section, of.validity),
        instrument=of.id,
        article=section.optional_text("article") or "",
        status=status,
        sources=_sources(section),
        doubts=_doubts(section),
        note=_note(section),
        place=f"{section.file}:{section.line}",
        edition=_edition(section),
        past=_past(section),
    )


def duty(section: Section, of: Instrument, known: Words) -> Duty:
    """One version of a duty; a period taken over from another duty is filled in later."""
    section.only(*DUTY_KEYS)
    form, on = _form(section, known)
    yearly = _month_day(section)
    return Duty(
        id=_name(section),
        title=_title(section),
        form=form,
        owed_by=roles(section, "owed_by"),
        not_owed_by=roles(section, "not_owed_by"),
        owes=section.word("owes", Owes, Owes.REPORTER),
        kinds=on,
        where=where(section, on, known),
        fulfilled_by=kinds(section, "fulfilled_by", known),
        measured=section.word("measured", Measured, Measured.RECEIVED),
        by_owner=by_owner(section),
        period=period(section),
        starts=section.day("starts"),
        yearly=yearly,
        check=_check(section, known),
        validity=validity(section, of.validity),
        instrument=of.id,
        article=section.optional_text("article") or "",
        status=section.word("status", Status),
        sources=_sources(section),
        doubts=_doubts(section),
        note=_note(section),
        place=f"{section.file}:{section.line}",
        edition=_edition(section),
        past=_past(section),
    )


def period(section: Section) -> Period | None:
    """The period of a duty; None where none is published."""
    count = section.whole("period")
    if count is None:
        if "unit" in section.content:
            raise section.refuse("rules.unit_without_period", "unit")
        return None
    if "unit" not in section.content:
        raise section.refuse("rules.missing_unit", "period", id=_name(section))
    if SAME_AS in section.content:
        raise section.refuse("rules.two_periods", SAME_AS)
    unit = section.word("unit", Unit)
    if not 1 <= count <= 3660:
        raise section.refuse("rules.period_count", "period", given=count)
    last_day = section.word("last_day", LastDay, LastDay.AS_IT_FALLS)
    return Period(count, unit, section.word("first_day", FirstDay, FirstDay.NEXT), last_day)


def validity(section: Section, default: Validity) -> Validity:
    """The days of a table; what it leaves out is that of its instrument, and it may not reach beyond that."""
    start, end = section.day("from") or default.start, section.day("to") or default.end
    if start is None:
        raise section.refuse("rules.missing_key", key="from", table=section.name)
    if end is not None and end < start:
        raise section.refuse("rules.ends_before_start", "to", start=str(start), end=str(end))
    if start not in default or (default.end is not None and (end is None or end > default.end)):
        raise section.refuse("rules.outside_instrument", "from", start=str(start), end=str(end or ""))
    return Validity(start, end)


def _name(section: Section) -> str:
    name = section.text("id")
    if not _NAME.fullmatch(name):
        raise section.refuse("rules.bad_name", "id", given=name)
    return name


def _edition(section: Section) -> int:
    edition = section.whole("edition")
    if edition is not None and not 1 <= edition <= 999:
        raise section.refuse("rules.edition", "edition", given=edition)
    return edition or 1


def _past(section: Section) -> bool:
    """Whether a better reading has replaced this table; what arose under it keeps it."""
    if "past" in section.content and section.content["past"] is not True:
        raise section.refuse("rules.wrong_type", "past", key="past", wanted="true", given=str(section.content["past"]))
    if "past" in section.content and SAME_AS in section.content:
        raise section.refuse("rules.past_reference", SAME_AS)
    return "past" in section.content


def _title(section: Section) -> Label:
    return Label(section.text("zh"), section.text("en"))


def _note(section: Section) -> Label | None:
    zh, en = section.optional_text("note_zh"), section.optional_text("note_en")
    if (zh is None) != (en is None):
        raise section.refuse("rules.missing_key", key="note_zh" if zh is None else "note_en", table=section.name)
    return None if zh is None or en is None else Label(zh, en)


def _sources(section: Section) -> tuple[str, ...]:
    sources = section.texts("source")
    if not sources:
        raise section.refuse("rules.missing_key", key="source", table=section.name)
    return sources


def _doubts(section: Section) -> Mapping[str, Status]:
    found = section.table("doubts")
    for part, status in found.items():
        if part not in DOUBTFUL:
            raise section.refuse("rules.unknown_word", "doubts", key="doubts", given=part, known=list(DOUBTFUL))
        if status not in list(Status):
            raise section.refuse("rules.unknown_word", "doubts", key=part, given=str(status), known=list(Status))
    return MappingProxyType({part: Status(status) for part, status in sorted(found.items())})


def _told(section: Section, status: Status) -> Told:
    told = section.content.get("value")
    if told is None:
        if status is not Status.OPEN:
            raise section.refuse("rules.missing_key", key="value", table=section.name)
        return None
    if not isinstance(told, int | float | bool | str) or (isinstance(told, float) and not isfinite(told)):
        raise section.refuse(
            "rules.wrong_type", "value", key="value", wanted="number, string or boolean", given=str(told)
        )
    return told


def roles(section: Section, key: str) -> tuple[str, ...]:
    """Roles of companies; who owes a duty must be named."""
    given = section.texts(key)
    known = vocabulary().roles
    for role in given:
        if role not in known:
            raise section.refuse("rules.unknown_word", key, key=key, given=role, known=list(known))
    if not given and key == "owed_by":
        raise section.refuse("rules.missing_key", key=key, table=section.name)
    return given


def kinds(section: Section, key: str, known: Words) -> tuple[str, ...]:
    """Kinds of event, or facts of the register."""
    given = section.texts(key)
    for kind in given:
        if kind not in vocabulary().kinds and kind not in known.facts:
            raise section.refuse("rules.unknown_kind", key, kind=kind)
    return given


def _form(section: Section, known: Words) -> tuple[Form, tuple[str, ...]]:
    """How a duty arises: exactly one of `when`, `starts`, `yearly`, `check`."""
    given = [key for key in ("when", "starts", "yearly", "check") if key in section.content]
    if len(given) != 1:
        raise section.refuse("rules.one_trigger", given=given)
    forms = {"when": Form.EVENT, "starts": Form.FIXED, "yearly": Form.YEARLY, "check": Form.STANDING}
    form, on = forms[given[0]], kinds(section, "when", known)
    if form is Form.FIXED and "period" not in section.content and SAME_AS not in section.content:
        raise section.refuse("rules.missing_key", key="period", table=section.name)
    if form in (Form.FIXED, Form.YEARLY) and not section.texts("fulfilled_by"):
        raise section.refuse("rules.missing_key", key="fulfilled_by", table=section.name)
    if form in (Form.YEARLY, Form.STANDING) and "period" in section.content:
        raise section.refuse("rules.one_trigger", "period", given=[*given, "period"])
    return form, on


def where(section: Section, on: tuple[str, ...], known: Words) -> Mapping[str, tuple[str, ...]]:
    """Wanted values by column: a column of `facts.toml`, or a field of every kind in `on`."""
    wanted = {}
    for column, values in section.table("where").items():
        fields = [kind for kind in on if kind in vocabulary().kinds and column in vocabulary().kinds[kind].fields]
        if column not in known.columns and (len(fields) != len(on) or not on):
            raise section.refuse("rules.unknown_column", "where", column=column, kinds=list(on))
        listed = (values,) if isinstance(values, str) else values
        if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed) or not listed:
            raise section.refuse("rules.wrong_type", "where", key=column, wanted="array of strings", given=str(values))
        wanted[column] = tuple(listed)
    return MappingProxyType(wanted)


def by_owner(section: Section) -> bool:
    """Whether only the company that owes a duty can fulfil it."""
    by = section.optional_text("by") or "owner"
    if by not in ("owner", "anyone"):
        raise section.refuse("rules.unknown_word", "by", key="by", given=by, known=["owner", "anyone"])
    return by == "owner"


def _month_day(section: Section) -> tuple[int, int] | None:
    text = section.optional_text("yearly")
    if text is None:
        return None
    found = _MONTH_DAY.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        day = date(2001, int(found[1]), int(found[2]))  # a year without 29 February: the day exists every year
    except ValueError:
        raise section.refuse("rules.month_day", "yearly", given=text) from None
    return day.month, day.day


def _check(section: Section, known: Words) -> str | None:
    check = section.optional_text("check")
    if check is not None and check not in known.checks:
        raise section.refuse("rules.unknown_word", "check", key="check", given=check, known=list(known.checks))
    return check
