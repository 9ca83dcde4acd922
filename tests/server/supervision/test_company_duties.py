"""Duties that no record starts: from facts of the register, fixed days and days of every year."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import transaction

from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Missing
from suyuan.server.supervision.services.facts import Fact, enter_fact, withdraw_fact
from tests.server.cast import Actor, Cast
from tests.server.supervision.watching import duties, executed, following, of_rule, rebuilt

MODEL = "QJ-1"


def fact(clock: FixedClock, actor: Actor, kind: str, day: date, subject: str = MODEL) -> UUID:
    with transaction.atomic(), cursor() as run:
        return enter_fact(run, Fact(actor.number, kind, day, subject), clock=clock)


def withdraw(clock: FixedClock, identity: UUID) -> None:
    with transaction.atomic(), cursor() as run:
        withdraw_fact(run, identity, "by mistake", clock)


def test_a_certified_model_starts_six_months(cast: Cast, clock: FixedClock) -> None:
    fact(clock, cast.carmaker, "model_certified", date(2026, 4, 30))
    fact(clock, cast.carmaker, "model_certified", date(2026, 8, 31), "QJ-2")
    following(clock)
    told = {(row["object"], row["due_on"], row["fulfilled_on"]) for row in of_rule("carmaker.dismantling_information")}
    number = cast.carmaker.number
    assert told == {(f"#{number}:QJ-10", date(2026, 10, 30), None), (f"#{number}:QJ-20", date(2027, 3, 1), None)}
    fact(clock, cast.carmaker, "dismantling_information_filed", date(2026, 11, 20), "QJ-2")
    following(clock)
    done = {row["object"]: row["fulfilled_on"] for row in of_rule("carmaker.dismantling_information")}
    assert done == {f"#{number}:QJ-10": None, f"#{number}:QJ-20": date(2026, 11, 20)}
    assert rebuilt(clock).clean


def test_a_withdrawn_fact_leaves_a_void_duty(cast: Cast, clock: FixedClock) -> None:
    identity = fact(clock, cast.carmaker, "model_certified", date(2026, 4, 30))
    following(clock)
    withdraw(clock, identity)
    assert following(clock).changed == 1
    assert [row["void"] for row in duties()] == [True]
    with pytest.raises(Missing):
        withdraw(clock, identity)


def test_a_fixed_day_concerns_who_was_there(cast: Cast, clock: FixedClock) -> None:
    executed("UPDATE registry_company SET valid_from = '2015-01-01' WHERE number = %s", [cast.carmaker.number])
    following(clock)
    (backfill,) = duties()
    assert backfill["company"] == cast.carmaker.number
    assert backfill["due_on"] < clock.today()
    fact(clock, cast.carmaker, "backfill_completed", date(2019, 5, 6), "")
    following(clock)
    assert duties()[0]["fulfilled_on"] is not None
    assert rebuilt(clock).clean


def test_a_new_day_is_noticed(cast: Cast, clock: FixedClock) -> None:
    following(clock)
    clock.advance(timedelta(days=1))
    done = following(clock)
    assert done.looked.everything  # once a day
    assert (done.changed, done.recounted, done.standing, done.looked.findings) == (0, 0, 0, 0)
    assert rebuilt(clock).clean


@pytest.mark.parametrize(
    ("kind", "day", "code"),
    [
        ("model_praised", date(2026, 4, 30), "supervision.no_such_fact"),
        ("model_certified", date(2026, 11, 23), "supervision.fact_of_the_future"),
    ],
)
def test_what_cannot_be_a_fact_is_refused(cast: Cast, clock: FixedClock, kind: str, day: date, code: str) -> None:
    with pytest.raises(SuyuanError) as refused:
        fact(clock, cast.carmaker, kind, day)
    assert refused.value.code == code


def test_the_same_fact_twice_is_refused(cast: Cast, clock: FixedClock) -> None:
    identity = fact(clock, cast.carmaker, "model_certified", date(2026, 4, 30))
    with pytest.raises(Conflict):
        fact(clock, cast.carmaker, "model_certified", date(2026, 4, 30))
    withdraw(clock, identity)
    fact(clock, cast.carmaker, "model_certified", date(2026, 4, 30))
