"""Incidents: contradictions of logs, kept as evidence that needs nobody's word.

One folder an incident: ``incident.json`` and the two signed notes as they were received. Anyone who has
the log's key can check them.
"""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from suyuan.server.witness.contradictions import Contradiction, Kind, Seen
from suyuan.server.witness.durable import make_folder, sync_folder, write_whole
from suyuan.server.witness.errors import WitnessError
from suyuan.tlog.checkpoints import open_checkpoint, parse_checkpoint
from suyuan.tlog.encoding import base64_text, read_hash
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import VerifierKey, parse_verifier_key
from suyuan.tlog.notes import parse_note

FORM = "suyuan-incident-v1"
MOST_INCIDENTS = 10_000
"""More are not written: by then everybody knows, and the disk is for the log."""
_BEGINNINGS = tuple(f"{kind.value}-" for kind in Kind)
_JSON, _FIRST, _SECOND = "incident.json", "first.note", "second.note"


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it stands in its folder.

    Parameters
    ----------
    found_at
        Moment in UTC.
    keys
        Keys of the log that signed.
    """

    name: str
    contradiction: Contradiction
    found_at: datetime
    keys: tuple[VerifierKey, ...]

    @property
    def is_proven(self) -> bool:
        """Whether both notes are signed by a key of the log and cannot both be true."""
        with contextlib.suppress(TlogError):
            for seen in (self.contradiction.first, self.contradiction.second):
                checkpoint, _ = open_checkpoint(seen.note, self.keys)
                if checkpoint != seen.checkpoint:
                    return False
            return self.contradiction.is_proof
        return False


@dataclass(frozen=True, slots=True)
class IncidentFolder:
    """The incidents that one process found."""

    root: Path
    now_s: Callable[[], float] = field(default=time.time)

    def write(self, found: Contradiction, keys: Iterable[VerifierKey]) -> str:
        """Keep the evidence; its name, the same for the same evidence, which is written once."""
        name = _name(found)
        place = self.root / name
        if place.exists():
            return name
        make_folder(self.root)
        if sum(1 for _ in self.root.iterdir()) >= MOST_INCIDENTS:
            return name
        draft = self.root / f".{name}.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        try:
            self._fill(draft, found, keys)
            with contextlib.suppress(OSError):  # another thread was first
                draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        sync_folder(self.root)
        return name

    def list(self) -> tuple[Incident, ...]:
        """Every incident, by the time it was found."""
        if not self.root.is_dir():
            return ()
        places = [path for path in self.root.iterdir() if path.name.startswith(_BEGINNINGS)]
        return tuple(sorted(map(_read, places), key=lambda incident: (incident.found_at, incident.name)))

    def _fill(self, draft: Path, found: Contradiction, keys: Iterable[VerifierKey]) -> None:
        moment = datetime.fromtimestamp(self.now_s(), UTC).isoformat(timespec="seconds")
        document = {
            "form": FORM,
            "kind": found.kind.value,
            "origin": found.first.checkpoint.origin,
            "found_at": moment,
            "log_keys": sorted(map(str, keys)),
            "first": _facts(found.first, _FIRST),
            "second": _facts(found.second, _SECOND),
            "derived_root": None if found.derived_root is None else base64_text(found.derived_root),
            "proof": [base64_text(step) for step in found.proof],
        }
        write_whole(draft / _FIRST, found.first.note)
        write_whole(draft / _SECOND, found.second.note)
        write_whole(draft / _JSON, (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode())


def _name(found: Contradiction) -> str:
    """Kind and a digest of what contradicts what, whoever signed beside the log."""
    facts = [found.kind.value]
    for seen in sorted((found.first, found.second), key=lambda seen: seen.checkpoint.text):
        facts.append(seen.checkpoint.text)
    return f"{found.kind.value}-{sha256(chr(0).join(facts).encode()).hexdigest()[:16]}"


def _facts(seen: Seen, file: str) -> dict[str, Any]:
    checkpoint = seen.checkpoint
    return {"size": checkpoint.size, "root": base64_text(checkpoint.root), "seen_at": seen.source, "file": file}


def _read(place: Path) -> Incident:
    """An incident from its files; WitnessError where they are not what was written."""
    try:
        document = json.loads((place / _JSON).read_bytes())
        keys = tuple(parse_verifier_key(text) for text in document["log_keys"])
        first = _seen(place / _FIRST, str(document["first"]["seen_at"]))
        second = _seen(place / _SECOND, str(document["second"]["seen_at"]))
        derived = document["derived_root"]
        contradiction = Contradiction(
            Kind(document["kind"]),
            first,
            second,
            proof=tuple(read_hash(step) for step in document["proof"]),
            derived_root=None if derived is None else read_hash(derived),
        )
        return Incident(place.name, contradiction, datetime.fromisoformat(document["found_at"]), keys)
    except (OSError, ValueError, KeyError, TypeError, TlogError):
        raise WitnessError("witness.incident_form", folder=str(place)) from None


def _seen(path: Path, source: str) -> Seen:
    note = path.read_bytes()
    return Seen(parse_checkpoint(parse_note(note).text), note, source)
