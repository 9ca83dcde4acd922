"""The records of the ledger against the leaves of the log, submission after submission."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import psycopg

from suyuan.kernel import Finding
from suyuan.kernel.findings import Value
from suyuan.server.kit.connection import Row, stream
from suyuan.server.ledger.queries.documents import documents_between, documents_of
from suyuan.server.ledger.services.outbox import Facts
from suyuan.server.log.queries.entries import Entry, entries_after, pending, records_of
from suyuan.server.log.queries.inner_tiles import ID_BYTES
from suyuan.server.log.queries.shards import ShardRow
from suyuan.server.log.services.inner import Inner, inner_trees, leaf_of
from suyuan.tlog import MerkleTree, SubmissionLeaf, TlogError, parse_leaf, record_leaf_hash, record_salt
from suyuan.tlog.hashing import HASH_BYTES
from suyuan.tlog.leaves import SECRET_BYTES

PAGE = 2000
"""Submissions compared at once."""

RECORDS_FIELDS = {"records", "records_root"}


class Submissions(Protocol):
    """What the room of submissions says of them."""

    def facts(self, numbers: Sequence[int], /) -> Mapping[int, tuple[Facts, str]]:
        """What a leaf says of each besides its records, and the code of its company."""
        ...

    def entered_between(self, after: int, upto: int | None, /) -> set[int]:
        """Numbers in (`after`, `upto`] of those that left records in the ledger; without end if `upto` is None."""
        ...


_NOTHING = Inner(b"", b"")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares records and leaves.

    Parameters
    ----------
    shards
        By number.
    logged
        Leaves of the log by submission, where the database has another one.
    """

    run: psycopg.Cursor[Row]
    shards: Mapping[int, ShardRow]
    logged: Mapping[int, bytes]
    submissions: Submissions

    def compare(self) -> Iterator[tuple[int, list[Finding]]]:
        """(records looked at, findings) for each submission, by number."""
        after = 0
        while True:
            page = entries_after(self.run, after, PAGE)
            upto = page[-1].submission if len(page) == PAGE else None
            yield from self._compare_page(page, after, upto)
            if upto is None:
                return
            after = upto

    def _compare_page(self, page: Sequence[Entry], after: int, upto: int | None) -> Iterator[tuple[int, list[Finding]]]:
        entries = {entry.submission: entry for entry in page}
        facts = self.submissions.facts(list(entries))
        waiting = pending(self.run, after, upto)
        unseen = dict(entries)
        with stream("log_audit") as reading:
            documents = documents_between(reading, after, upto)
            for number, inner in inner_trees(documents, {entry.submission: entry.secret for entry in page}):
                entry = unseen.pop(number, None)
                if entry:
                    yield len(inner.ids) // ID_BYTES, self._compare(entry, inner, facts)
                elif number not in waiting:
                    yield len(inner.ids) // ID_BYTES, _extra(number, inner.ids)
        for entry in unseen.values():
            yield 0, self._compare(entry, _NOTHING, facts)
        for number in sorted(self.submissions.entered_between(after, upto).difference(entries, waiting, self.logged)):
            yield 0, [Finding("log.submission_unlogged", {"submission": number})]

    def _compare(self, entry: Entry, inner: Inner, facts: Mapping[int, tuple[Facts, str]]) -> list[Finding]:
        try:
            leaf = parse_leaf(self.logged.get(entry.submission, entry.leaf))
        except TlogError as error:
            return [Finding("log.entry_unreadable", {"submission": entry.submission, "reason": error.code})]
        findings = self._differences(entry, leaf, inner)
        known = facts.get(entry.submission)
        if known is None:
            return [*findings, Finding("log.submission_missing", {"submission": entry.submission})]
        fields = self._fields(entry, leaf, inner, *known)
        told: dict[str, Value] = {"submission": entry.submission, "fields": fields}
        return [*findings, Finding("log.submission_differs", told)] if fields else findings

    def _fields(self, entry: Entry, leaf: SubmissionLeaf, inner: Inner, facts: Facts, company: str) -> list[str]:
        """What a leaf made today would say otherwise, besides the records; the regime stays the one of its day."""
        secret = self.shards[entry.shard].secret
        try:
            made = leaf_of(facts, inner, company, secret, lambda _: leaf.regime, secret=entry.secret).document()
        except TlogError as error:
            return [str(error.data.get("field", "secret"))]
        before = leaf.document()
        return [name for name in before if name not in RECORDS_FIELDS and made[name] != before[name]]

    def _differences(self, entry: Entry, leaf: SubmissionLeaf, inner: Inner) -> list[Finding]:
        """The records that were changed, are missing or were added, by id."""
        if (inner.tree.root.hex(), len(inner.hashes) // HASH_BYTES) == (leaf.records_root, leaf.records):
            return []
        ids, hashes = records_of(self.run, entry.submission)
        if (
            len(entry.secret) != SECRET_BYTES
            or MerkleTree.of(hashes).root.hex() != leaf.records_root
            or len(ids) * 2 != len(hashes)
        ):
            return [Finding("log.records_differ", {"submission": entry.submission})]
        sealed, found = _ids(ids), set(_ids(inner.ids))
        told = [("log.record_missing", identity) for identity in sealed if identity not in found]
        told += [("log.record_extra", identity) for identity in sorted(found.difference(sealed))]
        told += [("log.record_changed", identity) for identity in self._changed(entry, sealed, hashes)]
        return [
            Finding(code, {"submission": entry.submission, "record": str(UUID(bytes=identity))})
            for code, identity in told
        ]

    def _changed(self, entry: Entry, sealed: Sequence[bytes], hashes: bytes) -> Iterator[bytes]:
        """Ids of the records whose documents do not have the hash that they were sealed with."""
        number_of = {identity: number for number, identity in enumerate(sealed)}
        with stream("log_audit_again") as reading:
            for document in documents_of(reading, [entry.submission]):
                identity = UUID(document.id).bytes
                number = number_of.get(identity)
                if number is not None:
                    hashed = record_leaf_hash(record_salt(entry.secret, number), document.bytes)
                    if hashed != hashes[number * HASH_BYTES : (number + 1) * HASH_BYTES]:
                        yield identity


def _ids(ids: bytes) -> list[bytes]:
    return [ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES)]


def _extra(submission: int, ids: bytes) -> list[Finding]:
    """Records of a submission that the log knows nothing of."""
    return [
        Finding("log.record_extra", {"submission": submission, "record": str(UUID(bytes=identity))})
        for identity in _ids(ids)
    ]
