"""Submissions that arrive together: cheaper, and otherwise exactly as if they had come alone."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from django.db import connections
from psycopg import Cursor

from suyuan.server.kit.clock import SYSTEM_CLOCK, FixedClock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict
from suyuan.server.submissions.models import Mode, State, Submission
from suyuan.server.submissions.services import Order, gathering, receive, receiving
from suyuan.server.submissions.services.store import Body
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

    def counted(run: Cursor[Row], group: Sequence[gathering.Waiting], *rest: object) -> None:
        take(run, group, *rest)  # type: ignore[arg-type]  # handed through
        sizes.append(len(group))

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


def test_what_is_known_already_leaves_the_group_to_itself(cast: Cast, clock: FixedClock, groups: list[int]) -> None:
    first = receive(cast.maker.number, tree(1), Order(), clock)
    groups.clear()
    done = at_once(cast, clock, [tree(1), *(tree(serial) for serial in range(2, 8))])
    assert done[0].number == first.number
    assert [each.state for each in done[1:]] == [State.ACCEPTED] * 6
    assert sum(groups) == 6


def test_a_key_used_for_other_bytes_is_a_conflict_in_company_too(cast: Cast, clock: FixedClock) -> None:
    receive(cast.maker.number, tree(1), Order(idempotency_key="once"), clock)
    again = receive(cast.maker.number, tree(1), Order(idempotency_key="once"), clock)
    assert again.idempotency_key == "once"
    with pytest.raises(Conflict):
        receive(cast.maker.number, tree(2), Order(idempotency_key="once"), clock)
    assert Submission.objects.count() == 1


def test_the_row_is_the_one_that_it_would_have_been_alone(
    cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(name="line 3.json", mode=Mode.ALL_OR_NOTHING, idempotency_key="a", key=7)
    together = receive(cast.maker.number, tree(1), order, clock)
    monkeypatch.setattr(receiving, "gather", lambda *_: None)
    alone = receive(cast.maker.number, tree(2), replace(order, idempotency_key="b"), clock)
    rows: dict[int, dict[str, object]] = {row["number"]: {**row} for row in Submission.objects.values()}
    unlike = {name for name, value in rows[together.number].items() if value != rows[alone.number][name]}
    assert unlike == {"number", "received_id", "idempotency_key"}
    told = {name: value for name, value in vars(together).items() if not name.startswith("_")}
    assert told == rows[together.number]


def test_who_is_done_leaves_while_the_next_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[list[int]] = []
    begun, go_on = (threading.Semaphore(0) for _ in range(2))

    def take(group: Sequence[gathering.Waiting], *_: object) -> None:
        taken.append([one.draft.company for one in group])
        begun.release()
        go_on.acquire()
        for one in group:
            one.done = True

    monkeypatch.setattr(gathering, "take_together", take)
    hall = gathering.Hall()

    def send(company: int) -> threading.Thread:
        one = gathering.Waiting(Submission(company=company), Body.of(b"{}"), "pack_produced", [])
        thread = threading.Thread(target=hall.enter, args=[one, np.random.default_rng(1), SYSTEM_CLOCK])
        before = len(hall.waiting)
        thread.start()
        while len(hall.waiting) == before and len(taken) == 0:
            time.sleep(0.001)
        return thread

    first = send(1)
    begun.acquire()
    others = []
    for company in (2, 3, 2):
        others.append(send(company))
        while len(hall.waiting) < len(others):
            time.sleep(0.001)
    go_on.release()
    begun.acquire()
    first.join(5)
    assert not first.is_alive()
    for _ in range(2):
        go_on.release()
    for thread in others:
        thread.join(5)
    assert taken == [[1], [2, 2], [3]]
