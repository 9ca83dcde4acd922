"""Cases on pages: from a finding to the notice, answer, inspection and closure; who may, who may not, what is kept."""

import base64
import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from suyuan.server.accounts.models import Role
from suyuan.server.accounts.queries.people import deeds
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from tests.server.cases.docket import ITEMS, PDF, PNG, SHENZHEN, Docket
from tests.server.cast import Cast
from tests.server.web.people import person

CITY = Scope.of_city("440300")


@pytest.fixture
def docket(cast: Cast, clock: FixedClock) -> Docket:
    return Docket.with_trouble(cast, clock)


@pytest.fixture
def official(docket: Docket) -> Client:
    return person("official@example.com", Role.OFFICIAL, CITY, "陈科长").client("en")


@pytest.fixture
def officer(docket: Docket) -> Client:
    return person("officer@example.com", Role.DATA_OFFICER, docket.cast.maker.scope, "王工").client("en")


def text(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, answer.content.decode()[-2000:]
    return answer.content.decode()


def known(page: str) -> str:
    found = re.search(r'name="known" value="(\d+)"', page)
    assert found
    return found[1]


def step(browser: Client, address: str, kind: str, expect: int = 302, /, **more: Any) -> str:
    """Take a step on what the page shows now; what is answered."""
    told: Mapping[str, Any] = {"step": kind, "known": known(text(browser, f"{address}?step={kind}")), **more}
    answer = browser.post(f"{address}/step", told)
    assert answer.status_code == expect, answer.content.decode()[-3000:]
    return answer.content.decode()


def opened(browser: Client, docket: Docket) -> str:
    answer = browser.post("/g/cases/open", {"only": f"f{docket.finding}"})
    assert answer.status_code == 302
    return answer["Location"]


def test_from_a_finding_to_the_notice_and_the_answer(docket: Docket, official: Client, officer: Client) -> None:
    address = opened(official, docket)
    own = address.replace("/g/", "/w/")
    assert text(officer, own, 404)  # nobody has written to it yet
    page = text(official, address)
    assert 'name="letter"' in page
    assert "Request for an explanation" in page
    step(official, address, "notice", letter="explanation", note="please hurry")
    assert "waiting for an answer" in text(official, address)
    told = text(officer, own)
    assert "please hurry" in told
    assert "To " in told  # the letter
    assert "Internal" not in told
    file = SimpleUploadedFile("answer.pdf", PDF)
    step(officer, own, "answer", note="it was lost <b>on the way</b>", files=file)
    page = text(official, address)
    assert "it was lost &lt;b&gt;on the way&lt;/b&gt;" in page
    (link,) = set(re.findall(r"/cases/\d+/files/\d+", page))
    fetched = official.get(link)
    assert (fetched.content, fetched["Content-Disposition"]) == (PDF, 'attachment; filename="answer.pdf"')
    acts = [deed.act for _, deed in deeds(CITY)]
    assert acts.count("case.opened") == 1
    assert acts.count("case.step") == 1


def test_who_has_nothing_to_do_with_it_gets_what_an_unknown_one_gets(docket: Docket, official: Client) -> None:
    address = opened(official, docket)
    number = address.rpartition("/")[2]
    step(official, address, "notice", letter="explanation")
    others = [
        (person("fu@example.com", Role.OFFICIAL, Scope.of_province("350000")).client("en"), address),
        (person("car@example.com", Role.ADMIN, docket.cast.carmaker.scope).client("en"), f"/w/cases/{number}"),
    ]
    for browser, where in others:
        unknown = where.replace(number, "999")
        for each in ("", "/step"):
            there = (
                browser.post(f"{where}/step", {"step": "note", "known": "1", "note": "x"})
                if each
                else browser.get(where)
            )
            none = (
                browser.post(f"{unknown}/step", {"step": "note", "known": "1", "note": "x"})
                if each
                else browser.get(unknown)
            )
            assert (there.status_code, none.status_code) == (404, 404)
        listing = text(browser, where.rpartition("/")[0])
        assert where not in listing
    for what in ("form", "papers/1", "files/1"):
        assert others[1][0].get(f"/cases/{number}/{what}").status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER])
def test_who_only_reads_sees_the_case_and_cannot_act(docket: Docket, official: Client, role: Role) -> None:
    reader = person("reader@example.com", role, CITY).client("en")
    assert reader.post("/g/cases/open", {"only": f"f{docket.finding}"}).status_code == 403
    address = opened(official, docket)
    page = text(reader, address)
    assert "Your role may read, not act" in page
    assert "<textarea" not in page
    answer = reader.post(f"{address}/step", {"step": "note", "known": "1", "note": "x"})
    assert answer.status_code == 403
    step(official, address, "notice", letter="explanation")
    clerk = person("clerk@example.com", Role.CLERK, docket.cast.maker.scope).client("en")
    own = address.replace("/g/", "/w/")
    assert "Your role may read, not act" in text(clerk, own)
    assert clerk.post(f"{own}/step", {"step": "answer", "known": "2", "note": "x"}).status_code == 403
    assert clerk.get(address).status_code == 403  # the page of authorities


