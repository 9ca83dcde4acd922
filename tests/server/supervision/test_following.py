"""Duties stand in their table as soon as the worker has looked, whatever was reported, corrected or withdrawn."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connections, transaction

from suyuan.rules import Duty, Form, calendar, compute, deadline, law
from suyuan.rules.duties import State
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.supervision.queries.history import Portion, events_between, roles
from suyuan.server.supervision.services import following as room
from tests.server.cast import NOW, Cast
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

TODAY = NOW.date()


def test_a_report_that_arrives_in_time_fulfils_its_duty(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    done = watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 10))])
    followed = following(clock)
    assert (followed.submissions, followed.objects, followed.changed) == (1, 1, 1)
    (one,) = duties()
    assert one == {
        "object": one["object"],
        "event": ids_of(done)[0],
        "version": "utiliser.receipt@2026-04-01",
        "company": cast.utiliser.number,
        "site": None,
        "started_on": date(2026, 11, 10),
        "due_on": date(2026, 12, 10),
        "official": True,
        "fulfilled_by": ids_of(done)[0],
        "fulfilled_on": TODAY,
        "void": False,
    }


@pytest.mark.parametrize(
    ("day", "version"),
    [(date(2026, 3, 31), "utiliser.receipt@2018-08-01"), (date(2026, 4, 1), "utiliser.receipt@2026-04-01")],
)
def test_a_duty_keeps_the_version_of_its_day(
    cast: Cast, clock: FixedClock, watched: Watched, day: date, version: str
) -> None:
    watched.report("utiliser_received", cast.utiliser, [received(pack(1), day)])
    following(clock)
    (one,) = duties()
    assert one["version"] == version
    rule = law().version(version)
    assert isinstance(rule, Duty)
    assert rule.period is not None
    assert one["due_on"] == deadline(calendar(), rule.period, day).due
    assert one["fulfilled_on"] > one["due_on"]


def test_a_company_without_the_role_owes_nothing(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    watched.report("transferred_out", cast.maker, [_handed(cast)])
    following(clock)
    assert duties() == []  # a dismantler would owe the report of a hand-over, a battery maker does not


def _handed(cast: Cast) -> dict[str, object]:
    return {
        "code": pack(1),
        "handed_over_on": date(2026, 6, 1),
        "party": cast.utiliser.code,
        "party_no": cast.utiliser.number,
    }


def test_a_duty_to_act_is_open_until_somebody_acts(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    removal = {"code": pack(1), "vin": VIN, "removed_on": date(2026, 6, 1)}
    watched.report("battery_removed", cast.dismantler, [removal])
    following(clock)
    (to_act,) = of_rule("battery.to_utiliser")
    assert (to_act["fulfilled_by"], to_act["due_on"], to_act["company"]) == (None, None, cast.dismantler.number)
    arrival = {"code": pack(1), "received_on": date(2026, 6, 20), "site_no": cast.collector.sites["O1"], "site": "O1"}
    done = watched.report("outlet_received", cast.collector, [arrival])
    following(clock)
    (to_act,) = of_rule("battery.to_utiliser")
    assert (to_act["fulfilled_by"], to_act["fulfilled_on"]) == (ids_of(done)[0], date(2026, 6, 20))
    (of_outlet,) = of_rule("outlet.receipt")
    assert of_outlet["site"] == cast.collector.sites["O1"]


def test_withdrawn_is_void_and_corrected_moves(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    first = watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 9, 1))])
    second = watched.report("utiliser_received", cast.utiliser, [received(pack(2), date(2026, 9, 1))])
    following(clock)
    watched.withdraw(first, cast.utiliser)
    watched.announce(cast.utiliser)
    corrected = watched.correct(ids_of(second)[0], "received_on", "2026-11-01", cast.utiliser)
    watched.announce(cast.utiliser)
    following(clock)
    told = {row["event"]: (row["void"], row["started_on"], row["fulfilled_on"]) for row in duties()}
    assert told == {
        ids_of(first)[0]: (True, date(2026, 9, 1), None),
        ids_of(second)[0]: (True, date(2026, 9, 1), None),
        corrected: (False, date(2026, 11, 1), TODAY),
    }
    assert rebuilt(clock).clean


def test_a_correction_counts_as_having_arrived_when_the_record_did(
    cast: Cast, clock: FixedClock, watched: Watched
) -> None:
    done = watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 1))])
    watched.later_ms = 300 * 86_400_000
    corrected = watched.correct(ids_of(done)[0], "received_on", "2026-11-02", cast.utiliser)
    watched.announce(cast.utiliser)
    clock.advance(timedelta(days=301))
    following(clock)
    (one,) = duties(event=corrected)
    assert one["fulfilled_on"] == TODAY


def test_nothing_new_changes_nothing(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 10))])
    following(clock)
    before = duties()
    again = following(clock)
    assert (again.submissions, again.changed, again.anything) == (0, 0, False)
    assert duties() == before


def test_a_late_commit_is_not_missed(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    """Submission 1 is taken into the ledger before submission 2 and becomes visible after it."""
    begun, looked = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 1))])
                begun.set()
                assert looked.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(20)
    quick = Watched(submission=50)
    quick.report("utiliser_received", cast.utiliser, [received(pack(2), date(2026, 11, 2))])
    assert following(clock).submissions == 1
    looked.set()
    thread.join(20)
    assert following(clock).submissions == 1
    assert [row["started_on"] for row in duties()] == [date(2026, 11, 1), date(2026, 11, 2)]


def test_a_round_that_fails_is_done_again(
    cast: Cast, clock: FixedClock, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 10))])
    with monkeypatch.context() as broken:
        broken.setattr(room, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            following(clock)
    assert duties() == []
    assert following(clock).submissions == 1
    assert len(duties()) == 1


def test_a_company_whose_roles_are_set_right_owes_anew(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 10))])
    following(clock)
    assert len(duties()) == 1
    executed("UPDATE registry_company SET roles = '{dealer}' WHERE number = %s", [cast.utiliser.number])
    followed = following(clock)
    assert (followed.companies, followed.changed) == (1, 1)
    assert duties() == []
    executed("UPDATE registry_company SET name_en = 'x' WHERE number = %s", [cast.utiliser.number])
    assert following(clock).looked.everything  # nothing waits: time for the detectors that need everything at once
    assert not following(clock).anything


def test_the_table_says_what_the_rules_say(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    """The same records computed in one piece by the pure room."""
    for n in range(1, 6):
        day = date(2026, 1 + 2 * n, 3)
        if n < 5:
            watched.report("utiliser_received", cast.utiliser, [received(pack(n), day)])
            watched.report("battery_removed", cast.dismantler, [_removal(10 + n, day)])
    following(clock)
    with transaction.atomic(), cursor() as run:
        history, held = events_between(run, law().part(Form.EVENT), Portion()), roles(run)
    table = compute(law().part(Form.EVENT), calendar(), history, held, TODAY)
    names = ["version", "event", "due_on", "fulfilled_by", "fulfilled_on", "company"]
    expected = sorted(table.select(names).rows(), key=repr)
    told = sorted((tuple(row[name] for name in names) for row in duties()), key=repr)
    assert told == expected
    assert len(told) == 11
    assert table["state"].n_unique() > 2
    assert State.OPEN.value in table["state"].to_list()


def _removal(number: int, day: date) -> dict[str, object]:
    return {"code": pack(number), "vin": VIN, "removed_on": day}


def test_a_record_from_a_clock_that_is_ahead_is_known(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 11, 10))])
    clock.advance(timedelta(days=-1))
    assert following(clock).changed == 1
