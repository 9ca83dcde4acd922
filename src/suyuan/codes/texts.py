"""Faults of a text that no kind of code can bear: invisible, full-width, separating, small characters.

Nothing is repaired. `cleaned` says what would be left without the faults, for a suggestion only.
The patterns are written so that Python's `re` and the engine of Polars read them alike.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from suyuan.codes.verdicts import found
from suyuan.kernel import Finding

SPACE = r"[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
BLANK = rf"^{SPACE}*$"
NUMBER = r"^[+-]?([0-9]+([.,][0-9]*)?[eE][+-]?[0-9]+|[0-9]{15,}([.]0*)?)$"
"""A number as spreadsheets write it: with an exponent, or all digits and longer than a float keeps."""
INVISIBLE = (
    r"[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u180e"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
FULL_WIDTH = r"[\uff01-\uff5e]"
SEPARATOR = r"[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2010-\u2015\u2028\u2029\u202f\u205f\u2212\u3000_/.-]"
LOWER_CASE = r"[a-z]"

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "codes.empty": BLANK,
        "codes.stored_as_number": NUMBER,
        "codes.invisible": INVISIBLE,
        "codes.full_width": FULL_WIDTH,
        "codes.separators": SEPARATOR,
        "codes.lower_case": LOWER_CASE,
    }
)
"""What to look for, in order."""

_WHOLE = frozenset({"codes.empty", "codes.stored_as_number"})
_PATTERNS = {code: re.compile(pattern.removesuffix("$") + r"\Z" if code in _WHOLE else pattern)
             for code, pattern in FAULTS.items()}  # fmt: skip
_WIDE = {0xFF01 + offset: 0x21 + offset for offset in range(0x5E)}


def visible(character: str) -> str:
    """The character if it can be seen on a page, else its Unicode name as ``U+200B``."""
    return character if character.isprintable() and not character.isspace() else f"U+{ord(character):04X}"


def visible_text(text: str) -> str:
    """The text with every character that cannot be seen spelled out."""
    return "".join(visible(character) for character in text)


def faults_of(text: str) -> list[Finding]:
    """Everything wrong with the text itself, in the order of `FAULTS`; one finding a fault."""
    for code in ("codes.empty", "codes.stored_as_number"):
        if _PATTERNS[code].search(text):
            return [found(code)]
    findings = []
    for code, pattern in _PATTERNS.items():
        if code not in _WHOLE and (hits := list(pattern.finditer(text))):
            first = hits[0]
            findings.append(found(code, first.start() + 1, character=visible(first.group()), count=len(hits)))
    return findings


def cleaned(text: str) -> str:
    """What is left without the faults: a suggestion to show, never a value to store.

    >>> cleaned(" 04qcb768 36300JBC-40000903")
    '04QCB76836300JBC40000903'
    """
    text = _PATTERNS["codes.invisible"].sub("", text).translate(_WIDE)
    return _PATTERNS["codes.separators"].sub("", text).upper()
