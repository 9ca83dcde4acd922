"""The small parts of the kit: clock, ids, problems, pages."""

import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.kernel import Language, SuyuanError
from suyuan.server.kit import problems
from suyuan.server.kit.clock import FixedClock, SystemClock
from suyuan.server.kit.paging import after, decode_cursor, encode_cursor, page_size
from suyuan.server.kit.uuid7 import LARGEST_BATCH, uuid7, uuid7_batch


def test_the_day_is_that_of_china() -> None:
    clock = FixedClock(datetime(2026, 11, 21, 16, 30, tzinfo=UTC))
    assert clock.today() == date(2026, 11, 22)
    clock.advance(timedelta(days=1))
    assert clock.today() == date(2026, 11, 23)
    with pytest.raises(ValueError, match="zone"):
        FixedClock(datetime(2026, 11, 21))  # noqa: DTZ001  that is the mistake


def test_the_machine_clock_has_a_zone() -> None:
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=5)


@given(st.integers(0, 500), st.integers(0, (1 << 48) - 1), st.integers(0, 2**32))
def test_a_batch_of_ids_is_well_formed_and_strictly_increasing(n: int, at_ms: int, seed: int) -> None:
    batch = uuid7_batch(n, at_ms, np.random.default_rng(seed))
    texts = [row.tobytes() for row in batch]
    assert batch.shape == (n, 16)
    assert texts == sorted(set(texts))
    assert all(text[6] >> 4 == 7 and text[8] >> 6 == 0b10 for text in texts)
    assert all(int.from_bytes(text[:6]) == at_ms for text in texts)


def test_later_ids_sort_behind_earlier_ones() -> None:
    rng = np.random.default_rng(7)
    assert uuid7(1_000, rng) < uuid7(1_001, rng)
    assert uuid7(1_000, rng).version == 7


def test_two_writers_of_one_moment_do_not_meet() -> None:
    a, b = (uuid7_batch(100_000, 5, np.random.default_rng(seed)) for seed in (1, 2))
    assert not set(a.view("V16").ravel().tolist()) & set(b.view("V16").ravel().tolist())


def test_a_million_ids_take_less_than_a_second() -> None:
    start = time.perf_counter()
    uuid7_batch(1_000_000, 5, np.random.default_rng(1))
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(("n", "at_ms"), [(-1, 0), (LARGEST_BATCH + 1, 0), (1, -1), (1, 1 << 48)])
def test_a_batch_that_cannot_be_numbered_is_refused(n: int, at_ms: int) -> None:
    with pytest.raises(ValueError, match=r"batch|bits"):
        uuid7_batch(n, at_ms, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (problems.Refusal, 422),
        (problems.Unauthenticated, 401),
        (problems.Forbidden, 403),
        (problems.Missing, 404),
        (problems.Conflict, 409),
        (problems.TooLarge, 413),
        (problems.Unavailable, 503),
        (SuyuanError, 422),
    ],
)
def test_each_kind_of_refusal_has_its_status_and_title(kind: type[SuyuanError], status: int) -> None:
    error = kind("kit.cursor_invalid", cursor="abc")
    told = {language: problems.problem(error, language) for language in Language}
    for problem in told.values():
        assert problem["status"] == status
        assert problem["type"] == "urn:suyuan:problem:kit.cursor_invalid"
        assert problem["code"] == "kit.cursor_invalid"
        assert problem["data"] == {"cursor": "abc"}
        assert "abc" in problem["detail"]
        assert "{" not in problem["detail"]
        assert not problem["title"].startswith("kit.")
    assert told[Language.ZH]["detail"] != told[Language.EN]["detail"]


@given(st.lists(st.one_of(st.text(), st.integers(), st.none()), min_size=1, max_size=4))
def test_a_cursor_gives_back_the_key(last: list[str | int | None]) -> None:
    assert decode_cursor("batteries", encode_cursor("batteries", last)) == last


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor("batteries", None) is None
    assert decode_cursor("batteries", "") is None


@pytest.mark.parametrize("spoil", [lambda c: c[:-1], lambda c: "A" + c, lambda c: "x", lambda c: c.replace(":", "")])
def test_an_altered_cursor_is_refused(spoil: "type[str]") -> None:
    with pytest.raises(problems.Refusal) as refusal:
        decode_cursor("batteries", spoil(encode_cursor("batteries", ["440000", 7])))
    assert refusal.value.code == "kit.cursor_invalid"


def test_a_cursor_of_another_listing_is_refused() -> None:
    with pytest.raises(problems.Refusal):
        decode_cursor("companies", encode_cursor("batteries", [1]))


def test_the_condition_compares_whole_rows() -> None:
    condition, params = after(["state.lot", "serial"], ["A", 3])
    assert condition.as_string(None) == '("state"."lot", "serial") > (%s, %s)'
    assert params == ["A", 3]
    assert after(["lot"], ["A"], descending=True)[0].as_string(None) == '("lot") < (%s)'
    assert after(["lot"], None)[0].as_string(None) == "TRUE"
    with pytest.raises(problems.Refusal):
        after(["lot", "serial"], ["A"])


def test_a_page_has_bounds() -> None:
    assert [page_size(wanted) for wanted in (None, 0, -5, 5, 10**9)] == [100, 100, 1, 5, 1000]
