"""A ledger in memory: the same admission and the same folds as the real one, record by record.

The simulator is scored with it and tests compare the database with it. It goes through records one
by one, so it is for thousands of them, not for millions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from suyuan.events.admission import AVAILABLE, NO_VEHICLE, State, Verdict, admit
from suyuan.events.folds import Key, Standing, Step, Touch, containment_at, leaves, state_at
from suyuan.events.policy import DEFAULT, Policy
from suyuan.events.records import Batch
from suyuan.events.vocabulary import Effect, Kind, Parts, vocabulary

LEVELS = 5
"""Containers above a part at most: module, pack, product, product of products."""


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted record with everything that the folds need."""

    id: str
    stands: str
    corrects: str | None
    kind: Kind
    reporter: int
    touches: tuple[tuple[Key, Touch], ...]
    parts: tuple[tuple[Key, Key], ...]
    word: tuple[object, ...]


@dataclass(slots=True)
class Ledger:
    """A ledger in memory: takes batches with the same admission as the real one, and folds on demand."""

    policy: Policy = DEFAULT
    records: dict[str, Record] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    _touches: dict[Key, list[tuple[str, Touch]]] = field(default_factory=dict)
    _births: dict[Key, list[tuple[str, Step]]] = field(default_factory=dict)
    _replaced_by: dict[str, list[str]] = field(default_factory=dict)
    _made: dict[Key, list[str]] = field(default_factory=dict)
    _issued: int = 0

    def valid(self, record: str) -> bool:
        """Whether a record holds: not withdrawn, and every correction of it withdrawn."""
        replaced = self._replaced_by.get(record, ())
        return record not in self.withdrawn and all(by in self.withdrawn for by in replaced)

    def touches(self, key: Key) -> list[Touch]:
        """What the valid records say of an object."""
        return [touch for record, touch in self._touches.get(key, ()) if self.valid(record)]

    def steps(self, key: Key) -> list[Step]:
        """Where the valid records put a part."""
        born = [step for record, step in self._births.get(key, ()) if self.valid(record)]
        moved = [
            Step(touch.occurred_ms, touch.stands, False, touch.into, touch.id)
            for touch in self.touches(key)
            if touch.leaves
        ]
        return born + moved

    def state(self, key: Key, at: int | None = None) -> Standing | None:
        """What records of the object's own say; a part is besides where its container is."""
        return state_at(self.touches(key), at)

    def parent(self, key: Key, at: int | None = None) -> Key | None:
        """The parent that a part is inside."""
        return containment_at(self.steps(key), at)

    def objects(self) -> list[Key]:
        """Every object with records of its own, and every part."""
        return sorted(self._touches.keys() | self._births.keys())

    def apply(
        self,
        batch: Batch,
        ids: Sequence[str] | None = None,
        corrects: Sequence[str] | None = None,
    ) -> Verdict:
        """Admit a batch as the ledger does and add what is admitted.

        Parameters
        ----------
        ids
            Ids of the records, one each; numbered on if not given.
        corrects
            The record that each of them corrects, where the batch is one of corrections.
        """
        names = ids or [f"{self._issued + n:032x}" for n in range(len(batch))]
        self._issued += len(batch)
        stands = names if corrects is None else [self.records[old].stands for old in corrects]
        for new, old in zip(names, corrects or (), strict=False):
            self._replaced_by.setdefault(old, []).append(new)
        state = self._look(batch, stands if corrects else None)
        verdict = admit(batch, state, self.policy)
        for number, old in enumerate(corrects or ()):
            if not verdict.admitted[number]:
                self._replaced_by[old].remove(names[number])
        for record in _read(batch, names, stands, corrects, self, verdict.admitted):
            self._add(record)
        return verdict

    def _add(self, record: Record) -> None:
        self.records[record.id] = record
        made = record.kind.name == "cell_produced"
        for key, touch in record.touches:
            if made:
                self._made.setdefault(key, []).append(record.id)
            elif touch.sets != Effect():
                self._touches.setdefault(key, []).append((record.id, touch))
        when = record.touches[0][1]
        for child, parent in record.parts:
            step = Step(when.occurred_ms, record.stands, True, parent, record.id)
            self._births.setdefault(child, []).append((record.id, step))

    def withdraw(self, record: str) -> None:
        """Withdraw a record; what it corrected holds again."""
        self.withdrawn.add(record)

    def maker(self, key: Key) -> int:
        """Who reported that a cell was made; 0 for nobody."""
        return next((self.records[record].reporter for record in self._made.get(key, ()) if self.valid(record)), 0)

    def _look(self, batch: Batch, stands: Sequence[str] | None) -> State:
        """The state that admission wants; see `suyuan.server.ledger.queries.state`, which does it by sets."""
        state = State.blank(batch)
        keys = _keys(batch)
        own = [self.state(key) for key in keys]
        if batch.kind.name == "cell_produced":
            return self._look_made(batch, state, keys)
        vehicles = {lot: number for number, lot in enumerate(batch.lots)}
        inherited = set()
        may_be_part = _may_be_parts(batch)
        for number, (key, standing) in enumerate(zip(keys, own, strict=True)):
            above = self._effective(key, standing) if number in may_be_part else standing
            if above is not standing:
                inherited.add(number)
            _put(state, number, above or Standing(), vehicles)
        words = {self.records[record].word for record in self.records if self.valid(record)}
        if stands is None:
            repeats = [word in words for word in _words(batch)]
            state.duplicate[:] = repeats
        self._late(batch, state, keys, own, inherited, vehicles, stands)
        state.vehicles = list(vehicles)
        for number, (child, parent) in enumerate(_up(batch)):
            held, alone = self.parent(child), self.state(child)
            state.taken[number] = held is not None and held != parent
            state.gone[number] = alone is not None and vocabulary().stage_name(alone.stage) not in AVAILABLE
        return state

    def _look_made(self, batch: Batch, state: State, keys: list[Key]) -> State:
        for number, key in enumerate(keys):
            if maker := self.maker(key):
                state.stage[number], state.holder[number] = vocabulary().stages["produced"], maker
        words = {self.records[record].word for made in self._made.values() for record in made if self.valid(record)}
        state.duplicate[:] = [word in words for word in _words(batch)]
        return state

    def _effective(self, key: Key, own: Standing | None) -> Standing | None:
        """A part is what and where its outermost container is; a cell that was only made is with its maker."""
        chain: list[Key] = []
        while len(chain) < LEVELS and (above := self.parent(chain[-1] if chain else key)) and above not in chain:
            chain.append(above)
        standing = (self.state(chain[-1]) if chain else None) or own
        if (standing is None or standing.stage == 0) and (maker := self.maker(key)):
            made = standing or Standing()
            return replace(made, stage=vocabulary().stages["produced"], holder=made.holder or maker)
        return standing

    def _late(  # noqa: PLR0913, PLR0917  a step of `_look`, on what that has at hand
        self,
        batch: Batch,
        state: State,
        keys: list[Key],
        own: list[Standing | None],
        inherited: set[int],
        vehicles: dict[str, int],
        stands: Sequence[str] | None,
    ) -> None:
        for name, touches in batch.touches.items():
            changed = np.array([-1 if (one := own[obj]) is None else one.changed_ms for obj in touches.object])
            late = (batch.occurred_ms[touches.record] < changed) | (stands is not None)
            if not late.any():
                continue
            past = State.blank(batch)
            columns = [np.zeros(len(late), np.int64) for _ in range(4)]
            for place, (record, obj) in enumerate(zip(touches.record.tolist(), touches.object.tolist(), strict=True)):
                before = None if stands is None else stands[record]
                then = state_at(self.touches(keys[obj]), int(batch.occurred_ms[record]), before)
                _put(past, obj, then or Standing(), vehicles)
                source = state if obj in inherited and (then is None or then.stage == 0) else past
                for column, value in zip(
                    columns, (source.stage, source.holder, source.consignee, source.vehicle), strict=True
                ):
                    column[place] = value[obj]
            state.late[name], state.past[name] = late, (columns[0], columns[1], columns[2], columns[3])


