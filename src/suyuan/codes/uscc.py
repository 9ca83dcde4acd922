"""Unified social credit codes, GB 32100-2015, with the organisation code of GB 11714 inside."""

from dataclasses import dataclass

from suyuan.codes.alphabets import DIGITS
from suyuan.codes.duns import LENGTH as DUNS_LENGTH
from suyuan.codes.duns import check_duns
from suyuan.codes.errors import refuse_first
from suyuan.codes.texts import faults_of, visible
from suyuan.codes.verdicts import found
from suyuan.kernel import Finding

LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
VALUES = {character: value for value, character in enumerate(ALPHABET)}
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_VALUES = {character: int(character, 36) for character in ALPHABET}
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_CHECKS = "0123456789X"


@dataclass(frozen=True, slots=True)
class Uscc:
    """A unified social credit code and its parts."""

    text: str
    authority: str
    entity_class: str
    division: str
    organisation: str
    check: str
    findings: tuple[Finding, ...] = ()


def uscc_check(body: str) -> str:
    """The character that belongs behind 17 known characters.

    >>> uscc_check("91330800575349959")
    'F'
    """
    return ALPHABET[-sum(VALUES[character] * weight for character, weight in zip(body, WEIGHTS, strict=True)) % 31]


def organisation_check(body: str) -> str:
    """The character that belongs behind the 8 characters of an organisation code.

    >>> organisation_check("57534995")
    '9'
    """
    pairs = zip(body, ORGANISATION_WEIGHTS, strict=True)
    return ORGANISATION_CHECKS[-sum(ORGANISATION_VALUES[character] * weight for character, weight in pairs) % 11]


def _fields(text: str) -> list[Finding]:
    strange = [place for place, character in enumerate(text) if character not in VALUES]
    if strange:
        return [found("codes.uscc_character", place + 1, character=visible(text[place])) for place in strange]
    findings = [
        found("codes.uscc_division", place + 1, character=text[place])
        for place in range(2, 8)
        if text[place] not in DIGITS
    ]
    if text[17] != (expected := uscc_check(text[:17])):
        findings.append(found("codes.uscc_check", 18, character=text[17], expected=expected))
    if text[16] != (expected := organisation_check(text[8:16])):
        findings.append(found("codes.uscc_organisation", 17, character=text[16], expected=expected))
    return findings


def check_uscc(text: str) -> tuple[Finding, ...]:
    """Everything found in a unified social credit code, refusals first.

    A wrong check character of the organisation code inside is a warning: the code as a whole has
    its own check, and the rule of GB 11714 is the older one.
    """
    findings = _fields(text) if len(text) == LENGTH else [found("codes.uscc_length", length=len(text))]
    if all(finding.code == "codes.uscc_organisation" for finding in findings):
        return tuple(findings)
    return (*faults_of(text), *findings)


def check_company(text: str) -> tuple[Finding, ...]:
    """Everything found in a company code: 18 characters are a credit code, nine a DUNS number."""
    if len(text) == LENGTH:
        return check_uscc(text)
    if len(text) == DUNS_LENGTH:
        return check_duns(text)
    return (*faults_of(text), found("codes.company_length", length=len(text)))


def parse_uscc(text: str) -> Uscc:
    """The parts of a unified social credit code.

    Raises
    ------
    CodeError
        With the first finding that refuses it.
    """
    findings = check_uscc(text)
    refuse_first(text, findings)
    return Uscc(text, text[0], text[1], text[2:8], text[8:17], text[17], findings)
