"""A whole Merkle tree in memory: the inner tree of a submission, and what tests compare with."""

from dataclasses import dataclass

from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import HASH_BYTES, PAIR_BYTES, parents
from suyuan.tlog.proofs import Proof, consistency_proof, inclusion_proof, range_root


@dataclass(frozen=True, slots=True)
class MerkleTree:
    """All perfect subtrees of a tree; 64 bytes a leaf.

    Parameters
    ----------
    levels
        ``levels[k]`` has the hashes of the subtrees of 2**k leaves, 32 bytes each, left to right.
    """

    levels: tuple[bytes, ...]

    @classmethod
    def of(cls, hashes: bytes) -> "MerkleTree":
        """The tree over leaf hashes, 32 bytes each; every level is hashed once.

        >>> from suyuan.tlog import leaf_hashes
        >>> MerkleTree.of(leaf_hashes([b"", b"\\x00"])).root.hex()[:16]
        'fac54203e7cc696c'
        """
        if len(hashes) % HASH_BYTES:
            raise TlogError("tlog.hash_length", length=len(hashes))
        levels = [hashes]
        while len(levels[-1]) >= PAIR_BYTES:
            levels.append(parents(levels[-1]))
        return cls(tuple(levels))

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self.levels[0]) // HASH_BYTES

    @property
    def root(self) -> bytes:
        """The root of all leaves."""
        return self.root_at(self.size)

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        if not 0 <= size <= self.size:
            raise TlogError("tlog.sizes_disordered", old_size=size, size=self.size)
        return range_root(self.node, 0, size)

    def node(self, level: int, index: int) -> bytes:
        """The hash of the subtree `index` of 2**level leaves; IndexError where there is none."""
        found = self.levels[level][index * HASH_BYTES : (index + 1) * HASH_BYTES]
        if not found:
            raise IndexError(f"no subtree {index} on level {level}")
        return found

    def inclusion(self, index: int, size: int | None = None) -> Proof:
        """The inclusion proof of a leaf in the tree of the first `size` leaves (all of them)."""
        return inclusion_proof(self.node, index, self._size(size))

    def consistency(self, old_size: int, size: int | None = None) -> Proof:
        """The consistency proof between two sizes of this tree."""
        return consistency_proof(self.node, old_size, self._size(size))

    def _size(self, size: int | None) -> int:
        if size is None:
            return self.size
        if size > self.size:
            raise TlogError("tlog.sizes_disordered", old_size=size, size=self.size)
        return size
