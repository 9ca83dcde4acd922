"""What the public does: an outlet that takes my brand in one click, a code on a photo, a wrong entry, a report."""

from pathlib import Path

import pytest
import segno
from playwright.sync_api import expect

from suyuan.server.kit.connection import cursor
from suyuan.server.registry.services.outlet_filing import file_outlet, file_outlets
from tests.browser.conftest import Visit, Visitor
from tests.server.api.face import Face, pack, pack_code
from tests.server.cast import Cast
from tests.server.registry.outlet_rows import author, country, row

WINDOWS = pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])
ALL_WINDOWS = pytest.mark.parametrize(
    ("language", "phone"), [("zh-CN", False), ("zh-CN", True), ("en", False), ("en", True)]
)
NINGBO = {"longitude": 121.56, "latitude": 29.87}


@pytest.fixture
def outlets(cast: Cast) -> int:
    """Three in Ningbo, one of them with everything filed, and sixty far and wide; the number of that one."""
    by = author(cast.collector)
    whole = {
        "name": "甬江北岸动力电池回收服务网点(模拟)",
        "operator_name": "甬江报废车服务部(模拟)",
        "brands": "启明;钱江",
        "chemistries": "B E",
        "conditions": "whole damaged swollen",
        "capacity_kg": "4800",
        "hours": "周一至周日 00:00-24:00",
        "phone": "0574-00000001;0574-00000002",
    }
    file_outlet(by, row(cast.collector.code, "N1", **whole))
    file_outlet(by, row(cast.collector.code, "N2", longitude="121.60", latitude="29.90", brands="启明"))
    file_outlet(by, row(cast.collector.code, "N3", longitude=None, latitude=None, kind="outlet_central", phone=None))
    file_outlets(by, country(cast.collector.code, 60))
    with cursor() as run:
        ((site,),) = run.execute("SELECT number FROM registry_site WHERE code = 'N1'").fetchall()
    return int(site)


def sound(window: Visitor, picture: str) -> None:
    """Nothing serious, nothing wider than the window; a picture is kept."""
    window.shoot(picture)
    assert window.faults() == []
    assert window.overflow_px() <= 0


@ALL_WINDOWS
def test_one_click_to_an_outlet_that_takes_my_brand(
    cast: Cast, outlets: int, visit: Visit, language: str, phone: bool
) -> None:
    window = visit(language=language, phone=phone)
    page = window.go("/")
    sound(window, "front")
    page.fill("#brand", "启明")
    page.select_option("#city", "330200")  # the one click: choosing the city sends the form
    page.wait_for_url("**/outlets?*")
    expect(page.locator(".outlets > li")).to_have_count(2)
    expect(page.locator("#outlet-map .place-mark")).to_have_count(2)
    expect(page.locator(".outlets a[href^='tel:']").first).to_be_visible()
    sound(window, "outlets")
    page.locator(f".outlets a[href='/o/{outlets}']").click()
    sound(window, "outlet")


@WINDOWS
def test_one_click_to_the_nearest(cast: Cast, outlets: int, visit: Visit, language: str, phone: bool) -> None:
    window = visit(language=language, phone=phone)
    window.page.context.grant_permissions(["geolocation"])
    window.page.context.set_geolocation(NINGBO)  # type: ignore[arg-type]  # a plain mapping will do
    page = window.go("/")
    page.locator("button[data-near]").click()
    page.wait_for_url("**near=121.560**")
    expect(page.locator(".outlets > li")).to_have_count(20)
    assert page.locator(".outlets > li").first.get_attribute("id") == f"outlet-{outlets}"
    expect(page.locator("#outlet-map .place-mark")).to_have_count(21)  # and where I am
    sound(window, "outlets-near")
    page.locator("#outlet-map .place-mark[title^='2 ']").press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('href')").startswith("/o/")
    page.locator("a[rel=next]").click()
    expect(page.locator(".outlets > li")).to_have_count(20)


def test_who_gives_no_place_is_told(cast: Cast, outlets: int, visit: Visit) -> None:
    window = visit()
    window.page.context.clear_permissions()
    page = window.go("/outlets")
    page.evaluate("() => { navigator.geolocation.getCurrentPosition = (found, failed) => failed({ code: 1 }); }")
    page.locator("button[data-near]").click()
    expect(page.locator("#no-position")).to_be_visible()


def test_everything_without_scripts(cast: Cast, outlets: int, visit: Visit) -> None:
    window = visit(language="en", scripts=False)
    page = window.go("/")
    page.select_option("#city", "330200")
    page.locator(".front-outlets button[type=submit]").click()
    expect(page.locator(".outlets > li")).to_have_count(3)
    expect(page.locator("#outlet-map-part")).not_to_be_visible()
    expect(page.locator("button[data-near]")).not_to_be_visible()
    window.shoot("outlets-without-scripts")
    page.locator(f"#outlet-{outlets} a[href*='outlet_entry']").click()
    page.fill("#words", "The telephone number belongs to somebody else.")
    page.locator("main form button").click()
    expect(page.locator("#taken")).to_be_visible()


@WINDOWS
def test_a_wrong_entry_is_reported(cast: Cast, outlets: int, visit: Visit, language: str, phone: bool) -> None:
    window = visit(language=language, phone=phone, tolerate=("status of 422",))
    page = window.go(f"/o/{outlets}")
    page.locator("main a[href*='outlet_entry']").click()
    sound(window, "complain-entry")
    page.fill("#words", "这里已经搬走了")
    page.locator("main form button").click()
    assert len(page.locator("#taken").inner_text()) == 36
    sound(window, "complain-taken")
    page = window.go("/complain")
    sound(window, "complain")
    page.select_option("#subject", "battery")
    page.fill("#about", "nonsense")
    page.fill("#words", "假标签")
    page.locator("main form button").click()
    assert page.locator("#words").input_value() == "假标签"
    sound(window, "complain-refused")


@WINDOWS
def test_a_photo_of_a_label(cast: Cast, visit: Visit, tmp_path: Path, language: str, phone: bool) -> None:
    assert Face(cast.maker).submit(pack(1)).status < 300
    photo, empty = tmp_path / "label.png", tmp_path / "empty.png"
    segno.make(f"https://elsewhere.example/b/{pack_code(1)}").save(str(photo), scale=8)
    segno.make("hello").save(str(empty), scale=8, dark="white")
    window = visit(language=language, phone=phone, tolerate=("status of 422",))
    page = window.go("/")
    page.set_input_files("#photo", str(empty))
    page.locator("main [role=alert]").wait_for()
    sound(window, "front-photo")
    page.set_input_files("#photo", str(photo))
    page.wait_for_url(f"**/b/{pack_code(1)}")


@WINDOWS
def test_rules_fields_and_help(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    window = visit(language=language, phone=phone)
    page = window.go("/rules?on=2026-11-22")
    page.locator("summary", has_text="锂" if language == "zh-CN" else "lithium").first.click()
    sound(window, "rules")
    page = window.go("/rules/fields")
    page.select_option("#kind", "vehicle_sold")  # sends the form
    page.locator("main table").wait_for()
    sound(window, "fields")
    window.go("/help")
    sound(window, "help")
