"""The list of batteries and one battery, in real Chromium: two clicks from home to a life, a list exported in three."""

from datetime import date

import pytest
from playwright.sync_api import expect

from suyuan.server.accounts.models import Role
from tests.browser.conftest import Visit
from tests.server.answers.folding import Folded
from tests.server.cast import Cast
from tests.server.ledger.acting import module, pack
from tests.server.web.people import person

WINDOWS = pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])
TABS = ("life", "tree", "tests", "evidence", "corrections", "readers")


@pytest.fixture
def lives(cast: Cast) -> Folded:
    made = Folded(cast)
    code = made.installed(1, date(2020, 5, 10), sold_in="440300")
    made.removed(code, date(2024, 6, 1))
    made.handed(code, date(2024, 6, 20))
    made.made(2, date(2020, 5, 10))
    made.fold()
    return made


@WINDOWS
def test_from_home_to_a_battery(lives: Folded, visit: Visit, language: str, phone: bool) -> None:
    officer = person("wang@example.com", Role.DATA_OFFICER, lives.cast.maker.scope, "王工")
    window = visit(officer, language=language, phone=phone)
    page = window.go("/w")
    if phone and not page.locator(".menu[open]").count():
        page.locator(".menu summary").click()
    page.locator(".menu a[href='/w/batteries']").click()
    assert window.faults() == []
    assert window.overflow_px() <= 0
    window.shoot("batteries")
    page.locator(f"th a[href='/w/b/{pack(1)}']").click()
    assert page.locator(".life li").count() > 3
    for tab in TABS:
        page.locator(f".tabs a[href='?tab={tab}']").click()
        assert window.faults() == [], tab
        assert window.overflow_px() <= 0, tab
        window.shoot(f"battery-{tab}")
    page.locator(".tabs a[href='?tab=tree']").click()
    expect(page.get_by_text(module(1)).first).to_be_visible()


@WINDOWS
def test_a_view_and_an_export_without_scripts(lives: Folded, visit: Visit, language: str, phone: bool) -> None:
    officer = person("wang@example.com", Role.DATA_OFFICER, lives.cast.maker.scope, "王工")
    window = visit(officer, language=language, phone=phone, scripts=False)
    page = window.go("/w/batteries")
    page.locator(".tabs a[href='?f.attention=lost']").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("a[href^='/w/batteries/export?']").click()
    window.shoot("batteries-export")
    page.locator("form.panel button.btn-primary").click()
    expect(page.locator("#progress")).to_be_visible()
    window.shoot("batteries-exported")
