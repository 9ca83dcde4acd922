"""Signed notes (C2SP signed-note v1.0.0): parse, sign, open with known keys."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from suyuan.tlog.encoding import base64_text, read_loose_base64
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import SignerKey, VerifierKey, check_name

LARGEST_NOTE_BYTES = 1_000_000
MOST_SIGNATURES = 100
"""More signatures are refused before any is verified, as in golang.org/x/mod/sumdb/note."""

_DASH = "— "
_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line.

    Parameters
    ----------
    key_id
        4 bytes.
    content
        What follows the key id: 64 bytes for Ed25519, 8 bytes of time before them for a cosignature.
    encoded
        The base64 text as it was received, so that a note keeps its bytes; empty in a new signature.
    """

    name: str
    key_id: bytes
    content: bytes
    encoded: str = ""

    @property
    def line(self) -> str:
        """The line as it stands in the note, with its newline."""
        return f"{_DASH}{self.name} {self.encoded or base64_text(self.key_id + self.content)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures, none of them verified.

    Parameters
    ----------
    text
        With its final newline, without the blank line after it.
    """

    text: str
    signatures: tuple[Signature, ...]

    def __bytes__(self) -> bytes:
        """The note as it is stored and sent."""
        return (self.text + "\n" + "".join(signature.line for signature in self.signatures)).encode()


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note that at least one known key signed.

    Parameters
    ----------
    verified
        The known keys that signed, each once, with their signatures, in the order of the lines.
    unknown
        Signatures of keys that are not known; they say nothing.
    """

    note: Note
    verified: tuple[tuple[VerifierKey, Signature], ...]
    unknown: tuple[Signature, ...]

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys that signed."""
        return tuple(key for key, _ in self.verified)


def parse_note(content: bytes) -> Note:
    """The parts of a signed note; TlogError unless the form is right to the byte."""
    if len(content) > LARGEST_NOTE_BYTES:
        raise TlogError("tlog.note_size", size=len(content), limit=LARGEST_NOTE_BYTES)
    try:
        whole = content.decode()
    except UnicodeDecodeError as error:
        raise TlogError("tlog.note_encoding", at=error.start) from None
    check_text(whole)
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise TlogError("tlog.note_form")
    listed = lines.split("\n")[:-1]
    if len(listed) > MOST_SIGNATURES:
        raise TlogError("tlog.note_signatures", found=len(listed), limit=MOST_SIGNATURES)
    return Note(text + "\n", tuple(parse_signature(line) for line in listed))


def parse_signature(line: str) -> Signature:
    """One signature line, without its newline."""
    name, space, content = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise TlogError("tlog.signature_form", line=line)
    check_name(name)
    decoded = read_loose_base64(content)
    if len(decoded) < 5:
        raise TlogError("tlog.signature_form", line=line)
    return Signature(name, decoded[:4], decoded[4:], content)


def parse_signatures(content: bytes) -> tuple[Signature, ...]:
    """Signature lines alone, as a witness answers them; TlogError unless there is one and each ends in a newline."""
    try:
        whole = content.decode()
    except UnicodeDecodeError as error:
        raise TlogError("tlog.note_encoding", at=error.start) from None
    lines = whole.split("\n")
    if len(lines) < 2 or lines[-1] or len(lines) > MOST_SIGNATURES:
        raise TlogError("tlog.note_form")
    return tuple(parse_signature(line) for line in lines[:-1])


def check_text(text: str) -> None:
    """Raise TlogError where a text has a control character other than newline, or has no UTF-8."""
    found = _FORBIDDEN.search(text)
    if found and found[0] > " ":
        raise TlogError("tlog.note_encoding", at=found.start())
    if found:
        raise TlogError("tlog.note_control", at=found.start(), sign=ord(found[0]))


def sign_note(
    text: str, signers: Iterable[SignerKey], *, time_s: int | None = None, earlier: Sequence[Signature] = ()
) -> Note:
    """Sign a text, keeping `earlier` signatures before the new ones; a signer's earlier signature is replaced.

    Parameters
    ----------
    text
        Ends in a newline.
    time_s
        Seconds since 1970, for cosignature keys.
    """
    if not text.endswith("\n"):
        raise TlogError("tlog.note_form")
    check_text(text)
    new = []
    for signer in signers:
        verifier = signer.verifier
        new.append(Signature(verifier.name, verifier.id, signer.sign(text, time_s)))
    replaced = {(signature.name, signature.key_id) for signature in new}
    kept = [signature for signature in earlier if (signature.name, signature.key_id) not in replaced]
    return Note(text, (*kept, *new))


def open_note(content: bytes | Note, known: Iterable[VerifierKey]) -> OpenedNote:
    """Verify the signatures of known keys.

    Signatures of other keys are ignored. TlogError where a known key's signature is wrong, where no
    known key signed, or where two known keys have one name and id.
    """
    note = content if isinstance(content, Note) else parse_note(content)
    keys: dict[tuple[str, bytes], list[VerifierKey]] = {}
    for key in known:
        keys.setdefault((key.name, key.id), []).append(key)
    verified: dict[VerifierKey, Signature] = {}
    unknown: dict[Signature, None] = {}
    for signature in note.signatures:
        named = keys.get((signature.name, signature.key_id))
        if named is None:
            unknown[signature] = None
            continue
        if len(named) > 1:
            raise TlogError("tlog.key_ambiguous", name=signature.name, key_id=signature.key_id.hex())
        (key,) = named
        if key in verified:
            continue
        if not key.is_signed(note.text, signature.content):
            raise TlogError("tlog.signature_wrong", name=key.name, key_id=key.id.hex())
        verified[key] = signature
    if not verified:
        raise TlogError("tlog.note_unsigned")
    return OpenedNote(note, tuple(verified.items()), tuple(unknown))
