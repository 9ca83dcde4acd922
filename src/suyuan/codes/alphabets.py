"""The alphabets and fields of GB/T 34014-2017: positions, levels, chemistries and dates.

Source: docs/regulation.md 1.2-1.5. The letters I, O, Q, U and Z stand for no year, month or day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHANUMERIC = DIGITS + LETTERS

YEAR_LETTERS = "123456789ABCDEFGHJKLMNPRSTVWXY"
"""The k-th character (from 0) is the year 2011 + k, and every 30 years after it."""
MONTH_LETTERS = "123456789ABC"
"""The k-th character (from 0) is month k + 1."""
DAY_LETTERS = "123456789ABCDEFGHJKLMNPRSTVWXY0"
"""The k-th character (from 0) is day k + 1; the 31st is `0`."""

FIRST_YEAR = 2011
YEAR_CYCLE = len(YEAR_LETTERS)

LEVELS: Mapping[str, str] = MappingProxyType({"P": "pack", "M": "module", "C": "cell"})
CHEMISTRIES: Mapping[str, str] = MappingProxyType(
    {"A": "nimh", "B": "lfp", "C": "lmo", "D": "lco", "E": "ternary", "F": "supercapacitor", "G": "lto", "Z": "other"}
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a code: its name and its characters, `start` counted from 0, `end` exclusive."""

    name: str
    start: int
    end: int


def _layout(*fields: tuple[str, int]) -> tuple[Field, ...]:
    laid, start = [], 0
    for name, width in fields:
        laid.append(Field(name, start, start + width))
        start += width
    return tuple(laid)


_DESIGN = (("vendor", 3), ("level", 1), ("chemistry", 1), ("spec", 2))
_PRODUCTION = (("year", 1), ("month", 1), ("day", 1), ("serial", 7))

FORMS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "24": _layout(*_DESIGN, ("trace", 7), *_PRODUCTION),
        "26": _layout(*_DESIGN, ("trace", 7), *_PRODUCTION, ("suffix", 2)),
        "19": _layout(*_DESIGN, *_PRODUCTION, ("suffix", 2)),
    }
)
"""Fields of each form, keyed by the number of characters as text."""

FORM_OF_LENGTH: Mapping[int, str] = MappingProxyType({24: "24", 26: "26", 19: "19"})


def place(form: str, name: str) -> Field:
    """Where the field `name` stands in `form`."""
    return next(field for field in FORMS[form] if field.name == name)


def year_of(letter: str, reference: date) -> int | None:
    """The year that a year letter stands for, seen on the day `reference`; None for no year letter.

    The letters return after 30 years, so a year is only known beside a day: it is the latest year
    of that letter not after the year that follows `reference`. One year of grace, because a code
    read at the end of December may have been allotted for January and a sender's clock may be
    ahead; a year further off is a new cycle's business. No code is older than 2011, the first year
    of the table, so a letter whose first year is still to come stands for that year and not for
    one before 2011.

    >>> year_of("F", date(2026, 11, 22)), year_of("J", date(2026, 11, 22)), year_of("1", date(2041, 3, 1))
    (2025, 2028, 2041)
    """
    index = YEAR_LETTERS.find(letter) if len(letter) == 1 else -1
    return None if index < 0 else years(reference)[index]


def years(reference: date) -> list[int]:
    """The year of each letter in the order of `YEAR_LETTERS`, seen on the day `reference`."""
    firsts = range(FIRST_YEAR, FIRST_YEAR + YEAR_CYCLE)
    return [first + max((reference.year + 1 - first) // YEAR_CYCLE, 0) * YEAR_CYCLE for first in firsts]


def month_of(letter: str) -> int | None:
    """The month that a letter stands for, 1-12; None for no month letter."""
    return MONTH_LETTERS.find(letter) + 1 or None if len(letter) == 1 else None


def day_of(letter: str) -> int | None:
    """The day that a letter stands for, 1-31; None for no day letter."""
    return DAY_LETTERS.find(letter) + 1 or None if len(letter) == 1 else None


def date_letters(day: date) -> str:
    """The three letters of a production date.

    >>> date_letters(date(2022, 7, 31))
    'C70'
    """
    if day.year < FIRST_YEAR:
        raise ValueError(f"the date letters begin with {FIRST_YEAR}, not {day.year}")
    year = YEAR_LETTERS[(day.year - FIRST_YEAR) % YEAR_CYCLE]
    return year + MONTH_LETTERS[day.month - 1] + DAY_LETTERS[day.day - 1]
