"""Receipts, proofs of records, and verdicts on them."""

from typing import Literal

from ninja import Schema
from pydantic import JsonValue


class ReceiptOut(Schema):
    """A receipt as `specs/receipt.md` defines it."""

    kind: Literal["suyuan-receipt"]
    version: int
    leaf: dict[str, JsonValue]
    proof: str
    log: str = ""
    secret: str | None = None


class RecordProofOut(Schema):
    """A proof of one record as `specs/record-proof.md` defines it."""

    kind: Literal["suyuan-record-proof"]
    version: int
    leaf: dict[str, JsonValue]
    proof: str
    log: str = ""
    number: int
    record: str
    salt: str
    path: list[str]


class Reason(Schema):
    """Why a document is wrong or provisional."""

    code: str
    severity: str
    message: str


class ReceiptVerdictOut(Schema):
    """What a document is worth by the policy of this installation."""

    outcome: Literal["valid", "provisional", "wrong"]
    message: str
    findings: list[Reason]
    leaf: dict[str, JsonValue] | None
    index: int | None
    simulated: bool
    origin: str | None
    size: int | None
    cosigned: list[str]
