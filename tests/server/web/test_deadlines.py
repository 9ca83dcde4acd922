"""Deadlines of a company: month, agenda and list agree; the feed's address is secret; others see nothing."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client

from suyuan.server.accounts.models import Access, Role
from suyuan.server.accounts.queries.people import deeds
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries import feeds as reads
from suyuan.server.supervision.services.notifying import notify
from tests.server.api.face import Face, pack
from tests.server.cast import Cast
from tests.server.supervision.watching import executed
from tests.server.web.owing import owed
from tests.server.web.people import person

TODAY = SYSTEM_CLOCK.today()


@pytest.fixture
def officer(cast: Cast) -> Client:
    return person("officer@example.com", Role.DATA_OFFICER, cast.utiliser.scope).client("en")


def seen(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def test_month_agenda_and_list_tell_the_same(cast: Cast, officer: Client) -> None:
    for _ in range(3):
        owed(cast.utiliser.number, TODAY)
    owed(cast.utiliser.number, TODAY - timedelta(days=400))
    owed(cast.utiliser.number, TODAY, done=TODAY)
    text = seen(officer, "/w/deadlines")
    assert "<b>3</b>" in text
    assert "duties: 3" in text
    assert "Overdue in all: 1" in text
    listed = seen(officer, f"/w/deadlines/list?f.state=due&f.due_on={TODAY}")
    assert listed.count("/w/deadlines/duties/") == 3
    assert "3 in all" in listed
    assert seen(officer, "/w/deadlines/list").count("/w/deadlines/duties/") == 4
    assert seen(officer, "/w/deadlines/list?f.duty=utiliser.receipt&f.state=fulfilled_in_time").count("/duties/") == 1
    earlier = (TODAY - timedelta(days=400)).strftime("%Y-%m")
    assert "<b>1</b>" in seen(officer, f"/w/deadlines?month={earlier}")
    assert "<b>3</b>" in seen(officer, "/w/deadlines?month=nonsense")


def test_days_that_are_none_are_said_to_be_none(officer: Client) -> None:
    assert "names no days" in seen(officer, "/w/deadlines/list?f.due_on=soon")


def test_a_duty_says_why_and_that_it_was_read_is_noted(cast: Cast, officer: Client) -> None:
    assert Face(cast.maker).submit(pack(1)).status < 300
    ((made,),) = executed("SELECT id::text FROM ledger_event WHERE main_lot IS NULL")
    record = owed(cast.utiliser.number, TODAY, record=made)
    text = seen(officer, f"/w/deadlines/duties/{record}/utiliser.receipt")
    assert "Why this is the last day" in text
    assert Access.objects.filter(act="duty").count() == 1
    stranger = person("other@example.com", Role.DATA_OFFICER, cast.maker.scope).client("en")
    seen(stranger, f"/w/deadlines/duties/{record}/utiliser.receipt", 404)
    seen(officer, f"/w/deadlines/duties/{record}/maker.nothing", 404)
    assert "/w/deadlines/duties/" not in seen(stranger, "/w/deadlines/list")


def test_a_feed_is_opened_changed_and_closed(cast: Cast, officer: Client) -> None:
    owed(cast.utiliser.number, TODAY)
    addresses = []
    for _ in range(2):
        answer = officer.post("/w/deadlines/telling", {"act": "feed_open"})
        shown = answer.content.decode().split('data-address class="text-break">')[1].split("<")[0]
        addresses.append(urlsplit(shown).path)
        assert "data-address" not in seen(officer, "/w/deadlines/telling")
    public = Client()
    assert public.get(addresses[0]).status_code == 404
    assert b"BEGIN:VEVENT" in public.get(addresses[1]).content
    assert officer.post("/w/deadlines/telling", {"act": "feed_close"}).status_code == 302
    assert public.get(addresses[1]).status_code == 404
    assert officer.post("/w/deadlines/telling", {"act": "feed_close"}).status_code == 404
    assert [deed.act for _, deed in deeds(cast.utiliser.scope)][:3] == [
        "deadlines.feed_close",
        "deadlines.feed_open",
        "deadlines.feed_open",
    ]


def test_lead_times_and_webhooks(cast: Cast, officer: Client) -> None:
    assert officer.post("/w/deadlines/telling", {"act": "leads", "days": "7, 2，0"}).status_code == 302
    with cursor() as run:
        assert reads.leads_of(run, cast.utiliser.scope) == [0, 2, 7]
    for wrong in ("", "x", "1,,2", "99"):
        answer = officer.post("/w/deadlines/telling", {"act": "leads", "days": wrong})
        assert answer.status_code == 422
    answer = officer.post("/w/deadlines/telling", {"act": "webhook_add", "url": "https://93.184.216.34/suyuan"})
    assert "whsec_" in answer.content.decode()
    text = seen(officer, "/w/deadlines/telling")
    assert "https://93.184.216.34/suyuan" in text
    assert "whsec_" not in text
    number = text.split('name="number" value="')[1].split('"')[0]
    assert officer.post("/w/deadlines/telling", {"act": "webhook_end", "number": number}).status_code == 302
    assert "https://93.184.216.34" not in seen(officer, "/w/deadlines/telling")
    for wrong in ("x", "999"):
        assert officer.post("/w/deadlines/telling", {"act": "webhook_end", "number": wrong}).status_code == 404
    assert officer.post("/w/deadlines/telling", {"act": "other"}).status_code == 422


def test_notices_are_read_once(cast: Cast, officer: Client) -> None:
    owed(cast.utiliser.number, TODAY)
    with transaction.atomic(), cursor() as run:
        assert notify(run, SYSTEM_CLOCK) == 1
        (notice,) = reads.notices(run, cast.utiliser.scope).rows
    assert "Unread notices: 1" in seen(officer, "/w")
    stranger = person("other@example.com", Role.DATA_OFFICER, cast.maker.scope).client("en")
    assert stranger.post(f"/w/notices/{notice.number}/read").status_code == 404
    assert "There are no notices" in seen(stranger, "/w/notices")
    assert officer.post(f"/w/notices/{notice.number}/read", {"back": "/w/notices"}).status_code == 302
    assert "read by officer@example.com" in seen(officer, "/w/notices")
    assert "There are no notices" in seen(officer, "/w/notices?unread=1")


def test_who_may(cast: Cast) -> None:
    viewer = person("viewer@example.com", Role.VIEWER, cast.utiliser.scope).client("en")
    assert "may look at these settings" in seen(viewer, "/w/deadlines/telling")
    assert viewer.post("/w/deadlines/telling", {"act": "feed_open"}).status_code == 403
    outlet = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    clerk = person("clerk@example.com", Role.CLERK, outlet).client("en")
    seen(clerk, "/w/deadlines/telling", 403)
    assert clerk.post("/w/deadlines/telling", {"act": "feed_open"}).status_code == 403
    assert "/w/deadlines/telling" not in seen(clerk, "/w/deadlines")
    seen(clerk, "/w/notices")
    official = person("official@example.com", Role.OFFICIAL, cast.zhejiang.scope).client()
    for address in ("/w/deadlines", "/w/deadlines/list", "/w/deadlines/telling", "/w/notices"):
        assert official.get(address).status_code == 403
        assert Client().get(address).status_code in (302, 401)
