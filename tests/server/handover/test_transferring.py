"""Hand-overs: one note, both reports; the difference stays to be seen; nobody else sees or confirms it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from suyuan.server.accounts.models import Permission, Role
from suyuan.server.handover.queries.notes import note, notes, packs, partners, steps
from suyuan.server.handover.queries.standing import standings
from suyuan.server.handover.services.transferring import (
    OPEN_FOR,
    Confirmed,
    Listed,
    accept,
    cancel,
    differences,
    offer,
    see_through,
)
from suyuan.server.kit.clock import Clock, FixedClock
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.submissions.models import Submission
from tests.server.api.face import pack_code
from tests.server.cast import NOW, Cast
from tests.server.handover.setting import DAY, principal, take_in
from tests.server.web.people import person

CAME = Confirmed(DAY)


@pytest.fixture
def codes(cast: Cast, clock: Clock) -> tuple[str, ...]:
    return tuple(take_in(cast.collector, 3, clock))


def test_both_reports_follow_from_one_note(cast: Cast, clock: Clock, codes: tuple[str, ...]) -> None:
    clerk = person("clerk@example.com", Role.CLERK, cast.collector.scope).person.pk
    other = person("other@example.com", Role.CLERK, cast.utiliser.scope).person.pk
    giver, receiver = principal(cast.collector, person=clerk), principal(cast.utiliser, person=other)
    made = offer(giver, Listed("note-0001", DAY, codes, mass_kg=900.0), clock)
    assert (made.state, made.packs, made.receiver) == ("open", 3, None)
    done = accept(receiver, made.number, made.code, replace(CAME, mass_kg=890.0), clock)
    assert done.state == "reported", done.outcomes
    assert [(one.side, one.kind) for one in done.outcomes] == [
        ("giver", "outlet_handed_over"),
        ("receiver", "utiliser_received"),
    ]
    sent = Submission.objects.filter(number__in=[one.submission for one in done.outcomes]).order_by("number")
    assert [(one.company, one.channel) for one in sent] == [
        (cast.collector.number, "phone"),
        (cast.utiliser.number, "phone"),
    ]
    assert {(one.stage, one.mine) for one in standings(cast.utiliser.scope, codes)} == {("received", True)}
    told = [(one.step, one.person) for one in steps(cast.collector.scope, made.number)]
    assert told == [("made", clerk), ("accepted", other), ("reported", None)]
    assert differences(done, packs(cast.utiliser.scope, made.number)) == {}
    assert partners(cast.collector.scope) == [cast.utiliser.number]


def test_confirmed_or_listed_twice_is_once(cast: Cast, clock: Clock, codes: tuple[str, ...]) -> None:
    giver, receiver, said = principal(cast.collector), principal(cast.utiliser), Listed("note-0001", DAY, codes)
    made, again = offer(giver, said, clock), offer(giver, said, clock)
    assert made.number == again.number
    accept(receiver, made.number, made.code, CAME, clock)
    accept(receiver, made.number, made.code, CAME, clock)
    assert see_through(made.number, clock).state == "reported"
    assert Submission.objects.count() == 3  # taken in, out, in
    with pytest.raises(Conflict, match="key_reused"):
        offer(giver, replace(said, codes=codes[:1]), clock)


def test_what_did_not_come_is_a_difference(cast: Cast, clock: Clock, codes: tuple[str, ...]) -> None:
    made = offer(principal(cast.collector), Listed("note-0001", DAY, codes), clock)
    said = Confirmed(DAY, frozenset(codes[:1]), frozenset(codes[1:2]), (pack_code(9),))
    done = accept(principal(cast.utiliser), made.number, made.code, said, clock)
    assert done.state == "reported"
    assert differences(done, packs(cast.collector.scope, made.number)) == {"missing": 1, "damaged": 1, "extra": 1}
    there = standings(cast.utiliser.scope, codes)
    assert [one.mine for one in there] == [False, True, True]
    assert there[0].awaited  # the giver says that he gave it


def test_only_its_receiver_may_confirm(cast: Cast, clock: Clock, codes: tuple[str, ...]) -> None:
    giver, receiver = principal(cast.collector), principal(cast.utiliser)
    made = offer(giver, Listed("note-0001", DAY, codes, receiver=cast.utiliser.code), clock)
    for stranger, code in ((cast.dismantler, made.code), (cast.dismantler, "A" * 16)):
        with pytest.raises(Missing):
            accept(principal(stranger), made.number, code, CAME, clock)
        with pytest.raises(Missing):
            note(stranger.scope, made.number, code)
    with pytest.raises(Refusal, match="own_note"):
        accept(giver, made.number, made.code, CAME, clock)
    with pytest.raises(Forbidden):
        accept(principal(cast.utiliser, Permission.READ), made.number, made.code, CAME, clock)
    assert accept(receiver, made.number, "", CAME, clock).state == "reported"  # he is named: no code is needed


def test_who_may_see_it(cast: Cast, clock: Clock, codes: tuple[str, ...]) -> None:
    made = offer(principal(cast.collector), Listed("note-0001", DAY, codes), clock)
    for scope in (cast.collector.scope, cast.zhejiang.scope, cast.nation.scope):
        assert note(scope, made.number).number == made.number
    for scope in (cast.guangdong.scope, cast.utiliser.scope, cast.maker.scope):
        with pytest.raises(Missing):
            packs(scope, made.number)
        assert notes(scope) == []
    assert [one.number for one in notes(cast.collector.scope)] == [made.number]
    assert notes(cast.collector.scope, before=made.number) == []
    assert note(cast.utiliser.scope, made.number, made.code.lower()).packs == 3
    with pytest.raises(Missing):
        note(cast.utiliser.scope, made.number + 1, made.code)


def test_open_for_a_while_and_taken_back(cast: Cast, clock: Clock, codes: tuple[str, ...]) -> None:
    giver, receiver = principal(cast.collector), principal(cast.utiliser)
    made = offer(giver, Listed("note-0001", DAY, codes), clock)
    late = FixedClock(NOW + OPEN_FOR + timedelta(minutes=1))
    assert made.stands(late.now()) == "expired"
    with pytest.raises(Conflict, match="expired"):
        accept(receiver, made.number, made.code, CAME, late)
    with pytest.raises(Missing):
        cancel(receiver, made.number, clock=clock)
    assert cancel(giver, made.number, "wrong lorry", clock).state == "cancelled"
    with pytest.raises(Conflict, match="not_open"):
        cancel(giver, made.number, clock=clock)
    with pytest.raises(Missing):
        accept(receiver, made.number, made.code, CAME, clock)
    named = offer(giver, Listed("note-0002", DAY, codes, receiver=cast.utiliser.code), clock)
    assert cancel(receiver, named.number, "not ours", clock).state == "cancelled"
    assert steps(cast.collector.scope, named.number)[-1].step == "declined"


def test_what_is_unfit_is_refused(cast: Cast, clock: Clock, codes: tuple[str, ...]) -> None:
    giver, said = principal(cast.collector), Listed("note-0001", DAY, codes)
    for wrong, code in (
        (replace(said, key="x"), "key_unfit"),
        (replace(said, codes=()), "codes_missing"),
        (replace(said, codes=(*codes, codes[0])), "codes_twice"),
        (replace(said, codes=(*codes, pack_code(9))), "not_held"),
        (replace(said, day=clock.today() + timedelta(days=1)), "day_unfit"),
        (replace(said, mass_kg=-1.0), "mass_unfit"),
        (replace(said, receiver="nobody"), "receiver_unknown"),
        (replace(said, receiver=cast.collector.code), "receiver_is_giver"),
    ):
        with pytest.raises(Refusal, match=code):
            offer(giver, wrong, clock)
    made, receiver = offer(giver, said, clock), principal(cast.utiliser)
    for came, code in (
        (replace(CAME, day=DAY - timedelta(days=1)), "before_giving"),
        (replace(CAME, missing=frozenset({"x"})), "not_listed"),
        (replace(CAME, missing=frozenset(codes)), "nothing_came"),
        (replace(CAME, site="Z9"), "site_unknown"),
    ):
        with pytest.raises(Refusal, match=code):
            accept(receiver, made.number, made.code, came, clock)
    assert note(cast.collector.scope, made.number).state == "open"


def test_a_pack_that_moved_on_meanwhile(cast: Cast, clock: Clock, codes: tuple[str, ...]) -> None:
    giver, receiver = principal(cast.collector), principal(cast.utiliser)
    first = offer(giver, Listed("note-0001", DAY, codes[:2]), clock)
    second = offer(giver, Listed("note-0002", DAY, codes[1:]), clock)
    assert accept(receiver, first.number, first.code, CAME, clock).state == "reported"
    with pytest.raises(Refusal, match="not_held"):
        accept(receiver, second.number, second.code, CAME, clock)
    assert note(cast.collector.scope, second.number).state == "open"
