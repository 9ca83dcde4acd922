"""What each rule means for the record it fires on: one table, in the order of the rules.

=========  ==============================================================================
refuse     the record cannot be understood, or contradicts itself or its own file
finding    it is understood; a supervisor sees the doubt
warning    it is accepted as it stands; only the submitter is told
=========  ==============================================================================

Findings about the text of a code (``codes.*``) keep the severity that the room `suyuan.codes` gives them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from suyuan.codes.verdicts import SEVERITIES as OF_CODES
from suyuan.kernel import Severity

_REFUSE = (
    # One field.
    "events.required",
    "events.date_unreadable",
    "events.date_impossible",
    "events.date_early",
    "events.date_future",
    "events.number_unreadable",
    "events.number_unit",
    "events.number_range",
    "events.number_whole",
    "events.choice_near",
    "events.choice_unknown",
    "events.text_long",
    "events.text_control",
    "events.record_id",
    "events.field_unknown",
    "events.site_unknown",
    # Several fields of one record.
    "events.same_code",
    "events.child_is_parent",
    "events.pack_or_reason",
    "events.field_note",
    "events.soh_or_capacity",
    "events.source_missing",
    "events.input_missing",
    "events.destination_is_reporter",
    "events.record_disagrees",
    "events.too_many_parts",
    # Several records of one file.
    "events.child_twice",
    "events.two_parents",
    "events.bound_twice",
)
_FINDING = (
    "events.company_unknown",
    "events.before_production",
    "events.pack_and_reason",
    "events.destination_own",
    # Against the filings of 1.6.
    "events.vendor_unknown",
    "events.prefix_unknown",
    "events.prefix_level",
    "events.prefix_chemistry",
    "events.module_count",
    "events.cell_count",
)
_WARNING = (
    "events.time_missing",
    "events.duplicate_record",
)

SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    dict.fromkeys(_REFUSE, Severity.REFUSE)
    | dict.fromkeys(_FINDING, Severity.FINDING)
    | dict.fromkeys(_WARNING, Severity.WARNING)
)
"""Every rule of this room; nothing here is decided anywhere else."""


def severity_of(code: str) -> Severity:
    """What `code` means for a record; KeyError for a rule that no table knows."""
    return SEVERITIES[code] if code in SEVERITIES else OF_CODES[code]
