"""Submissions that arrive together: cheaper, and otherwise exactly as if they had come alone."""

import threading
from collections.abc import Sequence

import pytest
from django.db import connections

from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.submissions.models import State, Submission
from suyuan.server.submissions.services import Order, gathering, receive
from tests.server.cast import Cast
from tests.server.submissions.files import cell, document, module, pack


def tree(serial: int) -> bytes:
    """One pack with its parts as a JSON document."""
    modules = [
        {"module_code": module(serial * 2 + m), "cells": [cell((serial * 2 + m) * 4 + c) for c in range(4)]}
        for m in range(2)
    ]
    return document("pack_produced", {"pack_code": pack(serial), "produced_on": "2026-01-05", "modules": modules})


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the groups that were taken."""
    sizes: list[int] = []
    take = gathering._take

    def counted(group: Sequence[gathering.Waiting], *rest: object) -> list[Submission]:
        taken = take(group, *rest)  # type: ignore[arg-type]  # handed through
        sizes.append(len(group))
        return taken

    monkeypatch.setattr(gathering, "_take", counted)
    return sizes


def at_once(cast: Cast, clock: FixedClock, bodies: Sequence[bytes]) -> list[Submission]:
    """Send all bodies at the same moment, each from a thread of its own."""
    answers: dict[int, Submission] = {}
    start = threading.Barrier(len(bodies))

    def send(place: int) -> None:
        start.wait()
        try:
            answers[place] = receive(cast.maker.number, bodies[place], Order(), clock)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=[place]) for place in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[place] for place in range(len(bodies))]


def test_each_gets_its_own_submission(cast: Cast, clock: FixedClock, groups: list[int]) -> None:
    done = at_once(cast, clock, [tree(serial) for serial in range(1, 17)])
    assert len({each.number for each in done}) == 16
    assert {(each.state, each.records, each.admitted) for each in done} == {(State.ACCEPTED.value, 1, 1)}
    assert sum(groups) == 16
    assert max(groups) > 1
    with cursor() as run:
        rows = run.execute("SELECT lot || lpad(serial::text, 7, '0'), submission, record FROM ledger_event").fetchall()
        blocks = run.execute("SELECT DISTINCT submission FROM ledger_block").fetchall()
    assert sorted(rows) == sorted((pack(n), each.number, 1) for n, each in enumerate(done, start=1))
    assert {number for (number,) in blocks} == {each.number for each in done}


def test_one_alone_goes_the_same_way(cast: Cast, clock: FixedClock, groups: list[int]) -> None:
    assert receive(cast.maker.number, tree(1), Order(), clock).state == State.ACCEPTED
    assert groups == [1]


def test_a_bad_one_spoils_nobody(cast: Cast, clock: FixedClock) -> None:
    bad = tree(3).replace(cell(24).encode(), b"9SMCB030000001G15000002X4")
    done = at_once(cast, clock, [tree(1), tree(2), bad, tree(4)])
    assert [each.state for each in done] == [State.ACCEPTED, State.ACCEPTED, State.REFUSED, State.ACCEPTED]
    assert done[2].groups


def test_two_that_claim_one_cell_are_judged_one_after_the_other(cast: Cast, clock: FixedClock) -> None:
    rival = tree(2).replace(module(4).encode(), module(90).encode()).replace(cell(16).encode(), cell(8).encode())
    done = at_once(cast, clock, [tree(1), rival])
    assert sorted(each.state for each in done) == [State.ACCEPTED, State.REFUSED]
    loser = next(each for each in done if each.state == State.REFUSED)
    assert [group["code"] for group in loser.groups] == ["events.second_parent"]


def test_the_same_bytes_at_once_are_one_submission(cast: Cast, clock: FixedClock) -> None:
    done = at_once(cast, clock, [tree(1)] * 6)
    assert len({each.number for each in done}) == 1
    with cursor() as run:
        assert run.execute("SELECT count(*) FROM ledger_event").fetchone() == (1,)
