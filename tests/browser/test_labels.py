"""Labels of a batch in two clicks from home; the digital ID that they lead to, also without scripts."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from playwright.sync_api import expect

from suyuan.labels.proof import pictures
from suyuan.labels.symbols import texts_in
from suyuan.server.accounts.models import Role
from suyuan.server.ledger.queries import serials
from suyuan.server.registry.queries.batches import print_jobs
from suyuan.server.registry.services.allocating import CodeOrder, allocate
from tests.browser.conftest import Visit
from tests.server.api.face import MADE_ON, Face, pack, pack_code
from tests.server.cast import PACK_PREFIX, Cast
from tests.server.web.people import person

WINDOWS = pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])
NOT_FOUND = ("status of 404",)


@pytest.fixture(autouse=True)
def public_address(site: str) -> Iterator[None]:
    """Labels made here lead here."""
    before = settings.PUBLIC_URL
    settings.PUBLIC_URL = site
    yield
    settings.PUBLIC_URL = before


@WINDOWS
def test_two_clicks_to_the_labels_of_a_batch(
    cast: Cast, visit: Visit, tmp_path: Path, language: str, phone: bool
) -> None:
    officer = person("wang@example.com", Role.DATA_OFFICER, cast.maker.scope, "王工")
    given = allocate(cast.maker.scope, CodeOrder(PACK_PREFIX, date(2026, 10, 1), 3), serials, "test")
    window = visit(officer, language=language, phone=phone)
    page = window.go("/w")
    if phone and not page.locator(".menu[open]").count():
        page.locator(".menu summary").click()
    page.locator(".menu a[href='/w/labels']").click()
    assert window.faults() == []
    assert window.overflow_px() <= 0
    window.shoot("labels")
    with page.expect_download() as kept:
        page.locator(f"form[action='/w/labels/{given.number}/print'] .btn-primary").click()
    file = tmp_path / "labels.pdf"
    kept.value.save_as(file)
    said = [texts_in(np.ascontiguousarray(picture)) for picture in pictures(file.read_bytes(), 8)]
    assert [{text for carrier, text in one if carrier == "data_matrix"} for one in said] == [{c} for c in given.codes]
    assert [job.kind for job in print_jobs(cast.maker.scope)] == ["first"]
    page = window.go(f"/w/labels?batch={given.number}&code={given.codes[0]}")
    expect(page.locator("input[name=reason]")).to_have_count(5)
    assert window.faults() == []
    window.shoot("labels-again")


@WINDOWS
def test_the_digital_id_without_scripts(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    assert Face(cast.maker).submit(pack(1)).status < 300
    window = visit(language=language, phone=phone, scripts=False)
    page = window.go(f"/b/{pack_code(1)}")
    expect(page.get_by_text(MADE_ON.isoformat())).to_be_visible()
    expect(page.locator(".status.new")).to_be_visible()
    window.shoot("identity")
    page.locator("a[href*='size=large']").click()
    expect(page.locator("html.large")).to_have_count(1)
    page.locator(f"a[href^='/b/{pack_code(1)}/report']").click()
    page.locator("#words").fill("旧标签被覆盖")
    page.locator("form button").click()
    expect(page.locator(".status.in_use")).to_be_visible()
    window.shoot("identity-report")


@WINDOWS
def test_the_public_pages_are_accessible(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    assert Face(cast.maker).submit(pack(1)).status < 300
    window = visit(language=language, phone=phone, tolerate=NOT_FOUND)
    code = pack_code(1)
    for address in (f"/b/{code}", f"/b/{code}?size=large", f"/b/{code[:5]}O{code[6:]}", f"/b/{code}/report"):
        window.go(address)
        assert window.overflow_px() <= 0, address
        assert window.faults() == [], address
