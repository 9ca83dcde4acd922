"""Calendar feeds, digests and webhooks: who gets what, once a day, at least once over the network."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import transaction
from icalendar import Calendar

from suyuan.kernel import Language, sentence
from suyuan.server.kit import outward
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.outward import AddressRefused
from suyuan.server.kit.problems import Conflict, Missing, Refusal
from suyuan.server.supervision.jobs import Messenger
from suyuan.server.supervision.queries import feeds as reads
from suyuan.server.supervision.services import feeds, webhooks
from suyuan.server.supervision.services.notifying import notify
from tests.server.cast import NATION, Cast
from tests.server.counting import queries_of
from tests.server.supervision.watching import executed

HOOK = "https://hooks.example.org/suyuan"
WHO = "key:abc"
DUTY = """
INSERT INTO supervision_duty (lot, serial, event, rule, company, started_on, due_on, official, fulfilled_on, void)
VALUES (%s, %s, gen_random_uuid(), %s, %s, %s, %s, %s, %s, false)
"""


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host is a public one."""
    monkeypatch.setattr(outward, "destination", lambda url, allowed: outward.check_url(url))


def owed(
    company: int, due: date, *, official: bool = True, done: date | None = None, started: date = date(2026, 10, 1)
) -> None:
    """One duty of the company."""
    executed(
        "INSERT INTO supervision_rule (version, duty, status)"
        " VALUES ('utiliser.receipt@2026-04-01', 'utiliser.receipt', 'second_hand') ON CONFLICT DO NOTHING"
    )
    ((rule,),) = executed("SELECT number FROM supervision_rule WHERE duty = 'utiliser.receipt'")
    ((count,),) = executed("SELECT count(*) FROM supervision_duty")
    executed(DUTY, ["9SMPB010000001AA", count, rule, company, started, due, official, done])


def notified(clock: FixedClock) -> int:
    with transaction.atomic(), cursor() as run:
        return notify(run, clock)


def digests(cast: Cast) -> list[reads.Notice]:
    with cursor() as run:
        return list(reads.notices(run, cast.utiliser.scope).rows)


def on(day: date) -> FixedClock:
    return FixedClock(datetime(day.year, day.month, day.day, 4, tzinfo=UTC))


MONDAY = date(2026, 11, 23)


def test_one_digest_a_day_counts_what_comes_due_and_what_has_lapsed(cast: Cast) -> None:
    me = cast.utiliser.number
    for due in (MONDAY, date(2026, 11, 24), date(2026, 11, 26), date(2026, 11, 30), date(2026, 11, 22)):
        owed(me, due)
    owed(me, date(2026, 11, 24), official=False)
    owed(me, date(2026, 11, 25))  # in two working days: nobody asked for that
    owed(me, date(2026, 11, 24), done=MONDAY)
    assert notified(on(MONDAY)) == 1
    assert notified(on(MONDAY)) == 0
    (one,) = digests(cast)
    coming = [(line["due_on"], line["lead_working_days"], line["count"], line["official"]) for line in one.told["due"]]
    assert coming == [
        ("2026-11-23", 0, 1, True),
        ("2026-11-24", 1, 2, False),
        ("2026-11-26", 3, 1, True),
        ("2026-11-30", 5, 1, True),
    ]
    assert [(line["due_on"], line["count"]) for line in one.told["lapsed"]] == [("2026-11-22", 1)]
    for language in Language:
        told = reads.notice_json(one, language)
        assert "{" not in json.dumps(told["message"]) + "".join(str(line["message"]) for line in told["due"])  # type: ignore[attr-defined]


def test_days_on_which_nobody_told_are_made_up_for_and_nothing_is_told_twice(cast: Cast) -> None:
    owed(cast.utiliser.number, date(2026, 12, 3))
    assert notified(on(MONDAY)) == 0
    assert notified(on(date(2026, 11, 27))) == 1  # five working days before was Thursday
    assert notified(on(date(2026, 11, 28))) == 0
    assert notified(on(date(2026, 12, 7))) == 1
    lapsed, coming = digests(cast)
    assert coming.told["due"][0]["lead_working_days"] == 5
    assert lapsed.told["lapsed"][0]["due_on"] == "2026-12-03"
    assert lapsed.told["due"] == []


