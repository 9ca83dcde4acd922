"""The shared parts in a browser: accessible, inside the policy, on a desk and in a hand, and alive."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.browser import showcase
from tests.browser.conftest import Visit
from tests.server.cast import Cast


@pytest.fixture(autouse=True)
def with_showcase(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.urls import set_urlconf

    monkeypatch.setattr(settings, "ROOT_URLCONF", "tests.browser.showcase")
    set_urlconf(None)
    showcase.asked["progress"] = 0


@pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])
def test_every_part_is_accessible_and_alive(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    window = visit(language=language, phone=phone)
    page = window.go("/showcase")
    page.locator("#progress[hx-get]").wait_for(state="detached")  # asked again until it ended, then swapped out
    page.locator("[data-chart='flows'] canvas").wait_for()
    page.locator("[data-chart='trend'] canvas").wait_for()
    window.shoot("parts")
    assert window.faults() == []
    assert window.overflow_px() <= 0


def test_parts_answer_to_hand_and_keyboard(cast: Cast, visit: Visit) -> None:
    window = visit(language="en")
    page = window.go("/showcase")
    page.locator(".kin details:not([open]) > summary").click()
    page.get_by_text("DEEP").wait_for()
    page.locator("[data-check-all]").check()
    expect(page.locator("input[name=row]:checked")).to_have_count(7)
    page.locator("select[name='f.state']").select_option("a")
    page.wait_for_url("**f.state=a**")
    page.locator("details.explain summary").first.press("Enter")
    expect(page.locator("details.explain[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("details.explain[open]")).to_have_count(0)
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page.get_by_role("link", name="Guangdong")).to_be_visible()


def test_every_part_is_there_without_a_script(cast: Cast, visit: Visit) -> None:
    window = visit(language="en", scripts=False)
    page = window.go("/showcase")
    page.locator(".kin details:not([open]) > summary").click()
    expect(page.get_by_role("link", name="Show what lies below")).to_have_count(1)
    expect(page.locator(".region a")).to_have_count(34)
    page.locator("figure summary").first.click()
    expect(page.get_by_role("cell", name="unaccounted")).to_be_visible()
