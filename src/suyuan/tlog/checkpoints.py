"""Checkpoints (C2SP tlog-checkpoint v1.0.0): origin, size and root of a log as the text of a note."""

from collections.abc import Iterable
from dataclasses import dataclass

from suyuan.tlog.encoding import base64_text, read_hash, read_number
from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import HASH_BYTES, LARGEST_SIZE
from suyuan.tlog.keys import SignerKey, VerifierKey
from suyuan.tlog.notes import Note, OpenedNote, check_text, open_note, sign_note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head.

    Parameters
    ----------
    origin
        The log's identity: one line, not empty.
    size
        Number of leaves.
    root
        32 bytes.
    extensions
        Further lines, none empty; they are signed and mean nothing here.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what has no text form."""
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line:
                raise TlogError("tlog.checkpoint_form")
            check_text(line)
        if not 0 <= self.size <= LARGEST_SIZE or len(self.root) != HASH_BYTES:
            raise TlogError("tlog.checkpoint_form")

    @property
    def text(self) -> str:
        """The note text.

        >>> from suyuan.tlog import EMPTY_ROOT
        >>> print(Checkpoint("trace.example/prov/440000/2027", 0, EMPTY_ROOT).text, end="")
        trace.example/prov/440000/2027
        0
        47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
        """
        lines = (self.origin, str(self.size), base64_text(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    def sign(self, signers: Iterable[SignerKey], time_s: int | None = None) -> Note:
        """The signed checkpoint; `time_s` (seconds since 1970) only for cosignature keys."""
        return sign_note(self.text, signers, time_s=time_s)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note text; TlogError unless it has at least three lines in the right form."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise TlogError("tlog.checkpoint_form")
    origin, size, root, *extensions = lines[:-1]
    return Checkpoint(origin, read_number(size), read_hash(root), tuple(extensions))


def open_checkpoint(content: bytes | Note, known: Iterable[VerifierKey]) -> tuple[Checkpoint, OpenedNote]:
    """The checkpoint that known keys signed; see `open_note` for what is refused."""
    opened = open_note(content, known)
    return parse_checkpoint(opened.note.text), opened
