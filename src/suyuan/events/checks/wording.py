"""From a finding to its sentence: the field by its heading, and what the columnar checks of codes leave unsaid.

Whole columns of codes are answered with a code of finding alone. What its sentence needs beside that
(the position, the character) is worked out here, for the few findings that a person reads.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from suyuan.codes import check_company, check_division, check_vin, explain
from suyuan.events.vocabulary import Field, FieldType, Kind
from suyuan.kernel import Finding, Language, sentence
from suyuan.kernel.findings import Value


def _explained(field: Field, value: str, reference: date) -> Iterable[Finding]:
    match field.type:
        case FieldType.BATTERY_CODE:
            return explain(value, reference, field.levels or "PMC").findings
        case FieldType.VIN:
            return (*check_vin(value, True), *check_vin(value, False))
        case FieldType.COMPANY:
            return check_company(value)
        case FieldType.DIVISION:
            return check_division(value, reference)
        case _:
            return ()


def finding_data(
    kind: Kind, field: str | None, code: str, value: str | None, data: Mapping[str, Value], reference: date
) -> dict[str, Value]:
    """`data` made whole: what the finding `code` on `value` needs for its sentence, in no language."""
    known = kind.fields.get(field or "")
    if data or known is None or value is None or not code.startswith("codes."):
        return dict(data)
    return next((dict(found.data) for found in _explained(known, value, reference) if found.code == code), {})


def finding_sentence(
    kind: Kind, field: str | None, code: str, value: str | None, data: Mapping[str, Value], language: Language
) -> str:
    """The sentence for a finding whose `data` is whole (see `finding_data`).

    >>> from suyuan.events.vocabulary import vocabulary
    >>> finding_sentence(vocabulary().kinds["stocked"], "code", "events.required", None, {}, Language.EN)
    'battery code is blank. It is needed in this row; enter it.'
    """
    known = kind.fields.get(field or "")
    heading = known.label.in_language(language) if known else field or ""
    return sentence(code, {"field": heading, "value": value or "", **data}, language)
