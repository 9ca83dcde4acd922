"""Warnings, their rules, overdue duties and what the public reported: shown, judged, tried, tuned, and for whom."""

import re

import pytest
from django.db import transaction
from django.test import Client

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, sentence
from suyuan.server.accounts.models import Role
from suyuan.server.cases.queries.cases import cases_about
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.alerts import STATES, Desk, alert, alerts, count_alerts, records_of
from suyuan.server.supervision.queries.catalogue import detectors
from suyuan.server.supervision.queries.complaints import complaints
from suyuan.server.supervision.queries.evidence.groups import GROUPS
from suyuan.server.supervision.services.complaints import Evidence, Report, complain
from suyuan.server.supervision.services.detecting import detect
from tests.server.cases.docket import PDF, Docket
from tests.server.cast import Cast
from tests.server.web.people import person

CITY, FUJIAN, NATION = Scope.of_city("440300"), Scope.of_province("350000"), Scope.of_nation()


@pytest.fixture
def docket(cast: Cast, clock: FixedClock) -> Docket:
    return Docket.with_trouble(cast, clock)


def official(scope: Scope, role: Role = Role.OFFICIAL, language: str = "en") -> Client:
    login = f"{role.value}{scope.division or 'nation'}@example.com"
    return person(login, role, scope, "陈科长").client(language)


