"""What follows from a contradiction: refuse the record, or accept it and open a finding.

The law decides this, so it is data that is handed in. The table here is the default: what the
platform of 2018 is known to have refused is refused, what only a supervisor can judge is accepted
with a finding. A value for one slot of a kind stands before that for the kind, and that before the
value for all kinds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from suyuan.kernel import Severity

REFUSE, FINDING = Severity.REFUSE, Severity.FINDING


@dataclass(frozen=True, slots=True)
class Policy:
    """Severity of each contradiction, for all kinds, for single ones, and for single slots of a kind."""

    general: Mapping[str, Severity]
    by_kind: Mapping[tuple[str, str], Severity]
    by_slot: Mapping[tuple[str, str, str], Severity] = field(default_factory=dict)

    def severity(self, kind: str, code: str, slot: str | None = None) -> Severity:
        """The severity of contradiction `code` in (a slot of) a record of `kind`; KeyError if it is not listed."""
        of_kind = self.by_kind.get((kind, code), self.general[code])
        return of_kind if slot is None else self.by_slot.get((kind, slot, code), of_kind)


DEFAULT = Policy(
    general={
        "events.unknown_object": FINDING,
        "events.already_reported": REFUSE,
        "events.wrong_stage": FINDING,
        "events.wrong_holder": FINDING,
        "events.not_consignee": FINDING,
        "events.not_bound_to_vehicle": FINDING,
        "events.bound_elsewhere": FINDING,
        "events.second_parent": REFUSE,
        "events.part_not_available": REFUSE,
    },
    by_kind={
        # A pack must be in the maker's stock before it is bound; a pack on two vehicles is refused at
        # the second, and the attempt is kept with the submission.
        ("vehicle_produced", "events.unknown_object"): REFUSE,
        ("vehicle_produced", "events.bound_elsewhere"): REFUSE,
        ("vehicle_certified", "events.unknown_object"): REFUSE,
        # The new battery must be in after-sales or swap stock; the old one must be in this vehicle.
        ("swapped", "events.unknown_object"): REFUSE,
        ("swapped", "events.bound_elsewhere"): REFUSE,
        ("replaced", "events.bound_elsewhere"): REFUSE,
        # A swap pack must be moved out before it is retired.
        ("swap_out", "events.unknown_object"): REFUSE,
        ("transferred_out", "events.wrong_holder"): REFUSE,
        ("outlet_handed_over", "events.wrong_holder"): REFUSE,
        ("product_made", "events.wrong_holder"): REFUSE,
        # Nobody takes over or ends what somebody else holds.
        ("stocked", "events.wrong_holder"): REFUSE,
        ("swap_out", "events.wrong_holder"): REFUSE,
        ("retired", "events.wrong_holder"): REFUSE,
        ("disposed", "events.wrong_holder"): REFUSE,
        ("exported", "events.wrong_holder"): REFUSE,
        ("lost", "events.wrong_holder"): REFUSE,
        ("found", "events.wrong_holder"): REFUSE,
        ("material_delivered", "events.wrong_holder"): REFUSE,
    },
    by_slot={
        # A batch of material belongs to the company that made it.
        ("treated", "material", "events.wrong_holder"): REFUSE,
    },
)
