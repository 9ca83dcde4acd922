"""The workbench: what is counted is what the button opens, and everybody sees his own company."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils.html import escape

from suyuan.server.accounts.models import Role
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.scope import Scope
from suyuan.server.web.pages.workbench.quality import Quality, Share, Step, cheapest, gain
from suyuan.server.web.pages.workbench.standing import months_back
from tests.server.api.face import Face, pack
from tests.server.cast import Cast
from tests.server.counting import queries_of
from tests.server.web.owing import owed
from tests.server.web.people import person

TODAY = SYSTEM_CLOCK.today()
BROKEN = {**pack(2), "produced_on": "2999-01-01"}


@pytest.fixture
def officer(cast: Cast) -> Client:
    return person("officer@example.com", Role.DATA_OFFICER, cast.maker.scope).client("en")


def seen(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def test_nothing_to_do_is_said_kindly(officer: Client) -> None:
    text = seen(officer, "/w")
    assert "Nothing waits for you today" in text
    assert "Nothing has been sent yet" in text
    assert "There is nothing to score yet" in text


def test_each_task_opens_exactly_what_it_counts(cast: Cast, officer: Client) -> None:
    me = cast.maker.number
    for due in (TODAY - timedelta(days=9), TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=3)):
        owed(me, due)
    owed(me, TODAY + timedelta(days=4))
    owed(me, TODAY, done=TODAY)
    owed(cast.carmaker.number, TODAY - timedelta(days=1))
    text = seen(officer, "/w")
    for count, said, about in (
        (2, "Duties overdue: 2", "f.state=overdue"),
        (2, "Duties that come due within three days: 2", "f.state=due"),
    ):
        assert said in text
        (address,) = {a for a in re.findall(r'class="btn btn-primary" href="([^"]+)"', text) if about in a}
        opened = seen(officer, address.replace("&amp;", "&"))
        assert opened.count("/w/deadlines/duties/") == count
        assert f"{count} in all" in opened
    assert (TODAY + timedelta(days=4)).isoformat() in text  # of this week, in the list


def test_refused_records_lead_to_their_batch(cast: Cast, officer: Client) -> None:
    assert Face(cast.maker).submit(pack(1), BROKEN).status < 300
    text = seen(officer, "/w")
    assert "Refused records that wait to be corrected: 1 (batches: 1)" in text
    assert "/bad-rows" in text
    opened = seen(officer, "/w/submissions?f.mend=yes")
    assert opened.count("/bad-rows") == 1
    assert "(causes: 1, refused records: 1)" in text
    assert "50.0%" in text  # one of two records was taken in
    assert "/bad-rows" not in seen(person("o@e.com", Role.VIEWER, cast.carmaker.scope).client("en"), "/w")


def test_only_for_companies_and_an_outlet_has_no_totals(cast: Cast) -> None:
    assert Client().get("/w").status_code in (302, 401)
    official = person("official@example.com", Role.OFFICIAL, cast.guangdong.scope).client()
    assert official.get("/w").status_code == 403
    outlet = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    text = seen(person("clerk@example.com", Role.CLERK, outlet).client("en"), "/w")
    assert "not for outlets" in text
    assert escape("Quality of your data") not in text


def test_one_page_costs_as_many_queries_for_many_duties_as_for_few(cast: Cast, officer: Client) -> None:
    owed(cast.maker.number, TODAY)
    Face(cast.maker).submit(pack(1), BROKEN)
    seen(officer, "/w")
    with queries_of() as few:
        seen(officer, "/w")
    for day in range(12):
        owed(cast.maker.number, TODAY + timedelta(days=day))
    Face(cast.maker).submit(pack(3), {**pack(4), "produced_on": "2999-01-01"})
    with queries_of() as many:
        seen(officer, "/w")
    assert len(many) <= len(few)


def test_the_score_is_the_mean_of_what_is_known() -> None:
    assert Quality([Share("taken", 0, 0)], []).score is None
    shares = [Share("taken", 80, 100), Share("in_time", 0, 0), Share("found", 1, 1)]
    assert Quality(shares, []).score == pytest.approx(90)
    assert gain(shares, "taken", good=10) == pytest.approx(5)
    assert gain(shares, "found", of=1) == pytest.approx(-25)
    steps = [Step("mend", 4, 4, "/a", {}), Step("mend", 2, 1, "/b", {}), Step("keep", 0, 1, "/c", {})]
    assert [step.address for step in cheapest(steps)] == ["/b", "/a"]


def test_three_months_begin_on_their_first_day() -> None:
    period = months_back(date(2026, 1, 31))
    assert (period.start, period.end) == (date(2025, 11, 1), date(2026, 2, 1))
