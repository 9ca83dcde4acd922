"""One request to the witness, from its bytes to the answer, which is sent only after it is kept."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from suyuan.server.witness.contradictions import Contradiction, Kind, Seen
from suyuan.server.witness.incidents import IncidentFolder
from suyuan.server.witness.records import Records, Turn
from suyuan.server.witness.trust import Trust, TrustedLog
from suyuan.tlog.checkpoints import parse_checkpoint
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import SignerKey
from suyuan.tlog.notes import Note, open_note, parse_note
from suyuan.tlog.tiles import LARGEST_ENTRY_BYTES
from suyuan.tlog.witness import AddCheckpoint, Recorded, WitnessAnswer, decide, read_request, refuse_request

_LOG = logging.getLogger("suyuan.witness")
_AFTER_SIGNATURE = frozenset({400, 409, 422})
"""Refusals of a checkpoint whose signature was found right."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Decides, records, and keeps evidence.

    Parameters
    ----------
    name
        The witness's name, which its keys sign under.
    signers
        Its cosignature keys, at least one.
    """

    name: str
    signers: Sequence[SignerKey]
    trust: Trust
    records: Records
    incidents: IncidentFolder
    now_s: Callable[[], float] = field(default=time.time)

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """The answer to a request's body; what it promises is on the disk."""
        try:
            request = read_request(body)
        except TlogError as reason:
            return refuse_request(reason)
        log = self.trust.log(request.checkpoint.origin)
        time_s = int(self.now_s())
        if log is None:
            return decide(request, None, None, self.signers, time_s)
        with self.records.turn(log.origin) as turn:
            recorded = turn.recorded
            answer = decide(request, log.keys, recorded, self.signers, time_s)
            if answer.keep is not None and (recorded is None or answer.keep.size > recorded.size):
                entry = _entry(request.note, log, answer)
                if len(entry) > LARGEST_ENTRY_BYTES:
                    return refuse_request(TlogError("tlog.entry_size", size=len(entry), limit=LARGEST_ENTRY_BYTES))
                turn.keep(answer.keep.size, answer.keep.root, entry)
            found = _split_view(request, turn, self.name) if answer.status in _AFTER_SIGNATURE else None
        self._tell(request, answer)
        if found is not None:
            name = self.incidents.write(found, log.keys)
            _LOG.error("split view origin=%s size=%d incident=%s", log.origin, request.checkpoint.size, name)
        return answer

    def _tell(self, request: AddCheckpoint, answer: WitnessAnswer) -> None:
        new, why = request.checkpoint, answer.reason.code if answer.reason else "-"
        told = new.origin, request.old_size, new.size, answer.status, why
        _LOG.info("add-checkpoint origin=%s old=%d size=%d status=%d reason=%s", *told)


def _entry(note: Note, log: TrustedLog, answer: WitnessAnswer) -> bytes:
    """What the witness's own log gets: the checkpoint with the log's verified signatures and our own."""
    verified = (signature for _, signature in open_note(note, log.keys).verified)
    return bytes(Note(note.text, (*verified, *answer.signatures)))


def _split_view(request: AddCheckpoint, turn: Turn, name: str) -> Contradiction | None:
    """What contradicts the request among everything that was cosigned, not only the latest."""
    earlier: Recorded | None = turn.at(request.checkpoint.size)
    if earlier is None or earlier.root == request.checkpoint.root:
        return None
    checkpoint = parse_checkpoint(parse_note(earlier.note).text)
    first = Seen(checkpoint, earlier.note, f"{name}: cosigned")
    return Contradiction(Kind.SPLIT_VIEW, first, Seen(request.checkpoint, bytes(request.note), f"{name}: received"))
