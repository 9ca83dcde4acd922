"""One battery code of GB/T 34014-2017: parse it, explain each position, compose a new one.

Three forms are read: 24 characters for original products, 19 for products of echelon use, and
26 (24 and a mark), which is seen in practice though the standard may not know it. A text is never
repaired; what may have been meant is said beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from suyuan.codes import alphabets
from suyuan.codes.alphabets import ALPHANUMERIC, CHEMISTRIES, DIGITS, FORM_OF_LENGTH, FORMS, LEVELS, place
from suyuan.codes.errors import CodeError
from suyuan.codes.near_misses import hints
from suyuan.codes.texts import faults_of, visible, visible_text
from suyuan.codes.verdicts import found
from suyuan.kernel import Finding, Severity

_SHIFTING = frozenset({"codes.empty", "codes.stored_as_number", "codes.invisible", "codes.separators"})
_COMMON = FORMS["24"][:4]  # vendor, level, chemistry and spec stand alike in every form


@dataclass(frozen=True, slots=True)
class BatteryCode:
    """An accepted battery code and its fields, as they stand in the text.

    `trace` is None in the 19-character form, `suffix` in the 24-character form. `findings` has
    the remarks that do not refuse it.
    """

    text: str
    form: str
    vendor: str
    level: str
    chemistry: str
    spec: str
    trace: str | None
    produced_on: date
    serial: str
    suffix: str | None
    findings: tuple[Finding, ...] = ()

    @property
    def design(self) -> str:
        """The design part: 14 characters, the prefix that is filed; 7 in the 19-character form."""
        return self.text[: 7 if self.trace is None else 14]


@dataclass(frozen=True, slots=True)
class Position:
    """One field of a code: characters `first` to `last`, counted from 1, and what they mean.

    The meaning is a message id with its data, like a finding.
    """

    field: str
    first: int
    last: int
    characters: str
    meaning: str
    data: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that can be said about a text that should be a battery code.

    `raw` is the text as received. What cannot be read is None; `produced_on` is the day even where
    the code is refused for something else. `suggestion` is what may have been meant.
    """

    raw: str
    form: str | None
    positions: tuple[Position, ...]
    produced_on: date | None
    findings: tuple[Finding, ...]
    suggestion: str | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing refuses the code."""
        return not any(finding.severity is Severity.REFUSE for finding in self.findings)

    def characters(self, field: str) -> str | None:
        """The characters of a field; None where the text has no such field."""
        return next((position.characters for position in self.positions if position.field == field), None)

    def readable(self, field: str) -> str | None:
        """The characters of a field if they have a meaning, else None."""
        return next(
            (
                position.characters
                for position in self.positions
                if position.field == field and position.meaning != "codes.means_nothing"
            ),
            None,
        )


def _is_plain(characters: str) -> bool:
    return all(character in ALPHANUMERIC for character in characters)


_Meaning: TypeAlias = tuple[str, dict[str, str | int]]


def _meaning(field: str, characters: str, reference: date, vendors: Mapping[str, str]) -> _Meaning:
    """What a field says; ``codes.means_nothing`` where it cannot be read."""
    meaning: _Meaning | None = f"codes.means_{field}", {"characters": characters}
    match field:
        case "vendor" if characters in vendors:
            meaning = "codes.means_vendor_named", {"characters": characters, "name": vendors[characters]}
        case "level":
            meaning = _listed(field, LEVELS.get(characters))
        case "chemistry":
            meaning = _listed(field, CHEMISTRIES.get(characters))
        case "suffix":
            meaning = _listed(field, LEVELS.get(characters[1:]) if characters[0] == "R" else None)
        case "year":
            meaning = _numbered(field, alphabets.year_of(characters, reference))
        case "month":
            meaning = _numbered(field, alphabets.month_of(characters))
        case "day":
            meaning = _numbered(field, alphabets.day_of(characters))
    if meaning is None or not _is_plain(characters):
        return "codes.means_nothing", {"characters": visible_text(characters)}
    return meaning


def _listed(field: str, name: str | None) -> _Meaning | None:
    return (f"codes.means_{field}_{name}", {}) if name else None


def _numbered(field: str, number: int | None) -> _Meaning | None:
    return (f"codes.means_{field}", {field: number}) if number else None


def _positions(text: str, reference: date, vendors: Mapping[str, str]) -> tuple[Position, ...]:
    form = FORM_OF_LENGTH.get(len(text))
    fields = [field for field in (FORMS[form] if form else _COMMON) if field.end <= len(text)]
    return tuple(
        Position(
            field.name,
            field.start + 1,
            field.end,
            text[field.start : field.end],
            *_meaning(field.name, text[field.start : field.end], reference, vendors),
        )
        for field in fields
    )


def _date(positions: tuple[Position, ...]) -> date | None:
    numbers = [
        position.data.get(position.field) for position in positions if position.field in {"year", "month", "day"}
    ]
    try:
        year, month, day = (number for number in numbers if isinstance(number, int))
        return date(year, month, day)
    except ValueError:  # a letter without meaning, or no day of the calendar
        return None


def _refusals(text: str, form: str, positions: tuple[Position, ...], levels: str) -> list[Finding]:
    """What refuses a text of the right length, in the order of `verdicts`."""
    findings = [
        found("codes.character", index + 1, character=visible(character))
        for index, character in enumerate(text)
        if character not in ALPHANUMERIC
    ]
    by_field = {position.field: position for position in positions}
    for field in ("level", "chemistry", "year", "month", "day"):
        position = by_field[field]
        if position.meaning == "codes.means_nothing" and _is_plain(position.characters):
            findings.append(found(f"codes.{field}", position.first, character=position.characters))
        elif field == "level" and position.characters in LEVELS and position.characters not in levels:
            findings.append(found("codes.level_not_wanted", 4, character=position.characters, wanted=list(levels)))
    letters = [by_field[field] for field in ("year", "month", "day")]
    if _date(positions) is None and all(position.meaning != "codes.means_nothing" for position in letters):
        day = "".join(position.characters for position in letters)
        findings.append(found("codes.date", letters[0].first, character=day))
    suffix = by_field.get("suffix")
    if suffix and suffix.meaning == "codes.means_nothing" and _is_plain(suffix.characters):
        findings.append(found("codes.suffix", suffix.first, character=suffix.characters))
    return findings


def _remarks(
    text: str, form: str, produced_on: date, reference: date, vendors: Mapping[str, str] | None
) -> list[Finding]:
    """What is to be said about a code that is accepted, in the order of `verdicts`."""
    serial = place(form, "serial")
    digits = text[serial.start : serial.end]
    letters = [character for character in digits if character not in DIGITS]
    year = place(form, "year")
    remarks = []
    if produced_on > reference:
        remarks.append(found("codes.date_in_future", year.start + 1, character=text[year.start : year.start + 3]))
    if form != "24" and text[3] != text[-1]:
        remarks.append(found("codes.suffix_level", len(text), character=text[-1]))
    if form == "26":
        remarks.append(found("codes.form_26", 25, character=text[24:]))
    if letters:
        remarks.append(found("codes.serial_letters", serial.start + digits.index(letters[0]) + 1, character=letters[0]))
    if digits == "0000000":
        remarks.append(found("codes.serial_zero", serial.start + 1, character=digits))
    if vendors is not None and text[:3] not in vendors:
        remarks.append(found("codes.vendor_unknown", 1, character=text[:3]))
    return remarks


def explain(text: str, reference: date, levels: str = "PMC", vendors: Mapping[str, str] | None = None) -> Explanation:
    """Say what each position of a battery code means and everything that is wrong with it.

    Parameters
    ----------
    text
        As received.
    reference
        The day from which years are read and the future begins; see `suyuan.codes.alphabets.year_of`.
    levels
        The level letters wanted here.
    vendors
        Names by vendor code, if a list of them is at hand; there is no public one.
    """
    faults = faults_of(text)
    shifted = any(fault.code in _SHIFTING for fault in faults)
    form = FORM_OF_LENGTH.get(len(text))
    positions = () if shifted else _positions(text, reference, vendors or {})
    produced_on = _date(positions)
    findings = list(faults)
    if form is None and not shifted:
        findings.append(found("codes.length", length=len(text)))
    if form is not None and not shifted:
        explained = {"codes.character"} if faults else set()
        findings += [fault for fault in _refusals(text, form, positions, levels) if fault.code not in explained]
        if not findings and produced_on:
            findings += _remarks(text, form, produced_on, reference, vendors)
    suggestion, notes = hints(text, lambda other: _accepts(other, reference, levels))
    return Explanation(text, None if shifted else form, positions, produced_on, (*findings, *notes), suggestion)


def _accepts(text: str, reference: date, levels: str = "PMC") -> bool:
    """Whether nothing refuses the text."""
    form = FORM_OF_LENGTH.get(len(text))
    return form is not None and _is_plain(text) and not _refusals(text, form, _positions(text, reference, {}), levels)


def parse(text: str, reference: date, levels: str = "PMC", vendors: Mapping[str, str] | None = None) -> BatteryCode:
    """The fields of a battery code.

    Raises
    ------
    CodeError
        With the first finding that refuses the code; `CodeError.findings` has all of them.

    Examples
    --------
    >>> parse("07HCBC1P22G06AC700002596", reference=date(2026, 11, 22)).produced_on
    datetime.date(2022, 7, 31)
    """
    explanation = explain(text, reference, levels, vendors)
    form, produced_on = explanation.form, explanation.produced_on
    if form is None or produced_on is None or not explanation.valid:
        raise CodeError(text, explanation.findings)
    part = explanation.characters
    return BatteryCode(
        text,
        form,
        vendor=text[:3],
        level=text[3],
        chemistry=text[4],
        spec=text[5:7],
        trace=part("trace"),
        produced_on=produced_on,
        serial=part("serial") or "",
        suffix=part("suffix"),
        findings=explanation.findings,
    )


def compose(design: str, produced_on: date, serial: int | str, suffix: str | None = None) -> str:
    """The code of a product.

    Parameters
    ----------
    design
        The design part: 14 characters for an original product, 7 for one of echelon use.
    produced_on
        Day of production, 2011 or later.
    serial
        Number of that day, 1-9999999, or seven characters.
    suffix
        ``RP``, ``RM`` or ``RC``, for the forms that end with it.

    Raises
    ------
    CodeError
        If what comes out is no battery code.

    Examples
    --------
    >>> compose("04QCB76836300J", date(2021, 12, 4), 903)
    '04QCB76836300JBC40000903'
    """
    digits = f"{serial:07d}" if isinstance(serial, int) else serial
    text = design + alphabets.date_letters(produced_on) + digits + (suffix or "")
    code = parse(text, reference=produced_on)
    if (code.design, code.serial, code.suffix) != (design, digits, suffix):
        raise CodeError(text, [found("codes.length", length=len(text))])
    return text
