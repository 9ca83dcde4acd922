"""What may have been meant by a text that is no battery code. Only ever a suggestion."""

import re
from collections.abc import Callable, Mapping

from suyuan.codes import alphabets
from suyuan.codes.alphabets import CHEMISTRIES, DIGITS, FORM_OF_LENGTH, FORMS, LEVELS
from suyuan.codes.texts import NUMBER, cleaned, faults_of
from suyuan.codes.uscc import check_uscc
from suyuan.codes.verdicts import found
from suyuan.codes.vin import check_vin
from suyuan.kernel import Finding

_DIGITS_MEANT = {"O": "0", "Q": "0", "I": "1", "Z": "2"}
_DATE_MEANT = _DIGITS_MEANT | {"U": "V"}
_MEANT: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "level": ("".join(LEVELS), {}),
    "chemistry": ("".join(CHEMISTRIES), {"8": "B", "6": "G", "2": "Z", "0": "D", "O": "D", "Q": "D"}),
    "year": (alphabets.YEAR_LETTERS, _DATE_MEANT),
    "month": (alphabets.MONTH_LETTERS, _DATE_MEANT),
    "day": (alphabets.DAY_LETTERS, _DATE_MEANT),
    "serial": (DIGITS, _DIGITS_MEANT),
}
"""By field: the characters that are expected, and what looks like one of them."""

_DESIGN = re.compile(r"[0-9A-Z]{3}[PMC][A-GZ][0-9A-Z]{9}", re.ASCII)


def _meant(field: str, characters: str) -> str:
    if field not in _MEANT:
        return characters
    expected, looks_like = _MEANT[field]
    meant = "".join(c if c in expected else looks_like.get(c, c) for c in characters)
    # A serial may have letters: only one that becomes all digits was probably meant as digits.
    return meant if all(c in expected for c in meant) else characters


def suggest(text: str, accepted: Callable[[str], bool]) -> str | None:
    """The code that the text may stand for, if it then is one that `accepted` takes; else None."""
    if re.fullmatch(NUMBER.removesuffix("$"), text):
        return None  # the digits behind the sixteenth are lost, whatever is done
    plain = cleaned(text)
    form = FORM_OF_LENGTH.get(len(plain))
    if form is None:
        return None
    meant = "".join(_meant(field.name, plain[field.start : field.end]) for field in FORMS[form])
    for candidate in (plain, meant):
        if candidate != text and accepted(candidate):
            return candidate
    return None


def _changes(text: str, suggestion: str) -> list[str]:
    plain = cleaned(text)
    return [f"{index} {a}→{b}" for index, (a, b) in enumerate(zip(plain, suggestion, strict=True), 1) if a != b]


def hints(text: str, accepted: Callable[[str], bool]) -> tuple[str | None, list[Finding]]:
    """The suggestion for a text and the hints that stand beside its findings."""
    suggestion = suggest(text, accepted)
    if suggestion is not None:
        changes = _changes(text, suggestion)
        position = int(changes[0].split()[0]) if changes and cleaned(text) == text else None
        return suggestion, [found("codes.near_miss", position, suggestion=suggestion, changes=changes)]
    if faults_of(text) or len(text) in FORM_OF_LENGTH:
        return None, []
    return None, [_length_hint(text)]


def _length_hint(text: str) -> Finding:
    if not check_vin(text):
        return found("codes.hint_vin")
    if all(finding.code == "codes.uscc_organisation" for finding in check_uscc(text)):
        return found("codes.hint_company")
    if _DESIGN.fullmatch(text):
        return found("codes.hint_prefix")
    nearest = min((24, 19, 26), key=lambda length: abs(length - len(text)))
    missing = nearest - len(text)
    if missing > 0:
        return found("codes.hint_short", length=len(text), form=str(nearest), missing=missing)
    return found("codes.hint_long", length=len(text), form=str(nearest), extra=-missing)
