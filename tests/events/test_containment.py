"""Blocks and trees say again what was put in, however serials, lots and parents are mixed."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.events.containment import (
    BLOCK,
    LISTED,
    Keys,
    Parts,
    decode_block,
    decode_tree,
    encode_blocks,
    encode_trees,
)

LARGEST = 9_999_999

keys = st.tuples(st.integers(0, 4), st.one_of(st.integers(0, 200), st.integers(0, LARGEST)))


def as_keys(pairs: list[tuple[int, int]], lots: int) -> Keys:
    lot = np.array([lot for lot, _ in pairs], np.int64)
    return Keys([f"L{n:04d}" for n in range(lots)], lot, np.array([serial for _, serial in pairs], np.int64))


def unpacked(child: Keys, parent: Keys) -> dict[tuple[int, int], tuple[int, int]]:
    """Blocks decoded row by row."""
    blocks = encode_blocks(child, parent)
    found: dict[tuple[int, int], tuple[int, int]] = {}
    columns = (blocks.lot.tolist(), blocks.block.tolist(), blocks.mask.tolist(), blocks.parent_lots, blocks.parents)
    for lot, block, mask, lots, parents in zip(*columns, strict=True):
        serials, place, serial = decode_block(block, mask, parents)
        assert len(parents) == 4 * len(serials)
        for one, where, number in zip(serials.tolist(), place.tolist(), serial.tolist(), strict=True):
            assert (lot, one) not in found
            found[lot, one] = (lots[where], number)
    assert list(zip(blocks.lot, blocks.block, strict=True)) == sorted(set(zip(blocks.lot, blocks.block, strict=True)))
    return found


@given(st.dictionaries(keys, keys, max_size=200), st.randoms(use_true_random=False))
def test_blocks_hold_every_part_with_its_parent_in_any_order(
    inside: dict[tuple[int, int], tuple[int, int]], shuffle: Random
) -> None:
    children = list(inside)
    shuffle.shuffle(children)
    child, parent = as_keys(children, 5), as_keys([inside[one] for one in children], 5)
    assert unpacked(child, parent) == inside


@pytest.mark.parametrize("serial", [0, BLOCK - 1, BLOCK, 2 * BLOCK - 1, LARGEST])
def test_the_borders_of_a_block(serial: int) -> None:
    child, parent = as_keys([(0, serial)], 1), as_keys([(1, LARGEST)], 2)
    assert unpacked(child, parent) == {(0, serial): (1, LARGEST)}
    assert encode_blocks(child, parent).block.tolist() == [serial // BLOCK]


def test_a_full_block_is_one_row_with_every_bit() -> None:
    child = as_keys([(0, serial) for serial in range(BLOCK)], 1)
    blocks = encode_blocks(child, as_keys([(0, 7)] * BLOCK, 1))
    assert blocks.mask.tolist() == [-1]
    assert decode_block(0, -1, blocks.parents[0])[0].tolist() == list(range(BLOCK))


def test_a_block_may_have_a_different_parent_lot_for_each_part() -> None:
    child = as_keys([(0, serial) for serial in range(BLOCK)], 1)
    parent = as_keys([(300 - serial, serial) for serial in range(BLOCK)], 301)
    assert unpacked(child, parent) == {(0, serial): (300 - serial, serial) for serial in range(BLOCK)}


def test_cells_that_were_only_made_have_no_parent() -> None:
    serials, place, parent = decode_block(3, (1 << 63) - (1 << 64) | 1, b"")
    assert serials.tolist() == [192, 255]
    assert place.tolist() == parent.tolist() == [-1, -1]


def test_nothing_makes_no_rows() -> None:
    nothing = as_keys([], 1)
    assert encode_blocks(nothing, nothing).parents == []
    assert encode_trees(Parts.none(), 3) == [None, None, None]


Tree = list[tuple[tuple[int, int], list[tuple[int, int]]]]

trees = st.lists(
    st.lists(st.tuples(keys, st.lists(keys, max_size=6)), max_size=5),
    max_size=6,
)


def as_parts(given_trees: list[Tree], lots: int) -> Parts:
    tops = [(record, top) for record, tree in enumerate(given_trees) for top, _ in tree]
    numbered = [subs for tree in given_trees for _, subs in tree]
    subs = [(number, sub) for number, group in enumerate(numbered) for sub in group]
    return Parts(
        as_keys([top for _, top in tops], lots),
        np.array([record for record, _ in tops], np.int64),
        as_keys([sub for _, sub in subs], lots),
        np.array([number for number, _ in subs], np.int64),
    )


def told(parts: Parts, records: int) -> list[Tree]:
    """Trees encoded and decoded again."""
    found: list[Tree] = []
    for tree in encode_trees(parts, records):
        if tree is None:
            found.append([])
            continue
        decoded, counts = decode_tree(tree)
        flat = [
            (int(decoded.lots[lot][1:]), serial)
            for lot, serial in zip(decoded.lot.tolist(), decoded.serial.tolist(), strict=True)
        ]
        ends = np.cumsum(counts) + len(counts)
        found.append(
            [(flat[n], flat[end - count : end]) for n, (end, count) in enumerate(zip(ends, counts, strict=True))]
        )
        assert list(tree.lots) == sorted(set(tree.lots))
    return found


@given(trees)
def test_trees_hold_both_levels_in_order(given_trees: list[Tree]) -> None:
    assert told(as_parts(given_trees, 5), len(given_trees)) == given_trees


@pytest.mark.parametrize("lots", [255, 256, 257, 600])
def test_a_tree_with_many_lots_takes_wide_entries(lots: int) -> None:
    wide: list[Tree] = [[((n, LARGEST - n), [((n + 1) % lots, n)]) for n in range(lots)], [((0, 0), [])]]
    assert told(as_parts(wide, lots), 2) == wide
    first = encode_trees(as_parts(wide, lots), 2)[0]
    assert first is not None
    assert len(first.entries) == 2 * lots * (4 if lots <= 256 else 8)


@given(trees, st.data())
def test_parts_of_some_records_are_those_of_no_others(given_trees: list[Tree], data: st.DataObject) -> None:
    keep = data.draw(st.lists(st.booleans(), min_size=len(given_trees), max_size=len(given_trees)))
    parts = as_parts(given_trees, 5).of_records(np.array(keep, bool))
    kept = [tree for tree, good in zip(given_trees, keep, strict=True) if good]
    assert told(parts, len(kept)) == kept


def test_up_names_the_direct_parent_of_each_part() -> None:
    parts = as_parts([[((1, 1), [(2, 1), (2, 2)])], [((1, 2), [])]], 3)
    child, parent = parts.up(as_keys([(0, 10), (0, 20)], 3))
    inside, around = (zip(keys.lot.tolist(), keys.serial.tolist(), strict=True) for keys in (child, parent))
    found = dict(zip(inside, around, strict=True))
    assert found == {(1, 1): (0, 10), (1, 2): (0, 20), (2, 1): (1, 1), (2, 2): (1, 1)}


@pytest.mark.parametrize(("listed", "fits"), [(LISTED, True), (LISTED + 1, False)])
def test_a_tree_holds_so_many_parts_in_a_part_and_no_more(listed: int, fits: bool) -> None:
    one, many = np.zeros(1, np.int64), np.arange(1, listed + 1)
    parts = Parts(Keys(["C", "M"], one + 1, one + 1), one, Keys(["C", "M"], np.zeros(listed, np.int64), many), many * 0)
    if fits:
        (tree,) = encode_trees(parts, 1)
        assert tree is not None
        keys, counts = decode_tree(tree)
        assert (counts.tolist(), len(keys)) == ([listed], listed + 1)
    else:
        with pytest.raises(ValueError, match="65535"):
            encode_trees(parts, 1)


@given(
    st.dictionaries(keys, keys, max_size=200),
    st.randoms(use_true_random=False),
    st.integers(1, 50),
)
def test_blocks_do_not_depend_on_how_many_are_encoded_together(
    inside: dict[tuple[int, int], tuple[int, int]], shuffle: Random, portion: int
) -> None:
    children = list(inside)
    shuffle.shuffle(children)
    child, parent = as_keys(children, 5), as_keys([inside[one] for one in children], 5)
    whole, parted = encode_blocks(child, parent), encode_blocks(child, parent, portion)
    for name in ("lot", "block", "mask"):
        assert getattr(whole, name).tolist() == getattr(parted, name).tolist()
    assert (whole.parent_lots, whole.parents) == (parted.parent_lots, parted.parents)


@given(
    st.lists(st.lists(st.lists(keys, max_size=4), max_size=4), max_size=12),
    st.integers(1, 20),
)
def test_trees_do_not_depend_on_how_many_are_encoded_together(
    records: list[list[list[tuple[int, int]]]], portion: int
) -> None:
    tops = [(0, 10 * record + place) for record, modules in enumerate(records) for place in range(len(modules))]
    record = [number for number, modules in enumerate(records) for _ in modules]
    inside = [cells for modules in records for cells in modules]
    top = [number for number, cells in enumerate(inside) for _ in cells]
    subs = [cell for cells in inside for cell in cells]
    parts = Parts(as_keys(tops, 5), np.array(record, np.int64), as_keys(subs, 5), np.array(top, np.int64))
    assert encode_trees(parts, len(records), portion) == encode_trees(parts, len(records))


def test_so_many_lots_that_no_integer_holds_their_order() -> None:
    lots = [f"L{n:08d}" for n in range(1 << 20)]
    serials = np.random.default_rng(1).permutation(1 << 20)[: 1 << 18]
    child = Keys(lots, serials.astype(np.int64), np.zeros(len(serials), np.int64) + LARGEST)
    blocks = encode_blocks(child, child)
    assert blocks.lot.tolist() == sorted(serials.tolist())
