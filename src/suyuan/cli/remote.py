"""The counter of a server elsewhere, over HTTP."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from suyuan.cli.counter import Json, Targets, Wish
from suyuan.cli.speech import language

if TYPE_CHECKING:
    import polars as pl

    from suyuan.client import Client, Submission

T = TypeVar("T")

PORTION_ROWS = 5_000
CODES_AT_ONCE = 100  # they travel in the address


@dataclass(frozen=True, slots=True)
class Remote:
    """Acts with the rights of a key."""

    client: "Client"

    @classmethod
    def at(cls, url: str, key: str | None) -> "Remote":
        """The counter of the server at `url`."""
        from suyuan.client import Client

        return cls(Client(url, key, language()))

    def submit(self, path: Path, wish: Wish) -> tuple[Json, bool]:
        """Send the file and, unless told otherwise, wait until it is finished."""
        began = datetime.now(UTC)
        sent = self.client.submit(
            path,
            wait=wish.wait,
            kind=wish.kind,
            mode="all_or_nothing" if wish.all_or_nothing else "good_rows",
            dry_run=wish.dry_run,
            repair=wish.repair,
            mapping=wish.mapping,
            idempotency_key=wish.idempotency_key,
        )
        return dict(sent.raw), datetime.fromisoformat(sent.raw["received_at"]) < began

    def submissions(self, limit: int, before: int | None, kind: str | None, state: str | None) -> list[Json]:
        """Submissions, the newest first."""
        listed: Iterator[Submission] = self.client.submissions.list(kind, state)
        older = (found for found in listed if before is None or found.number < before)
        return [dict(found.raw) for found in islice(older, limit)]

    def submission(self, number: int) -> Json:
        """One submission with its result."""
        return dict(self.client.submissions.get(number).raw)

    def findings(self, number: int) -> Iterator[Json]:
        """Every finding of a submission."""
        return (dict(found) for found in self.client.submissions.findings(number))

    def bad_rows(self, number: int) -> bytes:
        """The refused records as xlsx."""
        return self.client.submissions.bad_rows(number).content

    def undo(self, number: int, reason: str) -> Json:
        """Take a submission back."""
        return dict(self.client.submissions.undo(number, reason).raw)

    def receipt(self, number: int, form: str) -> bytes:
        """The receipt of a submission."""
        return self.client.submissions.receipt(number, form).content

    def record_proof(self, record: str) -> bytes:
        """The proof of one record."""
        return self.client.record_proof(record).content

    def confirm(self, number: int) -> Json:
        """Accept a result."""
        return dict(self.client.submissions.confirm(number).raw)

    def state(self, code: str, at: date | None) -> Json:
        """What is true of an object."""
        return dict(self.client.battery(code).show(at))

    def life(self, code: str) -> Json:
        """The whole life of an object."""
        return dict(self.client.battery(code).life())

    def tree(self, code: str, at: date | None, expand: bool) -> Json:
        """What an object is made of and part of."""
        return dict(self.client.battery(code).tree(at, expand=expand))

    def recall(self, targets: Targets) -> "Iterator[pl.DataFrame]":
        """What contains the objects asked for, portion by portion."""
        import polars as pl

        for rows in _portions(self._recalled(targets), PORTION_ROWS):
            yield pl.DataFrame([dict(row) for row in rows], infer_schema_length=None)

    def _recalled(self, targets: Targets) -> Iterator[Any]:
        if targets.prefix is not None:
            yield from self.client.recall(prefix=targets.prefix, at=targets.at)
        elif targets.span is not None:
            lot, low, high = targets.span
            yield from self.client.recall(lot=lot, serials=(low, high), at=targets.at)
        elif targets.batch is not None:
            of = targets.batch_company
            yield from self.client.recall(material=targets.batch, material_company=of, at=targets.at)
        else:
            for codes in _portions(targets.codes, CODES_AT_ONCE):
                yield from self.client.recall(codes=codes, at=targets.at)

    def allocate(self, order: Json) -> Json:
        """Give codes out."""
        return dict(self.client.allocate(order))

    def label(self, order: Json) -> bytes:
        """Labels as a file."""
        return self.client.labels(order).content


def _portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while portion := list(islice(rest, size)):
        yield portion