def test_what_changed_meanwhile_is_shown_and_nothing_is_lost(docket: Docket, official: Client, officer: Client) -> None:
    address = opened(official, docket)
    before = known(text(official, f"{address}?step=note"))
    number = int(address.rpartition("/")[2])
    docket.step(number, SHENZHEN, "note", note="a colleague was here")
    told = {"step": "note", "known": before, "note": "my own thought", "files": SimpleUploadedFile("a.png", PNG)}
    answer = official.post(f"{address}/step", told)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The case went on while you wrote" in page
    assert "a colleague was here" in page
    assert "my own thought</textarea>" in page
    kept = re.search(r'name="attachment" id="h-\d+" value="(\d+)" checked', page)
    assert kept
    again = {"step": "note", "known": known(page), "note": "my own thought", "attachment": kept[1]}
    assert official.post(f"{address}/step", again).status_code == 302
    assert "a.png" in text(official, address)


def test_a_letter_is_shown_before_it_goes_out(docket: Docket, official: Client, officer: Client) -> None:
    address = opened(official, docket)
    page = step(
        official, address, "notice", 200, letter="talk", preview="1", note="bring the books", count="7", unit="month"
    )
    assert "Preview (not sent)" in page
    assert "bring the books" in page
    assert "open</span>" in page  # the state is what it was
    assert text(officer, address.replace("/g/", "/w/"), 404)
    assert "case.step" not in [deed.act for _, deed in deeds(CITY)]


@pytest.mark.parametrize(
    "told",
    [{"count": "x"}, {"count": "0"}, {"letter": "love"}, {"basis": "no.such"}, {"unit": "moon", "count": "2"}],
)
def test_a_form_that_cannot_be_is_refused_beside_itself(docket: Docket, official: Client, told: dict[str, Any]) -> None:
    address = opened(official, docket)
    page = step(official, address, "notice", 422, **{"letter": "explanation", "note": "kept", **told})
    assert 'role="alert"' in page
    assert "kept</textarea>" in page


def test_an_inspection_is_planned_printed_and_entered(docket: Docket, official: Client, officer: Client) -> None:
    address = opened(official, docket)
    number = address.rpartition("/")[2]
    plan = {
        "plan_on": "2026-11-20",
        "place": "Longgang",
        "checklist": "records",
        "inspector-0": "Chen",
        "office-0": "head",
    }
    step(official, address, "plan_inspection", seen="0", **plan)
    paper = official.get(f"/cases/{number}/form")
    assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
    form = text(official, f"{address}/inspection")
    assert form.count("<legend") == len(ITEMS) + 2
    told: dict[str, Any] = {"known": known(form), "on": "2026-11-20", "on_paper": "1"}
    told |= {f"result-records.{name}": "met" for name in ITEMS[:-1]} | {f"result-records.{ITEMS[-1]}": "not_met"}
    told |= {"name-authority": "Chen", "office-authority": "head", "method-authority": "typed"}
    told |= {"name-company": "Lin", "office-company": "manager", "method-company": "drawn"}
    told["drawn-company"] = "data:image/png;base64," + base64.b64encode(PNG).decode()
    photo = {f"photos-records.{ITEMS[-1]}": SimpleUploadedFile("shelf.png", PNG + b"2")}
    refused = official.post(f"{address}/inspection/enter", {**told, **photo})
    page = refused.content.decode()
    assert refused.status_code == 422  # what is not met needs a remark
    held = dict(re.findall(r'name="(held-[a-z_.]+)" value="(\d+)"', page))
    assert set(held) == {f"held-records.{ITEMS[-1]}", "held-company"}
    told |= {f"remark-records.{ITEMS[-1]}": "two receipts are missing", "attachment": [*held.values()], **held}
    told["drawn-company"] = ""
    assert official.post(f"{address}/inspection/enter", told).status_code == 302
    page = text(official, address)
    assert "two receipts are missing" in page
    assert "shelf.png" in page
    assert "signature-company.png" in page
    assert "Lin (manager)" in page
    assert official.get(f"{address}/inspection").status_code == 409
    assert officer.get(f"{address}/inspection").status_code == 403


