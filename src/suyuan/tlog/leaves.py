"""The log's leaf for one accepted submission, and the salted leaves of its records (specs/submission-leaf.md).

The log is public, so a leaf names no person, no company and no battery: the records stand behind the root
of an inner tree, each behind a salt that only the holder of the submission's secret can compute.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import count
from struct import Struct

from suyuan.kernel import canonical_json, read_canonical_json
from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import EMPTY_ROOT, HASH_BYTES, LARGEST_SIZE, leaf_hash
from suyuan.tlog.trees import MerkleTree

LEAF_TYPE = "suyuan-submission"
VERSION = 1
SECRET_BYTES = 32
SALT_BYTES = 32
PSEUDONYM_BYTES = 16
_SALT_LABEL = b"suyuan-record-salt-v1\n"
_SUBMITTER_LABEL = b"suyuan-submitter-v1\n"
_RECEIVED_LABEL = b"suyuan-received-v1\n"
_BLOCK_BYTES = 64
_NUMBER = Struct(">Q")

_FORMS = {
    "submission": re.compile("[0-9a-z][0-9a-z_-]{0,63}", re.ASCII),
    "kind": re.compile("[a-z][a-z0-9_]{0,63}", re.ASCII),
    "regime": re.compile("[a-z0-9][a-z0-9_.-]{0,31}", re.ASCII),
    "received_at": re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII),
    "submitter": re.compile(f"[0-9a-f]{{{2 * PSEUDONYM_BYTES}}}", re.ASCII),
    "received": re.compile(f"[0-9a-f]{{{2 * HASH_BYTES}}}", re.ASCII),
    "records_root": re.compile(f"[0-9a-f]{{{2 * HASH_BYTES}}}", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class SubmissionLeaf:
    """One accepted submission as the log keeps it.

    Parameters
    ----------
    submission
        Its id in the ledger: lower-case letters, digits, ``-`` and ``_``.
    kind
        Kind of its records: a word of the vocabulary.
    regime
        The regime under which it was admitted: lower-case letters, digits, ``.``, ``-`` and ``_``.
    received_at
        When its bytes were received, UTC, whole seconds: ``2027-01-05T08:30:00Z``.
    submitter
        Pseudonym of who submitted: 32 hexadecimal digits, see `submitter_pseudonym`.
    received
        Commitment to the received bytes, hexadecimal, see `received_commitment`.
    records
        Number of records in the inner tree.
    records_root
        Root of the inner tree, hexadecimal.
    """

    submission: str
    kind: str
    regime: str
    received_at: str
    submitter: str
    received: str
    records: int
    records_root: str

    def __post_init__(self) -> None:
        """Refuse what could carry a name or a code, and what is not well formed."""
        for name, form in _FORMS.items():
            if not form.fullmatch(getattr(self, name)):
                raise TlogError("tlog.leaf_field", field=name)
        try:
            datetime.fromisoformat(self.received_at)
        except ValueError:
            raise TlogError("tlog.leaf_field", field="received_at") from None
        if not 0 <= self.records <= LARGEST_SIZE or (self.records == 0) != (self.records_root == EMPTY_ROOT.hex()):
            raise TlogError("tlog.leaf_field", field="records")

    def document(self) -> dict[str, str | int]:
        """The leaf as a JSON object."""
        return {
            "type": LEAF_TYPE,
            "version": VERSION,
            "submission": self.submission,
            "kind": self.kind,
            "regime": self.regime,
            "received_at": self.received_at,
            "submitter": self.submitter,
            "received": self.received,
            "records": self.records,
            "records_root": self.records_root,
        }

    def __bytes__(self) -> bytes:
        """The log entry: canonical JSON (RFC 8785)."""
        return canonical_json(self.document())

    @property
    def hash(self) -> bytes:
        """The leaf hash in the log."""
        return leaf_hash(bytes(self))


_TEXTS = tuple(_FORMS)
_MEMBERS = {"type", "version", "records", *_TEXTS}


def leaf_from(document: object) -> SubmissionLeaf:
    """The leaf in a JSON object; TlogError unless it has exactly the members of this version."""
    if not isinstance(document, Mapping) or set(document) != _MEMBERS:
        raise TlogError("tlog.leaf_form")
    texts = {name: document[name] for name in _TEXTS}
    records, version = document["records"], document["version"]
    if document["type"] != LEAF_TYPE or version is True or version != VERSION:
        raise TlogError("tlog.leaf_form")
    if isinstance(records, bool) or not isinstance(records, int):
        raise TlogError("tlog.leaf_field", field="records")
    if not all(isinstance(text, str) for text in texts.values()):
        raise TlogError("tlog.leaf_form")
    return SubmissionLeaf(records=records, **texts)


def parse_leaf(entry: bytes) -> SubmissionLeaf:
    """The leaf in a log entry; TlogError unless it is canonical."""
    try:
        return leaf_from(read_canonical_json(entry))
    except ValueError:
        raise TlogError("tlog.leaf_form") from None


def submitter_pseudonym(secret: bytes, company: str) -> str:
    """The name of a company in a log: the same in every leaf, and nothing to who lacks the log's secret.

    Parameters
    ----------
    secret
        32 bytes, kept by the log's operator for as long as the log.
    company
        The company's code.
    """
    _check_secret(secret)
    return hmac.digest(secret, _SUBMITTER_LABEL + company.encode(), "sha256")[:PSEUDONYM_BYTES].hex()


def received_commitment(secret: bytes, digest: bytes) -> str:
    """What a leaf says of the received bytes, hexadecimal: nothing to who lacks the submission's secret.

    A digest alone would let anybody guess a small file and confirm the guess from the public log.

    Parameters
    ----------
    secret
        The submission's secret, 32 bytes.
    digest
        SHA-256 of the received bytes, 32 bytes.
    """
    _check_secret(secret)
    if len(digest) != HASH_BYTES:
        raise TlogError("tlog.hash_length", length=len(digest))
    return hmac.digest(secret, _RECEIVED_LABEL + digest, "sha256").hex()


def record_salt(secret: bytes, number: int) -> bytes:
    """The salt of record `number` (from 0, below 2**64): HMAC-SHA-256 of the submission's secret over the number."""
    _check_secret(secret)
    return hmac.digest(secret, _SALT_LABEL + _NUMBER.pack(number), "sha256")


