import contextlib
from datetime import date

import polars as pl
import psycopg
import pytest
from django.db import transaction

from suyuan.server.kit import schema
from suyuan.server.kit.connection import cursor, database, raw, stream
from suyuan.server.kit.staging import stage

COMPANY = (
    "INSERT INTO registry_company (code, name_zh, name_en, roles, simulated) VALUES ('123456789', 'x', '', '{}', 't')"
)


def count() -> int:
    row = raw().execute("SELECT count(*) FROM registry_company").fetchone()
    assert row is not None
    return int(row[0])


class Trouble(Exception):
    pass


def test_raw_sql_takes_part_in_the_transaction_of_django(clean_database: str) -> None:
    with contextlib.suppress(Trouble), transaction.atomic():
        raw().execute(COMPANY)
        assert count() == 1
        raise Trouble
    assert count() == 0
    with transaction.atomic():
        raw().execute(COMPANY)
    assert count() == 1


def test_a_stream_keeps_its_rows_on_the_server(clean_database: str) -> None:
    with transaction.atomic(), stream("many") as rows:
        rows.execute("SELECT generate_series(1, 100000)")
        assert rows.fetchone() == (1,)
        assert len(rows.fetchmany(10)) == 10


def test_a_stream_needs_a_transaction(clean_database: str) -> None:
    with pytest.raises(psycopg.errors.NoActiveSqlTransaction), stream("many") as rows:
        rows.execute("SELECT 1")


def test_binary_results_when_asked_for(clean_database: str) -> None:
    with cursor(binary=True) as reading:
        row = reading.execute("SELECT 7::int4, decode('00ff', 'hex')").fetchone()
    assert row == (7, b"\x00\xff")


def test_a_frame_comes_into_the_database_as_it_is(clean_database: str) -> None:
    frame = pl.DataFrame(
        {
            "text": ["", None, 'a "quoted", one', "two\nlines", "中文", "\\N"],
            "number": [1.5, None, -0.0, 1e300, 0.1, 2.0],
            "day": [date(2026, 1, 1), None, None, None, None, date(1, 1, 1)],
            "flag": [True, None, False, True, False, True],
            "words": [["a", "b"], None, [], ["c"], ["d"], ["e"]],
            "left_out": range(6),
        }
    )
    types = {"text": "text", "number": "float8", "day": "date", "flag": "boolean", "words": "text[]"}
    with transaction.atomic(), cursor() as bulk:
        stage(bulk, "brought", frame, types)
        rows = bulk.execute("SELECT * FROM brought").fetchall()
    assert rows == frame.drop("left_out").rows()
    with cursor() as later:
        assert later.execute("SELECT to_regclass('brought')").fetchone() == (None,)


def test_emptying_starts_the_numbering_anew(clean_database: str) -> None:
    for _ in range(2):
        schema.empty_tables()
        raw().execute(COMPANY)
        assert raw().execute("SELECT number FROM registry_company").fetchall() == [(1,)]


def test_a_lost_connection_is_opened_again(clean_database: str) -> None:
    assert raw().execute("SELECT 1").fetchone() == (1,)
    database().close()
    assert raw().execute("SELECT 1").fetchone() == (1,)
