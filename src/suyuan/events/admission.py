"""Admission: which records of a batch the ledger accepts, decided on columns.

`admit` looks only at what it is handed: the batch, the state of its objects, and the policy that
says which contradiction refuses a record and which opens a finding. Records that touch the same
object are judged one after the other, in *waves*: in each wave every object is touched once, so a
wave is judged in one go. The state arrays come back as they are after the admitted records.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from suyuan.events.containment import Ints
from suyuan.events.policy import Policy
from suyuan.events.records import Batch
from suyuan.events.vocabulary import Slot, vocabulary
from suyuan.kernel import Severity

NOBODY = 0
NO_VEHICLE = -1
WAVES = 10_000  # records of one object in one submission

AVAILABLE = frozenset({"unknown", "produced", "stocked", "after_sales", "received", "dismantled", "removed"})
"""Stages in which a battery may become a part."""

CODES = (
    "events.unknown_object",
    "events.already_reported",
    "events.wrong_stage",
    "events.wrong_holder",
    "events.not_consignee",
    "events.not_bound_to_vehicle",
    "events.bound_elsewhere",
    "events.second_parent",
    "events.part_not_available",
    "events.too_many_records_of_one_object",
)

Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class State:
    """What the ledger knows of a batch's objects; one entry an object unless said otherwise.

    `vehicle` is an index into `vehicles`, `NO_VEHICLE` for none; `vehicles` are the batch's lots, then the
    vehicles that the ledger names and the batch does not. `late` marks the touches (slot name → one entry a
    touch) of records older than their object's last change; `past` holds the stage, holder, consignee
    and vehicle that were true then. `taken` and `gone` have one entry a part (first level, then second):
    already inside another parent; past being a part. `duplicate` has one entry a record: already
    reported, word for word.
    """

    stage: Ints
    holder: Ints
    consignee: Ints
    site: Ints
    vehicle: Ints
    vehicles: list[str]
    taken: Mask
    gone: Mask
    duplicate: Mask
    late: dict[str, Mask]
    past: dict[str, tuple[Ints, Ints, Ints, Ints]]

    @classmethod
    def blank(cls, batch: Batch) -> "State":
        """The state before anything was ever reported."""
        objects, parts = len(batch.objects), len(batch.parts.tops) + len(batch.parts.subs)
        return cls(
            stage=np.zeros(objects, np.int64),
            holder=np.zeros(objects, np.int64),
            consignee=np.zeros(objects, np.int64),
            site=np.zeros(objects, np.int64),
            vehicle=np.full(objects, NO_VEHICLE, np.int64),
            vehicles=list(batch.lots),
            taken=np.zeros(parts, bool),
            gone=np.zeros(parts, bool),
            duplicate=np.zeros(len(batch), bool),
            late={},
            past={},
        )


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Contradictions found, one entry each, ordered by record.

    `code` is an index into `CODES`, `slot` into the kind's slots (-1: the parts); `object` is an index
    into the batch's objects (or, for parts, into the parts). `stage` and `company` are what the ledger
    has instead, 0 where that says nothing.
    """

    record: Ints
    code: Ints
    slot: Ints
    object: Ints
    refuses: Mask
    stage: Ints
    company: Ints

    def __len__(self) -> int:
        return len(self.record)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision: which records are admitted, which repeat known ones, and what was found."""

    admitted: Mask
    duplicate: Mask
    contradictions: Contradictions


class _Judge:
    """Judges the waves of one batch and keeps what it finds."""

    def __init__(self, batch: Batch, state: State, policy: Policy) -> None:
        self.batch, self.state, self.policy = batch, state, policy
        self.vehicle = batch.vehicle_of_record()
        self.refused = state.duplicate.copy()
        self.found: list[tuple[Ints, int, int, Ints, bool, Ints, Ints]] = []
        self.stages = vocabulary().stages

    def note(
        self, code: str, slot: int, record: Ints, obj: Ints, stage: Ints | None = None, company: Ints | None = None
    ) -> None:
        """Keep one kind of contradiction for these records, and refuse them if the policy says so."""
        fresh = ~self.state.duplicate[record]  # a repeated record contradicts nothing
        record, obj = record[fresh], obj[fresh]
        if not len(record):
            return
        stage, company = (None if column is None else column[fresh] for column in (stage, company))
        named = self.batch.kind.slots[slot].name if slot >= 0 else None
        refuses = (
            code == "events.too_many_records_of_one_object"
            or self.policy.severity(self.batch.kind.name, code, named) is Severity.REFUSE
        )
        nothing = np.zeros(len(record), np.int64)
        where = CODES.index(code)
        self.found.append(
            (
                record,
                where,
                slot,
                obj,
                refuses,
                nothing if stage is None else stage,
                nothing if company is None else company,
            )
        )
        if refuses:
            self.refused[record] = True

    def parts(self) -> None:
        """Parts that stand in another parent, or that are past being parts."""
        if not (self.state.taken.any() or self.state.gone.any()):
            return
        owner = np.concatenate((self.batch.parts.record, self.batch.parts.record[self.batch.parts.top]))
        for code, mask in (("events.second_parent", self.state.taken), ("events.part_not_available", self.state.gone)):
            which = np.flatnonzero(mask)
            self.note(code, -1, owner[which], which)

    def slot(self, number: int, slot: Slot, touch: Ints) -> None:
        """Check the touches `touch` of one slot against the state."""
        touches = self.batch.touches[slot.name]
        record, obj = touches.record[touch], touches.object[touch]
        stage, holder, consignee, vehicle = self.known(slot, touch, obj)
        allowed = np.zeros(max(self.stages.values()) + 1, bool)
        allowed[[self.stages[name] for name in slot.before]] = True
        bad = ~allowed[stage]
        if slot.before == {"unknown"}:
            self.note("events.already_reported", number, record[bad], obj[bad], stage[bad], holder[bad])
        else:
            new = bad & (stage == 0)
            self.note("events.unknown_object", number, record[new], obj[new])
            old = bad & (stage != 0)
            self.note("events.wrong_stage", number, record[old], obj[old], stage[old])
        known = stage != 0
        reporter = self.batch.reporter
        if slot.holder == "reporter":
            bad = known & (holder != reporter)
            self.note("events.wrong_holder", number, record[bad], obj[bad], None, holder[bad])
        elif slot.holder == "consignee":
            bad = known & (consignee != reporter) & (holder != reporter)
            self.note("events.not_consignee", number, record[bad], obj[bad], None, consignee[bad])
        if slot.vehicle == "this":
            bad = known & (self.vehicle[record] >= 0) & (vehicle != self.vehicle[record])
            self.note("events.not_bound_to_vehicle", number, record[bad], obj[bad])
        elif slot.vehicle == "none":
            bad = known & (vehicle != NO_VEHICLE)
            self.note("events.bound_elsewhere", number, record[bad], obj[bad])

    def known(self, slot: Slot, touch: Ints, obj: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Stage, holder, consignee and vehicle just before each touch."""
        state = self.state
        now = (state.stage[obj], state.holder[obj], state.consignee[obj], state.vehicle[obj])
        late = state.late.get(slot.name)
        if late is None or not late[touch].any():
            return now
        then = late[touch]
        stage, holder, consignee, vehicle = (
            np.where(then, past[touch], present) for past, present in zip(state.past[slot.name], now, strict=True)
        )
        return stage, holder, consignee, vehicle

    def apply(self, slot: Slot, touch: Ints) -> None:
        """Assign what the slot sets to the objects of admitted records."""
        touches = self.batch.touches[slot.name]
        late = self.state.late.get(slot.name)
        touch = touch[~self.refused[touches.record[touch]]]
        if late is not None:
            touch = touch[~late[touch]]
        assign(self.state, slot, self.batch, touches.record[touch], touches.object[touch], self.vehicle)


