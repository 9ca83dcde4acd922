"""Cosignatures (C2SP tlog-cosignature v1.0.1, Ed25519): a witness's dated word on a checkpoint."""

from collections.abc import Iterable

from suyuan.tlog.checkpoints import parse_checkpoint
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import LATEST_TIME_S, SIGNATURE_BYTES, TIME_BYTES, KeyType, SignerKey, VerifierKey
from suyuan.tlog.notes import Note, Signature, open_note, sign_note


def cosign(note: Note, signers: Iterable[SignerKey], time_s: int) -> tuple[Signature, ...]:
    """The cosignatures of a checkpoint at `time_s` (seconds since 1970); nothing is checked but its form."""
    parse_checkpoint(note.text)
    listed = tuple(signers)
    for signer in listed:
        if signer.type is not KeyType.COSIGNATURE:
            raise TlogError("tlog.key_type", name=signer.name, type=int(signer.type))
    return sign_note(note.text, listed, time_s=time_s).signatures


def cosignature_time_s(signature: Signature) -> int:
    """When a cosignature was made, seconds since 1970; TlogError where it has not the form of one."""
    time_s = int.from_bytes(signature.content[:TIME_BYTES], "big")
    if len(signature.content) != TIME_BYTES + SIGNATURE_BYTES or time_s > LATEST_TIME_S:
        raise TlogError("tlog.cosignature_form", name=signature.name)
    return time_s


def add_cosignatures(note: Note, answered: Iterable[Signature], known: Iterable[VerifierKey]) -> Note:
    """The checkpoint with a witness's answer: only verified signatures of known keys are taken over.

    A newer cosignature of a key replaces its older one. TlogError as in `open_note`.
    """
    opened = open_note(Note(note.text, tuple(answered)), known)
    taken = [signature for _, signature in opened.verified]
    replaced = {(signature.name, signature.key_id) for signature in taken}
    kept = [signature for signature in note.signatures if (signature.name, signature.key_id) not in replaced]
    return Note(note.text, (*kept, *taken))
