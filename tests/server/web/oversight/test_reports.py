"""Reports: made in one step, the same under their number for ever, for who may; two periods beside each other."""

import json
from datetime import date

import fastexcel
import pytest
from django.test import Client

from suyuan.server.accounts.models import Role
from suyuan.server.kit.scope import Scope
from tests.server.answers.folding import Folded
from tests.server.supervision.watching import executed
from tests.server.web.people import Somebody, person

JUNE = {"order": "monthly:2026-06", "form": ""}


def made(browser: Client, home: str = "/g/reports", **order: str) -> str:
    answer = browser.post(home, {**JUNE, **order})
    assert answer.status_code == 303
    return str(answer["Location"])


@pytest.mark.parametrize(("form", "head"), [("xlsx", b"PK"), ("pdf", b"%PDF"), ("json", b"{")])
def test_a_file_comes_at_once(lives: Folded, minister: Somebody, form: str, head: bytes) -> None:
    browser = minister.client("en")
    file = browser.get(made(browser, form=form))
    assert file.status_code == 200
    assert file.content.startswith(head)
    assert f".{form}" in file["Content-Disposition"]


def test_the_same_number_brings_the_same_figures(lives: Folded, minister: Somebody) -> None:
    browser = minister.client("en")
    address = made(browser)
    before = browser.get(f"{address}.json").content
    assert made(browser) == address
    lives.installed(7, date(2026, 6, 20), "LSVAA2187E2100007", sold_in="330100")
    lives.fold()
    assert browser.get(f"{address}.json").content == before
    assert made(browser) != address
    page = browser.get(address).content.decode()
    assert address.rpartition("/")[2] in page
    assert executed("SELECT act FROM accounts_deed WHERE act = 'answer.report'")


def test_a_report_is_for_its_area(lives: Folded, minister: Somebody, provincial: Somebody) -> None:
    national, own = made(minister.client()), made(provincial.client())
    for address in (national, f"{national}.json", "/g/reports/00000000-0000-0000-0000-000000000000"):
        assert provincial.client().get(address).status_code == 404, address
    assert minister.client().get(own).status_code == 200
    assert provincial.client().post("/g/reports", {**JUNE, "area": "440000"}).status_code == 404
    assert national.rpartition("/")[2] not in provincial.client().get("/g/reports").content.decode()


def test_a_company_has_its_own(lives: Folded) -> None:
    officer = person("officer@example.com", Role.DATA_OFFICER, lives.cast.dismantler.scope).client("en")
    other = person("other@example.com", Role.DATA_OFFICER, lives.cast.utiliser.scope).client("en")
    address = made(officer, "/w/reports")
    assert address.startswith("/w/reports/")
    figures = json.loads(officer.get(f"{address}.json").content)
    assert figures["area"] == lives.cast.dismantler.code
    assert other.get(address).status_code == 404
    assert officer.get(address.replace("/w/", "/g/")).status_code == 403
    assert officer.get("/w/reports/compare").status_code == 200


def test_an_outlet_has_no_totals(lives: Folded) -> None:
    site = next(iter(lives.cast.collector.sites.values()))
    clerk = person("clerk@example.com", Role.CLERK, Scope.of_outlet(lives.cast.collector.number, site)).client("en")
    assert clerk.get("/w/reports").status_code == 403
    assert 'href="/w/reports"' not in clerk.get("/w/account").content.decode()


def test_a_wrong_order_is_said_beside_the_form(lives: Folded, minister: Somebody) -> None:
    for order in ("", "weekly:2026-06", "monthly:2026", "monthly:2099-01"):
        answer = minister.client("en").post("/g/reports", {"order": order})
        assert answer.status_code == 422 if order else answer.status_code in (422, 404), order
        assert 'role="alert"' in answer.content.decode()
    address = made(minister.client())
    assert minister.client().get(f"{address}.docx").status_code == 404


def test_two_periods_beside_each_other(lives: Folded, minister: Somebody) -> None:
    browser = minister.client("en")
    page = browser.get("/g/reports/compare?a=2026-04&b=2026-05&measure=retired").content.decode()
    assert "Zhejiang" in page
    assert ">+1<" in page
    file = browser.get("/g/reports/compare?a=2026-04&b=2026-05&measure=retired&format=xlsx")
    rows = fastexcel.read_excel(file.content).load_sheet(0).to_polars().rows()
    assert ("Zhejiang", None, 1, None) in rows or ("Zhejiang", 0, 1, 1) in rows
    assert "Both periods are the same" in browser.get("/g/reports/compare?a=2026-05&b=2026-05").content.decode()
    assert browser.get("/g/reports/compare?a=2099").status_code == 422
