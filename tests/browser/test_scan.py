"""Work with a telephone in real Chromium: the queue without a network, the camera, twenty packs handed over."""

import shutil
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from playwright.sync_api import Browser, Page, expect

from suyuan.server.accounts.models import Role
from suyuan.server.handover.queries.acts import acts
from suyuan.server.handover.queries.notes import notes
from suyuan.server.handover.queries.standing import standings
from suyuan.server.submissions.models import Submission
from tests.browser.conftest import ARGUMENTS, Visit, Visitor
from tests.server.api.face import Face, pack, pack_code
from tests.server.cast import Actor, Cast
from tests.server.handover.setting import take_in
from tests.server.web.people import Somebody, person
from tests.server.web.scanning.test_scan import photo_with

WINDOWS = pytest.mark.parametrize(("language", "phone"), [("zh-CN", True), ("en", False)])
NETWORK = ("ERR_INTERNET_DISCONNECTED",)
VIN = "LSVAA4182E2184847"


def clerk(actor: Actor, name: str = "clerk") -> Somebody:
    return person(f"{name}@example.com", Role.CLERK, actor.scope)


def scan(page: Page, *codes: str) -> None:
    """What a scanner with a keyboard's plug does: type, and Enter; nobody touches the screen."""
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def leave_home(page: Page, address: str) -> None:
    """One click from home; on a telephone the menu may have to be unfolded first."""
    link = page.locator(f"main a[href='{address}'], .menu a[href='{address}']").locator("visible=true")
    if not link.count():
        page.locator(".menu summary").click()
    link.first.click()


def ready(page: Page) -> None:
    page.locator("form[data-ready]").wait_for()


def flaws(window: Visitor) -> list[str]:
    return [*window.faults(), *([f"{window.overflow_px()} px too wide"] if window.overflow_px() > 0 else [])]


