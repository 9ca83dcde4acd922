"""DUNS numbers: nine digits that name a company outside China. They carry no check digit."""

from suyuan.codes.alphabets import DIGITS
from suyuan.codes.errors import refuse_first
from suyuan.codes.texts import faults_of, visible
from suyuan.codes.verdicts import found
from suyuan.kernel import Finding

LENGTH = 9


def check_duns(text: str) -> tuple[Finding, ...]:
    """Everything found in a DUNS number."""
    if len(text) != LENGTH:
        return (*faults_of(text), found("codes.duns_length", length=len(text)))
    findings = [
        found("codes.duns_character", place + 1, character=visible(character))
        for place, character in enumerate(text)
        if character not in DIGITS
    ]
    return (*faults_of(text), *findings) if findings else ()


def parse_duns(text: str) -> str:
    """The nine digits.

    Raises
    ------
    CodeError
        With the first finding that refuses it.
    """
    refuse_first(text, check_duns(text))
    return text
