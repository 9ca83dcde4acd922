"""Proofs in a text file (C2SP tlog-proof, draft): index, inclusion proof and checkpoint in one."""

from dataclasses import dataclass

from suyuan.tlog.encoding import base64_text, read_base64, read_hash, read_number
from suyuan.tlog.errors import TlogError
from suyuan.tlog.policy import Judged, Policy
from suyuan.tlog.proofs import LARGEST_PROOF, Proof, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
LARGEST_FILE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A `.tlog-proof` file.

    Parameters
    ----------
    checkpoint
        The signed note, exactly as the log gave it.
    extra
        Opaque and not authenticated; None where there is no such line.
    """

    index: int
    path: Proof
    checkpoint: bytes
    extra: bytes | None = None

    def __bytes__(self) -> bytes:
        """The file's content."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64_text(self.extra)}")
        lines += [f"index {self.index}", *map(base64_text, self.path)]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.checkpoint

    def verify(self, leaf: bytes, policy: Policy) -> Judged:
        """The judged checkpoint that has the leaf hash at the index; TlogError where anything is wrong.

        Whether enough witnesses cosigned is in the answer (`is_final`), not an error.
        """
        judged = policy.judge(self.checkpoint)
        verify_inclusion(leaf, self.index, judged.checkpoint.size, judged.checkpoint.root, self.path)
        return judged


def parse_proof(content: bytes) -> TlogProof:
    """The parts of a proof file; TlogError unless its form is right. The checkpoint is not looked into."""
    if len(content) > LARGEST_FILE_BYTES:
        raise TlogError("tlog.proof_file_size", size=len(content), limit=LARGEST_FILE_BYTES)
    head, blank, checkpoint = content.partition(b"\n\n")
    try:
        header, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise TlogError("tlog.proof_file_form") from None
    if header != HEADER or not blank:
        raise TlogError("tlog.proof_file_form")
    extra = read_base64(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise TlogError("tlog.proof_file_form")
    index = read_number(lines.pop(0).removeprefix("index "))
    if len(lines) > LARGEST_PROOF:
        raise TlogError("tlog.proof_long", found=len(lines), limit=LARGEST_PROOF)
    return TlogProof(index, tuple(read_hash(line) for line in lines), checkpoint, extra)
