"""Receipts of submissions and proofs of single records: JSON documents that verify off line.

Both are specified in ``specs/``: receipt.md and record-proof.md. A receipt with its secret lets its holder
prove any record of the submission; a record proof reveals that record and nothing of the others.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from suyuan.kernel import Json, read_json
from suyuan.tlog.encoding import base64_text, read_hash
from suyuan.tlog.errors import TlogError
from suyuan.tlog.leaves import (
    SALT_BYTES,
    SECRET_BYTES,
    SubmissionLeaf,
    check_record,
    leaf_from,
    record_leaf_hash,
    record_salt,
)
from suyuan.tlog.proof_file import TlogProof, parse_proof
from suyuan.tlog.proofs import LARGEST_PROOF, Proof, verify_inclusion

RECEIPT_KIND = "suyuan-receipt"
RECORD_PROOF_KIND = "suyuan-record-proof"
VERSION = 1
LARGEST_DOCUMENT_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a submission stands in a log.

    Parameters
    ----------
    secret
        The submission's secret, 32 bytes; None in a receipt that is passed on.
    log
        Address of the log, for who wants to look there; empty where none is given. Not verified.
    """

    leaf: SubmissionLeaf
    proof: TlogProof
    secret: bytes | None = field(default=None, repr=False)
    log: str = ""

    def document(self) -> dict[str, Json]:
        """The receipt as a JSON object."""
        made = _head(RECEIPT_KIND, self.leaf, self.proof, self.log)
        return made if self.secret is None else {**made, "secret": self.secret.hex()}

    def __bytes__(self) -> bytes:
        """The receipt as a file."""
        return _file(self.document())

    @property
    def without_secret(self) -> "Receipt":
        """The receipt as it may be shown to anybody."""
        return Receipt(self.leaf, self.proof, None, self.log)


@dataclass(frozen=True, slots=True)
class RecordProof:
    """That one record was part of a submission that stands in a log.

    Parameters
    ----------
    number
        Number of the record in the submission, from 0.
    record
        Its canonical JSON.
    salt
        32 bytes.
    path
        Inclusion proof of the record in the inner tree.
    """

    number: int
    record: bytes
    salt: bytes
    path: Proof
    leaf: SubmissionLeaf
    proof: TlogProof
    log: str = ""

    def document(self) -> dict[str, Json]:
        """The proof as a JSON object."""
        return {
            **_head(RECORD_PROOF_KIND, self.leaf, self.proof, self.log),
            "number": self.number,
            "record": self.record.decode(),
            "salt": self.salt.hex(),
            "path": [base64_text(neighbour) for neighbour in self.path],
        }

    def __bytes__(self) -> bytes:
        """The proof as a file."""
        return _file(self.document())

    def verify_inner(self) -> None:
        """Raise TlogError unless the record is in the inner tree of the leaf."""
        check_record(self.record)
        root = bytes.fromhex(self.leaf.records_root)
        verify_inclusion(record_leaf_hash(self.salt, self.record), self.number, self.leaf.records, root, self.path)


class InnerTree(Protocol):
    """The tree over the records of a submission: in memory, or read from tiles."""

    @property
    def size(self) -> int:
        """Number of records."""
        ...

    def inclusion(self, index: int, /) -> Proof:
        """The inclusion proof of a record."""
        ...


def prove_record(receipt: Receipt, tree: InnerTree, number: int, record: bytes) -> RecordProof:
    """The proof of one record.

    Parameters
    ----------
    receipt
        With its secret.
    tree
        The submission's inner tree, see `records_tree`.

    Raises
    ------
    TlogError
        Where the secret is missing, or record, number and tree are not those of the receipt.
    """
    if receipt.secret is None:
        raise TlogError("tlog.secret_missing")
    if tree.size != receipt.leaf.records:
        raise TlogError("tlog.records_number", found=tree.size, expected=receipt.leaf.records)
    path = tree.inclusion(number)
    salt = record_salt(receipt.secret, number)
    made = RecordProof(number, record, salt, path, receipt.leaf, receipt.proof, receipt.log)
    made.verify_inner()
    return made