@WINDOWS
def test_an_outlet_takes_in_a_pack_with_three_clicks(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    window = visit(clerk(cast.collector), language=language, phone=phone)
    page = window.go("/w")
    leave_home(page, "/w/scan")  # 1
    ready(page)
    scan(page, f"https://trace.example/b/{pack_code(1)}", pack_code(1))
    expect(page.locator("[data-list] li")).to_have_count(1)
    expect(page.locator("[data-list] .status-good")).to_have_count(1)
    expect(page.locator("[data-said]")).to_contain_text(pack_code(1))  # it was scanned twice
    with page.expect_file_chooser() as choosing:
        page.locator("label[for=photo]").click()  # 2
    choosing.value.set_files({"name": "p.png", "mimeType": "image/png", "buffer": photo_with("x")})
    assert flaws(window) == []
    window.shoot("scan")
    page.locator("button[value=damaged]").click()  # 3
    expect(page.locator("[data-said]")).to_contain_text("已报送" if language == "zh-CN" else "Reported")
    expect(page.locator("[data-queue]")).to_be_hidden()
    (done,) = acts(cast.collector.scope)
    assert (done.condition, done.photos, done.good) == ("damaged", 1, True)
    expect(page.locator("#typed")).to_be_focused()
    page.reload()
    assert flaws(window) == []
    window.shoot("scan-done")


def test_what_is_scanned_without_a_network_is_sent_once(cast: Cast, visit: Visit) -> None:
    window = visit(clerk(cast.collector), phone=True, tolerate=NETWORK)
    page = window.go("/w/scan")
    ready(page)
    page.context.set_offline(True)
    for serial in (1, 2):
        scan(page, pack_code(serial))
        page.locator("button[value=intact]").click()
        expect(page.locator("[data-waiting]")).to_have_text(str(serial))
    assert flaws(window) == []
    window.shoot("scan-offline")
    waiting = page.evaluate(_READ)
    assert Submission.objects.count() == 0
    page.context.set_offline(False)
    page.reload()  # it lives on the telephone, not in the page
    ready(page)
    expect(page.locator("[data-queue]")).to_be_hidden()
    assert Submission.objects.count() == 2
    for _ in range(2):  # the answer was lost, and everything is sent again, twice
        assert page.evaluate(_WRITE, waiting) == 2
        page.reload()
        ready(page)
        expect(page.locator("[data-queue]")).to_be_hidden()
    assert Submission.objects.count() == len(acts(cast.collector.scope)) == 2


_OPEN = """
const base = await new Promise((done) => {
  const asked = indexedDB.open("suyuan-scan", 1);
  asked.onsuccess = () => done(asked.result);
});
const all = base.transaction("waiting", "readwrite").objectStore("waiting");
const wait = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
"""
_READ = f"async () => {{ {_OPEN} return await wait(all.getAll()); }}"
_WRITE = f"async (kept) => {{ {_OPEN} for (const one of kept) {{ await wait(all.put(one)); }} return kept.length; }}"


def test_what_is_refused_is_said_and_put_right(cast: Cast, visit: Visit) -> None:
    window = visit(clerk(cast.collector), language="en", phone=True)
    page = window.go("/w/scan")
    ready(page)
    scan(page, "HELLO")
    expect(page.locator("[data-list] .status-bad")).to_contain_text("no battery code")
    page.locator("button[value=intact]").click()
    expect(page.locator("[data-entries] .status-bad")).to_be_visible()
    window.shoot("scan-refused")
    page.locator("[data-correct-one]").click()
    expect(page.locator("[data-list] li")).to_have_count(1)
    page.locator("[data-take-off]").click()
    scan(page, pack_code(1))
    page.locator("button[value=intact]").click()
    expect(page.locator("[data-said]")).to_contain_text("Reported")
    assert standings(cast.collector.scope, [pack_code(1)])[0].mine


@WINDOWS
def test_twenty_packs_handed_over_in_under_two_minutes(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    codes = take_in(cast.collector, 20)
    giving = visit(clerk(cast.collector), language=language, phone=phone)
    taking = visit(clerk(cast.utiliser, "works"), language=language, phone=phone)
    begin = time.monotonic()
    page = giving.go("/w")
    leave_home(page, "/w/transfers")  # 1
    ready(page)
    scan(page, *codes)
    expect(page.locator("[data-list] .status-good")).to_have_count(20)
    assert flaws(giving) == []
    giving.shoot("transfers")
    page.locator("[data-save]").click()  # 2
    page.locator(".scan-qr").wait_for()
    assert flaws(giving) == []
    giving.shoot("note-given")
    other = taking.go("/w/transfers")
    ready(other)
    scan(other, seen(page.locator(".scan-qr").screenshot()))  # his scanner reads the other's screen
    other.locator("button[value=accept]").wait_for()
    assert flaws(taking) == []
    taking.shoot("note-taken")
    other.locator("button[value=accept]").click()  # + 1
    other.locator("#reports").wait_for()
    spent_s = time.monotonic() - begin
    assert flaws(taking) == []
    taking.shoot("note-done")
    assert [one.mine for one in standings(cast.utiliser.scope, codes)] == [True] * 20
    assert notes(cast.collector.scope)[0].state == "reported"
    assert spent_s < 60


def seen(picture: bytes) -> str:
    from PIL import Image

    (found,) = zxingcpp.read_barcodes(np.asarray(Image.open(BytesIO(picture)).convert("L")))
    return str(found.text)


def test_a_repairer_replaces_a_pack_with_two_clicks(cast: Cast, visit: Visit) -> None:
    def report(actor: Actor, kind: str, record: dict[str, object]) -> None:
        assert Face(actor).post("/submissions", {"kind": kind, "records": [record]}).json["state"] == "accepted"

    report(cast.maker, "pack_produced", pack(1))
    report(cast.carmaker, "vehicle_produced", {"vin": VIN, "pack_code": pack_code(1), "produced_on": "2026-10-05"})
    report(cast.repairer, "after_sales_stocked", {"code": pack_code(2), "stocked_on": "2026-10-10"})
    window = visit(clerk(cast.repairer), language="en", phone=True)
    page = window.go("/w")
    leave_home(page, "/w/scan")  # 1
    ready(page)
    scan(page, pack_code(1), pack_code(2))
    expect(page.locator("[data-list] .status-good")).to_have_count(1)
    assert flaws(window) == []
    window.shoot("scan-replace")
    page.locator("[data-save]").click()  # 2; the VIN is filled in
    expect(page.locator("[data-said]")).to_contain_text("Reported")
    assert standings(cast.repairer.scope, [pack_code(1)])[0].stage == "removed"


def test_a_dismantler_reports_with_three_clicks_and_a_reason(cast: Cast, visit: Visit) -> None:
    for actor, kind, record in (
        (cast.maker, "pack_produced", pack(1)),
        (cast.carmaker, "vehicle_produced", {"vin": VIN, "pack_code": pack_code(1), "produced_on": "2026-10-05"}),
    ):
        Face(actor).post("/submissions", {"kind": kind, "records": [record]})
    window = visit(clerk(cast.dismantler), phone=True, tolerate=("status of 422",))
    page = window.go("/w")
    leave_home(page, "/w/scan")  # 1
    ready(page)
    scan(page, VIN)
    expect(page.locator("#vin")).to_have_value(VIN)
    page.locator("#document").fill("HS-2026-1")
    page.locator("[data-save]").click()
    expect(page.locator("[data-entries] .status-bad")).to_be_visible()  # no pack and no reason
    page.locator("[data-correct-one]").click()
    assert flaws(window) == []
    window.shoot("scan-scrap")
    page.locator("#why-lost").click()  # 2
    page.locator("[data-save]").click()  # 3
    expect(page.locator("[data-said]")).to_contain_text("已报送")
    assert acts(cast.dismantler.scope)[0].good


# ---------------------------------------------------------------- the camera


def film(path: Path) -> None:
    """A second of a QR code, a Data Matrix and a Code 128 before a camera, as Y4M."""
    picture = np.full((720, 1280), 255, np.uint8)
    formats = zxingcpp.BarcodeFormat
    for text, form, left, scale in (
        (f"https://trace.example/b/{pack_code(1)}", formats.QRCode, 60, 8),
        (pack_code(2), formats.DataMatrix, 480, 12),
    ):
        symbol = np.asarray(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, form), scale=scale))
        picture[60 : 60 + symbol.shape[0], left : left + symbol.shape[1]] = symbol
    bars = np.asarray(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(pack_code(3), formats.Code128), scale=3))
    bars = np.repeat(bars[bars.shape[0] // 2][None, :], 160, axis=0)
    picture[500:660, 100 : 100 + bars.shape[1]] = bars
    frame = b"FRAME\n" + picture.tobytes() + b"\x80" * (720 * 1280 // 2)
    path.write_bytes(b"YUV4MPEG2 W1280 H720 F10:1 Ip A1:1 C420jpeg\n" + frame * 10)


@pytest.fixture
def filmed(tmp_path: Path, chromium: Browser) -> Iterator[Browser]:
    """A browser whose camera sees the film."""
    film(tmp_path / "film.y4m")
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}"]
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    browser = chromium.browser_type.launch(executable_path=program, args=[*ARGUMENTS, *camera])
    yield browser
    browser.close()


def test_the_camera_reads_all_three_kinds(cast: Cast, filmed: Browser, site: str) -> None:
    context = filmed.new_context(permissions=["camera"], viewport={"width": 390, "height": 844}, locale="zh-CN")
    context.add_cookies(
        [{"name": n, "value": m.value, "url": site} for n, m in clerk(cast.collector).client().cookies.items()]
    )
    page, complaints = context.new_page(), []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{site}/w/scan")
    ready(page)
    page.locator("[data-camera]").click()
    expect(page.locator("[data-list] .status-good")).to_have_count(3, timeout=60_000)
    listed = page.locator("[data-list] [name=code]").evaluate_all("all => all.map((each) => each.value)")
    assert sorted(listed) == [pack_code(1), pack_code(2), pack_code(3)]
    context.close()
    assert complaints == []
