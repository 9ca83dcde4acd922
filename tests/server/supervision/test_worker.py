"""The worker goes on after a failure, and ends when it is told to."""

import logging

import pytest

from suyuan.kernel import SuyuanError
from suyuan.server.kit import rounds
from suyuan.server.kit.clock import FixedClock
from suyuan.server.supervision import jobs
from suyuan.server.supervision.services import Followed


def test_a_failure_is_written_down_and_tried_again(
    clock: FixedClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []
    follower = jobs.Follower(clock)

    def once(_: jobs.Follower) -> Followed:
        done.append(len(done))
        if len(done) == 1:
            raise SuyuanError("rules.unknown_rule", id="x")
        if len(done) == 3:
            follower.stopped.set()
        return Followed(submissions=1)

    monkeypatch.setattr(rounds, "AFTER_FAILURE_S", 0.0)
    monkeypatch.setattr(jobs.Follower, "once", once)
    with caplog.at_level(logging.ERROR):
        follower.run()
    assert done == [0, 1, 2]
    assert "duties are not kept current" in caplog.text
