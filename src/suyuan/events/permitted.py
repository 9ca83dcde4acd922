"""What may be reported of one battery now, by one company, and why the rest may not: the rules that admission applies.

Admission judges batches on columns; this says the same of a single object before anybody types a record.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from suyuan.events.vocabulary import Kind, Slot, vocabulary


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of a battery: its stage by name, companies by number (None for none), whether it is in a vehicle.

    `level` is its letter of GB/T 34014: P, M or C.
    """

    stage: str
    holder: int | None
    consignee: int | None
    in_vehicle: bool
    level: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a kind may be reported now; else `reason`: wrong_stage, wrong_holder, not_consignee, in_vehicle
    or not_in_vehicle."""

    kind: Kind
    reason: str | None

    @property
    def allowed(self) -> bool:
        """Whether it may be."""
        return self.reason is None


def permitted(standing: Standing, company: int, roles: Iterable[str]) -> list[Verdict]:
    """Every kind that a company with these roles may ever report of such a battery, in the order of the vocabulary."""
    held = set(roles)
    found = []
    for kind in vocabulary().kinds.values():
        slot = _slot(kind, standing.level)
        if slot is not None and held & set(kind.reporters):
            found.append(Verdict(kind, _reason(slot, standing, company)))
    return found


def _slot(kind: Kind, level: str) -> Slot | None:
    """The slot that a battery of this level takes in a kind about batteries; none in one that begins its life."""
    for slot in kind.slots:
        if slot.object == "battery" and level in slot.levels and slot.before != {"unknown"}:
            return slot
    return None


def _reason(slot: Slot, standing: Standing, company: int) -> str | None:
    """What speaks against it first."""
    if standing.stage not in slot.before:
        return "wrong_stage"
    if slot.holder == "reporter" and standing.holder != company:
        return "wrong_holder"
    if slot.holder == "consignee" and company not in (standing.consignee, standing.holder):
        return "not_consignee"
    if slot.vehicle == "none" and standing.in_vehicle:
        return "in_vehicle"
    if slot.vehicle == "this" and not standing.in_vehicle:
        return "not_in_vehicle"
    return None
