"""Ask the witnesses of the policy to cosign a checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg

from suyuan.kernel import SuyuanError
from suyuan.kernel.findings import Value
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.log.services.incidents import AHEAD, SPLIT_VIEW, close_incident, open_incident
from suyuan.server.witness.asking import Answer, obtain
from suyuan.tlog import Note, Policy, TileReader, TlogError, VerifierKey, add_cosignatures, open_note, parse_checkpoint

PAUSE = timedelta(seconds=20)
"""How long a witness that did not answer is left alone."""


class ContradictedError(SuyuanError):
    """A witness has seen this log with other entries, or with more: publishing would fork it."""


@dataclass(slots=True)
class Witnesses:
    """The witnesses of a policy; without a policy nobody is asked and a checkpoint stands alone.

    Parameters
    ----------
    last
        Size that each witness cosigned last, by address and origin; a guess saves one question.
    """

    policy: Policy | None
    clock: Clock
    obtain: Callable[..., Answer] = obtain
    last: dict[tuple[str, str], int] = field(default_factory=dict)
    silent_until: dict[str, datetime] = field(default_factory=dict)

    def is_met(self, note: Note) -> bool:
        """Whether a quorum has cosigned."""
        return self.policy is None or self.policy.is_met(self._cosigned(note))

    def missing(self, note: Note) -> list[str]:
        """Names of the witnesses that have not cosigned."""
        cosigned = self._cosigned(note)
        return [name for name, (key, _) in self._witnesses() if key not in cosigned]

    def cosign(self, run: psycopg.Cursor[Row], note: Note, reader: TileReader) -> Note:
        """The checkpoint with the cosignatures that could be had now.

        Raises
        ------
        ContradictedError
            ``log.contradicted``: nothing may be published before somebody has looked at it.
        """
        cosigned, origin = self._cosigned(note), parse_checkpoint(note.text).origin
        for name, (key, address) in self._witnesses():
            if key in cosigned or not address or self._is_silent(address):
                continue
            try:
                answer = self.obtain(address, note, reader.consistency, self.last.get((address, origin), 0))
                self._check(run, name, note, answer)
                if answer.is_cosigned:
                    note = add_cosignatures(note, answer.signatures, [key])
                    self.last[address, origin] = reader.size
            except (SuyuanError, OSError) as error:
                if isinstance(error, ContradictedError):
                    raise
                self.silent_until[address] = self.clock.now() + PAUSE
        return note

    def _check(self, run: psycopg.Cursor[Row], name: str, note: Note, answer: Answer) -> None:
        """Stop where the witness's record contradicts this checkpoint."""
        checkpoint = parse_checkpoint(note.text)
        kind = None
        if answer.status == 409 and answer.size is not None and answer.size > checkpoint.size:
            kind = AHEAD
        elif answer.status == 422 or (answer.status == 409 and answer.size is None):
            kind = SPLIT_VIEW
        if kind is None:
            close_incident(run, checkpoint.origin, AHEAD, self.clock)
            return
        data: dict[str, Value] = {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "witness": name,
            "seen": answer.size,
        }
        open_incident(run, checkpoint.origin, kind, data, self.clock, [bytes(note).decode()])
        raise ContradictedError("log.contradicted", **data)

    def _witnesses(self) -> list[tuple[str, tuple[VerifierKey, str]]]:
        return sorted(self.policy.witnesses.items()) if self.policy else []

    def _cosigned(self, note: Note) -> set[VerifierKey]:
        known = self.policy.witness_keys if self.policy else ()
        try:
            return set(open_note(note, known).keys) if known else set()
        except TlogError:
            return set()

    def _is_silent(self, address: str) -> bool:
        return self.silent_until.get(address, self.clock.now()) > self.clock.now()
