"""A full recomputation finds every duty that was tampered with, nothing otherwise, and mends what it finds."""

import random
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

import pytest

from suyuan.rules import Duty, Law, Period, Unit, law
from suyuan.server.kit.clock import FixedClock
from suyuan.server.supervision.services import reading
from tests.server.cast import Cast
from tests.server.ledger.acting import VIN, ids_of, pack
from tests.server.supervision.watching import (
    Watched,
    duties,
    executed,
    following,
    of_rule,
    rebuilt,
    received,
)

TAMPERED = [
    ("missing", "DELETE FROM supervision_duty WHERE fulfilled_on IS NULL AND NOT void"),
    ("missing", "DELETE FROM supervision_duty"),
    ("different", "UPDATE supervision_duty SET due_on = due_on + 1"),
    ("different", "UPDATE supervision_duty SET company = company + 1"),
    ("different", "UPDATE supervision_duty SET void = NOT void"),
    ("different", "UPDATE supervision_duty SET official = NOT official"),
    ("different", "UPDATE supervision_duty SET fulfilled_on = NULL WHERE fulfilled_on IS NOT NULL"),
    ("extra", "INSERT INTO supervision_duty SELECT 'ZZZ', serial, event, rule, company, site, started_on, due_on,"
     " official, fulfilled_by, fulfilled_on, void FROM supervision_duty LIMIT 1"),
    ("extra", "INSERT INTO supervision_duty SELECT '#77', serial, event, rule, company, site, started_on, due_on,"
     " official, fulfilled_by, fulfilled_on, void FROM supervision_duty LIMIT 1"),
]  # fmt: skip


@pytest.fixture
def lived(cast: Cast, clock: FixedClock, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Several batteries with several duties; portions are so small that there are many."""
    monkeypatch.setattr(reading, "PORTION", 2)
    days = random.Random(3)
    for number in range(1, 9):
        day = date(2025, 10, 1) + timedelta(days=days.randrange(380))
        if number % 2:
            watched.report("utiliser_received", cast.utiliser, [received(pack(number), day)])
        else:
            removal = {"code": pack(number), "vin": VIN, "removed_on": day}
            watched.report("battery_removed", cast.dismantler, [removal])
    first = watched.report("utiliser_received", cast.utiliser, [received(pack(20), date(2026, 5, 5))])
    watched.withdraw(first, cast.utiliser)
    watched.announce(cast.utiliser)
    following(clock)
    return watched


def test_what_was_followed_is_what_is_computed_anew(clock: FixedClock, lived: Watched) -> None:
    before = duties()
    assert len(before) > 10
    report = rebuilt(clock)
    assert report.clean
    assert (report.duties.duties, report.waiting) == (len(before), 0)
    assert rebuilt(clock, check=False).clean
    assert duties() == before


@pytest.mark.parametrize(("what", "statement"), TAMPERED)
def test_what_was_changed_by_hand_is_found_and_mended(
    clock: FixedClock, lived: Watched, what: str, statement: str
) -> None:
    before = duties()
    executed(statement)
    tampered = duties()
    assert tampered != before
    report = rebuilt(clock)
    assert getattr(report.duties, what) == report.duties.found > 0
    assert len(report.duties.examples) == min(report.duties.found, 20)
    assert duties() == tampered  # a check changes nothing
    assert not rebuilt(clock, check=False).clean
    assert duties() == before
    assert rebuilt(clock).clean


def test_what_waits_is_late_and_not_wrong(cast: Cast, clock: FixedClock, lived: Watched) -> None:
    lived.report("utiliser_received", cast.utiliser, [received(pack(30), date(2026, 5, 5))])
    report = rebuilt(clock)
    assert report.clean
    assert report.waiting == 1
    executed("DELETE FROM supervision_waiting")
    assert rebuilt(clock).duties.missing == 1


def test_a_rebuild_takes_up_what_waits(cast: Cast, clock: FixedClock, lived: Watched) -> None:
    lived.report("utiliser_received", cast.utiliser, [received(pack(30), date(2026, 5, 5))])
    assert rebuilt(clock, check=False).duties.missing == 1
    assert following(clock).submissions == 0
    assert rebuilt(clock).clean


# ---------------------------------------------------------------- a law that changes


def longer(told: Law, digest: str = "another") -> Law:
    """The law after somebody has read the text of one rule: the old table stays as past, a new edition beside it."""
    (old,) = [one for one in told.duties["utiliser.receipt"] if one.version == "utiliser.receipt@2026-04-01"]
    new = replace(old, edition=2, period=Period(60, Unit.CALENDAR_DAY))
    others = [one for one in told.duties["utiliser.receipt"] if one is not old]
    duties_then = {**told.duties, "utiliser.receipt": (*others, new)}
    past: dict[str, Duty] = {old.version: replace(old, past=True)}
    return replace(
        told, duties=MappingProxyType(duties_then), past=MappingProxyType({**told.past, **past}), digest=digest
    )


def test_a_duty_keeps_the_edition_under_which_it_arose(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    before = watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 10))])
    following(clock)
    after = watched.report("utiliser_received", cast.utiliser, [received(pack(2), date(2026, 11, 10))])
    told = longer(law())
    assert following(clock, told).anything
    editions = {row["event"]: (row["version"], row["due_on"]) for row in duties()}
    assert editions == {
        ids_of(before)[0]: ("utiliser.receipt@2026-04-01", date(2026, 12, 10)),
        ids_of(after)[0]: ("utiliser.receipt@2026-04-01/2", date(2027, 1, 9)),
    }
    assert rebuilt(clock, told=told).clean
    watched.withdraw(before, cast.utiliser)
    watched.announce(cast.utiliser)
    following(clock, told)
    assert [row["version"] for row in duties(void=True)] == ["utiliser.receipt@2026-04-01"]


def test_another_law_makes_everything_anew(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 10))])
    following(clock)
    less = {name: several for name, several in law().duties.items() if name != "utiliser.receipt"}
    without = replace(law(), duties=MappingProxyType(less), digest="without")
    assert following(clock, without).changed == 1
    assert duties() == []
    assert not following(clock, without).anything
    assert following(clock).changed == 1
    assert len(of_rule("utiliser.receipt")) == 1