def _put(state: State, number: int, standing: Standing, vehicles: dict[str, int]) -> None:
    state.stage[number], state.holder[number] = standing.stage, standing.holder
    state.consignee[number], state.site[number] = standing.consignee, standing.site
    vin = standing.vehicle
    state.vehicle[number] = NO_VEHICLE if vin is None else vehicles.setdefault(vin, len(vehicles))


def _keys(batch: Batch) -> list[Key]:
    lots = batch.lots
    return [
        (lots[lot], serial)
        for lot, serial in zip(batch.objects.lot.tolist(), batch.objects.serial.tolist(), strict=True)
    ]


def _may_be_parts(batch: Batch) -> set[int]:
    slots = [slot for slot in batch.kind.slots if slot.object == "battery" and slot.before != {"unknown"}]
    return {number for slot in slots for number in batch.touches[slot.name].object.tolist()}


def _up(batch: Batch) -> list[tuple[Key, Key]]:
    """Every part of a batch with its parent."""
    child, parent = batch.parts.up(batch.objects.take(batch.main_objects()))
    columns = (child.lot.tolist(), child.serial.tolist(), parent.lot.tolist(), parent.serial.tolist())
    return [((batch.lots[a], b), (batch.lots[c], d)) for a, b, c, d in zip(*columns, strict=True)]


