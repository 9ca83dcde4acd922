"""Submissions: send, follow, correct, take back."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict, Unpack

from suyuan.client.connection import Connection, Json, Request
from suyuan.client.errors import Unavailable, Unexpected
from suyuan.client.files import Kept, Sending, Source

PATIENCE_S: Final = 3600.0
"""How long `wait=True` waits for a large submission."""

_FIRST_LOOK_S, _SLOWEST_LOOK_S = 0.1, 2.0
_PAGE: Final = 200


class Wishes(TypedDict, total=False):
    """What the sender wants done; see `suyuan.client.Client.submit`."""

    kind: str | None
    mode: str
    dry_run: bool
    repair: bool
    mapping: Mapping[str, str] | None
    name: str | None
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission as the server last told of it; `raw` is its whole answer."""

    raw: Mapping[str, Any]

    @property
    def number(self) -> int:
        """Its number."""
        return int(self.raw["number"])

    @property
    def state(self) -> str:
        """Where it stands: received, working, accepted, partly_accepted, refused, tried, undone or failed."""
        return str(self.raw["state"])

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return bool(self.raw["finished"])

    @property
    def groups(self) -> list[Mapping[str, Any]]:
        """Findings by cause."""
        return list(self.raw["groups"])

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 all accepted, 4 all refused, 5 partly, 1 failed."""
        return {"refused": 4, "partly_accepted": 5, "failed": 1}.get(self.state, 0)


class Submissions:
    """What can be done with submissions."""

    def __init__(self, connection: Connection, pause: Callable[[float], None] = time.sleep) -> None:
        self._connection = connection
        self._pause = pause

    def submit(self, source: Source, *, wait: bool | float = False, **wishes: Unpack[Wishes]) -> Submission:
        """Send a file, its bytes, or records; see `suyuan.client.Client.submit`."""
        sending = Sending.of(source, wishes.get("kind"), wishes.get("name"))
        mapping = wishes.get("mapping")
        wanted: dict[str, str | bool | None] = {
            "kind": wishes.get("kind"),
            "mode": wishes.get("mode", "good_rows"),
            "dry_run": wishes.get("dry_run") or None,
            "repair": wishes.get("repair") or None,
            "mapping": json.dumps(mapping, ensure_ascii=False, sort_keys=True) if mapping else None,
        }
        named = wishes.get("idempotency_key")
        key = named or _key(sending.digest, wanted)
        parameters = {**wanted, "name": sending.name or None}
        sent = self._send(sending, parameters, key)
        while sent.state in ("undone", "failed") and named is None:  # taken back or broken off before: sent anew
            sent = self._send(sending, parameters, f"{key}-after-{sent.number}")
        if wait is False or sent.finished:
            return sent
        return self.wait(sent.number, PATIENCE_S if wait is True else float(wait))

    def _send(self, sending: Sending, parameters: Mapping[str, str | bool | None], key: str) -> Submission:
        headers = {"Content-Type": sending.form, "Content-Length": str(sending.size), "Idempotency-Key": key}
        request = Request("POST", "/submissions", parameters, headers, content=sending.open, repeatable=True)
        return _submission(self._connection.json(request))

    def wait(self, number: int, patience_s: float = PATIENCE_S) -> Submission:
        """Look again, less and less often, until the submission is finished.

        Raises
        ------
        Unavailable
            ``client.still_working`` if it is not finished after `patience_s` seconds; it goes on without us.
        """
        waited, pause = 0.0, _FIRST_LOOK_S
        while not (found := self.get(number)).finished:
            if waited >= patience_s:
                raise Unavailable("client.still_working", number=number, seconds=int(patience_s))
            self._pause(pause)
            waited += pause
            pause = min(pause * 1.5, _SLOWEST_LOOK_S)
        return found

    def get(self, number: int) -> Submission:
        """One submission."""
        return _submission(self._connection.json(Request("GET", f"/submissions/{number}")))

    def list(self, kind: str | None = None, state: str | None = None) -> Iterator[Submission]:
        """Submissions that the key may see, the newest first; pages are fetched as they are needed."""
        wanted = {"kind": kind, "state": state, "limit": _PAGE}
        yield from (Submission(item) for item in pages(self._connection, "/submissions", wanted))

    def findings(self, number: int) -> Iterator[Mapping[str, Any]]:
        """Every finding of a submission."""
        yield from pages(self._connection, f"/submissions/{number}/findings", {"format": "json", "limit": 1000})

    def bad_rows(self, number: int) -> Kept:
        """The refused records in the same template, to be corrected and sent again."""
        response = self._connection.send(Request("GET", f"/submissions/{number}/bad-rows"))
        return Kept.of(response, f"submission-{number}-bad-rows.xlsx")

    def receipt(self, number: int, form: str = "json") -> Kept:
        """The receipt of the log, as json or pdf; the secret in it proves any record of the submission."""
        response = self._connection.send(Request("GET", f"/submissions/{number}/receipt", {"format": form}))
        return Kept.of(response, f"suyuan-receipt-{number}.{form}")

    def original(self, number: int) -> Kept:
        """The file as it was received."""
        return Kept.of(self._connection.send(Request("GET", f"/submissions/{number}/original")), f"submission-{number}")

    def confirm(self, number: int) -> Submission:
        """Accept the result."""
        request = Request("POST", f"/submissions/{number}/confirm", repeatable=True)
        return _submission(self._connection.json(request))

    def undo(self, number: int, reason: str) -> Submission:
        """Withdraw every record of a submission."""
        return _submission(
            self._connection.json(Request("POST", f"/submissions/{number}/undo", json={"reason": reason}))
        )


def _key(digest: str, wishes: Mapping[str, str | bool | None]) -> str:
    """The hash of what is sent, and of what is wanted of it where that is not the usual."""
    unusual = [f"{name}={value}" for name, value in wishes.items() if value not in (None, "good_rows")]
    return f"{digest}-{hashlib.sha256('&'.join(unusual).encode()).hexdigest()[:16]}" if unusual else digest


def _submission(value: Json) -> Submission:
    return Submission(_object(value))


def _object(value: Json) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unexpected("client.strange_answer", url="", answer=type(value).__name__)
    return value


def pages(
    connection: Connection, path: str, parameters: Mapping[str, str | int | bool | None]
) -> Iterator[Mapping[str, Any]]:
    """The items of a listing, page after page."""
    cursor: str | None = None
    while True:
        page = _object(connection.json(Request("GET", path, {**parameters, "cursor": cursor})))
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return
