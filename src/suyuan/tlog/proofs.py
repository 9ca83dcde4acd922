"""Inclusion and consistency proofs of RFC 6962, section 2.1: make them from nodes, verify them.

A proof is made from a `Node`: a function that gives the hash of a perfect subtree, counted from the
left on its level. It can stand on a tree in memory (`trees`) or on tiles (`reading`). Verifying follows
RFC 9162, sections 2.1.3.2 and 2.1.4.2, and needs no tree. Every function costs the logarithm of the size.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import HASH_BYTES, LARGEST_SIZE, join_right, node_hash

Node: TypeAlias = Callable[[int, int], bytes]
"""(level, index) -> hash of the leaves index * 2**level up to (index + 1) * 2**level."""

Proof: TypeAlias = tuple[bytes, ...]

LARGEST_PROOF = 63
"""Lines of the longest proof that tlog-witness allows; no inclusion proof is longer."""


def perfect_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """The (level, index) of the largest perfect subtrees that cover leaves `start` to `end`, left to right."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        found.append((level, start >> level))
        start += 1 << level
    return found


def range_root(node: Node, start: int, end: int) -> bytes:
    """The hash over leaves `start` to `end` of a tree, where `start` is the left edge of a subtree."""
    return join_right([node(level, index) for level, index in perfect_subtrees(start, end)])


def inclusion_proof(node: Node, index: int, size: int) -> Proof:
    """The audit path of leaf `index` in the tree of `size` leaves, the leaf's neighbour first."""
    if not 0 <= index < size <= LARGEST_SIZE:
        raise TlogError("tlog.index_outside", index=index, size=size)
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_size(end - start)
        if index < middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_proof(node: Node, old_size: int, size: int) -> Proof:
    """The proof that the tree of `old_size` leaves is the beginning of that of `size`; empty from size 0."""
    if not 0 <= old_size <= size <= LARGEST_SIZE:
        raise TlogError("tlog.sizes_disordered", old_size=old_size, size=size)
    path: list[bytes] = []
    start, end, known = 0, size, True
    while start < old_size < end:
        middle = start + _left_size(end - start)
        if old_size <= middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start, known = middle, False
    if old_size and not known:
        path.append(range_root(node, start, end))
    return tuple(reversed(path))


def _left_size(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to; TlogError where the proof cannot be one for (index, size)."""
    if not 0 <= index < size <= LARGEST_SIZE:
        raise TlogError("tlog.index_outside", index=index, size=size)
    _check_hashes(proof)
    place, last, root = index, size - 1, leaf
    for neighbour in proof:
        if last == 0:
            raise TlogError("tlog.proof_length", length=len(proof), size=size)
        if place & 1 or place == last:
            root = node_hash(neighbour, root)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, neighbour)
        place, last = place >> 1, last >> 1
    if last:
        raise TlogError("tlog.proof_length", length=len(proof), size=size)
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise TlogError unless the leaf hash stands at `index` in the tree of `size` leaves with `root`."""
    if root_from_inclusion(leaf, index, size, proof) != root:
        raise TlogError("tlog.not_included", index=index, size=size)


def verify_consistency(old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise TlogError unless the old tree is the beginning of the new one.

    An old size of 0 is refused: nothing is proved about it. A witness treats first contact on its own.
    """
    if not 0 < old_size <= size <= LARGEST_SIZE:
        raise TlogError("tlog.sizes_disordered", old_size=old_size, size=size)
    _check_hashes(proof)
    if old_size == size:
        if proof:
            raise TlogError("tlog.proof_length", length=len(proof), size=size)
        if old_root != root:
            raise TlogError("tlog.inconsistent", old_size=old_size, size=size)
        return
    if _roots_from_consistency(old_size, size, old_root, proof) != (old_root, root):
        raise TlogError("tlog.inconsistent", old_size=old_size, size=size)


def _roots_from_consistency(old_size: int, size: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that the proof leads to (0 < old_size < size)."""
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    path = list(proof) if place else [old_root, *proof]
    if not path:
        raise TlogError("tlog.proof_length", length=0, size=size)
    old = new = path[0]
    for neighbour in path[1:]:
        if last == 0:
            raise TlogError("tlog.proof_length", length=len(proof), size=size)
        if place & 1 or place == last:
            old, new = node_hash(neighbour, old), node_hash(neighbour, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, neighbour)
        place, last = place >> 1, last >> 1
    if last:
        raise TlogError("tlog.proof_length", length=len(proof), size=size)
    return old, new


def _check_hashes(hashes: Sequence[bytes]) -> None:
    """Raise TlogError unless each is 32 bytes long."""
    for found in hashes:
        if len(found) != HASH_BYTES:
            raise TlogError("tlog.hash_length", length=len(found))
