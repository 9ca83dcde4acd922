"""The pages of members, keys and approvals; a demonstration's sign-in stays in the demonstration."""

import re

import pytest
from django.conf import settings
from django.test import Client

from suyuan.server.accounts.models import Person, Role
from suyuan.server.accounts.queries import authenticate, memberships, memory
from suyuan.server.accounts.queries.people import members
from suyuan.server.accounts.services.disclosures import decide_disclosure, request_disclosure, use_disclosure
from suyuan.server.accounts.services.people import furnish
from suyuan.server.kit.scope import Scope
from tests.server.cast import Cast
from tests.server.web.people import PASSWORD, Somebody, person


@pytest.fixture
def admin(cast: Cast) -> Somebody:
    return person("admin@example.com", Role.ADMIN, cast.maker.scope)


def text_of(answer) -> str:  # type: ignore[no-untyped-def]
    return str(answer.content.decode())


def test_from_an_invitation_to_a_signed_in_member(cast: Cast, admin: Somebody) -> None:
    told = {"login": "wang@example.com", "name": "王芳", "role": "clerk", "site": str(cast.maker.sites["W1"])}
    found = re.search(r"data-invitation>http://testserver([^<]+)<", text_of(admin.client().post("/w/team", told)))
    assert found
    browser = Client(headers={"accept": "text/html", "accept-language": "en"})
    assert "王芳" in text_of(browser.get(found[1]))
    for password, again in (("short", "short"), (PASSWORD, "another"), ("1234567890", "1234567890")):
        assert browser.post(found[1], {"password": password, "again": again}).status_code == 422
    assert browser.post(found[1], {"password": PASSWORD, "again": PASSWORD})["Location"] == "/account"
    assert browser.get("/w").status_code == 200
    assert browser.get("/w/team").status_code == 403
    assert browser.get(found[1]).status_code == 404
    joined = next(each for each in members(cast.maker.scope) if each.login == "wang@example.com")
    assert joined.membership.scope == Scope.of_outlet(cast.maker.number, cast.maker.sites["W1"])


WRONG = (
    ({"login": "x"}, 422),
    ({"role": "king"}, 422),
    ({"role": "official"}, 422),
    ({"site": "999999"}, 404),
    ({"name": " "}, 422),
)


@pytest.mark.parametrize(("change", "status"), WRONG)
def test_a_wrong_invitation_is_shown_again_with_what_was_typed(
    admin: Somebody, change: dict[str, str], status: int
) -> None:
    told = {"login": "wang@example.com", "name": "王芳", "role": "clerk", **change}
    answer = admin.client().post("/w/team", told)
    assert answer.status_code == status
    assert 'role="alert"' in text_of(answer)
    assert told["login"] in text_of(answer)


def test_a_key_is_issued_rotated_and_revoked(cast: Cast, admin: Somebody) -> None:
    memory.forget()
    browser = admin.client("en")
    made = browser.post("/w/keys", {"label": "line 3", "permission": ["read", "submit"], "days": "30"})
    token = re.search(r"data-key>([^<]+)<", text_of(made))
    assert token
    who = authenticate(f"Bearer {token[1]}")
    assert (who.company, len(who.permissions)) == (cast.maker.number, 2)
    assert token[1] not in text_of(browser.get("/w/keys"))  # shown once
    assert "data-key" in text_of(browser.post(f"/w/keys/{who.prefix}/rotate"))
    assert browser.post(f"/w/keys/{who.prefix}/revoke", {"back": "/w/keys"})["Location"] == "/w/keys"
    assert "data-key" not in text_of(browser.post("/w/keys", {"label": "x"}))  # no permission, no key


def test_a_key_of_others_is_not_there(cast: Cast, admin: Somebody) -> None:
    foreign = cast.carmaker.token[3:13]
    for act in ("rotate", "revoke"):
        assert admin.client().post(f"/w/keys/{foreign}/{act}").status_code == 404
    clerk = person("clerk@example.com", Role.CLERK, cast.maker.scope).client()
    assert clerk.get("/w/keys").status_code == clerk.post("/w/keys", {"label": "x"}).status_code == 403