def test_a_company_chooses_its_lead_times(cast: Cast) -> None:
    owed(cast.utiliser.number, date(2026, 11, 25))
    with transaction.atomic(), cursor() as run:
        assert feeds.set_leads(run, cast.utiliser.number, [2, 2], WHO) == [2]
        assert reads.leads_of(run, cast.utiliser.scope) == [2]
        assert reads.leads_of(run, cast.maker.scope) == list(settings.NOTICE_LEADS)
        for wrong in ([], [-1], [61], list(range(11))):
            with pytest.raises(Refusal, match="leads_impossible"):
                feeds.set_leads(run, cast.utiliser.number, wrong, WHO)
    assert notified(on(MONDAY)) == 1
    assert digests(cast)[0].told["due"][0]["lead_working_days"] == 2


def test_a_digest_is_for_its_company_and_read_once(cast: Cast, clock: FixedClock) -> None:
    owed(cast.utiliser.number, MONDAY)
    notified(on(MONDAY))
    (one,) = digests(cast)
    with transaction.atomic(), cursor() as run:
        for stranger in (cast.maker, cast.zhejiang, cast.guangdong):
            assert reads.notices(run, stranger.scope).rows == []
            with pytest.raises(Missing):
                feeds.mark_read(run, stranger.scope, one.number, WHO, clock)
        assert len(reads.notices(run, NATION).rows) == 1
        feeds.mark_read(run, cast.utiliser.scope, one.number, "key:first", clock)
        feeds.mark_read(run, cast.utiliser.scope, one.number, "key:second", clock)
        assert reads.notices(run, cast.utiliser.scope, unread=True).rows == []
        assert reads.notice(run, cast.utiliser.scope, one.number).read_by == "key:first"


def test_the_digests_of_many_companies_cost_as_many_statements_as_of_one(cast: Cast) -> None:
    counted = []
    for day, actors in ((MONDAY, [cast.utiliser]), (date(2026, 11, 24), cast.companies)):
        for actor in actors:
            owed(actor.number, day)
        with queries_of() as seen:
            assert notified(on(day)) == len(actors)
        counted.append(len(seen))
    assert counted[0] == counted[1]


# ---------------------------------------------------------------- the calendar


def feed(cast: Cast, language: Language = Language.ZH, at: date = MONDAY) -> Calendar:
    with cursor() as run:
        text = reads.calendar_of_company(run, cast.utiliser.number, language, at, on(at).now())
    return Calendar.from_ical(text)


def test_the_calendar_has_what_is_owed_and_marks_what_may_move(cast: Cast) -> None:
    me = cast.utiliser.number
    owed(me, date(2026, 12, 3))
    owed(me, date(2026, 12, 3))
    owed(me, date(2027, 1, 15), official=False, started=date(2026, 12, 15))
    owed(me, date(2026, 11, 20), started=date(2026, 9, 1))
    owed(me, date(2026, 12, 4), done=MONDAY, started=date(2026, 10, 2))
    owed(cast.maker.number, date(2026, 12, 5))
    for language in Language:
        events = feed(cast, language).walk("VEVENT")
        days = [one.decoded("DTSTART") for one in events]
        assert days == [date(2026, 11, 20), date(2026, 12, 3), date(2027, 1, 15)]
        assert [str(one["STATUS"]) for one in events] == ["CONFIRMED", "CONFIRMED", "TENTATIVE"]
        assert "2" in str(events[1]["SUMMARY"])
        assert "2027" in str(events[2]["DESCRIPTION"])
        overdue = sentence("feeds.entry_overdue_summary", {"title": "", "count": 1}, language)[:3]
        assert str(events[0]["SUMMARY"]).startswith(overdue)


