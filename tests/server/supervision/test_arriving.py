"""Findings kept current as records arrive are those that one look at everything finds."""

from collections.abc import Sequence
from datetime import date

import pytest
from django.db import transaction

from suyuan.events.policy import DEFAULT, FINDING
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.catalogue import detectors
from suyuan.server.supervision.queries.evidence import About
from suyuan.server.supervision.queries.findings import findings
from suyuan.server.supervision.services import Report, rebuild
from tests.server.cast import Cast
from tests.server.ledger.acting import pack
from tests.server.supervision.detector_plays import given, made, passed_on, recovered, stored, taken, treated
from tests.server.supervision.test_detecting import ALL, CASES, Play
from tests.server.supervision.watching import Watched, executed, following


@pytest.fixture(autouse=True)
def accepting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy under which a second parent is accepted with a finding."""
    monkeypatch.setitem(DEFAULT.general, "events.second_parent", FINDING)


def followed(clock: FixedClock) -> None:
    """Rounds until nothing is left to do."""
    for _ in range(10):
        if not following(clock).anything:
            return
    raise AssertionError("the worker never rests")


def checked(clock: FixedClock) -> Report:
    """A comparison as the command does it: reading only, from one moment."""
    with transaction.atomic(), cursor() as run:
        run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return rebuild(run, check=True, clock=clock)


def names() -> list[str]:
    with cursor() as run:
        return [row.detector for row in findings(run, Scope.of_nation()).rows]


def proved(clock: FixedClock) -> None:
    told = checked(clock).findings
    assert (told.found, told.examples, told.detectors) == (0, [], len(detectors()))


@pytest.mark.parametrize(("name", "play"), ALL, ids=[f"{name}-{n}" for n, (name, _) in enumerate(ALL)])
def test_what_arrives_is_found_as_one_look_finds_it(
    cast: Cast, clock: FixedClock, watched: Watched, name: str, play: Play
) -> None:
    followed(clock)
    play(cast, watched)
    followed(clock)
    assert name in names()
    proved(clock)


@pytest.mark.parametrize(
    ("name", "play"),
    [case for case in CASES if case[0] in ("code.near_duplicate", "scrap.pack_changed", "outlet.over_limit")],
)
def test_its_twin_is_not(cast: Cast, clock: FixedClock, watched: Watched, name: str, play: Play) -> None:
    followed(clock)
    play(cast, watched)
    followed(clock)
    assert name not in names()
    proved(clock)


def test_what_arrives_later_ends_a_finding(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    """One after the other, with a round between: the pairs, the sums and the hand-overs."""
    followed(clock)
    steps: Sequence[tuple[str, Play]] = [
        ("code.near_duplicate", lambda c, w: [given(w, c, made(w, c)), taken(w, c, pack(9))]),
        ("-code.near_duplicate", lambda c, w: taken(w, c, pack(1), date(2026, 9, 10))),
        ("recycler.mass_balance", lambda c, w: recovered(w, c, 3.0, number=30)),
        ("-recycler.mass_balance", lambda c, w: treated(w, c, 4.9, pack(30), treatment_no="T2", material_batch="N2")),
        ("outlet.over_limit", lambda c, w: stored(w, c, 13, first=100)),
    ]
    for name, play in steps:
        play(cast, watched)
        followed(clock)
        assert (name.lstrip("-") in names()) is (not name.startswith("-"))
        proved(clock)


def test_a_correction_of_a_mass_ends_a_finding_of_stock(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    followed(clock)
    stored(watched, cast, 12)
    at = {"received_on": date(2026, 2, 1), "site": "O1", "site_no": cast.collector.sites["O1"], "mass_kg": 400.0}
    last = watched.report("outlet_received", cast.collector, [{"code": pack(70), **at}])
    followed(clock)
    assert "outlet.over_limit" in names()
    watched.withdraw(last, cast.collector)
    watched.announce(cast.collector)
    followed(clock)
    assert "outlet.over_limit" not in names()
    proved(clock)
    passed_on(watched, cast, 3, date(2026, 2, 20))
    followed(clock)
    proved(clock)


def test_what_waits_is_late_and_not_wrong(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    followed(clock)
    taken(watched, cast, made(watched, cast))
    told = checked(clock).findings
    assert told.found == 0
    assert told.detectors == sum(one.about is About.OBJECT for one in detectors().values())
    following(clock)
    assert checked(clock).findings.detectors == sum(one.about is not About.EVERYTHING for one in detectors().values())
    followed(clock)
    proved(clock)


@pytest.mark.parametrize(
    ("what", "statement"),
    [
        ("missing", "DELETE FROM supervision_evidence"),
        ("extra", "UPDATE supervision_evidence SET record = gen_random_uuid()"),
        ("different", "UPDATE supervision_finding SET gone_at = now(), figures = NULL"),
        ("different", "UPDATE supervision_finding SET figures = '{\"fed_kg\": 1}'"),
    ],
)
def test_what_was_changed_by_hand_is_found_and_mended(
    cast: Cast, clock: FixedClock, watched: Watched, what: str, statement: str
) -> None:
    recovered(watched, cast, 3.0)
    followed(clock)
    before = names()
    assert "recycler.mass_balance" in before
    executed(statement)
    told = checked(clock)
    assert not told.clean
    assert getattr(told.findings, what) > 0
    assert any("recycler.mass_balance" in where for _, where in told.findings.examples)
    with transaction.atomic(), cursor() as run:
        rebuild(run, check=False, clock=clock)
    proved(clock)
    assert names() == before