def parse_receipt(content: bytes | str) -> Receipt:
    """The receipt in a JSON document; TlogError unless its form is right. Nothing is verified."""
    document = _read(content, RECEIPT_KIND, {"secret", "log"}, set())
    leaf, proof, log = _read_head(document)
    secret = None
    if "secret" in document:
        secret = _hex(document, "secret", SECRET_BYTES)
    return Receipt(leaf, proof, secret, log)


def parse_record_proof(content: bytes | str) -> RecordProof:
    """The record proof in a JSON document; TlogError unless its form is right. Nothing is verified."""
    document = _read(content, RECORD_PROOF_KIND, {"log"}, {"number", "record", "salt", "path"})
    leaf, proof, log = _read_head(document)
    number, record, path = document["number"], document["record"], document["path"]
    if isinstance(number, bool) or not isinstance(number, int):
        raise TlogError("tlog.document_field", field="number")
    if not isinstance(path, list) or len(path) > LARGEST_PROOF or not all(isinstance(line, str) for line in path):
        raise TlogError("tlog.document_field", field="path")
    if not isinstance(record, str):
        raise TlogError("tlog.document_field", field="record")
    try:
        canonical = record.encode()
    except UnicodeEncodeError:
        raise TlogError("tlog.document_field", field="record") from None
    hashes = tuple(read_hash(str(line)) for line in path)
    return RecordProof(number, canonical, _hex(document, "salt", SALT_BYTES), hashes, leaf, proof, log)


def kind_of(content: bytes | str) -> str:
    """The kind that a document says it is of; empty where it says none."""
    try:
        document = read_json(content) if len(content) <= LARGEST_DOCUMENT_BYTES else None
    except ValueError:
        return ""
    kind = document.get("kind") if isinstance(document, dict) else None
    return kind if isinstance(kind, str) else ""


def digest_of(received: bytes) -> bytes:
    """The digest of received bytes, which the leaf commits to."""
    return sha256(received).digest()


def _head(kind: str, leaf: SubmissionLeaf, proof: TlogProof, log: str) -> dict[str, Json]:
    made: dict[str, Json] = {"kind": kind, "version": VERSION, "leaf": {**leaf.document()}}
    made["proof"] = bytes(proof).decode()
    return {**made, "log": log} if log else made


def _file(document: Mapping[str, Json]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _read(content: bytes | str, kind: str, optional: set[str], needed: set[str]) -> Mapping[str, object]:
    """The object of a document, with the members that its kind has."""
    if len(content) > LARGEST_DOCUMENT_BYTES:
        raise TlogError("tlog.document_size", size=len(content), limit=LARGEST_DOCUMENT_BYTES)
    try:
        document = read_json(content)
    except ValueError:
        raise TlogError("tlog.document_json") from None
    needed = needed | {"kind", "version", "leaf", "proof"}
    if not isinstance(document, dict) or document.get("kind") != kind:
        raise TlogError("tlog.document_kind", wanted=kind)
    if document.get("version") is True or document.get("version") != VERSION:
        raise TlogError("tlog.document_version", known=VERSION)
    if not needed <= set(document) <= needed | optional:
        members = sorted((needed - set(document)) | (set(document) - needed - optional))
        raise TlogError("tlog.document_members", members=members)
    return document


def _read_head(document: Mapping[str, object]) -> tuple[SubmissionLeaf, TlogProof, str]:
    proof, log = document["proof"], document.get("log", "")
    if not isinstance(proof, str) or not isinstance(log, str):
        raise TlogError("tlog.document_field", field="log" if isinstance(proof, str) else "proof")
    try:
        text = proof.encode()
    except UnicodeEncodeError:
        raise TlogError("tlog.document_field", field="proof") from None
    return leaf_from(document["leaf"]), parse_proof(text), log


def _hex(document: Mapping[str, object], name: str, length: int) -> bytes:
    text = document[name]
    if isinstance(text, str) and len(text) == 2 * length and not set(text) - set("0123456789abcdef"):
        return bytes.fromhex(text)
    raise TlogError("tlog.document_field", field=name)