def _owners(batch: Batch) -> list[int]:
    """The record of every part of `_up`."""
    return [*batch.parts.record.tolist(), *batch.parts.record[batch.parts.top].tolist()]


def _by_slot(batch: Batch) -> list[list[tuple[int, Key]]]:
    """By record: the slots and the objects in them."""
    keys = _keys(batch)
    found: list[list[tuple[int, Key]]] = [[] for _ in range(len(batch))]
    for number, slot in enumerate(batch.kind.slots):
        touches = batch.touches[slot.name]
        for record, obj in zip(touches.record.tolist(), touches.object.tolist(), strict=True):
            found[record].append((number, keys[obj]))
    return found


def _words(batch: Batch) -> list[tuple[object, ...]]:
    """What each record says, word for word."""
    parts: list[list[tuple[Key, Key]]] = [[] for _ in range(len(batch))]
    for record, pair in zip(_owners(batch), _up(batch), strict=True):
        parts[record].append(pair)
    return [
        (batch.kind.name, batch.reporter, tuple(touched), int(at), body, apart, int(site), tuple(pairs))
        for touched, at, body, apart, site, pairs in zip(
            _by_slot(batch),
            batch.occurred_ms,
            batch.body,
            [None] * len(batch) if batch.personal is None else batch.personal,
            batch.site,
            parts,
            strict=True,
        )
    ]


def _read(
    batch: Batch,
    ids: Sequence[str],
    stands: Sequence[str],
    corrects: Sequence[str] | None,
    ledger: Ledger,
    admitted: npt.NDArray[np.bool_],
) -> list[Record]:
    """The admitted records of a batch, in the order of time."""
    words, by_slot = _words(batch), _by_slot(batch)
    parts: list[list[tuple[Key, Key]]] = [[] for _ in range(len(batch))]
    for owner, pair in zip(_owners(batch), _up(batch), strict=True):
        parts[owner].append(pair)
    lots, vehicle = batch.lots, batch.vehicle_of_record().tolist()
    held: dict[Key, Key | None] = {key: ledger.parent(key) for key in _keys(batch)}
    records = []
    in_time = np.argsort(batch.occurred_ms, kind="stable")
    for n in in_time[admitted[in_time]].tolist():
        into = _into(batch.kind, by_slot[n], held)
        touches = tuple(
            (
                key,
                Touch(
                    occurred_ms=int(batch.occurred_ms[n]),
                    stands=stands[n],
                    slot=slot,
                    id=ids[n],
                    sets=batch.kind.slots[slot].sets,
                    reporter=batch.reporter,
                    party=int(batch.party[n]),
                    site=int(batch.site[n]),
                    vehicle=None if vehicle[n] < 0 else lots[vehicle[n]],
                    leaves=leaves(batch.kind, slot),
                    into=into.get((slot, key)),
                ),
            )
            for slot, key in by_slot[n]
        )
        old = None if corrects is None else corrects[n]
        records.append(Record(ids[n], stands[n], old, batch.kind, batch.reporter, touches, tuple(parts[n]), words[n]))
    return records


def _into(kind: Kind, objects: list[tuple[int, Key]], held: dict[Key, Key | None]) -> dict[tuple[int, Key], Key | None]:
    """The parents that a record puts its objects into; `held` is brought forward."""
    names = [slot.name for slot in kind.slots]
    if kind.parts is Parts.GATHER:
        products = [key for slot, key in objects if names[slot] == "product"]
        sources = [(slot, key) for slot, key in objects if names[slot] == "source"]
        return dict.fromkeys(sources, products[0]) if len(products) == 1 else {}
    if kind.parts is Parts.EXCHANGE:
        old = next(key for slot, key in objects if names[slot] == "old")
        new = [(slot, key) for slot, key in objects if names[slot] == "new"]
        held.update({key: held.get(old) for _, key in new})
        return {(slot, key): held.get(old) for slot, key in new}
    return {}