def test_a_day_that_moves_keeps_its_uid(cast: Cast) -> None:
    owed(cast.utiliser.number, date(2027, 1, 15), official=False)
    (before,) = feed(cast).walk("VEVENT")
    executed("UPDATE supervision_duty SET due_on = '2027-01-18', official = true")
    executed(
        "INSERT INTO supervision_recount (rule, started_on, due_on, official, new_due_on, new_official, duties,"
        " counted_at) SELECT rule, started_on, '2027-01-15', false, due_on, true, 1, now() FROM supervision_duty"
    )
    (after,) = feed(cast).walk("VEVENT")
    assert (before["UID"], before["SEQUENCE"]) == (after["UID"], 0)
    assert (after["SEQUENCE"], after.decoded("DTSTART"), str(after["STATUS"])) == (1, date(2027, 1, 18), "CONFIRMED")


def test_a_secret_address_is_opened_rotated_and_closed(cast: Cast, clock: FixedClock) -> None:
    me = cast.utiliser.number
    with transaction.atomic(), cursor() as run:
        first = feeds.open_feed(run, me, WHO, clock)
        assert reads.company_of_feed(run, first) == me
        second = feeds.open_feed(run, me, WHO, clock)
        assert reads.company_of_feed(run, second) == me
        for dead in (first, "", "nonsense"):
            with pytest.raises(Missing):
                reads.company_of_feed(run, dead)
        assert reads.feed_there_is(run, cast.utiliser.scope) == (clock.now(), WHO)
        assert reads.feed_there_is(run, cast.maker.scope) is None
        feeds.close_feed(run, me, WHO, clock)
        with pytest.raises(Missing):
            reads.company_of_feed(run, second)
        with pytest.raises(Missing):
            feeds.close_feed(run, me, WHO, clock)
    kept = executed("SELECT digest, revoked_by FROM supervision_feed")
    assert len(kept) == 2
    assert all(first.encode() not in bytes(digest) and by == WHO for digest, by in kept)


# ---------------------------------------------------------------- webhooks


class Receiver:
    """Keeps what it is sent and answers as it is told."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers, self.kept = list(answers), list[tuple[bytes, Mapping[str, str]]]()

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        assert url == HOOK
        self.kept.append((body, headers))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        return answer


def hooked(cast: Cast, clock: FixedClock) -> webhooks.Registered:
    with transaction.atomic(), cursor() as run:
        return webhooks.add_webhook(run, cast.utiliser.number, HOOK, WHO, clock)


def delivered(clock: FixedClock, receiver: Receiver) -> bool:
    with transaction.atomic(), cursor() as run:
        return webhooks.deliver_next(run, clock, receiver)


def told(cast: Cast, hook: int) -> list[reads.Delivery]:
    with cursor() as run:
        return reads.deliveries(run, cast.utiliser.scope, hook)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The vector that the specification and its libraries are tested with."""
    made = webhooks.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_digest_is_delivered_signed_and_once(cast: Cast) -> None:
    clock = on(MONDAY)
    hook = hooked(cast, clock)
    owed(cast.utiliser.number, MONDAY)
    notified(clock)
    receiver = Receiver()
    assert delivered(clock, receiver)
    assert not delivered(clock, receiver)
    ((body, headers),) = receiver.kept
    (one,) = digests(cast)
    assert headers["webhook-id"] == one.id
    timestamp = int(headers["webhook-timestamp"])
    assert timestamp == int(clock.now().timestamp())
    assert headers["webhook-signature"] == webhooks.signature(hook.secret, one.id, timestamp, body)
    assert headers["webhook-signature"] != webhooks.signature(hook.secret, one.id, timestamp, body + b" ")
    value = json.loads(body)
    assert (value["data"]["company"], value["data"]["due"][0]["count"]) == (cast.utiliser.code, 1)
    assert [(row.state, row.attempts, row.status) for row in told(cast, hook.number)] == [("delivered", 1, 204)]


