"""The range of bits that the key of the blocks holds: right for every mask, also where its highest bit is the sign."""

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Connection = psycopg.Connection[tuple[object, ...]]

BITS = st.sets(st.integers(0, 63), min_size=1)


@pytest.fixture(scope="module")
def connection(database: str) -> Iterator[Connection]:
    with psycopg.connect(database) as opened:
        yield opened


@settings(max_examples=30, deadline=None)
@given(many=st.lists(BITS, min_size=1, max_size=40))
def test_lowest_and_highest_bit(connection: Connection, many: list[set[int]]) -> None:
    many = [*many, {63}, {0}, {0, 63}, set(range(64))]
    values = [sum(1 << bit for bit in bits) for bits in many]
    masks = [value - (1 << 64) if value >> 63 else value for value in values]
    rows = connection.execute("SELECT lowest_bit(m), highest_bit(m) FROM unnest(%s::bigint[]) AS m", [masks])
    assert rows.fetchall() == [(min(bits), max(bits)) for bits in many]


def test_no_bit_at_all(connection: Connection) -> None:
    assert connection.execute("SELECT lowest_bit(0), highest_bit(0)").fetchall() == [(64, 64)]
