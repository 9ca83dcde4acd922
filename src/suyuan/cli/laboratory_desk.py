"""The laboratory's desk: that of this machine's server, or of one elsewhere; answers are the same plain values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from suyuan.cli.counter import Counter, Json
from suyuan.cli.speech import language
from suyuan.cli.usage import Misuse

if TYPE_CHECKING:
    from suyuan.client.laboratory import Laboratory
    from suyuan.server.kit.scope import Scope

Words = Mapping[str, str | float | None]


class Desk(Protocol):
    """What the laboratory can be asked for."""

    def attach(self, battery: str, path: Path, words: Words, wait: bool) -> Json:
        """Attach a file to a battery."""
        ...

    def tests(self, battery: str) -> Iterator[Json]:
        """The test records of a battery."""
        ...

    def test_report(self, number: int, form: str) -> Json | bytes:
        """The report of a test record: json, or the bytes of a pdf."""
        ...

    def add_model(self, path: Path) -> Json:
        """Keep a model."""
        ...

    def start_lot(self, path: Path, words: Words, wait: bool) -> Json:
        """Have a lot assessed."""
        ...

    def lot(self, number: int) -> Json:
        """One lot."""
        ...

    def cells(self, number: int) -> Iterator[Json]:
        """The cells of a lot."""
        ...

    def lot_report(self, number: int) -> bytes:
        """The report of a lot on paper."""
        ...

    def cancel_lot(self, number: int) -> Json:
        """End a lot."""
        ...


def desk_of(counter: Counter) -> Desk:
    """The desk beside a counter."""
    from suyuan.cli.local import Local
    from suyuan.cli.remote import Remote

    if isinstance(counter, Remote):
        return RemoteDesk(counter.client.laboratory)
    if isinstance(counter, Local):
        return LocalDesk(counter.scope)
    raise TypeError(type(counter).__name__)


@dataclass(frozen=True, slots=True)
class RemoteDesk:
    """Acts with the rights of a key."""

    laboratory: "Laboratory"

    def attach(self, battery: str, path: Path, words: Words, wait: bool) -> Json:
        """Send the file and, if wanted, wait until it is read."""
        sent = self.laboratory.attach(battery, path, words)
        return dict(self.laboratory.finished(self.laboratory.test, sent["number"]) if wait else sent)

    def tests(self, battery: str) -> Iterator[Json]:
        """The test records of a battery."""
        return (dict(found) for found in self.laboratory.tests(battery))

    def test_report(self, number: int, form: str) -> Json | bytes:
        """The report of a test record."""
        if form == "pdf":
            return self.laboratory.test_report(number).content
        return dict(self.laboratory.test(number))

    def add_model(self, path: Path) -> Json:
        """Send a model."""
        return dict(self.laboratory.add_model(path))

    def start_lot(self, path: Path, words: Words, wait: bool) -> Json:
        """Send a lot and, if wanted, wait until it is assessed."""
        sent = self.laboratory.start_lot(path, words)
        return dict(self.laboratory.finished(self.laboratory.lot, sent["number"]) if wait else sent)

    def lot(self, number: int) -> Json:
        """One lot."""
        return dict(self.laboratory.lot(number))

    def cells(self, number: int) -> Iterator[Json]:
        """The cells of a lot."""
        return (dict(found) for found in self.laboratory.cells(number))

    def lot_report(self, number: int) -> bytes:
        """The report of a lot on paper."""
        return self.laboratory.lot_report(number).content

    def cancel_lot(self, number: int) -> Json:
        """End a lot."""
        return dict(self.laboratory.cancel_lot(number))


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """Acts for a company on this machine, or for the operator, who sees everything."""

    scope: "Scope"

    def attach(self, battery: str, path: Path, words: Words, wait: bool) -> Json:
        """Keep the file and, if wanted, read it before this returns."""
        from datetime import datetime

        from suyuan.server.laboratory.services.attaching import Attachment, attach, read_test

        told: dict[str, Any] = dict(words)
        moment = told.pop("tested_at", None)
        order = Attachment(name=path.name, tested_at=datetime.fromisoformat(moment) if moment else None, **told)
        number = attach(self._company(), battery, path, order)
        if wait:
            read_test(number)
        return self._test(number)

    def _company(self) -> int:
        if self.scope.company is None:
            raise Misuse("cli.as_needed")
        return self.scope.company

    def _test(self, number: int) -> Json:
        from suyuan.server.kit.connection import cursor
        from suyuan.server.laboratory.queries.records import record_of
        from suyuan.server.laboratory.queries.wording import record_json

        with cursor() as run:
            return record_json(record_of(run, self.scope, number), language())

    def tests(self, battery: str) -> Iterator[Json]:
        """The test records of a battery."""
        from suyuan.server.laboratory.queries.records import records_of
        from suyuan.server.laboratory.queries.wording import record_json

        pages = _pages(lambda run, cursor: records_of(run, self.scope, battery, limit=1000, cursor=cursor))
        return (record_json(found, language()) for found in pages)

    def test_report(self, number: int, form: str) -> Json | bytes:
        """The report of a test record."""
        from suyuan.server.kit.connection import cursor
        from suyuan.server.laboratory.queries.reports import record_report, record_report_pdf

        with cursor() as run:
            made = record_report_pdf if form == "pdf" else record_report
            return made(run, self.scope, number, language())

    def add_model(self, path: Path) -> Json:
        """Keep a model."""
        from suyuan.server.kit.connection import cursor
        from suyuan.server.laboratory.queries.lots import model
        from suyuan.server.laboratory.queries.wording import model_json
        from suyuan.server.laboratory.services.lots import add_model

        number = add_model(self._company(), path.read_bytes(), path.name)
        with cursor() as run:
            return model_json(model(run, self.scope, number))

    def start_lot(self, path: Path, words: Words, wait: bool) -> Json:
        """Keep a lot and, if wanted, assess it before this returns."""
        from datetime import date

        from suyuan.server.laboratory.services.lots import LotOrder, start_lot, work_lot

        told: dict[str, Any] = {name: value for name, value in words.items() if value is not None}
        day = told.pop("law_on", None)
        order = LotOrder(**{"name": path.name, **told}, on=date.fromisoformat(day) if day else None)
        number = start_lot(self._company(), path, order)
        if wait:
            work_lot(number)
        return self.lot(number)

    def lot(self, number: int) -> Json:
        """One lot."""
        from suyuan.server.kit.connection import cursor
        from suyuan.server.laboratory.queries.lots import lot
        from suyuan.server.laboratory.queries.wording import lot_json

        with cursor() as run:
            return lot_json(lot(run, self.scope, number), language())

    def cells(self, number: int) -> Iterator[Json]:
        """The cells of a lot."""
        from suyuan.server.laboratory.queries.lots import cells
        from suyuan.server.laboratory.queries.wording import cell_json

        pages = _pages(lambda run, cursor: cells(run, self.scope, number, limit=1000, cursor=cursor))
        return (cell_json(found, language()) for found in pages)

    def lot_report(self, number: int) -> bytes:
        """The report of a lot on paper."""
        from suyuan.server.kit.connection import cursor
        from suyuan.server.laboratory.queries.reports import lot_report_pdf

        with cursor() as run:
            return lot_report_pdf(run, self.scope, number, language())

    def cancel_lot(self, number: int) -> Json:
        """End a lot."""
        from suyuan.server.laboratory.services.lots import cancel_lot

        cancel_lot(self._company(), number)
        return self.lot(number)


def _pages(page: Callable[[Any, str | None], Any]) -> Iterator[Any]:
    """The rows of a listing, page after page."""
    from suyuan.server.kit.connection import cursor

    following: str | None = None
    while True:
        with cursor() as run:
            found = page(run, following)
        yield from found.rows
        following = found.following
        if following is None:
            return
