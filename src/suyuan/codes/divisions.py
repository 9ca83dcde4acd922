"""Administrative divisions by GB/T 2260 code: provinces, prefectures and counties, each with its days.

The register shipped is package data; see ``data/README.md`` for its origin and what it cannot say.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

from suyuan.codes.errors import refuse_first
from suyuan.codes.texts import faults_of
from suyuan.codes.verdicts import found
from suyuan.kernel import Finding, Validity

LENGTH = 6
_ALWAYS = Validity()


class Tier(StrEnum):
    """How large a division is."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"


@dataclass(frozen=True, slots=True)
class Division:
    """One division in one period. `verified` is False where its days are not known for certain."""

    code: str
    name: str
    validity: Validity = _ALWAYS
    verified: bool = False

    @property
    def tier(self) -> Tier:
        """Read from the zeros at the end of the code."""
        if self.code.endswith("0000"):
            return Tier.PROVINCE
        return Tier.PREFECTURE if self.code.endswith("00") else Tier.COUNTY


class Register:
    """A list of divisions; a code may stand in it more than once, for different days."""

    def __init__(self, entries: Iterable[Division]) -> None:
        self.entries = tuple(sorted(entries, key=lambda entry: (entry.code, entry.validity.start or date.min)))
        self._by_code: dict[str, list[Division]] = {}
        for entry in self.entries:
            self._by_code.setdefault(entry.code, []).append(entry)

    @classmethod
    def from_csv(cls, text: str) -> "Register":
        """Read the columns code, name, valid_from, valid_to, status; an empty day is open."""
        return cls(
            Division(
                row["code"],
                row["name"],
                Validity(_day(row["valid_from"]), _day(row["valid_to"])),
                row["status"] == "verified",
            )
            for row in csv.DictReader(io.StringIO(text))
        )

    def __contains__(self, code: object) -> bool:
        """Whether the code is listed for any day."""
        return code in self._by_code

    def has_province(self, code: str) -> bool:
        """Whether the first two digits are those of a province, on any day."""
        return f"{code[:2]}0000" in self._by_code

    def division(self, code: str, on: date) -> Division | None:
        """The division of that code on that day; None where there is none."""
        return next((entry for entry in self._by_code.get(code, ()) if on in entry.validity), None)

    def parent(self, code: str, on: date) -> Division | None:
        """The next larger division; None for a province. A county without prefecture is its province's."""
        if code.endswith("0000"):
            return None
        larger = (above for above in (f"{code[:4]}00", f"{code[:2]}0000") if above != code)
        return next((up for above in larger if (up := self.division(above, on))), None)

    def name(self, code: str, on: date) -> str | None:
        """The Chinese name on that day."""
        entry = self.division(code, on)
        return entry.name if entry else None

    def children(self, code: str, on: date) -> list[Division]:
        """The divisions right below, in the order of their codes."""
        return [
            entry
            for entry in self.entries
            if entry.code != code
            and entry.code[:2] == code[:2]
            and on in entry.validity
            and (above := self.parent(entry.code, on)) is not None
            and above.code == code
        ]

    def provinces(self, on: date) -> list[Division]:
        """Every province on that day, in the order of their codes."""
        return [entry for entry in self.entries if entry.tier is Tier.PROVINCE and on in entry.validity]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def national() -> Register:
    """The register shipped with the program."""
    return Register.from_csv((files("suyuan.codes") / "data" / "divisions.csv").read_text(encoding="utf-8"))


def division(code: str, on: date) -> Division | None:
    """The division of that code on that day, from the register shipped.

    >>> division("330800", date(2026, 11, 22)).name
    '衢州市'
    """
    return national().division(code, on)


def check_division(code: str, on: date, register: Register | None = None) -> tuple[Finding, ...]:
    """Everything found in a division code on a day, refusals first."""
    known = register or national()
    if len(code) != LENGTH or not (code.isascii() and code.isdigit()):
        return (*faults_of(code), found("codes.division_form", length=len(code)))
    if not known.has_province(code):
        return (found("codes.division_province", 1, division=code, province=code[:2]),)
    if code not in known:
        return (found("codes.division_unknown", division=code, province=code[:2]),)
    return () if known.division(code, on) else (found("codes.division_not_valid", division=code, on=on.isoformat()),)


def parse_division(code: str, on: date, register: Register | None = None) -> Division | None:
    """The division of a code; None where its province is known and the code itself is not on that day.

    Raises
    ------
    CodeError
        If the text is not six digits or its province is unknown.
    """
    refuse_first(code, check_division(code, on, register))
    return (register or national()).division(code, on)
