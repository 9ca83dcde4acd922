"""What is due without a click, refused rows mended in two; submissions, deadlines and notices in both languages."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import expect

from suyuan.server.accounts.models import Role
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.submissions import queries
from suyuan.server.supervision.services.notifying import notify
from tests.browser.conftest import Visit, Visitor
from tests.server.api.face import Face, pack
from tests.server.cast import Cast
from tests.server.web.owing import owed
from tests.server.web.people import Somebody, person

WINDOWS = pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])
TODAY = SYSTEM_CLOCK.today()
BROKEN = {**pack(2), "produced_on": "2999-01-01"}


@pytest.fixture
def officer(cast: Cast) -> Somebody:
    """A data officer of a company that owes something, and of whose records one was refused."""
    for due in (TODAY - timedelta(days=9), TODAY, TODAY + timedelta(days=2), TODAY + timedelta(days=12)):
        owed(cast.maker.number, due)
    assert Face(cast.maker).submit(pack(1), BROKEN).status < 300
    with transaction.atomic(), cursor() as run:
        notify(run, SYSTEM_CLOCK)
    return person("wang@example.com", Role.DATA_OFFICER, cast.maker.scope, "王工")


def fine(window: Visitor, name: str) -> None:
    """Nothing that axe calls serious, nothing wider than the window; and a picture."""
    window.shoot(name)
    assert window.faults() == []
    assert window.overflow_px() <= 0


@WINDOWS
def test_what_is_due_this_week_without_a_click(officer: Somebody, visit: Visit, language: str, phone: bool) -> None:
    window = visit(officer, language=language, phone=phone)
    page = window.go("/w")
    expect(page.get_by_text((TODAY + timedelta(days=2)).isoformat()).first).to_be_visible()
    fine(window, "workbench")
    page.locator("a.btn-primary[href*='overdue']").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    fine(window, "deadlines-list")


@WINDOWS
def test_refused_rows_are_mended_in_two_clicks(
    cast: Cast, officer: Somebody, visit: Visit, tmp_path: Path, language: str, phone: bool
) -> None:
    window = visit(officer, language=language, phone=phone)
    page = window.go("/w")
    with page.expect_download() as kept:
        page.locator("a[href$='/bad-rows']").first.click()
    file = tmp_path / kept.value.suggested_filename
    kept.value.save_as(file)
    with page.expect_navigation(url="**/w/import/*"):
        page.locator("#again").set_input_files(file)
    (first,) = queries.batches(cast.maker.scope, queries.Sought())
    (trial,) = queries.batches(cast.maker.scope, queries.Sought(state="tried"))
    assert trial.completes == first.number


@WINDOWS
def test_batches_deadlines_and_notices(cast: Cast, officer: Somebody, visit: Visit, language: str, phone: bool) -> None:
    window = visit(officer, language=language, phone=phone)
    number = queries.batches(cast.maker.scope, queries.Sought())[0].number
    for name, address in (
        ("submissions", "/w/submissions"),
        ("submission", f"/w/submissions/{number}"),
        ("submission-records", f"/w/submissions/{number}/records"),
        ("deadlines", "/w/deadlines"),
        ("deadlines-telling", "/w/deadlines/telling"),
        ("notices", "/w/notices"),
    ):
        window.go(address)
        fine(window, name)
    page = window.go(f"/w/submissions/{number}/records")
    page.locator("tbody a").first.click()
    fine(window, "submission-record")


def test_without_a_script_everything_is_there(officer: Somebody, visit: Visit) -> None:
    window = visit(officer, language="en", scripts=False)
    page = window.go("/w")
    assert page.locator("noscript").count() + page.get_by_role("button", name="Send").count() > 0
    page.locator("a.btn-primary[href*='mend']").click()
    expect(page.locator("a[href$='/bad-rows']")).to_have_count(1)
    page = window.go("/w/deadlines/telling")
    page.locator("button[value=feed_open]").click()
    assert ".ics" in page.locator("[data-address]").inner_text()
