"""Who contains whom, stored compactly: trees beside the event, blocks of 64 serials upwards.

A cell has no row of its own. Serials of one lot are cut into blocks of 64. A *block row* says, for
one submission, which serials of the block it put into a parent: a 64-bit mask, and one 32-bit entry
for each set bit, lowest serial first. An entry is a place in the row's list of parent lots (8 bits)
and the parent's serial (24 bits): a block has at most 64 parents and a serial at most seven digits,
so an entry always fits. Blocks do not care whether the serials of a module are consecutive.

A *tree* is the other direction, kept with the event that made the parent: first the parts of the
first level, then those of the second, in the order of their parents.

Everything here is arrays in, arrays out; nothing loops over cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

LISTED = 65_535
"""Parts that a record may list; the count of a first-level part's own parts is stored in 16 bits."""

BLOCK = 64  # serials in a block; docs/decisions/0003 has the measurements
_BLOCK_BITS = 6
_SERIAL_BITS = 24
_NARROW_LOTS = 256

PORTION = 1 << 16
"""Parts encoded together: their arrays fit into the processor's cache."""

Ints = npt.NDArray[np.int64]
_NOTHING: Ints = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Keys:
    """Objects as ledger keys: `lots[lot[i]]` and `serial[i]`."""

    lots: Sequence[str]
    lot: Ints
    serial: Ints

    def __len__(self) -> int:
        return len(self.lot)

    def take(self, index: npt.NDArray[np.integer] | slice) -> "Keys":
        """The objects at `index`, sharing the list of lots."""
        return Keys(self.lots, self.lot[index], self.serial[index])

    @property
    def packed(self) -> Ints:
        """One integer an object, in the order of (lot, serial)."""
        return (self.lot << 32) | self.serial


@dataclass(frozen=True, slots=True)
class Blocks:
    """Block rows, one entry a row; `parents[i]` are the bytes of row i's entries."""

    lot: Ints  # index into the child lots
    block: Ints  # serial // BLOCK
    mask: Ints  # 64 bits, read as unsigned
    parent_lots: list[tuple[int, ...]]  # indices into the parent lots
    parents: list[bytes]


def _starts(values: Ints) -> Ints:
    """Where each run of equal neighbours begins."""
    if not len(values):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))


def _in_order(keys: Keys) -> Ints:
    """Where the objects stand in the order of (lot, serial); equal ones stay in theirs.

    Lot, serial and place in one integer are sorted as they are, which is several times quicker than to sort
    places by keys; they fit for millions of objects.
    """
    width = len(keys).bit_length()
    if len(keys.lots) >> (63 - _SERIAL_BITS - width):
        return np.argsort(keys.packed, kind="stable")
    joint = (((keys.lot << _SERIAL_BITS) | keys.serial) << width) | np.arange(len(keys))
    joint.sort()
    joint &= (1 << width) - 1
    return joint


def _local_places(group: Ints, lot: Ints) -> tuple[Ints, list[tuple[int, ...]]]:
    """For items sorted by `group`: the place of each item's lot in its group's list, and the lists.

    Groups are numbered 0, 1, 2 … without gaps. Lists are sorted.
    """
    width = int(lot.max()) + 1 if len(lot) else 1
    joint = group * width + lot
    runs = _starts(joint)
    pairs = np.unique(joint[runs])
    owner = pairs // width
    first = np.searchsorted(owner, np.arange(int(group[-1]) + 1 if len(group) else 0))
    place_of_run = np.searchsorted(pairs, joint[runs]) - first[group[runs]]
    lengths = np.diff(np.append(runs, len(joint)))
    lots = (pairs % width).tolist()
    bounds = [*first.tolist(), len(lots)]
    lists = [tuple(lots[a:b]) for a, b in pairwise(bounds)]
    return np.repeat(place_of_run, lengths), lists


