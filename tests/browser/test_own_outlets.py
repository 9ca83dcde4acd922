"""A company files and alters an outlet in three clicks from home."""

import pytest
from playwright.sync_api import Page, expect

from suyuan.server.accounts.models import Role
from suyuan.server.registry.services.outlet_filing import file_outlet
from tests.browser.conftest import Visit
from tests.server.cast import Cast
from tests.server.registry.outlet_rows import author, row
from tests.server.web.people import person

WINDOWS = pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])


def to_the_list(page: Page) -> None:
    """The first click, by the menu (on a phone it is folded)."""
    if not page.locator(".menu[open]").count():
        page.locator(".menu summary").click()
    page.locator(".menu a[href='/w/outlets']").click()


@WINDOWS
def test_an_outlet_is_filed_and_altered_in_three_clicks(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    file_outlet(author(cast.collector), row(cast.collector.code, "O1", commissioned_by=cast.carmaker.code))
    officer = person("wang@example.com", Role.DATA_OFFICER, cast.collector.scope, "王工")
    window = visit(officer, language=language, phone=phone, tolerate=("status of 422",))
    page = window.go("/account")
    to_the_list(page)  # 1
    assert window.faults() == []
    assert window.overflow_px() <= 0
    window.shoot("own-outlets")
    page.locator("main a[href='/w/outlets/new']").click()  # 2
    window.shoot("own-outlet-new")
    assert window.faults() == []
    assert window.overflow_px() <= 0
    for name, value in (("name", "新网点(模拟)"), ("code", "N1"), ("division", "330200"), ("address", "模拟路9号")):
        page.fill(f"#field-{name}", value)
    page.fill("#field-hours", "whenever")
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".invalid")).to_have_count(1)
    assert window.faults() == []
    window.shoot("own-outlet-wrong")
    page.fill("#field-hours", "Mo-Fr 09:00-17:00")
    page.locator("main form button[type=submit]").click()  # 3
    page.wait_for_url("**/w/outlets/*")
    expect(page.locator("#notices .alert-success")).to_be_visible()
    page = window.go("/account")
    to_the_list(page)  # 1
    page.locator("main tbody a", has_text="甬江网点").click()  # 2
    window.shoot("own-outlet")
    assert window.faults() == []
    assert window.overflow_px() <= 0
    page.fill("#field-phone", "0574-99999999")
    page.locator("form[action$='/change'] button").click()  # 3
    page.locator("#notices .alert-success").wait_for()
    assert page.locator("#field-phone").input_value() == "0574-99999999"