def text(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, answer.content.decode()[-1500:]
    return answer.content.decode()


def test_a_warning_is_listed_opened_and_taken_up(docket: Docket) -> None:
    browser = official(CITY)
    listing = text(browser, "/g/alerts")
    assert "handed over, and no receipt reported" in listing
    assert f'value="f{docket.finding}"' in listing
    page = text(browser, f"/g/alerts/{docket.finding}")
    assert "dismantler.handover" in page  # the law it rests on
    assert "60" in page  # its limit
    kinds = {one.label.en for one in vocabulary().kinds.values()}
    assert any(f"<td>{kind}</td>" in page for kind in kinds)  # the record that speaks for it
    assert re.search(r'href="/b/[0-9A-Z]+"', page)
    where = browser.post("/g/cases/open", {"row": [f"f{docket.finding}"]})["Location"]
    listing = text(browser, "/g/alerts")
    assert f'href="{where}"' in listing
    assert f'name="only" value="f{docket.finding}"' not in listing
    assert browser.post("/g/cases/open", {"only": f"f{docket.finding}"}).status_code == 409


@pytest.mark.parametrize("query", ["f.severity=high", "f.detector=vehicle.two", "f.company=Nobody", "f.state=gone"])
def test_filters_leave_out_the_rest(docket: Docket, query: str) -> None:
    assert "state-empty" in text(official(CITY), f"/g/alerts?{query}")


def test_another_area_sees_neither_list_nor_warning(docket: Docket) -> None:
    browser = official(FUJIAN)
    assert "state-empty" in text(browser, "/g/alerts")
    text(browser, f"/g/alerts/{docket.finding}", 404)
    text(browser, "/g/alerts/999999", 404)
    told = {"judgement": "confirmed", "note": ""}
    assert browser.post(f"/g/alerts/{docket.finding}/judge", told).status_code == 404
    assert browser.post("/g/cases/open", {"only": f"f{docket.finding}"}).status_code == 404
    company = person("c@example.com", Role.ADMIN, docket.cast.maker.scope).client("en")
    for address in ("/g/alerts", f"/g/alerts/{docket.finding}", "/g/duties", "/g/complaints", "/g/alerts/rules"):
        text(company, address, 403)


def test_the_queries_ask_for_the_scope(docket: Docket) -> None:
    with cursor() as run:
        for state in (*STATES, None):
            assert not alerts(run, FUJIAN, Desk(state=state)).rows
            assert count_alerts(run, FUJIAN, Desk(state=state)) == (0, True)
        with pytest.raises(Missing):
            alert(run, FUJIAN, docket.finding)
        with pytest.raises(Missing):
            records_of(run, FUJIAN, docket.finding)
        (one,) = records_of(run, CITY, docket.finding).rows
        assert one.kind in vocabulary().kinds
        docket.open()
        assert cases_about(run, CITY, [docket.finding])
        assert not cases_about(run, FUJIAN, [docket.finding])


def test_pages_go_by_key(docket: Docket) -> None:
    with cursor() as run:
        first = alerts(run, NATION, Desk(state=None), limit=1)
        if first.following:
            second = alerts(run, NATION, Desk(state=None), limit=1, cursor=first.following)
            assert second.rows[0].number < first.rows[0].number


def test_judgements_are_counted_as_the_rate_of_false_alarms(docket: Docket) -> None:
    browser, address = official(CITY), f"/g/alerts/{docket.finding}/judge"
    assert browser.post(address, {"judgement": "false_positive", "note": " "}).status_code == 422
    assert browser.post(address, {"judgement": "perhaps", "note": "x"}).status_code == 422
    assert official(CITY, Role.VIEWER).post(address, {"judgement": "confirmed"}).status_code == 403
    assert browser.post(address, {"judgement": "false_positive", "note": "a drill <i>"}).status_code == 302
    page = text(browser, f"/g/alerts/{docket.finding}")
    assert "a drill &lt;i&gt;" in page
    assert 'name="only"' not in page  # what is called false is not taken up
    assert "100.0%" in text(browser, "/g/alerts/rules")
    assert "100.0%" in text(browser, "/g/alerts/rules/handover.without_receipt")
    assert "100.0%" not in text(official(FUJIAN), "/g/alerts/rules")


def test_other_limits_are_tried_and_nothing_is_written(docket: Docket) -> None:
    browser = official(CITY)
    rule = "/g/alerts/rules/handover.without_receipt"
    page = text(browser, f"{rule}?try=1&limit.days=365")
    told = [
        int(each.replace(",", ""))
        for each in re.findall(r"<dd>(?:<b>)?([\d,]+)(?:</b>)?</dd>", page.partition('id="tried"')[2])
    ]
    assert told == [1, 0, 0, 1, 0, 0]
    assert f'href="/g/alerts/{docket.finding}"' in page
    same = text(browser, f"{rule}?try=1")
    unchanged = re.findall(r"<dd>(?:<b>)?([\d,]+)(?:</b>)?</dd>", same.partition('id="tried"')[2])
    assert unchanged == ["1", "1", "0", "0", "0", "0"]
    other = text(official(FUJIAN), f"{rule}?try=1&limit.days=1")
    assert set(re.findall(r"<dd>(?:<b>)?([\d,]+)(?:</b>)?</dd>", other.partition('id="tried"')[2])) == {"0"}
    with cursor() as run:
        assert alerts(run, CITY, Desk()).rows


@pytest.mark.parametrize("typed", ["-1", "0", "x", "nan", "inf", "1e9"])
def test_a_limit_that_cannot_be_is_refused(docket: Docket, typed: str) -> None:
    text(official(CITY), f"/g/alerts/rules/handover.without_receipt?try=1&limit.days={typed}", 422)
    text(official(NATION), "/g/alerts/rules/no.such", 404)


def test_the_nation_tunes_and_the_next_look_obeys(docket: Docket) -> None:
    address, told = "/g/alerts/rules/handover.without_receipt/tune", {"limit.days": "365", "reason": "too many drills"}
    assert official(CITY).post(address, told).status_code == 403
    nation = official(NATION)
    assert nation.post(address, {"limit.days": "365", "reason": ""}).status_code == 422
    assert nation.post(address, told).status_code == 302
    page = text(nation, "/g/alerts/rules/handover.without_receipt")
    assert "too many drills" in page
    assert "陈科长" in page
    with transaction.atomic(), cursor() as run:
        detect(run, clock=docket.clock)
        assert alert(run, NATION, docket.finding).gone_at is not None


def test_overdue_duties_become_cases(docket: Docket) -> None:
    record, duty = docket.late_duty()
    browser, key = official(CITY), f"d{record}:{duty}"
    listing = text(browser, "/g/duties")
    assert f'name="only" value="{key}"' in listing
    assert "2026-10-12" in text(browser, f"/g/duties/{record}/{duty}")
    assert "state-empty" in text(browser, "/g/duties?f.state=due")
    assert "state-empty" not in text(browser, "/g/duties?f.company=鹏程")
    assert "state-empty" in text(official(FUJIAN), "/g/duties")
    text(official(Scope.of_city("350200")), f"/g/duties/{record}/{duty}", 404)
    where = browser.post("/g/cases/open", {"only": key})["Location"]
    assert f'href="{where}"' in text(browser, "/g/duties")
    assert 'name="letter"' in text(browser, where)


def test_what_the_public_reported(docket: Docket) -> None:
    report = Report(
        subject="company",
        about=docket.cast.maker.code,
        words="smoke <b>at night</b>",
        contact="13800000000",
        evidence=[Evidence("night.pdf", PDF)],
    )
    with transaction.atomic(), cursor() as run:
        complain(run, report, "web", docket.clock)
        number = complaints(run, NATION).rows[0].number
        detect(run, clock=docket.clock)
        (found,) = alerts(run, CITY, Desk(detector="public.complaint")).rows
    browser, address = official(CITY), f"/g/complaints/{number}"
    assert f'href="{address}"' in text(browser, f"/g/alerts/{found.number}")
    assert f'href="{address}"' in text(browser, "/g/complaints")
    page = text(browser, address)
    assert "smoke &lt;b&gt;at night&lt;/b&gt;" in page
    assert "13800000000" not in page
    assert browser.get(f"{address}/files/0").content == PDF
    assert "13800000000" in browser.post(f"{address}/contact").content.decode()
    assert "Contact opened" in text(browser, address)
    viewer = official(CITY, Role.VIEWER)
    assert viewer.post(f"{address}/contact").status_code == 403
    assert viewer.post(f"{address}/decide", {"outcome": "founded", "note": "x"}).status_code == 403
    for each in (address, f"{address}/files/0"):
        text(official(Scope.of_city("350200")), each, 404) if each == address else None
    assert browser.post(f"{address}/decide", {"outcome": "founded", "note": ""}).status_code == 422
    assert browser.post(f"{address}/decide", {"outcome": "unfounded", "note": "steam"}).status_code == 302
    assert browser.post(f"{address}/decide", {"outcome": "founded", "note": "x"}).status_code == 409
    assert "state-empty" in text(browser, "/g/complaints")
    assert address in text(browser, "/g/complaints?f.state=all")


@pytest.mark.parametrize("language", list(Language))
def test_every_limit_unit_and_figure_has_its_words(language: Language) -> None:
    names = {f"limit_{name}" for one in detectors().values() for name in one.parameters}
    names |= {
        f"unit_{'share' if each.unit == '1' else each.unit}"
        for one in detectors().values()
        for each in one.parameters.values()
    }
    for query in GROUPS.values():
        for built in re.findall(r"jsonb_build_object\((.*?)\) AS figures", query, re.DOTALL):
            names |= {f"figure_{name}" for name in re.findall(r"'([a-z_]+)',", built)}
    assert len(names) > 15
    assert [name for name in names if sentence(f"web_alerts.{name}", {}, language) == f"web_alerts.{name}"] == []
