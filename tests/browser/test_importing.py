"""Bulk reporting in a browser: three clicks for a large file, mending, without a script, by keyboard, on a phone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from suyuan.server.accounts.models import Role
from suyuan.server.submissions.models import State, Submission
from suyuan.server.submissions.services import work
from tests.browser.conftest import Visit
from tests.server.cast import Cast
from tests.server.submissions.files import csv, packs
from tests.server.submissions.test_submissions import events, spoiled
from tests.server.submissions.test_trying import wide
from tests.server.web.people import Somebody, person

PACKS = 2_500  # of eight rows each


@pytest.fixture
def officer(cast: Cast) -> Somebody:
    return person("officer@example.com", Role.DATA_OFFICER, cast.maker.scope, "陈晨")


def aside(act: Callable[[], object]) -> None:
    """Do something with the database in a thread of its own: the browser's driver has this one."""
    from django.db import connections

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@contextmanager
def at_work() -> Iterator[None]:
    """A worker that takes up what waits."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.1):
            for one in Submission.objects.filter(state=State.RECEIVED.value).order_by("number"):
                work(one.number)

    thread = threading.Thread(target=aside, args=[run])
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def choose(page: Page, place: Path, body: bytes, name: str) -> None:
    """Choose a file; that sends it."""
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(body)
    page.locator("#file").set_input_files(place / name)


def test_twenty_thousand_rows_in_three_clicks(officer: Somebody, visit: Visit, tmp_path: Path) -> None:
    large = pl.concat([spoiled(), packs(range(10, 10 + PACKS))])
    window = visit(officer, language="zh-CN")
    page = window.go("/w/import")
    choose(page, tmp_path, csv(large), "出库.csv")  # one
    expect(page.locator("#progress")).to_contain_text("正在排队")
    window.shoot("import-progress")
    assert window.faults() == []
    with at_work():
        page.get_by_role("button", name="导入 2,502 条正确数据").click()  # two; the page came by itself
        expect(page.get_by_text("2,502 条记录已入账，1 条有误未入账")).to_be_visible()
        page.get_by_role("button", name="确认无误，完成").click()  # three
    expect(page.get_by_text("已于")).to_be_visible()
    assert events() == PACKS + 2
    window.shoot("import-receipt")


def test_cancel_and_another_file(officer: Somebody, visit: Visit, tmp_path: Path) -> None:
    window = visit(officer, language="en")
    page = window.go("/w/import")
    choose(page, tmp_path, csv(packs(range(PACKS))), "packs.csv")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("was stopped before its end")).to_be_visible()
    window.go("/w/import")  # closed and opened again: it is in the list
    expect(page.get_by_role("link", name="packs.csv")).to_be_visible()
    assert events() == 0


@pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])
def test_every_state_is_designed(officer: Somebody, visit: Visit, tmp_path: Path, language: str, phone: bool) -> None:
    window = visit(officer, language=language, phone=phone)
    page = window.go("/w/import")

    def seen(name: str) -> None:
        window.shoot(f"import-{name}")
        assert (name, window.faults()) == (name, [])
        assert (name, window.overflow_px() <= 0) == (name, True)

    seen("start")
    wrong = packs([5]).with_columns(produced_on=pl.lit("yesterday"))
    choose(page, tmp_path, csv(pl.concat([spoiled(), wide(), wrong])), "mixed.csv")
    page.locator("#repairs").wait_for()
    seen("checked")
    page.locator("table.causes details summary").first.click()
    page.locator("table.causes a").first.click()
    page.wait_for_url("**/cause?**")
    seen("cause")
    page.go_back()
    page.locator("form[action$='/check'] button").first.click()  # the repairs
    page.locator("#repairs").wait_for(state="detached")
    page.locator("form[action$='/report'] button").click()
    page.locator(".receipt").wait_for()
    seen("reported")
    window.go("/w/import")
    choose(page, tmp_path, b"alpha,beta,gamma\n1,2,3\n", "own.csv")
    page.locator("#kind").select_option("pack_produced")
    page.locator("#kind + button").click()
    page.locator(".map").wait_for()
    seen("columns")
    window.go("/w/import/templates")
    seen("templates")


def test_without_a_script(officer: Somebody, visit: Visit, tmp_path: Path) -> None:
    window = visit(officer, language="en", scripts=False)
    page = window.go("/w/import")
    choose(page, tmp_path, csv(packs(range(PACKS))), "packs.csv")
    page.locator("form[action='/w/import/send'] button").first.click()
    expect(page.locator("#progress")).to_be_visible()
    with at_work():
        page.get_by_role("button", name="Report all 2,500 records").click()  # the page loads itself again
        expect(page.get_by_text("All 2,500 records are in the ledger.")).to_be_visible()
    page.locator("summary", has_text="Until it is confirmed").click()
    page.get_by_label("Why").fill("wrong file")
    page.get_by_role("button", name="Undo the batch").click()
    expect(page.get_by_text("is undone; its records stay visible")).to_be_visible()


def test_by_keyboard_alone(officer: Somebody, visit: Visit) -> None:
    window = visit(officer, language="en")
    page = window.go("/w/import")
    rows = csv(packs([1])).decode().replace(",", "\t")

    def tab_to(what: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("what => document.activeElement.matches(what)", what):
                return
        raise AssertionError(what)

    tab_to("#file")
    tab_to("#rows")
    page.keyboard.insert_text(rows)
    tab_to("button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/w/import/*")
    tab_to("form[action$='/report'] button")
    page.keyboard.press("Enter")
    page.locator(".receipt").wait_for()
    assert events() == 1
