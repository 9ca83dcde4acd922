"""Vehicle identification numbers, GB 16735: the check digit and the year.

The letter of the year is not that of a battery: a battery's B is 2021, a vehicle's B is 2011.
"""

from dataclasses import dataclass
from datetime import date

from suyuan.codes.alphabets import ALPHANUMERIC
from suyuan.codes.errors import refuse_first
from suyuan.codes.texts import faults_of, visible
from suyuan.codes.verdicts import found
from suyuan.kernel import Finding

LENGTH = 17
WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
VALUES = (
    {str(digit): digit for digit in range(10)}
    | {letter: number for number, letter in enumerate("ABCDEFGH", 1)}
    | {letter: number for number, letter in enumerate("JKLMN", 1)}
    | {"P": 7, "R": 9}
    | {letter: number for number, letter in enumerate("STUVWXYZ", 2)}
)
CHECKS = "0123456789X"
YEAR_LETTERS = "ABCDEFGHJKLMNPRSTVWXY123456789"
"""The k-th character (from 0) is the model year 1980 + k, and every 30 years after it."""
BENCH = ALPHANUMERIC
"""The characters that a number of a test bench may have."""

_FIRST_YEAR, _CYCLE = 1980, len(YEAR_LETTERS)


@dataclass(frozen=True, slots=True)
class Vin:
    """A VIN and its parts: maker (WMI, 1-3), description (VDS, 4-9), model year, rest (VIS, 10-17).

    `model_year` is None where a test bench's number is accepted that has no year letter.
    """

    text: str
    maker: str
    description: str
    indicator: str
    model_year: int | None
    findings: tuple[Finding, ...] = ()


def check_digit(text: str) -> str:
    """The character that belongs at position 9 of a VIN of 17 known characters.

    >>> check_digit("LGWEEUA59JE003435"), check_digit("1M8GDM9AXKP042788")
    ('9', 'X')
    """
    return CHECKS[sum(VALUES[character] * weight for character, weight in zip(text, WEIGHTS, strict=True)) % 11]


def model_year(letter: str, reference: date) -> int | None:
    """The model year of the letter at position 10: the latest not after the year after `reference`.

    Model years run ahead of the calendar by up to one year, hence the year of grace.

    >>> model_year("J", date(2026, 11, 22)), model_year("1", date(2026, 11, 22)), model_year("U", date(2026, 11, 22))
    (2018, 2001, None)
    """
    index = YEAR_LETTERS.find(letter) if len(letter) == 1 else -1
    if index < 0:
        return None
    return _FIRST_YEAR + index + (reference.year + 1 - _FIRST_YEAR - index) // _CYCLE * _CYCLE


def _standard(text: str) -> list[Finding]:
    """What keeps a text of 17 characters from being a VIN, in order."""
    strange = [place for place, character in enumerate(text) if character not in VALUES]
    findings = [found("codes.vin_character", place + 1, character=visible(text[place])) for place in strange]
    if text[9] not in YEAR_LETTERS and 9 not in strange:
        findings.append(found("codes.vin_year", 10, character=text[9]))
    if not strange and text[8] != (expected := check_digit(text)):
        findings.append(found("codes.vin_check", 9, character=text[8], expected=expected))
    return findings


def check_vin(text: str, strict: bool = True) -> tuple[Finding, ...]:
    """Everything found in a VIN, refusals first.

    Where not `strict`, seventeen characters 0-9 and A-Z pass with a warning, whatever they are:
    test benches send such numbers.
    """
    findings = _standard(text) if len(text) == LENGTH else [found("codes.vin_length", length=len(text))]
    if not findings:
        return ()
    if not strict and len(text) == LENGTH and all(character in BENCH for character in text):
        return (found("codes.vin_not_standard", reasons=[finding.code for finding in findings]),)
    return (*faults_of(text), *findings)


def parse_vin(text: str, reference: date, strict: bool = True) -> Vin:
    """The parts of a VIN.

    Raises
    ------
    CodeError
        With the first finding that refuses it.
    """
    findings = check_vin(text, strict)
    refuse_first(text, findings)
    return Vin(text, text[:3], text[3:9], text[9:], model_year(text[9], reference), findings)