def record_leaf_hash(salt: bytes, record: bytes) -> bytes:
    """The inner leaf hash of a record: its data is the salt, then the record's canonical bytes."""
    if len(salt) != SALT_BYTES:
        raise TlogError("tlog.salt_length", length=len(salt))
    return leaf_hash(salt + record)


def record_leaf_hashes(secret: bytes, records: Iterable[bytes], first: int = 0) -> bytes:
    """The inner leaf hashes of records numbered from `first`, 32 bytes each.

    The two halves of HMAC (RFC 2104) are begun once and copied for each record.
    """
    _check_secret(secret)
    key = secret.ljust(_BLOCK_BYTES, b"\x00")
    begun = sha256(bytes(octet ^ 0x36 for octet in key) + _SALT_LABEL).copy
    ended = sha256(bytes(octet ^ 0x5C for octet in key)).copy
    leaf_begun, found = sha256(b"\x00").copy, bytearray()
    for number, record in zip(map(_NUMBER.pack, count(first)), records, strict=False):
        state = begun()
        state.update(number)
        inner = state.digest()
        state = ended()
        state.update(inner)
        salt = state.digest()
        state = leaf_begun()
        state.update(salt + record)
        found += state.digest()
    return bytes(found)


def records_tree(secret: bytes, records: Iterable[bytes]) -> MerkleTree:
    """The inner tree over a submission's records."""
    return MerkleTree.of(record_leaf_hashes(secret, records))


def check_record(record: bytes) -> None:
    """Raise TlogError unless the bytes of a record are canonical JSON."""
    try:
        read_canonical_json(record)
    except ValueError:
        raise TlogError("tlog.record_not_canonical") from None


def _check_secret(secret: bytes) -> None:
    if len(secret) != SECRET_BYTES:
        raise TlogError("tlog.secret_length", length=len(secret))