def test_what_fails_is_tried_again_later_and_given_up_at_last(cast: Cast) -> None:
    clock = on(MONDAY)
    hook = hooked(cast, clock)
    owed(cast.utiliser.number, MONDAY)
    notified(clock)
    failing = Receiver(500, TimeoutError(), 302, ConnectionError(), AddressRefused("kit.outward_not_public"), 429, 503)
    for pause in webhooks.PAUSES:
        assert delivered(clock, failing)
        clock.advance(pause - timedelta(seconds=1))
        assert not delivered(clock, failing)
        clock.advance(timedelta(seconds=1))
    assert delivered(clock, failing)
    (row,) = told(cast, hook.number)
    assert (row.state, row.attempts, row.status) == ("given_up", 7, 503)
    attempts = executed("SELECT status, trouble FROM supervision_attempt ORDER BY attempt")
    assert attempts == [
        (500, None),
        (None, "TimeoutError"),
        (302, None),
        (None, "ConnectionError"),
        (None, "kit.outward_not_public"),
        (429, None),
        (503, None),
    ]
    clock.advance(timedelta(days=9))
    assert not delivered(clock, failing)


def test_a_crash_between_sending_and_recording_sends_again_under_the_same_id(cast: Cast) -> None:
    clock = on(MONDAY)
    hook = hooked(cast, clock)
    owed(cast.utiliser.number, MONDAY)
    notified(clock)
    receiver = Receiver()
    with transaction.atomic(), cursor() as run:
        webhooks.deliver_next(run, clock, receiver)
        transaction.set_rollback(True)  # what a crash does
    assert [row.state for row in told(cast, hook.number)] == ["waiting"]
    assert delivered(clock, receiver)
    assert len({headers["webhook-id"] for _, headers in receiver.kept}) == 1
    assert len(receiver.kept) == 2


def test_a_crash_while_digests_are_made_makes_them_once(cast: Cast) -> None:
    clock = on(MONDAY)
    hooked(cast, clock)
    owed(cast.utiliser.number, MONDAY)
    with transaction.atomic(), cursor() as run:
        notify(run, clock)
        transaction.set_rollback(True)  # what a crash does
    assert digests(cast) == []
    assert notified(clock) == 1
    assert executed("SELECT count(*) FROM supervision_delivery") == [(1,)]


def test_a_webhook_is_ended_by_its_company_only(cast: Cast) -> None:
    clock = on(MONDAY)
    hook = hooked(cast, clock)
    with transaction.atomic(), cursor() as run:
        for stranger in (cast.maker, cast.zhejiang):
            assert reads.webhooks(run, stranger.scope) == []
            with pytest.raises(Missing):
                webhooks.end_webhook(run, stranger.scope, hook.number, WHO, clock)
        assert [one.url for one in reads.webhooks(run, cast.utiliser.scope)] == [HOOK]
    owed(cast.utiliser.number, MONDAY)
    notified(clock)
    with transaction.atomic(), cursor() as run:
        webhooks.end_webhook(run, cast.utiliser.scope, hook.number, WHO, clock)
    receiver = Receiver()
    assert delivered(clock, receiver)
    assert receiver.kept == []
    with cursor() as run:
        assert reads.webhooks(run, cast.utiliser.scope) == []
        assert reads.deliveries(run, cast.maker.scope, hook.number) == []
    assert [row.state for row in told(cast, hook.number)] == ["given_up"]


def test_there_are_only_so_many_webhooks_and_none_to_strange_places(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = on(MONDAY)
    for _ in range(webhooks.MOST_WEBHOOKS):
        hooked(cast, clock)
    with pytest.raises(Conflict):
        hooked(cast, clock)
    monkeypatch.undo()
    with pytest.raises(AddressRefused), transaction.atomic(), cursor() as run:
        webhooks.add_webhook(run, cast.maker.number, "https://127.0.0.1/x", WHO, clock)


def test_the_secret_is_not_in_the_database(cast: Cast) -> None:
    hook = hooked(cast, on(MONDAY))
    ((salt,),) = executed("SELECT salt FROM supervision_webhook")
    assert hook.secret == webhooks.secret_of(bytes(salt))
    assert bytes(salt).hex() not in hook.secret


def test_the_messenger_makes_and_delivers(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = on(MONDAY)
    hooked(cast, clock)
    owed(cast.utiliser.number, MONDAY)
    receiver = Receiver()
    monkeypatch.setattr(webhooks, "send_out", receiver)
    monkeypatch.setattr(webhooks.deliver_next, "__defaults__", (clock, receiver))
    messenger = Messenger(clock)
    assert messenger.work()
    assert not messenger.work()
    assert len(receiver.kept) == 1
