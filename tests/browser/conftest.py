"""A real Chromium before the real application; a page that complains on the console or breaks its policy fails.

Pictures of what the tests saw are kept in ``build/screenshots``.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the driver keeps a loop of its own running in this thread

from tests.architecture.house import ROOT
from tests.server.conftest import cast, clean_database, clock, database
from tests.server.web.people import Somebody

__all__ = ["cast", "clean_database", "clock", "database"]

SCREENSHOTS: Final = ROOT / "build" / "screenshots"
VENDOR: Final = Path(__file__).parent / "vendor"
DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream"]


class _Server(ThreadingMixIn, WSGIServer):
    """One thread a request; each closes its connections to the database."""

    daemon_threads = True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        from django.db import connections

        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: failures are seen in the browser."""


@pytest.fixture(scope="session")
def site(database: str) -> Iterator[str]:
    """The address of the application, on this machine alone, until the tests end."""
    from django.urls import get_resolver

    from suyuan.server.wsgi import application

    len(get_resolver().url_patterns)  # load all pages before the first one is timed
    server = make_server("127.0.0.1", 0, application, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser of this machine; with CI=true it must be there."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium on this machine")
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody before a browser: `page` is his window, `go` opens an address of the application."""

    page: Page
    site: str
    name: str
    complaints: list[str] = field(default_factory=list)

    def go(self, address: str) -> Page:
        """Open an address."""
        self.page.goto(f"{self.site}{address}")
        return self.page

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{self.name}.png", full_page=True)

    def faults(self) -> list[str]:
        """What axe finds that is serious or critical on this page."""
        (source,) = VENDOR.glob("axe-core-*/axe.js")
        self.page.evaluate(source.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['impact']} {each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]

    def overflow_px(self) -> int:
        """By how much the page is wider than the window."""
        return int(self.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth"))


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[Visit]:
    """Open a window: ``visit(somebody, language="en", phone=True)``; what the console says against us fails the test.

    `tolerate` lists parts of complaints that the test means to cause (a page that is not found).
    """
    opened: list[tuple[BrowserContext, Visitor, tuple[str, ...]]] = []

    def open_window(
        who: Somebody | None = None,
        *,
        language: str = "zh-CN",
        phone: bool = False,
        scripts: bool = True,
        tolerate: tuple[str, ...] = (),
    ) -> Visitor:
        context = chromium.new_context(
            locale=language,
            viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]  # a plain mapping will do
            has_touch=phone,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(30_000)  # the machines of tests are busy
        if who is not None:
            cookies = who.client().cookies
            context.add_cookies(
                [{"name": name, "value": morsel.value, "url": site} for name, morsel in cookies.items()]
            )
        page = context.new_page()
        visitor = Visitor(page, site, f"{language[:2]}-{'390' if phone else '1280'}")
        page.on("console", lambda message: _listen(visitor, message))
        page.on("pageerror", lambda error: visitor.complaints.append(f"error: {error}"))
        opened.append((context, visitor, tolerate))
        return visitor

    yield open_window
    for context, visitor, tolerate in opened:
        context.close()
        assert [text for text in visitor.complaints if not any(part in text for part in tolerate)] == []


def _listen(visitor: Visitor, message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"}:
        visitor.complaints.append(f"{message.type}: {message.text}")
