"""Cases: list, open, follow, take steps, bring and fetch files."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from suyuan.client.connection import Connection, Json, Request
from suyuan.client.errors import Unexpected
from suyuan.client.files import Kept, Sending, Source
from suyuan.client.submissions import pages

_PAGE = 200


class Cases:
    """The cases in the scope of the key; bodies and answers are those of the API's own description."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, state: str | None = None, company: str | None = None, *, unfinished: bool = False, overdue: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        """Cases, the newest first."""
        parameters = {
            "state": state,
            "company": company,
            "unfinished": unfinished or None,
            "overdue": overdue or None,
            "limit": _PAGE,
        }
        yield from pages(self._connection, "/cases", parameters)

    def get(self, number: int) -> Mapping[str, Any]:
        """Everything of a case, with the steps that may be taken; `known` is what a step names."""
        return self._ask("GET", f"/cases/{number}")

    def procedure(self) -> Mapping[str, Any]:
        """States, steps, outcomes, letters and checklists."""
        return self._ask("GET", "/case-procedure")

    def open(self, opening: Mapping[str, Json]) -> Mapping[str, Any]:
        """Open a case about ``findings`` (numbers) and ``duties`` (record and duty)."""
        return self._ask("POST", "/cases", dict(opening))

    def step(self, number: int, step: Mapping[str, Json]) -> Mapping[str, Any]:
        """Take a step of a ``kind``, on what is ``known``."""
        return self._ask("POST", f"/cases/{number}/steps", dict(step))

    def attach(self, number: int, source: Source, name: str | None = None) -> Mapping[str, Any]:
        """Bring a file: its path, or bytes with a name."""
        sending = Sending.of(source, None, name)
        request = Request(
            "POST",
            f"/cases/{number}/attachments",
            {"name": sending.name},
            {"Content-Type": "application/octet-stream", "Content-Length": str(sending.size)},
            content=sending.open,
            repeatable=True,
        )
        return _mapping(self._connection.json(request))

    def fetch(self, number: int, attachment: int) -> Kept:
        """The bytes of a file."""
        path = f"/cases/{number}/attachments/{attachment}"
        return Kept.of(self._connection.send(Request("GET", path)), f"attachment-{attachment}")

    def form(self, number: int, form: str = "pdf") -> Kept:
        """The form of the last inspection, as pdf or html."""
        request = Request("GET", f"/cases/{number}/form", {"format": form})
        return Kept.of(self._connection.send(request), f"case-{number}-inspection.{quote(form, safe='')}")

    def paper(self, number: int, paper: int) -> Kept:
        """The bytes that the receipt of a paper speaks of."""
        return Kept.of(self._connection.send(Request("GET", f"/cases/{number}/papers/{paper}")), f"paper-{paper}")

    def receipt(self, number: int, paper: int) -> Kept:
        """The receipt of a paper."""
        path = f"/cases/{number}/papers/{paper}/receipt"
        return Kept.of(self._connection.send(Request("GET", path)), f"suyuan-paper-{paper}.json")

    def _ask(self, method: str, path: str, body: Json = None) -> Mapping[str, Any]:
        return _mapping(self._connection.json(Request(method, path, json=body)))


def _mapping(value: Json) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unexpected("client.strange_answer", url="", answer=type(value).__name__)
    return value
