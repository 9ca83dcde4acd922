"""Outlets over the API: find them without a key; bring in, verify and withdraw them with one."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final

from suyuan.client.connection import Connection, Json, Request
from suyuan.client.errors import Unexpected
from suyuan.client.submissions import pages

_PAGE: Final = 100
_FORM: Final = "application/octet-stream"  # what a table really is, its bytes tell


class Outlets:
    """The list of outlets of one server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, limit: int = 20, **wanted: str | bool | None) -> Sequence[Mapping[str, Any]]:
        """Outlets; the nearest first with `near` (longitude,latitude), else by division.

        `division`, `outlet_kind`, `brand`, `chemistry`, `condition`, `open_now` and `open_at` narrow it, as the API
        has them.
        """
        found = pages(self._connection, "/outlets", {**wanted, "limit": min(limit, _PAGE)})
        return list(islice(found, limit))

    def get(self, outlet: int) -> Mapping[str, Any]:
        """One outlet."""
        return _object(self._connection.json(Request("GET", f"/outlets/{outlet}")))

    def history(self, outlet: int) -> Mapping[str, Any]:
        """Its versions, and who did what to it."""
        return _object(self._connection.json(Request("GET", f"/outlets/{outlet}/history")))

    def bring_in(self, table: bytes, name: str = "", *, dry_run: bool = False) -> Mapping[str, Any]:
        """File the outlets of a table; what was found in each row."""
        parameters: dict[str, str | bool] = {"name": name, "dry_run": dry_run}
        headers = {"Content-Type": _FORM}
        request = Request("POST", "/outlets/import", parameters, headers, content=table, repeatable=True)
        return _object(self._connection.json(request))

    def verify(self, outlet: int, on: date, way: str, *, correct: bool = True, note: str = "") -> None:
        """Note that somebody looked at the entry: by ``visit``, ``call`` or ``document``."""
        self._post(f"/outlets/{outlet}/verifications", {"on": str(on), "way": way, "correct": correct, "note": note})

    def withdraw(self, outlet: int, last_day: date, reason: str) -> None:
        """Close it after its last day."""
        self._post(f"/outlets/{outlet}/withdrawal", {"last_day": str(last_day), "reason": reason})

    def report(self, outlet: int, words: str, contact: str = "") -> str:
        """Say that the entry is wrong; the id of the report."""
        return str(self._post(f"/outlets/{outlet}/reports", {"words": words, "contact": contact})["id"])

    def _post(self, path: str, body: dict[str, Json]) -> Mapping[str, Any]:
        return _object(self._connection.json(Request("POST", path, json=body)))


def _object(value: Json) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unexpected("client.strange_answer", url="", answer=type(value).__name__)
    return value
