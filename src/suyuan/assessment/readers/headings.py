"""Headings of testers' files: what a column is, in which unit."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files

CLOCK = "clock"
"""The unit of a column of durations written as hours, minutes and seconds."""

_BRACKETED = re.compile(r"^(?P<name>.*?)\s*[\[(（](?P<unit>[^\[\]()（）]*)[\])）]\s*$")
_SLASHED = re.compile(r"^(?P<name>.+?)\s*/\s*(?P<unit>[^/]+)$")
_ENDED = re.compile(r"^(?P<name>.+)_(?P<unit>[A-Za-z°µ]+)$")
_COMMAED = re.compile(r"^(?P<name>.+?),\s*(?P<unit>[^,]+)$")
_CLOCKS = re.compile(r"h+:m+(:s)?", re.IGNORECASE)
_LONGEST = 200  # no heading is longer; and patterns take their time with a million blanks
_DIGITS = frozenset("0123456789+.")
_PUNCTUATION = re.compile(r"[\s._:]+")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One column of ours and how files call it, always or with a unit beside it; `units` is empty for text."""

    column: str
    names: frozenset[str]
    unit_only: frozenset[str]
    units: Mapping[str, float]
    bare: str | None


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading means: `factor` brings its numbers to our unit.

    `unit` is the unit as read (or `CLOCK`); `assumed` says that the heading names none.
    """

    text: str
    column: str
    unit: str
    factor: float
    assumed: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """A known quantity in a unit that it cannot have."""

    text: str
    column: str
    unit: str


@cache
def quantities() -> tuple[Quantity, ...]:
    """All that headings.toml knows, in its order."""
    table = tomllib.loads((files("suyuan.assessment.readers") / "headings.toml").read_text(encoding="utf-8"))
    return tuple(
        Quantity(
            entry["column"],
            frozenset(_plain(name) for name in entry["names"]),
            frozenset(_plain(name) for name in entry.get("unit_only", ())),
            {_plain(unit): factor for unit, factor in table["units"].get(entry.get("units", ""), {}).items()},
            entry.get("bare"),
        )
        for entry in table["quantity"]
    )


@cache
def _by_name() -> dict[str, tuple[Quantity, ...]]:
    """Name → the quantities it may mean: a Maccor `Step` is a number, its `Step (Sec)` a time."""
    named: dict[str, tuple[Quantity, ...]] = {}
    for quantity in quantities():
        for name in quantity.names | quantity.unit_only:
            named[name] = (*named.get(name, ()), quantity)
    return named


@cache
def by_column() -> dict[str, Quantity]:
    """The quantities by the name of our column."""
    return {quantity.column: quantity for quantity in quantities()}


def _plain(text: str) -> str:
    kept = text.replace("_", " ").replace("µ", "u") if len(text) > 1 else text
    return _PUNCTUATION.sub(" ", kept).strip().lower()


@lru_cache(maxsize=4096)
def understand(heading: str) -> Heading | Trouble | None:
    """What a heading means; None for a column that is not ours to know.

    >>> found = understand("Voltage(mV)")
    >>> found.column, found.factor
    ('voltage_volt', 0.001)
    """
    text = heading.strip().strip('"').lstrip("~\ufeff").strip()
    named = tuple(each for each in _by_name().get(_plain(text), ()) if _plain(text) in each.names)
    if named:
        return _bare(text, named[0])
    trouble: Trouble | None = None
    for pattern in (_BRACKETED, _SLASHED, _COMMAED, _ENDED):
        split = pattern.match(text)
        named = _by_name().get(_plain(split["name"]), ()) if split else ()
        if split is None or not named:
            continue
        found = _with_unit(text, split["unit"].strip(), named)
        if isinstance(found, Heading):
            return found
        trouble = trouble or found
    return trouble


def _with_unit(text: str, unit: str, named: tuple[Quantity, ...]) -> Heading | Trouble | None:
    """The quantity among those of one name that can have the unit."""
    if _CLOCKS.search(unit):
        return Heading(text, named[0].column, CLOCK, 1.0, assumed=False)
    for quantity in named:
        factor = quantity.units.get(_plain(unit))
        if factor is not None:
            return Heading(text, quantity.column, unit, factor, assumed=False)
    wordless = next((each for each in named if not each.units), None)
    if wordless is not None or not unit:
        return _bare(text, wordless or named[0])
    if all(each.bare is None for each in named):
        return None
    return Trouble(text, named[0].column, unit)


def _bare(text: str, quantity: Quantity) -> Heading:
    """A heading without unit; a column of counts or of text needs none."""
    unit = quantity.bare or "1"
    return Heading(text, quantity.column, unit, quantity.units.get(_plain(unit), 1.0), quantity.bare is not None)


@dataclass(frozen=True, slots=True)
class Layout:
    """A heading line: what its columns are.

    Parameters
    ----------
    columns
        Position → meaning, the first column of each quantity.
    unknown
        Headings that mean nothing to us.
    twice
        Headings that claim a quantity already taken.
    troubles
        Known quantities in impossible units.
    """

    columns: Mapping[int, Heading]
    unknown: tuple[str, ...]
    twice: tuple[str, ...]
    troubles: tuple[Trouble, ...]

    @property
    def known(self) -> frozenset[str]:
        """The columns of ours that are there."""
        return frozenset(heading.column for heading in self.columns.values())

    def position(self, column: str) -> int | None:
        """Where a column stands."""
        return next((place for place, heading in self.columns.items() if heading.column == column), None)


def lay_out(headings: Sequence[str], mapping: Mapping[str, str] | None = None) -> Layout:
    """The meaning of a line of headings; `mapping` is heading in the file → column of ours, or `column/unit`."""
    meanings = [(place, text, _mapped(text, mapping or {})) for place, text in enumerate(headings)]
    known = _times_apart([(place, found) for place, _, found in meanings if isinstance(found, Heading)])
    columns: dict[int, Heading] = {}
    twice: list[str] = []
    for place, found in known:
        if any(found.column == other.column for other in columns.values()):
            twice.append(found.text)
        else:
            columns[place] = found
    return Layout(
        columns,
        tuple(text.strip() for _, text, found in meanings if found is None and text.strip()),
        tuple(twice),
        tuple(found for _, _, found in meanings if isinstance(found, Trouble)),
    )


def _times_apart(known: list[tuple[int, Heading]]) -> list[tuple[int, Heading]]:
    """Neware writes `Time` for the time of the step beside `Total Time` or `Cumulative Time`."""
    tests = [found for _, found in known if found.column == "test_time_second"]
    steps = [found for _, found in known if found.column == "step_time_second"]
    if len(tests) < 2 or steps:
        return known
    plain = next((found for found in tests if _plain(found.text).partition("(")[0].strip() in ("time", "时间")), None)
    return [(place, replace(found, column="step_time_second") if found is plain else found) for place, found in known]


def _mapped(text: str, mapping: Mapping[str, str]) -> Heading | Trouble | None:
    """As the user says, else as we know."""
    if len(text) > _LONGEST:
        return None
    asked = mapping.get(text.strip()) if mapping else None
    if asked is None:
        return None if text[:1] in _DIGITS else understand(text)
    return _as_asked(text, asked)


def _as_asked(text: str, asked: str) -> Heading | Trouble | None:
    column, _, unit = asked.partition("/")
    quantity = by_column().get(column.strip())
    if quantity is None:
        return None
    if not unit.strip():
        found = understand(text)
        same = isinstance(found, Heading) and found.column == quantity.column
        return found if same else _bare(text.strip(), quantity)
    if _CLOCKS.search(unit):
        return Heading(text.strip(), quantity.column, CLOCK, 1.0, assumed=False)
    reversed_ = unit.strip().startswith("-")
    factor = quantity.units.get(_plain(unit.strip().removeprefix("-")))
    if factor is None:
        return Trouble(text.strip(), quantity.column, unit.strip())
    return Heading(text.strip(), quantity.column, unit.strip(), -factor if reversed_ else factor, assumed=False)
