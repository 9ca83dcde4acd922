"""Append a batch: lock, look, admit, write. One read and one write whatever the size of the batch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import psycopg

from suyuan.events.admission import Contradictions, Verdict, admit
from suyuan.events.containment import Ints, Keys, Tree, encode_trees
from suyuan.events.policy import DEFAULT, Policy
from suyuan.events.records import Batch
from suyuan.events.vocabulary import Parts
from suyuan.server.kit.connection import Row
from suyuan.server.kit.uuid7 import uuid7_batch
from suyuan.server.ledger.queries.made import load_made
from suyuan.server.ledger.queries.state import Found, find_repeats, load_state
from suyuan.server.ledger.services.locks import lock_batteries
from suyuan.server.ledger.services.vocabulary import COMPACT, changes_state
from suyuan.server.ledger.services.writing import Accepted, Amends, Stamp, write


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch; masks and contradictions are by record of the batch handed in.

    `ids` has one row of 16 bytes for each admitted record, in order. `written` is False when the
    batch was tried only, or refused as a whole.
    """

    admitted: npt.NDArray[np.bool_]
    duplicate: npt.NDArray[np.bool_]
    contradictions: Contradictions
    ids: npt.NDArray[np.uint8]
    written: bool


def append(  # noqa: PLR0913  the ledger's door: each is the caller's to decide
    run: psycopg.Cursor[Row],
    batch: Batch,
    submission: int | Ints,
    received_ms: int,
    *,
    rng: np.random.Generator,
    policy: Policy = DEFAULT,
    whole: bool = False,
    dry: bool = False,
    amends: Amends | None = None,
) -> Appended:
    """Judge `batch` against the ledger and add what is admitted.

    Parameters
    ----------
    run
        A cursor inside a transaction; its end releases the locks.
    submission
        Number of the submission that the records came in, or one number a record.
    received_ms
        When it was received, milliseconds since 1970 UTC.
    rng
        Source of randomness for the ids of records.
    whole
        All or nothing: one refusal keeps everything out.
    dry
        Judge only.
    amends
        What each record corrects, where they are corrections; they are judged at the place of those.

    Raises
    ------
    psycopg.errors.UniqueViolation
        Somebody else first wrote a state row for one of the vehicles; roll back and try again.
    """
    lock_batteries(run, _batteries(batch))
    trees = cache(lambda: encode_trees(batch.parts, len(batch)))
    found = _look(run, batch, trees, amends)
    verdict = admit(batch, found.state, policy)
    admitted = verdict.admitted
    refused = int((~admitted & ~verdict.duplicate).sum())
    if dry or (whole and refused) or not admitted.any():
        return _outcome(verdict, np.zeros((0, 16), np.uint8), written=False)
    amends = None if amends is None else amends.only(admitted)
    ids = uuid7_batch(int(admitted.sum()), received_ms, rng) if amends is None else amends.ids
    stamp = Stamp(ids, np.broadcast_to(np.asarray(submission, np.int64), len(batch))[admitted], amends)
    ids = write(run, _accepted(batch, trees, found, verdict, stamp))
    return _outcome(verdict, ids, written=True)


def _outcome(verdict: Verdict, ids: npt.NDArray[np.uint8], *, written: bool) -> Appended:
    return Appended(verdict.admitted, verdict.duplicate, verdict.contradictions, ids, written)


def _batteries(batch: Batch) -> Keys:
    """Every battery that the batch touches or lists as a part."""
    touched = [batch.touches[slot.name].object for slot in batch.kind.slots if slot.object == "battery"]
    objects = np.unique(np.concatenate(touched or [np.zeros(0, np.int64)]))
    lots = np.concatenate((batch.objects.lot[objects], batch.parts.tops.lot, batch.parts.subs.lot))
    serials = np.concatenate((batch.objects.serial[objects], batch.parts.tops.serial, batch.parts.subs.serial))
    return Keys(batch.lots, lots, serials)


def _look(
    run: psycopg.Cursor[Row], batch: Batch, trees: Callable[[], list[Tree | None]], amends: Amends | None
) -> Found:
    if batch.kind.name in COMPACT:
        return load_made(run, batch)
    if amends is not None:
        return load_state(run, batch, amends.stands_for)
    found = load_state(run, batch)
    if (found.changed_ms >= 0).any() or not changes_state(batch.kind.name, batch.kind.main):
        repeats = find_repeats(run, batch, [tree.entries if tree else None for tree in trees()])
        found.state.duplicate[repeats] = True
    return found


def _accepted(
    batch: Batch,
    trees: Callable[[], list[Tree | None]],
    found: Found,
    verdict: Verdict,
    stamp: Stamp,
) -> Accepted:
    keep = verdict.admitted
    number = np.cumsum(keep) - 1
    contradictions = verdict.contradictions
    kept = keep[contradictions.record] if len(contradictions) else np.zeros(0, bool)
    part_moved = found.touched | found.state.taken | _own(batch)
    if not keep.all():
        part_moved = part_moved[keep[np.concatenate((batch.parts.record, batch.parts.record[batch.parts.top]))]]
    return Accepted(
        batch=batch.only(keep),
        stamp=stamp,
        trees=cache(lambda: [tree for tree, good in zip(trees(), keep.tolist(), strict=True) if good]),
        found=found,
        part_moved=part_moved,
        found_record=number[contradictions.record[kept]],
        found_code=contradictions.code[kept],
        found_slot=contradictions.slot[kept],
        found_stage=contradictions.stage[kept],
        found_company=contradictions.company[kept],
        single_product=_single_product(batch, keep),
    )


def _own(batch: Batch) -> npt.NDArray[np.bool_]:
    """The parts that are objects of records in the same batch, too."""
    parts = batch.parts
    own = np.zeros(len(batch.lots), bool)
    own[batch.objects.lot] = True
    shared = np.concatenate((own[parts.tops.lot], own[parts.subs.lot]))
    if shared.any():
        packed = np.concatenate((parts.tops.packed, parts.subs.packed))
        shared[shared] = np.isin(packed[shared], batch.objects.packed)
    return shared


def _single_product(batch: Batch, keep: npt.NDArray[np.bool_]) -> Ints:
    """For each admitted record that gathers sources: its product if there is just one, else -1."""
    if batch.kind.parts is not Parts.GATHER:
        return np.zeros(0, np.int64)
    touches = batch.touches["product"]
    count = np.bincount(touches.record, minlength=len(batch))
    return np.where(count == 1, batch.main_objects(), -1)[keep]
