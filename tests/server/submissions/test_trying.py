"""Try out, mend, report, complete, cancel: what stands between choosing a file and its receipt."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from suyuan.kernel import Language, SuyuanError
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.problems import Conflict, Forbidden, Missing
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import Mode, State, Submission
from suyuan.server.submissions.services import (
    Order,
    cancel,
    receive,
    report,
    store,
    try_again,
    try_out,
    undo,
    work,
    working,
)
from tests.server.cast import Cast
from tests.server.submissions.files import csv, packs
from tests.server.submissions.test_submissions import events, spoiled

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def wide() -> pl.DataFrame:
    """A pack whose code is written in full-width digits, and one that is right."""
    odd = packs([2])
    return pl.concat([packs([1]), odd.with_columns(pack_code=pl.lit(odd["pack_code"][0].translate(FULL_WIDTH)))])


def layout(one: Submission) -> Any:
    assert one.layout is not None
    return one.layout


def failure(one: Submission) -> str:
    assert one.failure is not None
    return str(one.failure["code"])


def test_a_trial_enters_nothing_and_is_reported_as_it_was_checked(cast: Cast, clock: FixedClock) -> None:
    trial = try_out(cast.maker.scope, csv(spoiled()), Order(name="packs.csv", channel="web", person=7), clock)
    assert (trial.state, trial.admitted, trial.refused, events()) == (State.TRIED, 2, 1, 0)
    done = report(cast.maker.scope, trial.number, Mode.GOOD_ROWS, 7, clock)
    assert (done.state, done.admitted, done.trial, done.person) == (State.PARTLY, 2, trial.number, 7)
    assert events() == 2
    assert report(cast.maker.scope, trial.number, Mode.GOOD_ROWS, 7, clock).number == done.number
    again = try_out(cast.maker.scope, csv(spoiled()), Order(name="packs.csv", channel="web"), clock)
    assert again.number == done.number  # the same file gives the same receipt
    assert queries.reported_from(cast.maker.scope, trial.number) == done
    assert queries.reported_from(cast.carmaker.scope, trial.number) is None
    assert queries.reported_before(cast.carmaker.scope, done.received_id) is None


def test_all_or_nothing(cast: Cast, clock: FixedClock) -> None:
    trial = try_out(cast.maker.scope, csv(spoiled()), Order(), clock)
    done = report(cast.maker.scope, trial.number, Mode.ALL_OR_NOTHING, None, clock)
    assert (done.state, done.admitted, events()) == (State.REFUSED, 0, 0)


def test_what_is_no_finished_trial_is_not_reported(cast: Cast, clock: FixedClock) -> None:
    trial = try_out(cast.maker.scope, csv(packs([1])), Order(), clock)
    with pytest.raises(Missing):
        report(cast.carmaker.scope, trial.number, Mode.GOOD_ROWS, None, clock)
    done = report(cast.maker.scope, trial.number, Mode.GOOD_ROWS, None, clock)
    with pytest.raises(Conflict) as refused:
        report(cast.maker.scope, done.number, Mode.GOOD_ROWS, None, clock)
    assert refused.value.code == "submissions.not_tried"
    with pytest.raises(Forbidden):
        try_out(cast.guangdong.scope, csv(packs([1])), Order(), clock)


def test_repairs_are_told_and_done_only_when_wished(cast: Cast, clock: FixedClock) -> None:
    trial = try_out(cast.maker.scope, csv(wide()), Order(), clock)
    assert (trial.admitted, trial.refused) == (1, 1)
    (proposal,) = layout(trial)["proposals"]
    assert (proposal["field"], proposal["kind"], proposal["cells"]) == ("pack_code", "full_width", 8)
    assert proposal["examples"][0]["after"] == packs([2])["pack_code"][0]
    other = try_again(cast.maker.scope, trial.number, Order(repair=True, repairs=("nbsp",)), clock)
    assert other.refused == 1
    mended = try_again(cast.maker.scope, trial.number, Order(repair=True, repairs=("full_width",)), clock)
    assert (mended.admitted, mended.refused, layout(mended)["proposals"]) == (2, 0, [])
    assert report(cast.maker.scope, mended.number, Mode.GOOD_ROWS, None, clock).admitted == 2


def test_one_wrong_text_is_changed_in_every_row(cast: Cast, clock: FixedClock) -> None:
    frame = packs([1, 2]).with_columns(produced_on=pl.lit("yesterday"))
    trial = try_out(cast.maker.scope, csv(frame), Order(), clock)
    assert trial.refused == 2
    changes = {"produced_on": {"yesterday": "2026-01-05"}, "no_such_field": {"a": "b"}}
    mended = try_again(cast.maker.scope, trial.number, Order(changes=changes), clock)
    assert (mended.admitted, mended.refused) == (2, 0)
    assert report(cast.maker.scope, mended.number, Mode.ALL_OR_NOTHING, None, clock).admitted == 2
    assert events() == 2


def test_bad_rows_come_back_and_complete_the_batch(cast: Cast, clock: FixedClock) -> None:
    trial = try_out(cast.maker.scope, csv(spoiled()), Order(), clock)
    first = report(cast.maker.scope, trial.number, Mode.GOOD_ROWS, None, clock)
    name, body = queries.bad_rows(cast.maker.scope, first.number, Language.ZH)
    again = try_out(cast.maker.scope, body, Order(name=name, completes=first.number), clock)
    assert (again.state, again.refused, again.completes) == (State.TRIED, 1, first.number)
    right = try_out(cast.maker.scope, csv(packs([2])), Order(completes=first.number), clock)
    done = report(cast.maker.scope, right.number, Mode.GOOD_ROWS, None, clock)
    assert queries.completions(cast.maker.scope, first.number) == [done]
    assert queries.completions(cast.carmaker.scope, first.number) == []
    undo(cast.maker.number, done.number, "mistake", clock)
    assert queries.completions(cast.maker.scope, first.number) == []
    with pytest.raises(Missing):
        try_out(cast.carmaker.scope, csv(packs([9])), Order(completes=first.number), clock)


def test_many_bad_rows_come_as_csv(cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = try_out(cast.maker.scope, csv(spoiled()), Order(), clock)
    monkeypatch.setattr(queries, "WORKSHEET_ROWS", 0)
    name, body = queries.bad_rows(cast.maker.scope, trial.number, Language.EN)
    assert name.endswith(".csv")
    assert body.startswith(b"\xef\xbb\xbf")


def test_cancel(cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "INLINE_BYTES", 100)
    waiting = try_out(cast.maker.scope, csv(packs([1])), Order(), clock)
    assert waiting.state == State.RECEIVED
    assert try_out(cast.maker.scope, csv(packs([1])), Order(), clock).number == waiting.number  # a second click
    with pytest.raises(Missing):
        cancel(cast.carmaker.number, waiting.number, None, clock)
    with pytest.raises(Missing):
        cancel(cast.maker.number, waiting.number, None, clock, site=cast.maker.sites["F1"])
    stopped = cancel(cast.maker.number, waiting.number, 7, clock)
    assert (stopped.state, stopped.cancelled_by) == (State.REFUSED, 7)
    assert failure(stopped) == "submissions.cancelled"
    assert work(waiting.number, clock).state == State.REFUSED
    with pytest.raises(Conflict) as late:
        cancel(cast.maker.number, waiting.number, 7, clock)
    assert late.value.code == "submissions.finished_already"


def test_cancel_while_it_is_written(cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    real = working.take_in

    def cancelled_meanwhile(judged, submission, rng, at):  # type: ignore[no-untyped-def]
        result = real(judged, submission, rng, at)
        Submission.objects.filter(number=submission.number).update(cancelled_at=clock.now())
        return result

    monkeypatch.setattr("suyuan.server.submissions.services.receiving.take_in", cancelled_meanwhile)
    trial = try_out(cast.maker.scope, csv(packs([1])), Order(), clock)
    assert (trial.state, failure(trial)) == (State.REFUSED, "submissions.cancelled")
    assert (trial.rows, trial.step) == (8, "")
    done = receive(cast.maker.number, csv(packs([3])), Order(), clock)
    assert (done.state, events()) == (State.REFUSED, 0)


def test_kinds_that_may_be_reported(cast: Cast) -> None:
    day = date(2026, 11, 22)
    assert "pack_produced" in {kind.name for kind in queries.reportable(cast.maker.scope, day)}
    assert "pack_produced" not in {kind.name for kind in queries.reportable(cast.dismantler.scope, day)}
    assert queries.reportable(cast.guangdong.scope, day) == []


def test_a_file_nobody_can_read_says_how_it_was_understood(cast: Cast, clock: FixedClock) -> None:
    trial = try_out(cast.maker.scope, b"alpha,beta\n1,2\n", Order(name="x.csv"), clock)
    assert trial.state == State.TRIED
    assert trial.kind is None
    assert layout(trial)["unknown"] == ["alpha", "beta"]
    with pytest.raises(SuyuanError):
        report(cast.maker.scope, trial.number, Mode.GOOD_ROWS, None, clock)
