"""Transparency logs: RFC 6962 trees, C2SP tiles, checkpoints, notes, witnesses, policies, receipts.

Everything here thinks and nothing reads or writes: files come in through a function that reads a path,
keys and random bytes and the time are handed in, and what has to be stored goes out as values. What is
malformed or does not verify raises `TlogError`; the verdict on a receipt is a value.

Which documents this follows, and our own formats with test vectors, stands in ``specs/``.
"""

from suyuan.tlog.audit import audit
from suyuan.tlog.checkpoints import Checkpoint, open_checkpoint, parse_checkpoint
from suyuan.tlog.cosignatures import add_cosignatures, cosign, cosignature_time_s
from suyuan.tlog.edge import Edge, Growth, grow_in_batches
from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import EMPTY_ROOT, HASH_BYTES, leaf_hash, leaf_hashes, node_hash
from suyuan.tlog.key_files import open_key, seal_key, sealed_verifier
from suyuan.tlog.keys import KeyType, SignerKey, VerifierKey, parse_signer_key, parse_verifier_key
from suyuan.tlog.leaves import (
    SubmissionLeaf,
    leaf_from,
    parse_leaf,
    received_commitment,
    record_leaf_hash,
    record_leaf_hashes,
    record_salt,
    records_tree,
    submitter_pseudonym,
)
from suyuan.tlog.notes import Note, OpenedNote, Signature, open_note, parse_note, parse_signatures, sign_note
from suyuan.tlog.policy import Judged, Policy, parse_policy
from suyuan.tlog.proof_file import TlogProof, parse_proof
from suyuan.tlog.proofs import (
    consistency_proof,
    inclusion_proof,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from suyuan.tlog.reading import Read, TileReader
from suyuan.tlog.receipts import Receipt, RecordProof, parse_receipt, parse_record_proof, prove_record
from suyuan.tlog.shards import Shard, first_entry, parse_origin, verify_succession
from suyuan.tlog.tiles import ENTRIES, Tile, decode_bundle, encode_bundle, parse_path, tiles_of
from suyuan.tlog.trees import MerkleTree
from suyuan.tlog.verdicts import (
    Outcome,
    Verdict,
    verdict_json,
    verify_document,
    verify_receipt,
    verify_record_proof,
)
from suyuan.tlog.witness import (
    AddCheckpoint,
    Recorded,
    SplitView,
    WitnessAnswer,
    decide,
    read_request,
    refuse_request,
)

__all__ = [
    "EMPTY_ROOT",
    "ENTRIES",
    "HASH_BYTES",
    "AddCheckpoint",
    "Checkpoint",
    "Edge",
    "Growth",
    "Judged",
    "KeyType",
    "MerkleTree",
    "Note",
    "OpenedNote",
    "Outcome",
    "Policy",
    "Read",
    "Receipt",
    "RecordProof",
    "Recorded",
    "Shard",
    "Signature",
    "SignerKey",
    "SplitView",
    "SubmissionLeaf",
    "Tile",
    "TileReader",
    "TlogError",
    "TlogProof",
    "Verdict",
    "VerifierKey",
    "WitnessAnswer",
    "add_cosignatures",
    "audit",
    "consistency_proof",
    "cosign",
    "cosignature_time_s",
    "decide",
    "decode_bundle",
    "encode_bundle",
    "first_entry",
    "grow_in_batches",
    "inclusion_proof",
    "leaf_from",
    "leaf_hash",
    "leaf_hashes",
    "node_hash",
    "open_checkpoint",
    "open_key",
    "open_note",
    "parse_checkpoint",
    "parse_leaf",
    "parse_note",
    "parse_origin",
    "parse_path",
    "parse_policy",
    "parse_proof",
    "parse_receipt",
    "parse_record_proof",
    "parse_signatures",
    "parse_signer_key",
    "parse_verifier_key",
    "prove_record",
    "read_request",
    "received_commitment",
    "record_leaf_hash",
    "record_leaf_hashes",
    "record_salt",
    "records_tree",
    "refuse_request",
    "root_from_inclusion",
    "seal_key",
    "sealed_verifier",
    "sign_note",
    "submitter_pseudonym",
    "tiles_of",
    "verdict_json",
    "verify_consistency",
    "verify_document",
    "verify_inclusion",
    "verify_receipt",
    "verify_record_proof",
    "verify_succession",
]