@pytest.mark.parametrize("drawn", ["data:image/png;base64,@@", "javascript:alert(1)", "data:image/png;base64,"])
def test_a_drawn_signature_is_a_picture(docket: Docket, official: Client, drawn: str) -> None:
    address = opened(official, docket)
    plan: dict[str, Any] = {
        "plan_on": "2026-11-20",
        "place": "L",
        "checklist": "records",
        "inspector-0": "Chen",
        "office-0": "head",
    }
    step(official, address, "plan_inspection", seen="0", **plan)
    told = {f"result-records.{name}": "met" for name in ITEMS}
    told |= {"known": "2", "on": "2026-11-20", "name-company": "Lin", "office-company": "m"}
    told |= {"method-company": "drawn", "drawn-company": drawn}
    assert official.post(f"{address}/inspection/enter", told).status_code == 422


def test_the_whole_way_to_the_end_and_sharing(docket: Docket, official: Client, officer: Client) -> None:
    address = opened(official, docket)
    own = address.replace("/g/", "/w/")
    step(official, address, "share", division="350000", note="they know the driver")
    step(official, address, "order", letter="rectification", count="10", unit="working_day")
    step(officer, own, "report_done", note="done")
    step(official, address, "pass_review", note="seen")
    step(official, address, "decide", outcome="warned", note="as said")
    step(official, address, "close")
    page = text(official, address)
    assert "There is nothing for you" not in page  # it can be opened again
    assert 'value="reopen"' in text(official, f"{address}?step=reopen")
    fujian = person("fu@example.com", Role.OFFICIAL, Scope.of_province("350000")).client("en")
    assert "they know the driver" in text(fujian, address)
    assert "they know the driver" not in text(officer, own)
    assert 'href="/g/cases/' not in text(official, "/g/cases").partition("<main")[2].partition("tbl-wrap")[2]
    assert address in text(official, "/g/cases?all=1")
    assert address in text(official, "/g/cases?f.state=closed")


def test_escalating_offers_who_is_above_and_handing_down_who_is_below(docket: Docket, official: Client) -> None:
    address = opened(official, docket)
    page = text(official, f"{address}?step=escalate")
    assert re.findall(r'<option value="(\w+:\d*)"', page) == ["province:440000", "nation:"]
    step(official, address, "escalate", authority="province:440000", note="too large")
    page = text(official, address)
    assert "Escalate" in page
    province = person("gd@example.com", Role.OFFICIAL, Scope.of_province("440000")).client("en")
    below = re.findall(r'<option value="(\w+:\d*)"', text(province, f"{address}?step=hand_down"))
    assert "city:440300" in below
    assert all(":44" in each for each in below)


def test_further_findings_and_duties_can_be_added(docket: Docket, official: Client) -> None:
    record, duty = docket.late_duty()
    address = opened(official, docket)
    page = text(official, f"{address}?step=add_subjects")
    assert f'value="d{record}:{duty}"' in page
    step(official, address, "add_subjects", subject=f"d{record}:{duty}")
    assert f'value="d{record}:{duty}"' not in text(official, f"{address}?step=add_subjects")
    assert f"/g/duties/{record}/{duty}" in text(official, address)


def test_every_reading_is_noted(docket: Docket, official: Client) -> None:
    address = opened(official, docket)
    number = address.rpartition("/")[2]
    text(official, address)
    text(official, f"/g/alerts/{docket.finding}")
    with cursor() as run:
        rows = run.execute("SELECT act, subject FROM accounts_access ORDER BY 1").fetchall()
    assert ("case", number) in rows
    assert ("finding", str(docket.finding)) in rows


def test_papers_and_receipts_are_for_who_may_read_them(docket: Docket, official: Client) -> None:
    address = opened(official, docket)
    page = text(official, address)
    (link,) = set(re.findall(r"/cases/\d+/papers/\d+(?=\")", page))
    assert official.get(link)["Content-Type"] == "application/octet-stream"
    assert official.get(f"{link}/receipt").status_code == 409  # not in the log yet
    assert person("r@example.com", Role.ADMIN, docket.cast.maker.scope).client("en").get(link).status_code == 404


@pytest.mark.parametrize("keys", [{}, {"only": "f999999"}, {"only": "x"}, {"only": "dnot:a"}, {"row": ["f1", "fx"]}])
def test_a_case_about_nothing_is_not_opened(docket: Docket, official: Client, keys: dict[str, Any]) -> None:
    assert official.post("/g/cases/open", keys).status_code in (404, 422)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_empty_lists_say_so(cast: Cast, language: str) -> None:
    browser = person("e@example.com", Role.OFFICIAL, CITY).client(language)
    for address in ("/g/cases", "/g/alerts", "/g/duties", "/g/complaints"):
        assert "state-empty" in text(browser, address)
    company = person("c@example.com", Role.ADMIN, cast.maker.scope).client(language)
    assert "state-empty" in text(company, "/w/cases")
