"""The shell of the pages: who gets where, in which language, under which headers."""

import pytest
from django.test import Client

from suyuan.server.accounts.models import Role
from suyuan.server.web import door
from suyuan.server.web.door import POLICY
from suyuan.server.web.menu import entries
from tests.server.cast import Cast
from tests.server.web.people import person

HTML = {"accept": "text/html"}


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "查询"), ("en", "Search")])
def test_the_front_page_is_for_everybody_in_his_language(cast: Cast, language: str, words: str) -> None:
    answer = Client().get("/", headers={**HTML, "accept-language": language})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert words in text
    assert answer["Content-Security-Policy"] == POLICY
    assert " style=" not in text
    assert "<style" not in text
    assert " onclick" not in text


def test_a_chosen_language_is_remembered(cast: Cast) -> None:
    browser = Client(headers={**HTML, "accept-language": "zh-CN"})
    assert "Front page" in browser.get("/?lang=en").content.decode()
    assert "Front page" in browser.get("/").content.decode()
    assert '<html lang="en" class="large">' in browser.get("/?size=large").content.decode()


@pytest.mark.parametrize("address", ["/w", "/g", "/w/team", "/w/keys", "/w/approvals", "/home", "/account"])
def test_who_is_not_signed_in_is_asked_to_and_comes_back(cast: Cast, address: str) -> None:
    answer = Client(headers=HTML).get(address)
    assert answer.status_code == 302
    assert answer["Location"] == f"/account/sign-in?next={address.replace('/', '%2F')}"


def test_each_role_comes_home_and_stays_out_of_the_others(cast: Cast) -> None:
    maker = person("maker@example.com", Role.DATA_OFFICER, cast.maker.scope).client()
    official = person("official@example.com", Role.OFFICIAL, cast.guangdong.scope).client()
    assert maker.get("/home")["Location"] == "/w"
    assert official.get("/home")["Location"] == "/g"
    assert maker.get("/w").status_code == official.get("/g").status_code == 200
    refused = maker.get("/g")
    assert refused.status_code == official.get("/w").status_code == maker.get("/w/team").status_code == 403
    assert "data-error-id" in refused.content.decode()


def test_the_menu_shows_what_a_role_may_open(cast: Cast) -> None:
    admin = person("admin@example.com", Role.ADMIN, cast.maker.scope).client("en")
    clerk = person("clerk@example.com", Role.CLERK, cast.maker.scope).client("en")
    assert 'href="/w/team"' in admin.get("/w").content.decode()
    assert 'href="/w/team"' not in clerk.get("/w").content.decode()
    for entry in entries():
        assert entry.text.partition(".")[0].startswith("web")


def test_an_unknown_page_says_so_under_a_number_of_the_log(cast: Cast) -> None:
    answer = Client(headers=HTML).get("/no/such/page")
    assert answer.status_code == 404
    assert answer["X-Request-Id"] in answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")
    assert Client().get("/no/such/page", headers={"accept": "*/*"})["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("address", ["/", "/search?q=LSVAA4182E2184847", "/account/sign-in", "/verify"])
def test_public_pages_set_no_session(cast: Cast, address: str) -> None:
    assert "suyuan_session" not in Client(headers=HTML).get(address).cookies


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("04QCB76836300JBC40000903", "/b/04QCB76836300JBC40000903"),
        (" 04qc b768 3630 0jbc 4000 0903 ", "/b/04QCB76836300JBC40000903"),
        ("０４ＱＣＢ７６８３６３００ＪＢＣ４００００９０３", "/b/04QCB76836300JBC40000903"),
        ("https://trace.example/b/04QCB76836300JBC40000903?x=1", "/b/04QCB76836300JBC40000903"),
    ],
)
def test_the_search_box_jumps_to_the_public_page(cast: Cast, typed: str, address: str) -> None:
    answer = Client(headers=HTML).get("/search", {"q": typed})
    assert (answer.status_code, answer["Location"]) == (302, address)


LEADS_NOWHERE = (
    "",
    "LSVAA4182E2184840",
    "911101080000000000",
    "https://a.example/x",
    "x" * 600,
    "\\%_'",
    "//a.example",
)


@pytest.mark.parametrize("typed", LEADS_NOWHERE)
def test_what_leads_nowhere_is_explained(cast: Cast, typed: str) -> None:
    answer = Client(headers={**HTML, "accept-language": "en"}).get("/search", {"q": typed})
    assert answer.status_code == 200
    assert 'class="state' in answer.content.decode()


def test_names_are_found_inside_ones_scope_only(cast: Cast) -> None:
    official = person("official@example.com", Role.OFFICIAL, cast.guangdong.scope).client()
    assert cast.maker.code[:4] in official.get("/search", {"q": "鹏程"}).content.decode()
    assert 'class="state' in official.get("/search", {"q": "钱江"}).content.decode()  # seated in Zhejiang
    assert 'class="state' in Client(headers=HTML).get("/search", {"q": "鹏程"}).content.decode()


def test_a_long_form_is_refused_before_it_is_read(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LARGEST_FORM", 1000)
    monkeypatch.setattr(door, "LARGEST_KEPT_BYTES", 500)
    admin = person("admin@example.com", Role.ADMIN, cast.maker.scope).client("en")
    assert admin.post("/w/team", {"login": "x" * 2000}).status_code == 413
    assert admin.post("/w/team", {"login": "x" * 700}).status_code == 422
    stranger = Client(headers=HTML).post("/w/columns", {"column": "x" * 700, "back": "/"})
    assert stranger["Location"].startswith("/account/sign-in")


@pytest.mark.parametrize("text", ["http://[", "https://[::1", "x://[a]b/c"])
def test_what_is_no_address_is_searched_without_harm(cast: Cast, text: str) -> None:
    assert Client(headers=HTML).get("/search", {"q": text}).status_code == 200
    browser = Client(enforce_csrf_checks=True, headers=HTML)
    assert browser.post("/w/columns", {}, headers={"origin": text}).status_code == 403
