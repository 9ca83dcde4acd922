"""The folds in plain Python: what is true of an object at any time, from what its records say alone.

This is the reference that says what the folds mean. The database keeps the same folds by SQL, and
tests compare the two; `suyuan.events.memory` keeps a whole ledger with these.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from suyuan.events.vocabulary import Effect, Kind, vocabulary

Key: TypeAlias = tuple[str, int]
"""An object: its lot and its serial."""


@dataclass(frozen=True, slots=True)
class Touch:
    """What one record says of one object.

    `stands` is the id by which records of one moment are ordered: the record's own, or that of the first record
    where it is a correction. `into` is the parent that an exchange or a gathering puts the object into.
    """

    occurred_ms: int
    stands: str
    slot: int
    id: str
    sets: Effect
    reporter: int
    party: int = 0
    site: int = 0
    vehicle: str | None = None
    leaves: bool = False
    into: Key | None = None

    @property
    def order(self) -> tuple[int, str, int]:
        """Where it stands in the life of its object."""
        return self.occurred_ms, self.stands, self.slot


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of an object; 0 and None mean nobody, nowhere, no vehicle."""

    stage: int = 0
    holder: int = 0
    consignee: int = 0
    site: int = 0
    vehicle: str | None = None
    changed_ms: int = -1
    changed_by: str = ""


def state_at(touches: Iterable[Touch], at: int | None = None, before: str | None = None) -> Standing | None:
    """Fold the touches of one object: for each attribute, what was set last; None if nothing was ever set.

    Parameters
    ----------
    at
        Only what had happened by then, milliseconds since 1970 UTC.
    before
        Of what happened at that very moment, only records that stand before this one.
    """
    standing: Standing | None = None
    for touch in sorted(touches, key=lambda touch: touch.order):
        if at is None or touch.occurred_ms < at or (touch.occurred_ms == at and (not before or touch.stands < before)):
            standing = _after(standing or Standing(), touch)
    return standing


def _after(standing: Standing, touch: Touch) -> Standing:
    sets = touch.sets
    changes: dict[str, int | str | None] = {"changed_ms": touch.occurred_ms, "changed_by": touch.id}
    if sets.stage is not None:
        changes["stage"] = vocabulary().stages[sets.stage]
    if sets.holder is not None:
        changes["holder"] = {"reporter": touch.reporter, "party": touch.party}.get(sets.holder, 0)
    if sets.consignee is not None:
        changes["consignee"] = touch.party if sets.consignee == "party" else 0
    if sets.site is not None:
        changes["site"] = touch.site if sets.site == "site" else 0
    if sets.vehicle is not None:
        changes["vehicle"] = touch.vehicle if sets.vehicle == "this" else None
    return replace(standing, **changes)  # type: ignore[arg-type]  # the names are the fields' own


@dataclass(frozen=True, slots=True)
class Step:
    """A part goes into `parent` (by `birth`: a tree lists it there), or out of every parent (None)."""

    occurred_ms: int
    stands: str
    birth: bool
    parent: Key | None
    id: str

    @property
    def order(self) -> tuple[int, str, bool]:
        """Where it stands in the life of the part."""
        return self.occurred_ms, self.stands, self.birth


@dataclass(frozen=True, slots=True)
class Span:
    """A part was inside `parent` from a record on, until a moment (None: still)."""

    parent: Key
    from_ms: int
    from_by: str
    to_ms: int | None


def spans(steps: Iterable[Step]) -> list[Span]:
    """When a part was inside which parent."""
    life = sorted(steps, key=lambda step: step.order)
    ends: list[int | None] = [*(step.occurred_ms for step in life[1:]), None]
    return [
        Span(step.parent, step.occurred_ms, step.id, end) for step, end in zip(life, ends, strict=False) if step.parent
    ]


def containment_at(steps: Iterable[Step], at: int | None = None) -> Key | None:
    """The parent that a part is inside at a moment (None: now)."""
    past = [step for step in steps if at is None or step.occurred_ms <= at]
    return max(past, key=lambda step: step.order).parent if past else None


def leaves(kind: Kind, slot: int) -> bool:
    """Whether an object leaves its parent by what `kind` says of it: a new stage, other than being made."""
    return kind.slots[slot].sets.stage is not None and kind.slots[slot].before != {"unknown"}
