"""The witness's own log: one entry a cosigned checkpoint, so that one root summarises all logs it watches.

Entries come from the witness's records in the order of their numbers. Killed at any step it goes on: files
that were written are written again with the same bytes, and the checkpoint is published last.
"""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from suyuan.kernel import SuyuanError
from suyuan.server.witness.asking import obtain
from suyuan.server.witness.copying import filled_tiles
from suyuan.server.witness.errors import Conflict, WitnessError
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.records import Records
from suyuan.server.witness.web import http_client
from suyuan.tlog.checkpoints import Checkpoint, open_checkpoint
from suyuan.tlog.cosignatures import add_cosignatures
from suyuan.tlog.edge import Edge
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import SignerKey, VerifierKey
from suyuan.tlog.notes import Note, parse_note
from suyuan.tlog.proofs import Proof
from suyuan.tlog.reading import TileReader

BATCH = 4096
_LOG = logging.getLogger("suyuan.witness")


@dataclass(frozen=True, slots=True)
class Journal:
    """The log of a witness.

    Parameters
    ----------
    signers
        Keys of this log (not cosignature keys), at least one; the origin is their name.
    verifiers
        Their public halves and those of retired ones.
    witnesses
        (key, submission prefix) of those that are asked to cosign this log.
    """

    folder: LogFolder
    records: Records
    signers: Sequence[SignerKey]
    verifiers: Sequence[VerifierKey]
    witnesses: Sequence[tuple[VerifierKey, str]] = ()

    @property
    def origin(self) -> str:
        """The log's origin."""
        return self.signers[0].name

    def check(self) -> Edge:
        """The right edge of the published log.

        Raises
        ------
        WitnessError
            ``witness.journal_damaged``: files and checkpoint do not agree.
        Conflict
            ``witness.records_behind``: the log has entries that the records know nothing of, because an older
            copy of them was put back. Such a witness must not sign.
        """
        published = self._published()
        size = published.size if published else 0
        try:
            edge = Edge.read(size, self.folder.read)
        except (TlogError, FileNotFoundError) as error:
            raise WitnessError("witness.journal_damaged", folder=str(self.folder.root), said=str(error)) from None
        if published and edge.root != published.root:
            raise WitnessError("witness.journal_damaged", folder=str(self.folder.root), said="root")
        if self.records.count() < size:
            raise Conflict("witness.records_behind", records=self.records.count(), log=size)
        return edge

    def integrate(self) -> int:
        """Append what was cosigned since, publish, and ask other witnesses to cosign; how many entries came."""
        with self.folder.locked():
            edge = self.check()
            start = edge.size
            while entries := self.records.entries(edge.size, BATCH):
                growth = edge.grow(entries)
                self.folder.write(growth.files)
                edge = growth.edge
            if edge.size > start or self.folder.checkpoint() is None:
                self.folder.publish(bytes(Checkpoint(self.origin, edge.size, edge.root).sign(self.signers)))
                self.folder.drop_partials(filled_tiles(start, edge.size))
            self._ask()
        return edge.size - start

    def _published(self) -> Checkpoint | None:
        note = self.folder.checkpoint()
        if note is None:
            return None
        try:
            checkpoint, _ = open_checkpoint(note, self.verifiers)
        except TlogError as error:
            raise WitnessError("witness.journal_damaged", folder=str(self.folder.root), said=error.code) from error
        if checkpoint.origin != self.origin:
            raise WitnessError("witness.origin_differs", source=str(self.folder.root), origin=checkpoint.origin)
        return checkpoint

    def _ask(self) -> None:
        """Add the cosignatures that the published checkpoint lacks."""
        note = parse_note(self.folder.checkpoint() or b"")
        for key, url in self.witnesses:
            if any((line.name, line.key_id) == (key.name, key.id) for line in note.signatures):
                continue
            try:
                with http_client(url) as http:
                    cosigned = self._cosigned(note, key, url, http)
            except SuyuanError as error:
                _LOG.warning("cosigner %s: %s %s", url, error.code, error.data)
                continue
            note = cosigned
            self.folder.publish(bytes(note))

    def _cosigned(self, note: Note, key: VerifierKey, url: str, http: httpx.Client) -> Note:
        """The note with a witness's cosignature; as it was where the witness refuses."""
        checkpoint, _ = open_checkpoint(note, self.verifiers)
        tree = TileReader(self.folder.read, checkpoint.size)

        def prove(old_size: int) -> Proof:
            return tree.consistency(old_size)

        answer = obtain(url, note, prove, 0, http)
        if not answer.is_cosigned:
            _LOG.warning("cosigner %s: status %d %s", url, answer.status, answer.said)
            return note
        with contextlib.suppress(TlogError):
            return add_cosignatures(note, answer.signatures, [key])
        _LOG.warning("cosigner %s: no signature of its key", url)
        return note
