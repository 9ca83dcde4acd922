"""From a warning, or an overdue duty, to the notice in three clicks; the company answers; an inspection is signed."""

import pytest
from playwright.sync_api import expect

from suyuan.server.accounts.models import Role
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.scope import Scope
from tests.browser.conftest import Visit
from tests.server.cases.docket import PDF, SHENZHEN, Docket, plan
from tests.server.cast import Cast
from tests.server.web.people import Somebody, person

WINDOWS = pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])
CITY = Scope.of_city("440300")


@pytest.fixture
def docket(cast: Cast, clock: FixedClock) -> Docket:
    return Docket.with_trouble(cast, clock)


@pytest.fixture
def official(docket: Docket) -> Somebody:
    return person("official@example.com", Role.OFFICIAL, CITY, "陈科长")


@WINDOWS
@pytest.mark.parametrize("listing", ["alerts", "duties"])
def test_three_clicks_to_the_notice(
    docket: Docket, official: Somebody, visit: Visit, language: str, phone: bool, listing: str
) -> None:
    docket.late_duty()
    window = visit(official, language=language, phone=phone)
    page = window.go("/g/cases")
    if phone:
        page.locator(".menu summary").click()
    page.locator(f".menu a[href='/g/{listing}']").click()  # 1
    assert window.faults() == []
    assert window.overflow_px() <= 0
    window.shoot(listing)
    page.locator("button[name=only]").first.click()  # 2
    assert window.faults() == []
    assert window.overflow_px() <= 0
    window.shoot(f"case-of-{listing}")
    page.locator("#act button.btn-primary").click()  # 3
    expect(page.locator("#notices .alert-success")).to_be_visible()
    expect(page.locator(".life .letter")).to_have_count(1)
    window.shoot(f"notice-of-{listing}")


@WINDOWS
def test_the_company_answers(docket: Docket, visit: Visit, language: str, phone: bool) -> None:
    number = docket.told()
    officer = person("wang@example.com", Role.DATA_OFFICER, docket.cast.maker.scope, "王工")
    window = visit(officer, language=language, phone=phone)
    page = window.go("/w/cases")
    assert window.faults() == []
    assert window.overflow_px() <= 0
    page.locator(f"a[href='/w/cases/{number}']").first.click()
    assert window.faults() == []
    assert window.overflow_px() <= 0
    window.shoot("letter-received")
    page.locator("#note").fill("货车当天晚到一天，单据见附件。")
    page.locator("#files").set_input_files({"name": "单据.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.locator("#act button.btn-primary").click()
    expect(page.locator(".life a", has_text="单据.pdf")).to_have_count(1)
    window.shoot("answered")


@WINDOWS
def test_an_inspection_is_signed_by_hand(
    docket: Docket, official: Somebody, visit: Visit, language: str, phone: bool
) -> None:
    number = docket.told()
    docket.step(number, SHENZHEN, "plan_inspection", plan=plan(), seen=False)
    window = visit(official, language=language, phone=phone)
    page = window.go(f"/g/cases/{number}/inspection")
    assert window.faults() == []
    assert window.overflow_px() <= 0
    window.shoot("inspection")
    for box in page.locator("input[value=met]").all():
        box.check()
    page.locator("#name-authority").fill("陈科长")
    page.locator("#office-authority").fill("科长")
    page.locator("#name-company").fill("林店长")
    page.locator("#office-company").fill("店长")
    page.locator("#method-company").select_option("drawn")
    canvas = page.locator("[data-sign=company] canvas")
    canvas.scroll_into_view_if_needed()
    frame = canvas.bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 20, frame["y"] + 20)
    page.mouse.down()
    page.mouse.move(frame["x"] + 120, frame["y"] + 60, steps=5)
    page.mouse.up()
    window.shoot("signed")
    page.locator("form.wide-form button.btn-primary").click()
    expect(page.locator("#onsite ~ div a", has_text="signature-company.png")).to_have_count(1)
    assert window.faults() == []
    assert window.overflow_px() <= 0
    window.shoot("inspected")


def test_without_scripts_a_name_is_typed(docket: Docket, official: Somebody, visit: Visit) -> None:
    number = docket.told()
    docket.step(number, SHENZHEN, "plan_inspection", plan=plan(), seen=False)
    window = visit(official, scripts=False)
    page = window.go(f"/g/cases/{number}/inspection")
    expect(page.locator("canvas").first).not_to_be_visible()
    for box in page.locator("input[value=met]").all():
        box.check()
    for name, value in (("name-authority", "陈"), ("office-authority", "科长"), ("refused", "负责人不在")):
        page.locator(f"#{name}").fill(value)
    page.locator("form.wide-form button.btn-primary").click()
    expect(page.get_by_text("负责人不在").first).to_be_visible()


@WINDOWS
def test_the_pages_of_rules_are_accessible(
    docket: Docket, official: Somebody, visit: Visit, language: str, phone: bool
) -> None:
    record, duty = docket.late_duty()
    window = visit(official, language=language, phone=phone)
    rule = "/g/alerts/rules/handover.without_receipt"
    addresses = {
        "alert": f"/g/alerts/{docket.finding}",
        "rules": "/g/alerts/rules",
        "rule": f"{rule}?try=1&limit.days=365",
        "duty": f"/g/duties/{record}/{duty}",
        "complaints": "/g/complaints",
    }
    for name, address in addresses.items():
        window.go(address)
        assert window.faults() == [], address
        assert window.overflow_px() <= 0, address
        window.shoot(name)
