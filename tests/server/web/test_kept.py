"""A form that comes after the session has ended is not lost, and nobody else gets it."""

import pytest
from django.test import Client

from suyuan.server.accounts.models import Role
from suyuan.server.accounts.queries.people import invitations, memberships
from suyuan.server.accounts.services.people import Invitation, end_membership, invite
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from tests.server.cast import Cast
from tests.server.web.people import PASSWORD, Somebody, person

FORM = {"login": "new@example.com", "name": "新人", "role": "viewer"}


@pytest.fixture
def admin(cast: Cast) -> Somebody:
    return person("admin@example.com", Role.ADMIN, cast.maker.scope)


def ended(somebody: Somebody) -> Client:
    """A browser in which he was signed in until a moment ago."""
    browser = somebody.client("en")
    browser.get("/w/team")
    browser.session.flush()
    return browser


def signed_in_again(browser: Client, login: str, following: str) -> str:
    told = {"login": login, "password": PASSWORD, "next": following}
    answer = browser.post("/account/sign-in", told)
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_form_waits_for_its_sender(cast: Cast, admin: Somebody) -> None:
    browser = ended(admin)
    answer = browser.post("/w/team", FORM)
    assert answer["Location"].startswith("/account/sign-in?next=%2Faccount%2Fkept%2F")
    assert invitations(cast.maker.scope, SYSTEM_CLOCK.now()) == []  # nothing happens before he said so again
    kept = signed_in_again(browser, "admin@example.com", answer["Location"].partition("next=")[2].replace("%2F", "/"))
    assert "Send it now" in browser.get(kept).content.decode()
    sent = browser.post(kept)
    assert sent.status_code == 200
    assert "data-invitation" in sent.content.decode()
    assert [each.login for each in invitations(cast.maker.scope, SYSTEM_CLOCK.now())] == ["new@example.com"]
    assert browser.post(kept).status_code == 404  # once


def test_another_person_does_not_get_it(cast: Cast, admin: Somebody) -> None:
    other = person("other@example.com", Role.ADMIN, cast.carmaker.scope)
    answer = ended(admin).post("/w/team", FORM)
    kept = answer["Location"].partition("next=")[2].replace("%2F", "/")
    assert other.client().get(kept).status_code == other.client().post(kept).status_code == 404


def test_of_a_stranger_nothing_is_kept(cast: Cast, admin: Somebody) -> None:
    answer = Client(headers={"accept": "text/html"}).post("/w/team", FORM)
    assert answer["Location"] == "/account/sign-in?next=%2Fhome"
    with cursor() as run:
        assert run.execute("SELECT count(*) FROM accounts_kept").fetchone() == (0,)


def test_a_form_from_elsewhere_is_refused_and_our_own_is_offered_again(cast: Cast, admin: Somebody) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"accept": "text/html"})
    browser.force_login(admin.person)
    strange = browser.post("/w/team", FORM, headers={"origin": "https://elsewhere.example"})
    assert strange.status_code == 403
    ours = browser.post("/w/team", FORM, headers={"origin": "http://testserver"})  # its mark is of before a new sign-in
    assert ours.status_code == 302
    assert ours["Location"].startswith("/account/kept/")
    assert invitations(cast.maker.scope, SYSTEM_CLOCK.now()) == []


def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(cast: Cast) -> None:
    answer = Client().get("/w", headers={"hx-request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/account/sign-in")


def test_a_draft_is_kept_and_emptied(cast: Cast, admin: Somebody) -> None:
    from suyuan.server.accounts.services.keeping import draft

    browser = admin.client()
    assert browser.post("/account/drafts/team", {"name": "李"}).status_code == 204
    assert draft(admin.person.pk, "team") == {"name": ["李"]}
    assert browser.post("/account/drafts/team", {"name": ""}).status_code == 204
    assert draft(admin.person.pk, "team") == {}
    assert Client().post("/account/drafts/team", {"name": "x"}).status_code == 401


def test_a_kept_form_is_sent_for_whom_it_was_meant(cast: Cast, admin: Somebody) -> None:
    """Who signs in again acts in his first role; his form was for the second."""
    sent = invite(None, Invitation(admin.person.login, "x", Role.ADMIN, cast.carmaker.scope))
    browser = admin.client("en")
    browser.post(f"/account/invitations/{sent.token}")
    second = memberships(admin.person.pk)[1]
    browser.post("/account/act", {"membership": second.number})
    browser.get("/w/team")
    browser.session.flush()
    kept = browser.post("/w/team", FORM)["Location"].partition("next=")[2].replace("%2F", "/")
    signed_in_again(browser, "admin@example.com", kept)
    assert browser.post(kept).status_code == 200
    now = SYSTEM_CLOCK.now()
    assert [each.login for each in invitations(cast.carmaker.scope, now)] == ["new@example.com"]
    assert invitations(cast.maker.scope, now) == []


def test_a_kept_form_of_a_role_that_has_ended_is_not_sent(cast: Cast, admin: Somebody) -> None:
    sent = invite(None, Invitation(admin.person.login, "x", Role.ADMIN, cast.carmaker.scope))
    browser = admin.client("en")
    browser.post(f"/account/invitations/{sent.token}")
    second = memberships(admin.person.pk)[1]
    browser.post("/account/act", {"membership": second.number})
    browser.get("/w/team")
    browser.session.flush()
    kept = browser.post("/w/team", FORM)["Location"].partition("next=")[2].replace("%2F", "/")
    owner = person("owner@example.com", Role.ADMIN, cast.carmaker.scope)
    end_membership(owner.membership, second.number)
    signed_in_again(browser, "admin@example.com", kept)
    assert browser.post(kept).status_code == 404
    for scope in (cast.carmaker.scope, cast.maker.scope):
        assert invitations(scope, SYSTEM_CLOCK.now()) == []
