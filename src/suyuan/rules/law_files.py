"""The law of the package: its files read, checked against each other, and put in order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType
from typing import TypeVar

from suyuan.rules.admission import Admission, check_packs, read_admission
from suyuan.rules.errors import LawRefused
from suyuan.rules.law_parts import SAME_AS, Words, duty, instrument, words
from suyuan.rules.law_parts import value as read_value
from suyuan.rules.periods import Period
from suyuan.rules.records import Duty, InForce, Instrument, Law, NotInForce, Value
from suyuan.rules.sections import Section, read_sections

FACTS = "facts.toml"
_TABLES = ("instrument", "value", "duty", "admission")
Versioned = TypeVar("Versioned", Value, Duty)


@dataclass(slots=True)
class _Read:
    """What several files have said so far."""

    words: Words
    instruments: dict[str, tuple[Section, Instrument]] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    duties: list[tuple[Section, Duty]] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)


def read_law(texts: Mapping[str, str]) -> Law:
    """The law that some files make; `texts` by file name, one of them `facts.toml`.

    Raises `LawRefused` with file and line for anything that cannot be: no TOML, unknown or missing keys
    and words, a missing unit, an unknown event kind, intervals that overlap, a circle of references.
    """
    facts = next(name for name in texts if name.rpartition("/")[2] == FACTS)
    read = _Read(words(read_sections(texts[facts], facts)))
    for name in sorted(set(texts) - {facts}):
        _read_file(read_sections(texts[name], name), read)
    _check_repeals(read.instruments)
    past = _past(read)
    values = _in_order(one for one in read.values if not one.past)
    duties = _in_order(_with_periods([(section, one) for section, one in read.duties if not one.past]))
    _check_units(values)
    check_packs(read.admissions)
    digest = sha256()
    for name in sorted(texts):
        digest.update(name.encode() + b"\0" + texts[name].encode() + b"\0")
    return Law(
        instruments=MappingProxyType({name: one for name, (_, one) in sorted(read.instruments.items())}),
        values=values,
        duties=duties,
        past=past,
        facts=read.words.facts,
        digest=digest.hexdigest(),
        admissions=tuple(read.admissions),
    )


def _read_file(sections: Mapping[str, list[Section]], read: _Read) -> None:
    for name, found in sections.items():
        if name not in ("", *_TABLES):
            raise found[0].refuse("rules.unknown_key", key=name, known=list(_TABLES))
    sections[""][0].only()
    if len(sections.get("instrument", [])) != 1:
        raise sections[""][0].refuse("rules.one_instrument")
    section = sections["instrument"][0]
    made = instrument(section)
    if made.id in read.instruments:
        raise section.refuse("rules.twice", "id", id=made.id, first=read.instruments[made.id][0].file)
    read.instruments[made.id] = (section, made)
    read.values += [read_value(one, made) for one in sections.get("value", [])]
    read.duties += [(one, duty(one, made, read.words)) for one in sections.get("duty", [])]
    read.admissions += [read_admission(one, made.id, made.validity) for one in sections.get("admission", [])]


def _check_repeals(instruments: Mapping[str, tuple[Section, Instrument]]) -> None:
    """Everything repealed is known, and nothing repeals itself by going round."""
    for section, one in instruments.values():
        for name in one.repeals:
            if name not in instruments:
                raise section.refuse("rules.unknown_word", "repeals", key="repeals", given=name, known=[])
    for name, (section, _) in instruments.items():
        follow = {key: one.repeals for key, (_, one) in instruments.items()}
        if circle := _circle(name, follow):
            raise section.refuse("rules.circle", "repeals", names=circle)


def _circle(start: str, follow: Mapping[str, Sequence[str]]) -> list[str]:
    """The way from `start` back to it, if there is one."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for name in follow.get(way[-1], ()):
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def _with_periods(read: Sequence[tuple[Section, Duty]]) -> list[Duty]:
    """Duties with the periods that they take over from others."""
    references = {one.version: (section, one) for section, one in read}
    return [replace(one, period=_period_of(section, one, references, ())) for section, one in read]


def _period_of(
    section: Section, one: Duty, known: Mapping[str, tuple[Section, Duty]], way: tuple[str, ...]
) -> Period | None:
    wanted = section.optional_text(SAME_AS)
    if wanted is None:
        return one.period
    if one.version in way:
        raise section.refuse("rules.circle", SAME_AS, names=[*way, one.version])
    for other_section, other in known.values():
        if other.id == wanted and one.validity.start is not None and one.validity.start in other.validity:
            return _period_of(other_section, other, known, (*way, one.version))
    raise section.refuse("rules.unknown_reference", SAME_AS, id=wanted, day=str(one.validity.start))


def _past(read: _Read) -> Mapping[str, Value | Duty]:
    """What better readings have replaced, by version; every version has a name of its own."""
    places: dict[str, str] = {}
    every: list[Value | Duty] = [*read.values, *(one for _, one in read.duties)]
    for one in every:
        if one.past and one.version in places:
            raise _at(one.place, "rules.twice", id=one.version, first=places[one.version])
        places[one.version] = one.place
    current = {one.version: one.place for one in every if not one.past}
    past = {one.version: one for one in every if one.past}
    for version in sorted(past.keys() & current.keys()):
        raise _at(current[version], "rules.edition_needed", id=version, other=past[version].place)
    return MappingProxyType(past)


def _in_order(versions: Iterable[Versioned]) -> Mapping[str, Sequence[Versioned]]:
    """Versions by name and beginning; refuses two that hold on one day."""
    table: dict[str, list[Versioned]] = {}
    for one in sorted(versions, key=lambda one: (one.id, one.validity.start or date.min)):
        table.setdefault(one.id, []).append(one)
    for name, several in table.items():
        for first, second in pairwise(several):
            if first.validity.end is None or (second.validity.start or date.min) <= first.validity.end:
                raise _at(second.place, "rules.overlap", id=name, other=first.place, day=str(second.validity.start))
    return MappingProxyType({name: tuple(several) for name, several in table.items()})


def _check_units(values: Mapping[str, Sequence[Value]]) -> None:
    """One value keeps one unit through all its versions."""
    for name, several in values.items():
        for first, second in pairwise(several):
            if first.unit != second.unit:
                units = [first.unit, second.unit]
                raise _at(second.place, "rules.unit_differs", id=name, other=first.place, units=units)


def _at(place: str, code: str, **data: str | list[str]) -> LawRefused:
    file, _, line = place.rpartition(":")
    return LawRefused(code, file, int(line), **data)


@cache
def facts_words() -> Words:
    """What law files of the package and drafts may name beside the vocabulary."""
    text = (files("suyuan.rules") / "law" / FACTS).read_text(encoding="utf-8")
    return words(read_sections(text, f"law/{FACTS}"))


@cache
def law() -> Law:
    """The law of the package."""
    folder = files("suyuan.rules") / "law"
    entries = sorted((entry.name, entry) for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return read_law({f"law/{name}": entry.read_text(encoding="utf-8") for name, entry in entries})


def value(name: str, on: date) -> InForce | NotInForce:
    """What the law of the package says of `name` on a day, or that nothing is in force then."""
    return law().value(name, on)
