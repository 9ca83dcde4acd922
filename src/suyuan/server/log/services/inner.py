"""The inner tree of a submission, made from the documents of its records; memory stays a hash and an id a record."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from itertools import groupby, islice
from operator import attrgetter
from typing import Final, Protocol
from uuid import UUID

from suyuan.server.kit.clock import CHINA
from suyuan.server.ledger.queries.documents import Document
from suyuan.server.ledger.services.outbox import Facts
from suyuan.server.log.queries.inner_tiles import ID_BYTES
from suyuan.server.log.queries.papers import Paper
from suyuan.tlog import (
    MerkleTree,
    SubmissionLeaf,
    TlogError,
    parse_leaf,
    received_commitment,
    submitter_pseudonym,
)
from suyuan.tlog.hashing import HASH_BYTES
from suyuan.tlog.leaves import SECRET_BYTES, record_leaf_hashes
from suyuan.tlog.tiles import TILE_BYTES, tile_roots

PAPER: Final = "paper-"
"""What the id of a paper begins with; behind it stands its number."""
PORTION = 4096
"""Records hashed at once."""


class Regime(Protocol):
    """Which regime a submission falls under."""

    def __call__(self, day: date, /) -> str:
        """The regime of a submission received on this day (in China)."""
        ...


@dataclass(frozen=True, slots=True)
class Inner:
    """Ids (16 bytes a record) and salted leaf hashes (32 bytes each), in the order of the ids."""

    ids: bytes
    hashes: bytes

    @property
    def levels(self) -> tuple[bytes, bytes, bytes]:
        """The hashes of the leaves, of each 256 and of each 65,536 of them."""
        first = tile_roots(self.hashes[: len(self.hashes) // TILE_BYTES * TILE_BYTES])
        return self.hashes, first, tile_roots(first[: len(first) // TILE_BYTES * TILE_BYTES])

    @property
    def tree(self) -> MerkleTree:
        """The tree over the records."""
        return MerkleTree.of(self.hashes)


def inner_trees(documents: Iterable[Document], secrets: Mapping[int, bytes]) -> Iterator[tuple[int, Inner]]:
    """(submission, inner tree) for each submission among the documents, which come by submission and id.

    Submissions without a secret (or with one of another length) are passed over unhashed, with their ids.
    """
    for submission, group in groupby(documents, attrgetter("submission")):
        yield submission, _inner(group, secrets.get(submission))


def _inner(documents: Iterator[Document], secret: bytes | None) -> Inner:
    ids, hashes = bytearray(), bytearray()
    while portion := list(islice(documents, PORTION)):
        first = len(ids) // ID_BYTES
        ids += b"".join([UUID(one.id).bytes for one in portion])
        if secret is not None and len(secret) == SECRET_BYTES:
            hashes += record_leaf_hashes(secret, [one.bytes for one in portion], first)
    return Inner(bytes(ids), bytes(hashes))


def paper_in(entry: bytes) -> int | None:
    """The number of the paper that an entry of a log speaks of; None where it speaks of none."""
    try:
        named = parse_leaf(entry).submission
    except TlogError:
        return None
    number = named.removeprefix(PAPER)
    return int(number) if named.startswith(PAPER) and number.isascii() and number.isdigit() else None


def submission_in(entry: bytes) -> int | None:
    """The number of the submission that an entry of a log speaks of; None where it is none of ours."""
    try:
        return int(parse_leaf(entry).submission)
    except (TlogError, ValueError):
        return None


def leaf_of(
    facts: Facts, inner: Inner, company: str, shard_secret: bytes, regime: Regime, *, secret: bytes
) -> SubmissionLeaf:
    """The leaf of a submission.

    Parameters
    ----------
    company
        The submitter's code, which the shard's secret hides.
    secret
        The submission's, which hides the digest of the received bytes.

    Raises
    ------
    TlogError
        ``tlog.secret_length`` and ``tlog.leaf_field``: where the database holds what no leaf can have.
    """
    received_at = facts.received_at.astimezone(UTC).replace(microsecond=0)
    return SubmissionLeaf(
        submission=str(facts.submission),
        kind=facts.kind,
        regime=regime(received_at.astimezone(CHINA).date()),
        received_at=received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        submitter=submitter_pseudonym(shard_secret, company),
        received=received_commitment(secret, facts.digest),
        records=len(inner.hashes) // HASH_BYTES,
        records_root=inner.tree.root.hex(),
    )


def paper_leaf(paper: Paper, shard_secret: bytes, regime: Regime) -> SubmissionLeaf:
    """The leaf of a paper: that of a submission without records, under the pseudonym of what the paper belongs to.

    Raises
    ------
    TlogError
        As `leaf_of`.
    """
    facts = Facts(0, 0, paper.kind, paper.digest, paper.received_at)
    leaf = leaf_of(facts, Inner(b"", b""), paper.subject, shard_secret, regime, secret=paper.secret)
    return replace(leaf, submission=f"{PAPER}{paper.number}")