def encode_blocks(child: Keys, parent: Keys, portion: int = PORTION) -> Blocks:
    """Block rows for `child[i]` inside `parent[i]`; a child stands at most once.

    Returns rows sorted by (lot, block). They are worked out about `portion` children at a time.
    """
    order = _in_order(child)
    lots, numbers, masks = [_NOTHING], [_NOTHING], [_NOTHING]
    lists: list[tuple[int, ...]] = []
    entries: list[bytes] = []
    start = 0
    while start < len(order):
        end = _end_of_block(child, order, start + portion)
        blocks = _encode_blocks(child.take(order[start:end]), parent.take(order[start:end]))
        lots.append(blocks.lot)
        numbers.append(blocks.block)
        masks.append(blocks.mask)
        lists += blocks.parent_lots
        entries += blocks.parents
        start = end
    return Blocks(np.concatenate(lots), np.concatenate(numbers), np.concatenate(masks), lists, entries)


def _end_of_block(child: Keys, order: Ints, end: int) -> int:
    """The first place from `end` on where another block begins."""
    while end < len(order):
        next_ones = child.take(order[end - 1 : end + BLOCK])
        block = (next_ones.lot << 32) | (next_ones.serial >> _BLOCK_BITS)
        other = np.flatnonzero(block != block[0])
        if len(other):
            return end - 1 + int(other[0])
        end += BLOCK
    return len(order)


def _encode_blocks(child: Keys, parent: Keys) -> Blocks:
    """Block rows of children in order."""
    block = child.serial >> _BLOCK_BITS
    starts = _starts((child.lot << 32) | block)
    bits = np.left_shift(np.uint64(1), (child.serial & (BLOCK - 1)).astype(np.uint64))
    mask = np.bitwise_or.reduceat(bits, starts).view(np.int64)
    bounds = np.append(starts, len(child))
    group = np.repeat(np.arange(len(starts)), np.diff(bounds))
    place, lists = _local_places(group, parent.lot)
    entries = ((place << _SERIAL_BITS) | parent.serial).astype("<u4").tobytes()
    ends = (bounds * 4).tolist()
    parents = [entries[a:b] for a, b in pairwise(ends)]
    return Blocks(child.lot[starts], block[starts], mask, lists, parents)