def test_an_export_of_people_takes_two(cast: Cast, admin: Somebody) -> None:
    second = person("second@example.com", Role.ADMIN, cast.maker.scope)
    asking, deciding = admin.client("en"), second.client("en")
    asked = asking.post("/w/approvals", {"what": "members", "purpose": "audit", "back": "/w/approvals"})
    assert asked.status_code == 302
    number = re.search(r"/w/approvals/(\d+)/decide", text_of(deciding.get("/w/approvals")))
    assert number
    assert "/decide" not in text_of(asking.get("/w/approvals"))
    assert asking.post(f"/w/approvals/{number[1]}/decide", {"grant": "1"}).status_code == 403
    assert asking.post(f"/w/approvals/{number[1]}/fetch").status_code == 409
    deciding.post(f"/w/approvals/{number[1]}/decide", {"grant": "1"})
    content = asking.post(f"/w/approvals/{number[1]}/fetch").content.decode("utf-8-sig")
    assert content.splitlines()[1].startswith("admin@example.com,")
    assert asking.post(f"/w/approvals/{number[1]}/fetch").status_code == 409
    assert asking.post("/w/approvals", {"what": "everything", "purpose": "x"}).status_code == 404
    other = request_disclosure(admin.membership, "batteries", "audit")  # is fetched elsewhere, and not used up here
    decide_disclosure(second.membership, other, granted=True)
    assert asking.post(f"/w/approvals/{other}/fetch").status_code == 404
    assert use_disclosure(admin.membership, other).what == "batteries"


@pytest.mark.parametrize(
    "back", ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example", "javascript:x", ""]
)
def test_nobody_is_sent_elsewhere(admin: Somebody, back: str) -> None:
    answer = admin.client().post("/w/columns", {"column": "code", "back": back})
    assert answer["Location"] == "/home?cols=code"


def test_one_acts_in_the_role_one_chose(cast: Cast, admin: Somebody) -> None:
    from suyuan.server.accounts.services.people import Invitation, invite

    sent = invite(None, Invitation(admin.person.login, "x", Role.OFFICIAL, cast.guangdong.scope))
    browser = admin.client()
    assert browser.post(f"/account/invitations/{sent.token}").status_code == 302
    mine, other = memberships(admin.person.pk)
    assert browser.get("/home")["Location"] == "/w"
    browser.post("/account/act", {"membership": other.number})
    assert browser.get("/home")["Location"] == "/g"
    assert browser.post("/account/act", {"membership": mine.number + 10_000}).status_code == 404


def test_the_sign_in_of_a_demonstration_is_nowhere_else(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish("nation@simulated.example", "模拟", Role.OFFICIAL, Scope.of_nation())
    real = person("real@example.com", Role.OFFICIAL, Scope.of_nation())
    told = {"login": "nation@simulated.example"}
    assert Client().post("/account/demo", told).status_code == 404
    assert "data-demo" not in text_of(Client().get("/account/sign-in"))
    monkeypatch.setattr(settings, "SIMULATED", True)
    browser = Client(headers={"accept-language": "en"})
    page = text_of(browser.get("/account/sign-in"))
    assert page.count("data-demo=") == 1
    assert "Simulated demonstration" in page
    assert browser.post("/account/demo", {"login": real.person.login}).status_code == 404
    assert browser.post("/account/demo", told)["Location"] == "/home"


def test_attempts_are_limited_and_noted(cast: Cast, admin: Somebody) -> None:
    from suyuan.server.accounts.queries.people import deeds

    browser = Client(headers={"accept-language": "en"})
    tried = [browser.post("/account/sign-in", {"login": "admin@example.com", "password": f"x{n}"}) for n in range(7)]
    assert "Sign in" in text_of(tried[-1])
    right = browser.post("/account/sign-in", {"login": "admin@example.com", "password": PASSWORD})
    assert right.status_code != 302  # five a few minutes, then not even the right one
    acts = [deed.act for _, deed in deeds(cast.maker.scope)]
    assert acts.count("person.sign_in_failed") == 5


def test_an_inactive_person_does_not_get_in(cast: Cast, admin: Somebody) -> None:
    Person.objects.filter(pk=admin.person.pk).update(is_active=False)
    answer = Client().post("/account/sign-in", {"login": "admin@example.com", "password": PASSWORD})
    assert answer.get("Location") != "/home"
    assert admin.client().get("/w").status_code == 302


def test_a_fault_shows_a_number_and_no_inside(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **more: object) -> None:
        raise RuntimeError("a secret inside")

    monkeypatch.setattr("suyuan.server.web.pages.front.show", broken)
    answer = Client(raise_request_exception=False).get("/", headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert answer["X-Request-Id"] in text_of(answer)
    assert "secret" not in text_of(answer)
