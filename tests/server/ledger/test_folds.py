"""The folds of the database are those of plain Python, whatever happened in whatever order."""

from collections.abc import Iterator, Sequence

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings

from suyuan.events.admission import Verdict
from suyuan.events.folds import Key, Span, containment_at, spans
from suyuan.events.memory import Ledger
from suyuan.server.kit import schema
from suyuan.server.ledger.queries.containers import containers
from suyuan.server.ledger.services.append import Appended
from tests.events.histories import DAYS, Report, histories
from tests.server.ledger.book import Book, hexes


@pytest.fixture(scope="module")
def connection(database: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    schema.empty_tables()  # once: every history is rolled back
    with psycopg.connect(database) as opened:
        yield opened


def same_verdict(told: Appended, expected: Verdict) -> None:
    """The database and the ledger in memory judge alike, with the same reasons."""
    assert told.admitted.tolist() == expected.admitted.tolist()
    assert told.duplicate.tolist() == expected.duplicate.tolist()
    for name in ("record", "code", "slot", "object", "refuses", "stage", "company"):
        assert getattr(told.contradictions, name).tolist() == getattr(expected.contradictions, name).tolist(), name


def play(book: Book, memory: Ledger, reports: Sequence[Report]) -> None:
    for report in reports:
        batch = report.batch()
        told = book.append(batch)
        ids = np.zeros((len(batch), 16), np.uint8)
        ids[told.admitted] = told.ids
        names = hexes(ids)
        for number, admitted in enumerate(told.admitted.tolist()):
            names[number] = names[number] if admitted else f"refused {number}"
        same_verdict(told, memory.apply(batch, names))


def canonical(memory: Ledger, key: Key) -> list[Span]:
    """The spans that the ledger keeps: none for a part that never left the only place it was born into."""
    steps = sorted(memory.steps(key), key=lambda step: step.order)
    parents = [step.parent for step in steps]
    inside = [parent for parent in parents if parent]
    left = inside and None in parents[parents.index(inside[0]) :]
    joined = any(step.parent and not step.birth for step in steps)
    return spans(steps) if left or joined or len(set(inside)) > 1 else []


def same_folds(book: Book, memory: Ledger) -> None:
    keys = memory.objects()
    expected = {key: standing for key in keys if (standing := memory.state(key))}
    assert book.states() == expected
    now = {key: one.parent for key, one in containers(book.connection.cursor(), keys).items() if one.parent}
    assert now == {key: parent for key in keys if (parent := memory.parent(key))}
    ordered = {key: sorted(held, key=repr) for key in keys if (held := canonical(memory, key))}
    assert {key: sorted(held, key=repr) for key, held in book.spans().items()} == ordered
    mirrored = {
        (part, span.parent, span.from_ms, span.from_by, span.to_ms) for part, held in ordered.items() for span in held
    }
    seen = {
        (span.parent, parent, span.from_ms, span.from_by, span.to_ms)
        for parent, held in book.spans(up=False).items()
        for span in held
    }
    assert seen == mirrored


def same_past(book: Book, memory: Ledger) -> None:
    keys = memory.objects()
    for day in DAYS:
        at = int((np.datetime64(day) + np.timedelta64(1, "D")).astype("datetime64[ms]").astype(int)) - 8 * 3_600_000
        rows = book.query(
            "SELECT lot, serial, stage, coalesce(holder, 0), replace(changed_by::text, '-', '') FROM refold_state("
            "%s::text[], %s::integer[], array_fill(to_timestamp(%s / 1000.0), ARRAY[%s]))",
            [[lot for lot, _ in keys], [serial for _, serial in keys], at, len(keys)],
        )
        then = {key: one for key in keys if (one := memory.state(key, at))}
        assert {(row[0], row[1]): row[2:] for row in rows} == {
            key: (one.stage, one.holder, one.changed_by) for key, one in then.items()
        }
        for key in keys:
            held = [
                span.parent for span in canonical(memory, key) if span.from_ms <= at and (span.to_ms or at + 1) > at
            ]
            if held:
                assert held[-1] == containment_at(memory.steps(key), at)


@given(histories())
@settings(max_examples=150)
def test_random_histories_fold_alike(
    connection: "psycopg.Connection[tuple[object, ...]]", reports: list[Report]
) -> None:
    with connection.transaction(force_rollback=True):
        book, memory = Book(connection), Ledger()
        play(book, memory, reports)
        same_folds(book, memory)
        same_past(book, memory)