def decode_block(block: int, mask: int, parents: bytes) -> tuple[Ints, Ints, Ints]:
    """The serials of one block row with the place of each parent's lot and the parent's serial.

    A row without parents (cells that were only made) gives -1 for both.
    """
    bits = np.array([mask], np.int64).view(np.uint8)
    serials = np.flatnonzero(np.unpackbits(bits, bitorder="little")) + block * BLOCK
    if not parents:
        nothing = np.full(len(serials), -1)
        return serials, nothing, nothing
    entries = np.frombuffer(parents, "<u4").astype(np.int64)
    return serials, entries >> _SERIAL_BITS, entries & ((1 << _SERIAL_BITS) - 1)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts listed in a batch of records: `tops` in a record's own object, `subs` in a top.

    `record` (per top) and `top` (per sub) ascend.
    """

    tops: Keys
    record: Ints
    subs: Keys
    top: Ints

    @classmethod
    def none(cls, lots: Sequence[str] = ()) -> "Parts":
        """No parts at all."""
        nothing = np.zeros(0, np.int64)
        keys = Keys(lots, nothing, nothing)
        return cls(keys, nothing, keys, nothing)

    def of_records(self, keep: npt.NDArray[np.bool_]) -> "Parts":
        """Only the parts of the records that `keep` marks; records are renumbered without gaps."""
        number = np.cumsum(keep) - 1
        tops = keep[self.record]
        top_number = np.cumsum(tops) - 1
        subs = tops[self.top]
        return Parts(
            self.tops.take(np.flatnonzero(tops)),
            number[self.record[tops]],
            self.subs.take(np.flatnonzero(subs)),
            top_number[self.top[subs]],
        )

    def up(self, owners: Keys) -> tuple[Keys, Keys]:
        """Every part and its direct parent; `owners[r]` is the object of record r (same lots)."""
        parent_of_top, parent_of_sub = owners.take(self.record), self.tops.take(self.top)
        child = Keys(
            self.tops.lots,
            np.concatenate((self.tops.lot, self.subs.lot)),
            np.concatenate((self.tops.serial, self.subs.serial)),
        )
        parent = Keys(
            self.tops.lots,
            np.concatenate((parent_of_top.lot, parent_of_sub.lot)),
            np.concatenate((parent_of_top.serial, parent_of_sub.serial)),
        )
        return child, parent


@dataclass(frozen=True, slots=True)
class Tree:
    """The parts of one record as stored: lots named, counts of second-level parts, entries."""

    lots: tuple[str, ...]
    counts: bytes  # '<u2' a first-level part: how many parts it lists itself
    entries: bytes  # '<u4' (or '<u8' with more than 256 lots) a part


def encode_trees(parts: Parts, records: int, portion: int = PORTION) -> list[Tree | None]:
    """One tree a record; None where a record lists no parts. About `portion` parts are encoded at a time.

    Raises
    ------
    ValueError
        If a first-level part lists more than `LISTED` parts; the check refuses such a record before.
    """
    tops_until = np.cumsum(np.bincount(parts.record, minlength=records))
    subs_until = np.append(0, np.cumsum(np.bincount(parts.top, minlength=len(parts.tops))))
    until = tops_until + subs_until[tops_until]
    steps = np.searchsorted(until, np.arange(portion, int(until[-1]) if records else 0, portion)) + 1
    trees: list[Tree | None] = []
    for start, end in pairwise([0, *np.unique(steps[steps < records]).tolist(), records]):
        a, b = (int(tops_until[place - 1]) if place else 0 for place in (start, end))
        c, d = int(subs_until[a]), int(subs_until[b])
        part = Parts(
            parts.tops.take(slice(a, b)),
            parts.record[a:b] - start,
            parts.subs.take(slice(c, d)),
            parts.top[c:d] - a,
        )
        trees += _encode_trees(part, end - start)
    return trees


def _encode_trees(parts: Parts, records: int) -> list[Tree | None]:
    tops_of = np.bincount(parts.record, minlength=records)
    subs_of_top = np.bincount(parts.top, minlength=len(parts.tops))
    if subs_of_top.max(initial=0) > LISTED:
        raise ValueError(f"a part lists {subs_of_top.max()} parts; a tree holds {LISTED} at most")
    record, lot, serial = _beside_each_other(parts, tops_of)
    present = np.flatnonzero(tops_of)
    rank = np.cumsum(tops_of > 0) - 1
    place, lists = _local_places(rank[record], lot)
    narrow = ((place << _SERIAL_BITS) | serial).astype("<u4").tobytes()
    counts = subs_of_top.astype("<u2").tobytes()
    top_ends = np.append(0, np.cumsum(tops_of)) * 2
    ends = np.searchsorted(record, np.arange(records + 1))
    trees: list[Tree | None] = [None] * records
    for number, lots in zip(present.tolist(), lists, strict=True):
        a, b = int(ends[number]), int(ends[number + 1])
        if len(lots) > _NARROW_LOTS:
            entries = ((place[a:b] << 32) | serial[a:b]).astype("<u8").tobytes()
        else:
            entries = narrow[4 * a : 4 * b]
        names = tuple(parts.tops.lots[i] for i in lots)
        trees[number] = Tree(names, counts[int(top_ends[number]) : int(top_ends[number + 1])], entries)
    return trees


def _beside_each_other(parts: Parts, tops_of: Ints) -> tuple[Ints, Ints, Ints]:
    """Record, lot and serial of all parts by record: those of the first level, then those of the second."""
    of_sub = parts.record[parts.top]
    subs_of = np.bincount(of_sub, minlength=len(tops_of))
    top = np.arange(len(parts.tops)) + (np.cumsum(subs_of) - subs_of)[parts.record]
    sub = np.arange(len(parts.subs)) + np.cumsum(tops_of)[of_sub]
    columns = []
    for tops, subs in (
        (parts.record, of_sub),
        (parts.tops.lot, parts.subs.lot),
        (parts.tops.serial, parts.subs.serial),
    ):
        column = np.empty(len(top) + len(sub), np.int64)
        column[top], column[sub] = tops, subs
        columns.append(column)
    return columns[0], columns[1], columns[2]


def decode_tree(tree: Tree) -> tuple[Keys, Ints]:
    """The parts of a tree in stored order, and how many second-level parts each first-level one has."""
    counts = np.frombuffer(tree.counts, "<u2").astype(np.int64)
    wide = len(tree.lots) > _NARROW_LOTS
    entries = np.frombuffer(tree.entries, "<u8" if wide else "<u4").astype(np.int64)
    bits = 32 if wide else _SERIAL_BITS
    return Keys(tree.lots, entries >> bits, entries & ((1 << bits) - 1)), counts
