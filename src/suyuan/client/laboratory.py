"""The laboratory of a server: tests attached to batteries, models, lots."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from suyuan.client.connection import Connection, Json, Parameters, Request
from suyuan.client.errors import Unexpected
from suyuan.client.files import Kept, Sending
from suyuan.client.submissions import pages

_OPEN: Final = frozenset({"received", "working"})
_LOOK_EVERY_S: Final = 1.0


class Laboratory:
    """What the server's laboratory can be asked for."""

    def __init__(self, connection: Connection, pause: Callable[[float], None] = time.sleep) -> None:
        self._connection = connection
        self._pause = pause

    def attach(self, battery: str, path: Path, words: Mapping[str, str | float | None]) -> Mapping[str, Any]:
        """Attach a tester's file to a battery; `words` are the parameters of the operation."""
        return self._send(f"/batteries/{quote(battery, safe='')}/tests", path, {"name": path.name, **words})

    def tests(self, battery: str) -> Iterator[Mapping[str, Any]]:
        """The test records of a battery, newest first."""
        yield from pages(self._connection, f"/batteries/{quote(battery, safe='')}/tests", {"limit": 100})

    def test(self, number: int) -> Mapping[str, Any]:
        """One test record with everything that was read."""
        return self._get(f"/tests/{number}")

    def test_report(self, number: int) -> Kept:
        """The report of a test record on paper."""
        return self._paper(f"/tests/{number}/report", f"suyuan-test-{number}.pdf")

    def add_model(self, path: Path) -> Mapping[str, Any]:
        """Keep a trained model."""
        return self._send("/models", path, {"name": path.name}, "application/octet-stream")

    def start_lot(self, path: Path, words: Mapping[str, str | float | None]) -> Mapping[str, Any]:
        """Have a lot assessed; `words` are the parameters of the operation."""
        return self._send("/lots", path, {"name": path.name, **words}, "text/csv")

    def lot(self, number: int) -> Mapping[str, Any]:
        """One lot and how far it is."""
        return self._get(f"/lots/{number}")

    def cells(self, number: int) -> Iterator[Mapping[str, Any]]:
        """The cells of a lot that are assessed so far."""
        yield from pages(self._connection, f"/lots/{number}/cells", {"limit": 1000})

    def lot_report(self, number: int) -> Kept:
        """The report of a lot on paper."""
        return self._paper(f"/lots/{number}/report", f"suyuan-lot-{number}.pdf")

    def cancel_lot(self, number: int) -> Mapping[str, Any]:
        """End a lot that is not finished."""
        return _mapping(self._connection.json(Request("POST", f"/lots/{number}/cancel", repeatable=True)))

    def finished(self, look: Callable[[int], Mapping[str, Any]], number: int) -> Mapping[str, Any]:
        """Look again every second until the test or lot is finished."""
        while (found := look(number))["state"] in _OPEN:
            self._pause(_LOOK_EVERY_S)
        return found

    def _send(
        self, path: str, file: Path, words: Mapping[str, str | float | None], form: str | None = None
    ) -> Mapping[str, Any]:
        sending = Sending.of(file, None, None)
        parameters: Parameters = {name: str(value) for name, value in words.items() if value is not None}
        headers = {"Content-Type": form or sending.form, "Content-Length": str(sending.size)}
        return _mapping(self._connection.json(Request("POST", path, parameters, headers, content=sending.open)))

    def _get(self, path: str) -> Mapping[str, Any]:
        return _mapping(self._connection.json(Request("GET", path)))

    def _paper(self, path: str, name: str) -> Kept:
        return Kept.of(self._connection.send(Request("GET", path, {"format": "pdf"})), name)


def _mapping(value: Json) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unexpected("client.strange_answer", url="", answer=type(value).__name__)
    return value