def assign(state: State, slot: Slot, batch: Batch, record: Ints, obj: Ints, vehicle: Ints) -> None:
    """What `slot` makes true of the objects `obj` by the records `record`."""
    sets = slot.sets
    if sets.stage is not None:
        state.stage[obj] = vocabulary().stages[sets.stage]
    if sets.holder is not None:
        state.holder[obj] = {"reporter": batch.reporter, "nobody": NOBODY}.get(sets.holder, batch.party[record])
    if sets.consignee is not None:
        state.consignee[obj] = batch.party[record] if sets.consignee == "party" else NOBODY
    if sets.site is not None:
        state.site[obj] = batch.site[record] if sets.site == "site" else 0
    if sets.vehicle is not None:
        state.vehicle[obj] = vehicle[record] if sets.vehicle == "this" else NO_VEHICLE


def waves(batch: Batch) -> Ints:
    """The wave of each record: after every earlier record that touches one of its objects.

    Earlier is by time, then by row. A record of one shared object has its rank among the records of that
    object; only where a record joins the chains of several objects are their records gone through one by one.
    """
    level = np.zeros(len(batch), np.int64)
    rank = np.empty(len(batch), np.int64)
    rank[np.lexsort((np.arange(len(batch)), batch.occurred_ms))] = np.arange(len(batch))
    record, obj = _shared(batch)
    if not len(record):
        return level
    joins = np.bincount(record, minlength=len(batch)) > 1
    tangled = np.zeros(len(batch.objects), bool)
    tangled[obj[joins[record]]] = True
    alone = ~tangled[obj]
    order = np.lexsort((rank[record[alone]], obj[alone]))
    chain, member = obj[alone][order], record[alone][order]
    level[member] = np.arange(len(chain)) - np.searchsorted(chain, chain)
    if joins.any():
        order = np.argsort(rank[record[~alone]], kind="stable")
        _levels_of_joined(record[~alone][order], obj[~alone][order], level)
    return level


