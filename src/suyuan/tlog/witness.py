"""What a witness answers to `add-checkpoint` (C2SP tlog-witness v1.0.0), as a pure function.

The checks stand in the order of the specification: origin (404), signature (403), old size above the
new (400), old size against the record (409), proof (422), same size with another root (409). The server
reads the request, locks its record of the origin, asks `decide`, writes `keep` if there is one, commits,
and only then answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from suyuan.tlog.checkpoints import Checkpoint, parse_checkpoint
from suyuan.tlog.cosignatures import cosign
from suyuan.tlog.encoding import base64_text, read_hash, read_number
from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import EMPTY_ROOT
from suyuan.tlog.keys import SignerKey, VerifierKey
from suyuan.tlog.notes import Note, Signature, open_note, parse_note
from suyuan.tlog.proofs import LARGEST_PROOF, Proof, verify_consistency

LARGEST_REQUEST_BYTES = 256 * 1024
"""16 signatures of the largest kind (5 kB) in base64, 63 proof lines, and room to spare."""

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request body, parsed; nothing in it is verified."""

    old_size: int
    proof: Proof
    note: Note
    checkpoint: Checkpoint

    def __bytes__(self) -> bytes:
        """The body as a log sends it."""
        lines = [f"old {self.old_size}", *map(base64_text, self.proof)]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + bytes(self.note)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The latest checkpoint that this witness cosigned for an origin.

    Parameters
    ----------
    note
        The signed checkpoint as it was received, kept as evidence.
    """

    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class SplitView:
    """Two checkpoints of one log that cannot both be true: same size, other root, both signed by the log."""

    origin: str
    size: int
    recorded: bytes
    received: bytes


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """An HTTP answer, and what has to be done before it is sent.

    Parameters
    ----------
    reason
        None where the checkpoint was cosigned, else what stood against it.
    keep
        Write this as the record of the origin, in the transaction in which the old one was read and
        locked, and answer only after the commit.
    signatures
        The cosignatures in the body.
    split_view
        Evidence that the log shows different histories; it stands beside an answer of 409 or 422.
    """

    status: int
    content_type: str
    body: bytes
    reason: TlogError | None = None
    keep: Recorded | None = None
    signatures: tuple[Signature, ...] = ()
    split_view: SplitView | None = None


def read_request(body: bytes) -> AddCheckpoint:
    """The parts of an `add-checkpoint` body; TlogError (answered by 400) unless its form is right."""
    if len(body) > LARGEST_REQUEST_BYTES:
        raise TlogError("tlog.request_size", size=len(body), limit=LARGEST_REQUEST_BYTES)
    head, blank, rest = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise TlogError("tlog.request_form") from None
    if not blank or not first.startswith("old "):
        raise TlogError("tlog.request_form")
    if len(lines) > LARGEST_PROOF:
        raise TlogError("tlog.proof_long", found=len(lines), limit=LARGEST_PROOF)
    note = parse_note(rest)
    proof = tuple(read_hash(line) for line in lines)
    return AddCheckpoint(read_number(first.removeprefix("old ")), proof, note, parse_checkpoint(note.text))


def refuse_request(reason: TlogError) -> WitnessAnswer:
    """The answer to a body that `read_request` refused."""
    return _refused(400, reason)


def decide(
    request: AddCheckpoint,
    log_keys: Iterable[VerifierKey] | None,
    recorded: Recorded | None,
    signers: Sequence[SignerKey],
    time_s: int,
) -> WitnessAnswer:
    """What to answer.

    Parameters
    ----------
    log_keys
        The keys that are trusted for the origin of the request; None or none where the origin is not known.
    recorded
        What was last cosigned for the origin; None before the first time.
    signers
        The witness's cosignature keys, at least one.
    time_s
        Now, seconds since 1970.
    """
    keys, new = tuple(log_keys or ()), request.checkpoint
    if not keys:
        return _refused(404, TlogError("tlog.origin_unknown", origin=new.origin))
    try:
        open_note(request.note, keys)
    except TlogError as reason:
        return _refused(403, reason)
    refused = _against_record(request, recorded)
    if refused is not None:
        return replace(refused, split_view=_split_view(request, recorded))
    signatures = cosign(request.note, signers, time_s)
    body = "".join(signature.line for signature in signatures).encode()
    return WitnessAnswer(200, PLAIN, body, None, Recorded(new.size, new.root, bytes(request.note)), signatures)


def _against_record(request: AddCheckpoint, recorded: Recorded | None) -> WitnessAnswer | None:
    """The refusal of a checkpoint that the log signed; None where it continues what was recorded."""
    new, (size, root) = request.checkpoint, (recorded.size, recorded.root) if recorded else (0, EMPTY_ROOT)
    if request.old_size > new.size:
        return _refused(400, TlogError("tlog.sizes_disordered", old_size=request.old_size, size=new.size))
    if request.old_size != size:
        reason = TlogError("tlog.old_size", stated=request.old_size, recorded=size, origin=new.origin)
        return WitnessAnswer(409, SIZE, f"{size}\n".encode(), reason)
    try:
        _check_proof(request, size, root)
    except TlogError as error:
        return _refused(422, error)
    if new.size == size and new.root != root:
        return _refused(409, TlogError("tlog.split_view", origin=new.origin, size=size))
    return None


def _check_proof(request: AddCheckpoint, size: int, root: bytes) -> None:
    """Raise TlogError unless the proof leads from the record to the new checkpoint; equal sizes need none."""
    new = request.checkpoint
    if new.size == 0 and new.root != EMPTY_ROOT:
        raise TlogError("tlog.empty_root", origin=new.origin)
    if size in (0, new.size):
        if request.proof:
            raise TlogError("tlog.proof_length", length=len(request.proof), size=new.size)
        return
    verify_consistency(size, new.size, root, new.root, request.proof)


def _split_view(request: AddCheckpoint, recorded: Recorded | None) -> SplitView | None:
    new = request.checkpoint
    if recorded is None or new.size != recorded.size or new.root == recorded.root:
        return None
    return SplitView(new.origin, new.size, recorded.note, bytes(request.note))


def _refused(status: int, reason: TlogError) -> WitnessAnswer:
    return WitnessAnswer(status, PLAIN, f"{reason.code}\n".encode(), reason)
