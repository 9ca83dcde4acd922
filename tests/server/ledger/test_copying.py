"""Binary COPY: what goes in comes out, every column has the type we say, and what does not fit is refused."""

from collections.abc import Iterator
from random import Random
from uuid import UUID

import polars as pl
import psycopg
import pytest

from suyuan.events import containment
from suyuan.server.ledger.services import beside, copying
from tests.server.ledger.book import Book
from tests.server.ledger.test_append import OTHER_PACK, tree

_EVERY_COLUMN = """
SELECT table_name, column_name, CASE WHEN data_type = 'ARRAY' THEN 'text[]' ELSE data_type END
  FROM information_schema.columns WHERE table_name IN ('ledger_event', 'ledger_state', 'ledger_block', 'ledger_daily',
                                                        'ledger_finding', 'ledger_personal')
"""
_LONG_NAMES = {"timestamp with time zone": "timestamptz"}


@pytest.fixture
def book(clean_database: str) -> Iterator[Book]:
    with Book.open(clean_database) as opened:
        yield opened


def test_every_column_has_the_type_that_we_write(book: Book) -> None:
    for table, column, dtype in book.query(_EVERY_COLUMN):
        if column in copying.TYPES:
            assert copying.TYPES[column] == _LONG_NAMES.get(dtype, dtype), (table, column)
        else:
            assert (table, column) == ("ledger_finding", "void")  # has a default, and is never copied


def test_what_is_copied_comes_back(book: Book) -> None:
    frame = pl.DataFrame(
        {
            "lot": ["04QCB76836300JBC4", "电池", "x"],
            "serial": pl.Series([1, 2_147_483_647, 0], dtype=pl.Int64),
            "id": ["0" * 31 + n for n in "1ab"],
            "slot": [-1, 0, 32_767],
            "kind": pl.Series([1, 2, 3], dtype=pl.Int16),
            "reporter": [1, 2, 3],
            "record": [0, 1, 2],
            "submission": [1, -1, 1 << 40],
            "occurred_at": [0, -1, 1_780_000_000_123],
            "party": pl.Series([None, 7, None], dtype=pl.Int64),
            "site": pl.Series([None, None, None], dtype=pl.Int64),
            "vehicle": [None, "LGWEEUA59JE003435", ""],
            "body": ['{"a":"\\u00e9\\"x"}', None, '{"b":[1,2.5,null]}'],
            "part_lots": ["{A,B}", None, "{}"],
            "parts": pl.Series([b"\x00\xff\n", None, b""], dtype=pl.Binary),
            "part_counts": ["\\x0a00", None, "\\x"],
        }
    )
    with book.connection.transaction(), book.connection.cursor() as run:
        copying.copy_frame(run, "ledger_event", frame)
        copying.copy_frame(run, "ledger_event", frame.clear())  # no rows, no statement
    rows = book.query(
        "SELECT lot, serial, id, slot, submission, (extract(epoch FROM occurred_at) * 1000)::bigint, party, site,"
        " vehicle, body, part_lots, parts, part_counts FROM ledger_event ORDER BY record"
    )
    assert rows == [
        (
            "04QCB76836300JBC4",
            1,
            UUID(int=1),
            -1,
            1,
            0,
            None,
            None,
            None,
            {"a": 'é"x'},
            ["A", "B"],
            b"\x00\xff\n",
            b"\n\0",
        ),
        ("电池", 2_147_483_647, UUID(int=10), 0, -1, -1, 7, None, "LGWEEUA59JE003435", None, None, None, None),
        ("x", 0, UUID(int=11), 32_767, 1 << 40, 1_780_000_000_123, None, None, "", {"b": [1, 2.5, None]}, [], b"", b""),
    ]


@pytest.mark.parametrize(("column", "value"), [("serial", 1 << 31), ("slot", 40_000), ("slot", -32_769)])
def test_a_number_that_does_not_fit_is_not_cut(column: str, value: int) -> None:
    with pytest.raises(OverflowError):
        copying.ready(pl.DataFrame({column: [value]}))


def test_a_row_that_breaks_a_key_is_refused(book: Book) -> None:
    day = pl.DataFrame(
        {"day": pl.Series([20_000]).cast(pl.Date), "kind": [1], "company": [1], "submission": [1], "records": [1]}
    )
    with book.connection.cursor() as run:
        copying.copy_frame(run, "ledger_daily", day)
        with pytest.raises(psycopg.errors.UniqueViolation):
            copying.copy_frame(run, "ledger_daily", day)


def _ledger(book: Book) -> list[object]:
    """Every row of the tables that appending writes."""
    tables = ("event", "state", "block", "daily", "finding")
    return [book.query(f"SELECT t::text FROM ledger_{table} AS t ORDER BY 1") for table in tables]


def test_the_second_thread_and_the_portions_change_nothing(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    from suyuan.server.kit import schema

    rows = [tree(), tree(OTHER_PACK, 10, cells=40)]
    Random(3).shuffle(rows[1])
    book.report("pack_produced", *rows)
    alone = _ledger(book)
    book.connection.commit()
    schema.empty_tables()
    monkeypatch.setattr(beside, "MANY", 0)
    for encode in (containment.encode_blocks, containment.encode_trees):
        monkeypatch.setattr(encode, "__defaults__", (3,))
    again = Book(book.connection)
    assert again.report("pack_produced", *rows).admitted.all()
    assert _ledger(again) == alone
    assert again.rebuild().clean


def test_what_goes_wrong_beside_is_told() -> None:
    def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), beside.second_thread(beside.MANY) as start:
        start(fails)()
