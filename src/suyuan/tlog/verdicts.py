"""What an off-line check of a receipt or a record proof comes to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from suyuan.kernel import Finding, Json, Language, Severity, sentence
from suyuan.kernel.findings import Value
from suyuan.tlog.errors import TlogError
from suyuan.tlog.leaves import SubmissionLeaf, received_commitment, record_leaf_hashes
from suyuan.tlog.policy import Judged, Policy, parse_policy
from suyuan.tlog.proof_file import TlogProof
from suyuan.tlog.receipts import (
    RECORD_PROOF_KIND,
    Receipt,
    RecordProof,
    digest_of,
    kind_of,
    parse_receipt,
    parse_record_proof,
)
from suyuan.tlog.shards import is_simulated
from suyuan.tlog.trees import MerkleTree


class Outcome(StrEnum):
    """The three answers."""

    VALID = "valid"  # in the log, and a quorum of witnesses vouches for the checkpoint
    PROVISIONAL = "provisional"  # in the log by the log's own word; witnesses are missing
    WRONG = "wrong"  # does not verify


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer with its reasons.

    Parameters
    ----------
    findings
        Why it is wrong or provisional; empty where it is valid.
    leaf
        The submission, as far as it could be read.
    index
        Index of the submission in the log.
    judged
        The checkpoint and who signed it; None where that did not verify.
    """

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    leaf: SubmissionLeaf | None = None
    index: int | None = None
    judged: Judged | None = None


def verify_receipt(
    receipt: bytes | str | Receipt,
    policy: bytes | str | Policy,
    *,
    received: bytes | None = None,
    records: Iterable[bytes] | None = None,
) -> Verdict:
    """Verify a receipt from its document and a policy alone; TlogError only for a malformed policy.

    Parameters
    ----------
    received
        The submitted bytes; where given, the leaf has to commit to their digest, which takes the
        receipt's secret.
    records
        Canonical JSON of all records; where given, they have to lead to the leaf's inner root, which
        takes the receipt's secret.
    """
    trusted = policy if isinstance(policy, Policy) else parse_policy(policy)
    try:
        held = receipt if isinstance(receipt, Receipt) else parse_receipt(receipt)
    except TlogError as error:
        return Verdict(Outcome.WRONG, (error.finding,))
    checks: list[Callable[[], None]] = []
    if received is not None:
        checks.append(lambda: _check_received(held, received))
    if records is not None:
        checks.append(lambda: _check_records(held, records))
    return _verdict(held.leaf, held.proof, trusted, checks)


def verify_record_proof(proof: bytes | str | RecordProof, policy: bytes | str | Policy) -> Verdict:
    """Verify a record proof from its document and a policy alone; TlogError only for a malformed policy."""
    trusted = policy if isinstance(policy, Policy) else parse_policy(policy)
    try:
        held = proof if isinstance(proof, RecordProof) else parse_record_proof(proof)
    except TlogError as error:
        return Verdict(Outcome.WRONG, (error.finding,))
    return _verdict(held.leaf, held.proof, trusted, [held.verify_inner])


def verify_document(content: bytes, policy: bytes | str | Policy) -> Verdict:
    """The verdict on a document that says itself whether it is a receipt or a record proof."""
    if kind_of(content) == RECORD_PROOF_KIND:
        return verify_record_proof(content, policy)
    return verify_receipt(content, policy)


def verdict_json(verdict: Verdict, language: Language) -> dict[str, Json]:
    """A verdict as plain values, with its sentences."""
    leaf, judged = verdict.leaf, verdict.judged
    reasons: list[Json] = [
        {"code": one.code, "severity": str(one.severity), "message": sentence(one.code, one.data, language)}
        for one in verdict.findings
    ]
    return {
        "outcome": verdict.outcome.value,
        "message": sentence(f"tlog.outcome_{verdict.outcome.value}", language=language),
        "findings": reasons,
        "leaf": {**leaf.document()} if leaf else None,
        "index": verdict.index,
        "simulated": bool(judged and is_simulated(judged.checkpoint.origin)),
        "origin": judged.checkpoint.origin if judged else None,
        "size": judged.checkpoint.size if judged else None,
        "cosigned": list(judged.cosigned) if judged else [],
    }


def _verdict(leaf: SubmissionLeaf, proof: TlogProof, policy: Policy, checks: list[Callable[[], None]]) -> Verdict:
    findings: list[Finding] = []
    judged = None
    try:
        judged = proof.verify(leaf.hash, policy)
    except TlogError as error:
        findings.append(error.finding)
    for check in checks:
        try:
            check()
        except TlogError as error:
            if error.finding not in findings:  # a missing secret is said once
                findings.append(error.finding)
    if findings or judged is None:
        return Verdict(Outcome.WRONG, tuple(findings), leaf, proof.index, judged)
    if not judged.is_final:
        data: dict[str, Value] = {"cosigned": list(judged.cosigned), "quorum": policy.shown_quorum}
        missing = Finding("tlog.quorum_not_met", data, severity=Severity.WARNING)
        return Verdict(Outcome.PROVISIONAL, (missing,), leaf, proof.index, judged)
    return Verdict(Outcome.VALID, (), leaf, proof.index, judged)


def _check_received(receipt: Receipt, received: bytes) -> None:
    if receipt.secret is None:
        raise TlogError("tlog.secret_missing")
    found = received_commitment(receipt.secret, digest_of(received))
    if found != receipt.leaf.received:
        raise TlogError("tlog.received_differs", found=found, expected=receipt.leaf.received)


def _check_records(receipt: Receipt, records: Iterable[bytes]) -> None:
    if receipt.secret is None:
        raise TlogError("tlog.secret_missing")
    tree = MerkleTree.of(record_leaf_hashes(receipt.secret, records))
    if tree.size != receipt.leaf.records:
        raise TlogError("tlog.records_number", found=tree.size, expected=receipt.leaf.records)
    if tree.root.hex() != receipt.leaf.records_root:
        raise TlogError("tlog.records_differ", records=tree.size)
