"""Every finding of this room with its severity, in the order in which they are looked for.

The order is part of the contract: where a whole column is checked, a code answers with the first
finding that refuses it, and the scalar functions list theirs in the same order.
"""

from collections.abc import Mapping
from types import MappingProxyType

from suyuan.kernel import Finding, Severity
from suyuan.kernel.findings import Value

_REFUSE = (
    # Faults of the text, the same for every kind of code.
    "codes.empty",
    "codes.stored_as_number",
    "codes.invisible",
    "codes.full_width",
    "codes.separators",
    "codes.lower_case",
    # GB/T 34014.
    "codes.length",
    "codes.character",
    "codes.level",
    "codes.level_not_wanted",
    "codes.chemistry",
    "codes.year",
    "codes.month",
    "codes.day",
    "codes.date",
    "codes.suffix",
    # VIN.
    "codes.vin_length",
    "codes.vin_character",
    "codes.vin_year",
    "codes.vin_check",
    # Companies.
    "codes.company_length",
    "codes.duns_character",
    "codes.uscc_length",
    "codes.duns_length",
    "codes.uscc_character",
    "codes.uscc_division",
    "codes.uscc_check",
    # Divisions.
    "codes.division_form",
    "codes.division_province",
)
_FINDING = ("codes.date_in_future",)
_WARNING = (
    "codes.suffix_level",
    "codes.form_26",
    "codes.serial_letters",
    "codes.serial_zero",
    "codes.vendor_unknown",
    "codes.vin_not_standard",
    "codes.uscc_organisation",
    "codes.division_unknown",
    "codes.division_not_valid",
    # Hints that stand beside a finding; columns do not carry them.
    "codes.near_miss",
    "codes.hint_short",
    "codes.hint_long",
    "codes.hint_vin",
    "codes.hint_prefix",
    "codes.hint_company",
)

SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    dict.fromkeys(_REFUSE, Severity.REFUSE)
    | dict.fromkeys(_FINDING, Severity.FINDING)
    | dict.fromkeys(_WARNING, Severity.WARNING)
)


def found(code: str, position: int | None = None, **data: Value) -> Finding:
    """The finding `code` with its severity; `position` is counted from 1 and repeated in the data."""
    if position is not None:
        data = {"position": position, **data}
    return Finding(code, data, position, SEVERITIES[code])
