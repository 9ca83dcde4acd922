"""Requests are counted once, whichever process answered, and no figure ever falls."""

import os
import threading

import numpy as np
import pytest

from suyuan.server.kit import tally as room
from suyuan.server.kit.tally import BOUNDS_S, CLASSES, METHODS, Seats, Tally


def test_an_answer_is_counted_by_route_method_class_and_duration() -> None:
    tally = Tally()
    tally.add(3, "GET", 200, 0.004)
    tally.add(3, "HEAD", 304, 0.005)
    tally.add(3, "PATCH", 503, 60.0)
    answers = tally.answers()[3]
    assert answers.sum() == 3
    assert answers[METHODS.index("GET"), CLASSES.index("2xx")] == 1
    assert answers[METHODS.index("GET"), CLASSES.index("3xx")] == 1
    assert answers[METHODS.index("other"), CLASSES.index("5xx")] == 1
    assert list(tally.durations()[3]) == [2] + [0] * (len(BOUNDS_S) - 1) + [1]
    assert tally.total_us()[3] == 60_009_000
    assert tally.answers()[:3].sum() == 0


@pytest.mark.parametrize(("status", "kind"), [(101, 0), (200, 0), (404, 2), (599, 3), (700, 3)])
def test_a_strange_status_does_not_reach_its_neighbours(status: int, kind: int) -> None:
    tally = Tally()
    tally.add(0, "GET", status, 0.0)
    assert tally.answers()[0, 0, kind] == 1
    assert tally.answers().sum() == 1


def test_threads_lose_no_count() -> None:
    tally = Tally()

    def count() -> None:
        for _ in range(5000):
            tally.add(1, "POST", 201, 0.001)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.answers().sum() == 20_000


def test_what_forked_processes_count_is_one_figure_also_when_they_are_gone() -> None:
    tally = Tally(4)
    for slot in (0, 1, 2, 1):  # the last one takes a seat that another left
        child = os.fork()
        if child == 0:
            tally.slot = slot
            for _ in range(100):
                tally.add(5, "GET", 200, 0.02)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    tally.add(5, "GET", 200, 0.02)  # this process is in slot 0
    assert tally.answers()[5].sum() == 401
    assert np.array_equal(tally.durations().sum(axis=1), tally.answers().sum(axis=(1, 2)))


def test_a_seat_is_for_one_worker_at_a_time() -> None:
    seats = Seats(2)
    taken = [seats.take(), seats.take()]
    assert sorted(taken) == [0, 1]
    seats.leave(taken[0])
    assert seats.take() == taken[0]


def test_a_process_that_shares_with_nobody_counts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_ours", Tally())
    seats = room.share(3)
    seats.take()
    room.sit(seats.take())
    room.tally().add(0, "GET", 200, 0.0)
    assert (room.tally().slots, room.tally().slot, room.tally().answers().sum()) == (3, 1, 1)
