"""What is shipped parses as the ECMAScript of old browsers, and a page loads no more than it needs."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.architecture.house import SOURCE
from tests.browser.conftest import VENDOR

STATIC = SOURCE / "server" / "web" / "static"
SCRIPTS = sorted(STATIC.rglob("*.js"))


@pytest.fixture(scope="module")
def parses(chromium: Browser):  # type: ignore[no-untyped-def]
    """Whether a text is a script of ECMAScript 2017: what the parser says against it, or nothing."""
    page = chromium.new_page()
    (source,) = VENDOR.glob("acorn-*/acorn.js")
    page.evaluate(source.read_text(encoding="utf-8"))
    asked = "text => { try { acorn.parse(text, {ecmaVersion: 8}); return '' } catch (error) { return String(error) } }"
    yield lambda text: page.evaluate(asked, text)
    page.close()


def test_there_is_something_to_parse() -> None:
    told = json.loads((STATIC / "vendor" / "VENDOR.json").read_text(encoding="utf-8"))
    assert told["language"] == "es2017"
    assert len(SCRIPTS) >= 8


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_for_old_browsers(path: Path, parses) -> None:  # type: ignore[no-untyped-def]
    assert parses(path.read_text(encoding="utf-8")) == ""


@pytest.mark.parametrize("text", ["a?.b", "const a = {...b}", "x ??= 1", "let y = 1n", "for await (const a of b) {}"])
def test_a_newer_script_is_seen(text: str, parses) -> None:  # type: ignore[no-untyped-def]
    assert parses(text)
