"""Invitations, memberships, approvals and kept forms: what each role may do, and its forbidden twin."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.models import Access, Permission, Person, Role
from suyuan.server.accounts.queries import readings
from suyuan.server.accounts.queries.people import deeds, invitations, members, memberships
from suyuan.server.accounts.queries.views import saved_views
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.disclosures import (
    decide_disclosure,
    disclosures,
    request_disclosure,
    use_disclosure,
)
from suyuan.server.accounts.services.keeping import (
    MOST_KEPT,
    Form,
    SentFile,
    draft,
    forget_draft,
    keep_form,
    kept_form,
    save_draft,
    use_form,
)
from suyuan.server.accounts.services.people import (
    Invitation,
    accept,
    end_membership,
    invite,
    login_name,
    opened,
    recover,
    withdraw_invitation,
)
from suyuan.server.accounts.services.views import end_view, save_view
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.web.actor import Actor
from tests.server.cast import Cast
from tests.server.web.people import PASSWORD, Somebody, person


@pytest.fixture
def admin(cast: Cast, clock: FixedClock) -> Somebody:
    return person("admin@example.com", Role.ADMIN, cast.maker.scope, clock=clock)


@pytest.fixture
def second(cast: Cast, clock: FixedClock) -> Somebody:
    return person("second@example.com", Role.ADMIN, cast.maker.scope, clock=clock)


@pytest.fixture
def stranger(cast: Cast, clock: FixedClock) -> Somebody:
    return person("stranger@example.com", Role.ADMIN, cast.carmaker.scope, clock=clock)


def code_of(error: pytest.ExceptionInfo[SuyuanError]) -> str:
    return error.value.code


@pytest.mark.parametrize("typed", [" Li.Wei@Example.COM ", "li.wei@example.com"])
def test_an_address_is_kept_in_one_form(typed: str) -> None:
    assert login_name(typed) == "li.wei@example.com"


@pytest.mark.parametrize(
    "typed", ["", "li", "a@b", "a b@example.com", "1234", "'; --", "@example.com", "１３８００１３８０００"]
)
def test_what_is_no_login_is_refused(typed: str) -> None:
    with pytest.raises(SuyuanError) as refused:
        login_name(typed)
    assert code_of(refused) == "accounts.login_malformed"


def test_an_invited_person_is_what_he_was_invited_to_be(cast: Cast, admin: Somebody, clock: FixedClock) -> None:
    outlet = Scope.of_outlet(cast.maker.number, cast.maker.sites["W1"])
    sent = invite(admin.membership, Invitation("138-0013 8000", "王芳", Role.CLERK, outlet), clock)
    assert opened(sent.token, clock).login == "13800138000"
    (waiting,) = invitations(cast.maker.scope, clock.now())
    assert (waiting.role, waiting.scope) == (Role.CLERK, outlet)
    joined = accept(sent.token, PASSWORD, "en", clock)
    (held,) = memberships(joined.pk)
    assert (held.scope, held.permissions) == (outlet, frozenset({Permission.READ, Permission.SUBMIT}))
    assert joined.password.startswith("argon2$")
    assert [deed.act for _, deed in deeds(outlet)] == ["person.joined", "person.invited"]
    with pytest.raises(SuyuanError) as refused:  # a token is good once
        accept(sent.token, PASSWORD, "en", clock)
    assert code_of(refused) == "accounts.invitation_unknown"


def test_a_token_ends_and_can_be_taken_back(cast: Cast, admin: Somebody, stranger: Somebody, clock: FixedClock) -> None:
    order = Invitation("late@example.com", "迟到", Role.VIEWER, cast.maker.scope)
    late, withdrawn = invite(admin.membership, order, clock), invite(admin.membership, order, clock)
    with pytest.raises(SuyuanError) as refused:
        withdraw_invitation(stranger.membership, withdrawn.number, clock)
    assert code_of(refused) == "accounts.invitation_unknown"
    withdraw_invitation(admin.membership, withdrawn.number, clock)
    clock.advance(timedelta(days=8))
    for token in (late.token, withdrawn.token, "never made", "\udcff"):
        with pytest.raises(SuyuanError) as refused:
            opened(token, clock)
        assert code_of(refused) == "accounts.invitation_unknown"


def test_nobody_invites_beyond_himself(cast: Cast, admin: Somebody, clock: FixedClock) -> None:
    clerk = person("clerk@example.com", Role.CLERK, cast.maker.scope, clock=clock)
    tried = {
        "accounts.scope_too_wide": (admin, Role.VIEWER, cast.carmaker.scope),
        "accounts.not_admin": (clerk, Role.VIEWER, cast.maker.scope),
        "accounts.role_elsewhere": (admin, Role.OFFICIAL, cast.maker.scope),
    }
    for code, (by, role, scope) in tried.items():
        with pytest.raises(SuyuanError) as refused:
            invite(by.membership, Invitation("x@example.com", "某人", role, scope), clock)
        assert code_of(refused) == code
    assert not invitations(Scope.of_nation(), clock.now())


def test_a_link_alone_takes_no_account_over(cast: Cast, admin: Somebody, stranger: Somebody, clock: FixedClock) -> None:
    """Somebody known joins as he is: his password stays his."""
    order = Invitation(stranger.person.login, "别名", Role.VIEWER, cast.maker.scope)
    sent = invite(admin.membership, order, clock)
    with pytest.raises(SuyuanError) as refused:
        accept(sent.token, "another password", "en", clock)
    assert code_of(refused) == "accounts.person_known"
    joined = accept(sent.token, None, "en", clock)
    assert joined.check_password(PASSWORD)
    assert joined.name == stranger.person.name
    assert {each.scope for each in memberships(joined.pk)} == {cast.carmaker.scope, cast.maker.scope}
    here = next(each for each in memberships(joined.pk) if each.scope == cast.maker.scope)
    with pytest.raises(SuyuanError) as refused:  # he is also a carmaker's administrator: no link opens that
        recover(admin.membership, here.number, clock)
    assert code_of(refused) == "accounts.member_elsewhere"


def test_who_lost_his_password_gets_in_again(cast: Cast, admin: Somebody, second: Somebody, clock: FixedClock) -> None:
    sent = recover(admin.membership, second.membership.number, clock)
    again = accept(sent.token, "a completely new lantern", "en", clock)
    assert again.pk == second.person.pk
    assert again.check_password("a completely new lantern")
    assert memberships(again.pk) == [second.membership]


def test_a_link_to_get_in_again_ends_when_somebody_becomes_more(
    cast: Cast, admin: Somebody, second: Somebody, clock: FixedClock
) -> None:
    """It was offered by who had a say in all that he was then."""
    offered = recover(admin.membership, second.membership.number, clock)
    order = Invitation(second.person.login, "x", Role.OFFICIAL, cast.guangdong.scope)
    accept(invite(None, order, clock).token, None, "en", clock)
    with pytest.raises(SuyuanError) as refused:
        accept(offered.token, "a completely new lantern", "en", clock)
    assert code_of(refused) == "accounts.invitation_unknown"


def test_a_link_to_get_in_again_does_not_wake_who_was_made_inactive(
    cast: Cast, admin: Somebody, second: Somebody, clock: FixedClock
) -> None:
    Person.objects.filter(pk=second.person.pk).update(is_active=False)
    accept(recover(admin.membership, second.membership.number, clock).token, "a completely new lantern", "en", clock)
    assert memberships(second.person.pk) == []


def test_an_ended_membership_opens_nothing(cast: Cast, admin: Somebody, second: Somebody, stranger: Somebody) -> None:
    for by in (stranger, second):
        with pytest.raises(SuyuanError) as refused:
            end_membership(by.membership, second.membership.number)
        assert code_of(refused) in {"accounts.member_not_found", "accounts.own_membership"}
    end_membership(admin.membership, second.membership.number)
    assert memberships(second.person.pk) == []
    listed = {each.login: each.ended_at is not None for each in members(cast.maker.scope)}
    assert listed == {"admin@example.com": False, "second@example.com": True}
    assert [each.login for each in members(cast.carmaker.scope)] == ["stranger@example.com"]
    assert second.client().get("/w").status_code == 403


def test_an_export_needs_a_second_person(cast: Cast, admin: Somebody, second: Somebody, stranger: Somebody) -> None:
    number = request_disclosure(admin.membership, "members", "年度审计")
    refusals: dict[str, Callable[[], object]] = {
        "accounts.own_disclosure": lambda: decide_disclosure(admin.membership, number, granted=True),
        "accounts.disclosure_not_found": lambda: decide_disclosure(stranger.membership, number, granted=True),
        "accounts.disclosure_closed": lambda: use_disclosure(admin.membership, number),
    }
    for code, act in refusals.items():
        with pytest.raises(SuyuanError) as refused:
            act()
        assert code_of(refused) == code
    assert disclosures(cast.carmaker.scope) == []
    decide_disclosure(second.membership, number, granted=True)
    with pytest.raises(SuyuanError) as refused:
        use_disclosure(second.membership, number)
    assert code_of(refused) == "accounts.disclosure_not_found"
    assert use_disclosure(admin.membership, number).what == "members"
    with pytest.raises(SuyuanError) as refused:  # once
        use_disclosure(admin.membership, number)
    assert code_of(refused) == "accounts.disclosure_closed"


def test_an_approval_grows_old(cast: Cast, admin: Somebody, second: Somebody, clock: FixedClock) -> None:
    number = request_disclosure(admin.membership, "members", "年度审计", clock)
    decide_disclosure(second.membership, number, granted=True, clock=clock)
    clock.advance(timedelta(days=8))
    with pytest.raises(SuyuanError) as refused:
        use_disclosure(admin.membership, number, clock)
    assert code_of(refused) == "accounts.disclosure_closed"


def test_a_kept_form_comes_back_to_its_sender_alone(admin: Somebody, stranger: Somebody, clock: FixedClock) -> None:
    sent = Form("/w/team?x=1", "login=a&login=b", [SentFile("file", "表.xlsx", "application/x", b"\x00\xff")])
    token = keep_form(admin.person.pk, sent, clock)
    assert token is not None
    assert kept_form(admin.person.pk, token, clock) == sent
    with pytest.raises(SuyuanError) as refused:
        kept_form(stranger.person.pk, token, clock)
    assert code_of(refused) == "accounts.form_not_kept"
    with cursor() as run:
        row = run.execute("SELECT sealed FROM accounts_kept").fetchone()
    assert row is not None
    assert b"login=a" not in bytes(row[0])  # what lies in the database cannot be read there
    use_form(admin.person.pk, token, clock)
    with pytest.raises(SuyuanError):
        kept_form(admin.person.pk, token, clock)


def test_kept_forms_are_few_and_not_for_ever(admin: Somebody, clock: FixedClock) -> None:
    tokens = []
    for place in range(MOST_KEPT + 2):
        tokens.append(keep_form(admin.person.pk, Form("/w", f"n={place}"), clock) or "")
        clock.advance(timedelta(minutes=1))
    for old in tokens[:2]:
        with pytest.raises(SuyuanError):
            kept_form(admin.person.pk, old, clock)
    assert kept_form(admin.person.pk, tokens[-1], clock).fields == f"n={MOST_KEPT + 1}"
    clock.advance(timedelta(days=1))
    with pytest.raises(SuyuanError):
        kept_form(admin.person.pk, tokens[-1], clock)


def test_a_draft_lives_until_it_is_sent(admin: Somebody, stranger: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    assert save_draft(admin.person.pk, "team", {"name": ["李伟"]})
    assert draft(admin.person.pk, "team") == {"name": ["李伟"]}
    assert draft(stranger.person.pk, "team") == {}
    assert not save_draft(admin.person.pk, "team", {"name": ["x" * 2_000_000]})
    monkeypatch.setattr(settings, "SECRET_KEY", "another secret")
    assert draft(admin.person.pk, "team") == {}
    monkeypatch.undo()
    forget_draft(admin.person.pk, "team")
    assert draft(admin.person.pk, "team") == {}


def test_a_shared_view_is_for_the_same_scope(admin: Somebody, second: Somebody, stranger: Somebody) -> None:
    save_view(admin.membership, "batteries", "在库超期", "f.stage=stock", shared=True)
    save_view(admin.membership, "batteries", "我的", "f.code=1", shared=False)
    assert [each.name for each in saved_views(admin.membership, "batteries")] == ["在库超期", "我的"]
    (seen,) = saved_views(second.membership, "batteries")
    assert (seen.name, seen.own) == ("在库超期", False)
    assert saved_views(stranger.membership, "batteries") == saved_views(admin.membership, "other") == []
    with pytest.raises(SuyuanError):
        end_view(second.membership, seen.number)
    end_view(admin.membership, seen.number)
    assert saved_views(second.membership, "batteries") == []


def test_what_a_person_reads_is_noted_for_his_own_scope(cast: Cast, admin: Somebody, stranger: Somebody) -> None:
    from suyuan.kernel import Language

    actor = Actor(Language.ZH, False, admin.person.pk, "admin@example.com", "x", admin.membership)
    assert log_reads(actor.principal, [Reading("battery.trace", "0A")]) == 1
    (noted,) = readings(cast.maker.scope, "0A")
    assert (noted.person, noted.key_id, noted.company) == (admin.person.pk, None, cast.maker.number)
    assert readings(cast.carmaker.scope, "0A") == []
    assert Access.objects.count() == 1


def test_the_roles_permit_what_keys_of_their_kind_may_have(cast: Cast, admin: Somebody) -> None:
    firm, office = admin.membership, replace(admin.membership, scope=Scope.of_province("440000"))
    assert firm.permissions == {Permission.READ, Permission.SUBMIT, Permission.FILE}
    assert office.permissions == {Permission.READ, Permission.ADMINISTER}
    assert replace(firm, role=Role.VIEWER).permissions == {Permission.READ}
    assert Person.objects.count() == 1
