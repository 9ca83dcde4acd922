"""Merkle tree hashing of RFC 6962, section 2.1, with SHA-256, one at a time and in batches.

A batch of hashes is one `bytes` value, 32 bytes a hash, as in a tile: no objects, no copies.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from hashlib import sha256
from struct import iter_unpack

HASH_BYTES = 32
PAIR_BYTES = 2 * HASH_BYTES
LARGEST_SIZE = (1 << 63) - 1
"""Largest number of leaves: sizes are signed 64-bit numbers in every implementation we know."""

_LEAF, _NODE = sha256(b"\x00"), sha256(b"\x01")  # begun once: a copy costs less than a new one

EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two nodes."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> bytes:
    """The hashes of many leaves, 32 bytes each, in order."""
    begun, found = _LEAF.copy, bytearray()
    for entry in entries:
        state = begun()
        state.update(entry)
        found += state.digest()
    return bytes(found)


def parents(hashes: bytes) -> bytes:
    """One level up: the hash of each pair; a last hash without partner is left out."""
    begun, found = _NODE.copy, bytearray()
    for (pair,) in iter_unpack(f"{PAIR_BYTES}s", memoryview(hashes)[: len(hashes) // PAIR_BYTES * PAIR_BYTES]):
        state = begun()
        state.update(pair)
        found += state.digest()
    return bytes(found)


def join_right(roots: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that shrink from left to right; the empty root without any."""
    if not roots:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(roots))