def _shared(batch: Batch) -> tuple[Ints, Ints]:
    """(record, object) pairs, each once, of the objects that more than one record touches."""
    records = np.concatenate([t.record for t in batch.touches.values()] or [np.zeros(0, np.int64)])
    objects = np.concatenate([t.object for t in batch.touches.values()] or [np.zeros(0, np.int64)])
    width = max(len(batch.objects), 1)
    pairs = np.unique(records * width + objects)
    record, obj = pairs // width, pairs % width
    shared = np.bincount(obj, minlength=width)[obj] > 1
    return record[shared], obj[shared]


def _levels_of_joined(record: Ints, obj: Ints, level: Ints) -> None:
    """One pass over pairs in the order of time: each record comes after the latest of its objects."""
    bounds = np.flatnonzero(np.diff(record, prepend=-1, append=-1)).tolist()
    numbers, objects = record.tolist(), obj.tolist()
    latest: dict[int, int] = {}
    for start, end in pairwise(bounds):
        wave = max(latest.get(one, 0) for one in objects[start:end])
        level[numbers[start]] = wave
        for one in objects[start:end]:
            latest[one] = wave + 1


def admit(batch: Batch, state: State, policy: Policy) -> Verdict:
    """Decide on every record of `batch`; `state` is brought forward by the admitted ones."""
    judge = _Judge(batch, state, policy)
    judge.parts()
    level = waves(batch)
    _refuse_endless(judge, level)
    by_level = {name: _sort_touches(t.record, level) for name, t in batch.touches.items()}
    for wave in range(min(int(level.max(initial=0)) + 1, WAVES)):
        chosen = [order[a:b] for order, ends in by_level.values() for a, b in [_between(ends, wave)]]
        for number, slot in enumerate(batch.kind.slots):
            judge.slot(number, slot, chosen[number])
        for number, slot in enumerate(batch.kind.slots):
            judge.apply(slot, chosen[number])
    return Verdict(~judge.refused, state.duplicate, _collect(judge))


def _refuse_endless(judge: _Judge, level: Ints) -> None:
    """Refuse what comes after the first `WAVES` records of an object, or of objects chained by records."""
    endless = np.flatnonzero(level >= WAVES)
    if len(endless):
        judge.note("events.too_many_records_of_one_object", 0, endless, judge.batch.main_objects()[endless])


def _sort_touches(record: Ints, level: Ints) -> tuple[Ints, Ints]:
    order = np.argsort(level[record], kind="stable")
    ends = np.searchsorted(level[record][order], np.arange(int(level.max(initial=0)) + 2))
    return order, ends


def _between(ends: Ints, wave: int) -> tuple[int, int]:
    return int(ends[wave]), int(ends[wave + 1])


def _collect(judge: _Judge) -> Contradictions:
    if not judge.found:
        nothing = np.zeros(0, np.int64)
        return Contradictions(nothing, nothing, nothing, nothing, np.zeros(0, bool), nothing, nothing)
    lengths = [len(row[0]) for row in judge.found]
    record, obj, stage, company = (np.concatenate([row[i] for row in judge.found]) for i in (0, 3, 5, 6))
    code, slot, refuses = (np.repeat([row[i] for row in judge.found], lengths) for i in (1, 2, 4))
    order = np.lexsort((code, record))
    columns = [column[order] for column in (record, code, slot, obj, refuses.astype(bool), stage, company)]
    return Contradictions(*columns)
