"""Officials before a real browser: down one level a click, a report in two, what is lost sight of in one; the wall."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from suyuan.server.accounts.models import Role
from suyuan.server.web import mappack
from tests.browser.conftest import Visit
from tests.server.cast import Cast
from tests.server.web.oversight.living import YEAR, lived
from tests.server.web.oversight.maps import packed
from tests.server.web.people import person

WINDOWS = pytest.mark.parametrize(
    ("language", "phone"), [("zh-CN", False), ("en", False), ("zh-CN", True), ("en", True)]
)
PAGES = (
    "/g",
    "/g?tab=table",
    "/g?area=330000",
    "/g/flows",
    "/g/rows?of=unaccounted",
    "/g/enterprises",
    "/g/calendar",
    "/g/reports",
    "/g/reports/compare",
)


@WINDOWS
def test_every_page_can_be_used(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    lives = lived(cast)
    official = person("official@example.com", Role.OFFICIAL, cast.nation.scope, "陈处")
    window = visit(official, language=language, phone=phone)
    for address in (*PAGES, f"/g/enterprises/{lives.cast.dismantler.code}"):
        page = window.go(address)
        page.wait_for_load_state("networkidle")
        window.shoot("oversight" + address.replace("/", "-").replace("?", "-").replace("=", "-")[:30])
        assert window.overflow_px() <= 0, address
        assert window.faults() == [], address


def test_down_to_a_company_one_click_a_level(cast: Cast, visit: Visit) -> None:
    lives = lived(cast)
    official = person("official@example.com", Role.OFFICIAL, cast.nation.scope)
    page = visit(official).go("/g")
    page.locator(".region a[href='/g?area=330000']").click()
    page.locator("a[href='/g?area=330300']").first.click()
    page.locator(f"a[href='/g?area={lives.cast.dismantler.code}']").first.click()
    expect(page.locator(".kpi")).to_have_count(6)
    page.locator(".kpi .big a[href*='unaccounted']").click()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_what_is_lost_sight_of_in_one_click(cast: Cast, visit: Visit) -> None:
    lived(cast)
    official = person("official@example.com", Role.OFFICIAL, cast.nation.scope)
    page = visit(official, scripts=False).go("/g")
    page.locator(".kpi .big a[href='/g/rows?of=unaccounted']").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    page.locator("a[href$='tab=table']").click()  # all provinces beside each other
    expect(page.locator("tbody tr").first).to_be_visible()


def test_a_monthly_report_in_two_clicks(cast: Cast, visit: Visit, tmp_path: Path) -> None:
    lived(cast)
    official = person("official@example.com", Role.OFFICIAL, cast.zhejiang.scope)
    page = visit(official).go("/g")
    page.locator(".menu a[href='/g/reports']").click()
    with page.expect_download() as kept:
        page.locator("button[value=xlsx]").first.click()
    kept.value.save_as(tmp_path / "report.xlsx")
    assert (tmp_path / "report.xlsx").read_bytes()[:2] == b"PK"


def test_a_ribbon_leads_to_its_batteries(cast: Cast, visit: Visit) -> None:
    lived(cast)
    official = person("official@example.com", Role.OFFICIAL, cast.nation.scope)
    page = visit(official, language="en").go(f"/g/flows?period={YEAR}")
    page.locator("[data-chart] canvas").first.wait_for()
    page.locator("figure details summary").click()
    page.locator("figure tbody a").first.click()
    assert page.locator("tbody tr").count() > 0


def test_the_wall_goes_round(cast: Cast, visit: Visit) -> None:
    lived(cast)
    official = person("official@example.com", Role.OFFICIAL, cast.nation.scope)
    window = visit(official)
    window.page.set_viewport_size({"width": 1920, "height": 1080})
    for slide in ("map_in_service", "map_unaccounted", "flows", "trend", "ranking"):
        page = window.go(f"/g/wall?slide={slide}&stop=1")
        page.wait_for_load_state("networkidle")
        window.shoot(f"wall-{slide}")
        assert window.overflow_px() <= 0, slide
        assert window.faults() == [], slide


def test_a_map_that_was_installed(cast: Cast, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(cast)
    monkeypatch.setattr(settings, "HOME", tmp_path)
    mappack.install(mappack.read_pack(packed()))
    official = person("official@example.com", Role.OFFICIAL, cast.nation.scope)
    window = visit(official)
    page = window.go("/g?tab=map")
    page.locator("[data-chart='region-map'] canvas").first.wait_for()
    window.shoot("oversight-map")
    assert window.faults() == []
    page.locator("[data-chart='region-map']").click(position={"x": 400, "y": 300})
