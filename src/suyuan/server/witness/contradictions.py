"""Two checkpoints of one log that cannot both be true, and what proves it; nothing is read or written here."""

from dataclasses import dataclass
from enum import StrEnum

from suyuan.tlog.checkpoints import Checkpoint
from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import EMPTY_ROOT
from suyuan.tlog.proofs import Proof, range_root, verify_consistency
from suyuan.tlog.reading import TileReader


class Kind(StrEnum):
    """How two checkpoints contradict each other."""

    SPLIT_VIEW = "split_view"  # one size, two roots
    FORK = "fork"  # the larger tree does not begin with the smaller one
    ROLLBACK = "rollback"  # the log shows less than before; a stale copy may be the reason


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that a trusted key of its log signed, and where it was seen.

    Parameters
    ----------
    note
        The signed note, byte for byte.
    source
        Address of a log or mirror, folder, or witness.
    """

    checkpoint: Checkpoint
    note: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two checkpoints of one origin, the smaller first.

    Parameters
    ----------
    proof
        Of a fork: the consistency proof from `derived_root` to the root of the second checkpoint.
    derived_root
        Of a fork: the root that the second tree has at the first one's size.
    """

    kind: Kind
    first: Seen
    second: Seen
    proof: Proof = ()
    derived_root: bytes | None = None

    @property
    def is_proof(self) -> bool:
        """Whether the notes themselves show that the log misbehaved, to anyone who has its key."""
        old, new = self.first.checkpoint, self.second.checkpoint
        if old.origin != new.origin:
            return False
        if self.kind is Kind.SPLIT_VIEW:
            return old.size == new.size and old.root != new.root
        if self.kind is Kind.ROLLBACK or self.derived_root is None or self.derived_root == old.root:
            return False
        if old.size == 0:
            return self.derived_root == EMPTY_ROOT
        try:
            verify_consistency(old.size, new.size, self.derived_root, new.root, self.proof)
        except TlogError:
            return False
        return True


def split_view(one: Seen, other: Seen) -> Contradiction | None:
    """The contradiction of two checkpoints of the same size, if their roots differ."""
    if one.checkpoint.size != other.checkpoint.size or one.checkpoint.root == other.checkpoint.root:
        return None
    return Contradiction(Kind.SPLIT_VIEW, one, other)


def fork(old: Seen, new: Seen, tree: TileReader) -> Contradiction | None:
    """The contradiction of an older checkpoint and the tree of a newer one, if there is one.

    TlogError (``tlog.root_differs`` or of a tile) where the tiles do not lead to the newer root: then
    nothing is known about the log, only that this copy is damaged.
    """
    if old.checkpoint.size == new.checkpoint.size:
        return split_view(old, new)
    if tree.root != new.checkpoint.root:
        raise TlogError("tlog.root_differs", size=new.checkpoint.size)
    size = old.checkpoint.size
    if size == 0:
        return None if old.checkpoint.root == EMPTY_ROOT else Contradiction(Kind.FORK, old, new, (), EMPTY_ROOT)
    derived, proof = range_root(tree.node, 0, size), tree.consistency(size)
    verify_consistency(size, new.checkpoint.size, derived, new.checkpoint.root, proof)
    if derived == old.checkpoint.root:
        return None
    return Contradiction(Kind.FORK, old, new, proof, derived)
