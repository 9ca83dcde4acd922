"""Signing in with password and authenticator app; the frame of the pages by keyboard, on a phone, in both languages."""

import pytest
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import expect

from suyuan.server.accounts.models import Role
from tests.browser.conftest import Visit
from tests.server.cast import Cast
from tests.server.web.people import PASSWORD, person


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06}"


def test_a_second_factor_is_switched_on_and_asked_for(cast: Cast, visit: Visit) -> None:
    person("li.wei@example.com", Role.ADMIN, cast.maker.scope, "李伟")
    window = visit(language="zh-CN")
    page = window.go("/w/team")
    page.get_by_label("登录名").fill("Li.Wei@example.com")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录", exact=True).click()
    assert page.url.endswith("/w/team")  # where he wanted to go
    window.go("/account/factors/totp/activate/")
    page.get_by_label("密码").fill(PASSWORD)  # so much safety wants him to say again who he is
    page.get_by_role("button", name="确认").click()
    secret = page.locator("[data-secret]").inner_text()
    page.get_by_label("验证码").fill(code_of(secret))
    page.get_by_role("button", name="启用验证器应用").click()
    page.get_by_role("heading", name="恢复码").wait_for()

    other = visit(language="en")
    page = other.go("/account/sign-in")
    page.get_by_label("Login name").fill("li.wei@example.com")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Second step").wait_for()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".invalid").first).to_be_visible()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/w")


WINDOWS = pytest.mark.parametrize(("language", "phone"), [("zh-CN", False), ("en", True)])


@WINDOWS
def test_public_pages_are_accessible(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    window = visit(language=language, phone=phone)
    for address in ("/", "/account/sign-in", "/search?q=4", "/?size=large"):
        window.go(address)
        window.shoot(f"public{address.replace('/', '-').replace('?', '-')}")
        assert (address, window.faults()) == (address, [])
        assert (address, window.overflow_px() <= 0) == (address, True)


@WINDOWS
def test_pages_of_members_are_accessible(cast: Cast, visit: Visit, language: str, phone: bool) -> None:
    admin = person("admin@example.com", Role.ADMIN, cast.maker.scope, "李伟")
    person("clerk@example.com", Role.CLERK, cast.maker.scope, "王芳")
    window = visit(admin, language=language, phone=phone)
    for address in ("/w", "/w/team", "/w/team/deeds", "/w/keys", "/w/approvals", "/account", "/account/password"):
        window.go(address)
        window.shoot(f"member{address.replace('/', '-')}")
        assert (address, window.faults()) == (address, [])
        assert (address, window.overflow_px() <= 0) == (address, True)


def test_the_keyboard_reaches_everything_in_order(cast: Cast, visit: Visit) -> None:
    window = visit(language="en")
    page = window.go("/account/sign-in")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.id || document.activeElement.textContent.trim()"))
    assert reached[0] == "Skip to the content"
    assert reached.index("find") < reached.index("id_login") < reached.index("id_password")
    page.keyboard.press("Escape")
    page.locator("main").click(position={"x": 5, "y": 5})
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.id") == "find"


def test_an_unknown_page_is_designed(cast: Cast, visit: Visit) -> None:
    window = visit(language="en", tolerate=("404",))
    window.go("/no/such/page")
    expect(window.page.get_by_role("alert")).to_be_visible()
    assert window.faults() == []
    window.shoot("not-found")


def test_signing_in_works_without_a_script(cast: Cast, visit: Visit) -> None:
    person("zhang@example.com", Role.VIEWER, cast.guangdong.scope, "张敏")
    window = visit(language="en", scripts=False)
    page = window.go("/g")
    page.get_by_label("Login name").fill("zhang@example.com")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    assert page.url.endswith("/g")
