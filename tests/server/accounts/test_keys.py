"""Keys: issued, known, refused, revoked, rotated."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from suyuan.kernel import SuyuanError
from suyuan.server.accounts import queries, services
from suyuan.server.accounts.models import ApiKey, Permission
from suyuan.server.accounts.queries import REMEMBERED, Principal, authenticate, memory
from suyuan.server.accounts.services import KeyOrder, Reading, issue_key, log_reads, revoke_key, rotate_key
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal, Unauthenticated
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.kit.token import parse
from tests.server.cast import GUANGDONG, NATION, Actor, Cast
from tests.server.counting import queries_of

READ = frozenset({Permission.READ})


def prefix_of(actor: Actor) -> str:
    token = parse(actor.token)
    assert token is not None
    return token.prefix


def refusal_of(header: str | None, clock: FixedClock) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        authenticate(header, clock)
    return refusal.value.code


def test_a_key_tells_who_is_asking(cast: Cast, clock: FixedClock) -> None:
    principal = authenticate(cast.maker.header, clock)
    assert principal.company == cast.maker.number
    assert principal.scope == Scope.of_company(cast.maker.number)
    principal.require(Permission.SUBMIT)
    with pytest.raises(Forbidden) as refusal:
        principal.require(Permission.ADMINISTER)
    assert refusal.value.code == "accounts.not_permitted"


def test_an_official_has_a_scope_and_no_company(cast: Cast, clock: FixedClock) -> None:
    principal = authenticate(cast.guangdong.header, clock)
    assert principal.company is None
    assert principal.scope == Scope.of_province(GUANGDONG)
    with pytest.raises(Forbidden):
        principal.require(Permission.SUBMIT)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "accounts.key_missing"),
        ("", "accounts.key_missing"),
        ("Basic dXNlcjpwYXNz", "accounts.key_malformed"),
        ("Bearer", "accounts.key_malformed"),
        ("Bearer 12345", "accounts.key_malformed"),
        ("Bearer sy_short_secret", "accounts.key_malformed"),
        ("Bearer sy_abcdefghjk_", "accounts.key_malformed"),
        ("Bearer sy_abcdefghjk_sécret", "accounts.key_malformed"),
        ("Bearer sy_abcdefghjk_secret", "accounts.key_unknown"),
    ],
)
def test_what_is_no_key_is_refused(cast: Cast, clock: FixedClock, header: str | None, code: str) -> None:
    assert refusal_of(header, clock) == code


def test_a_wrong_secret_is_refused_even_when_the_right_one_is_remembered(cast: Cast, clock: FixedClock) -> None:
    authenticate(cast.maker.header, clock)
    assert refusal_of(cast.maker.header[:-1] + "~", clock) == "accounts.key_unknown"
    swapped = f"Bearer sy_{prefix_of(cast.maker)}_{cast.carmaker.token.split('_', 2)[2]}"
    assert refusal_of(swapped, clock) == "accounts.key_unknown"


def test_the_secret_is_kept_nowhere(cast: Cast) -> None:
    secret = cast.maker.token.split("_", 2)[2]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT k::text FROM accounts_api_key k")
        assert secret not in str(cursor.fetchall())
    issued = issue_key(NATION, KeyOrder("x", NATION, READ))
    assert issued.token.secret not in repr(issued)
    assert len(issued.token.secret) >= 43


def test_a_revoked_key_is_refused_at_once_here_and_in_seconds_elsewhere(cast: Cast, clock: FixedClock) -> None:
    authenticate(cast.maker.header, clock)
    elsewhere = memory.recall(prefix_of(cast.maker), clock.now())
    assert elsewhere is not None
    revoke_key(NATION, prefix_of(cast.maker), clock)
    assert refusal_of(cast.maker.header, clock) == "accounts.key_revoked"
    memory.keep(elsewhere)  # a process that has not heard of it
    authenticate(cast.maker.header, clock)
    clock.advance(REMEMBERED)
    assert refusal_of(cast.maker.header, clock) == "accounts.key_revoked"


def test_who_does_not_know_the_secret_is_not_told_that_a_key_is_revoked(cast: Cast, clock: FixedClock) -> None:
    revoke_key(NATION, prefix_of(cast.maker), clock)
    assert refusal_of(cast.maker.header + "x", clock) == "accounts.key_unknown"


def test_an_expired_key_is_refused_on_the_second(cast: Cast, clock: FixedClock) -> None:
    ends = clock.now() + timedelta(seconds=3)
    token = issue_key(NATION, KeyOrder("short", NATION, READ, ends), clock).token
    clock.advance(timedelta(seconds=2))
    authenticate(f"Bearer {token.text}", clock)
    clock.advance(timedelta(seconds=1))
    assert refusal_of(f"Bearer {token.text}", clock) == "accounts.key_expired"


def test_a_key_is_read_once_in_a_few_seconds(cast: Cast, clock: FixedClock) -> None:
    memory.forget()
    authenticate(cast.maker.header, clock)
    with queries_of() as seen:
        for _ in range(100):
            authenticate(cast.maker.header, clock)
    assert seen == []
    clock.advance(REMEMBERED)
    with queries_of() as seen:
        authenticate(cast.maker.header, clock)
    assert len(seen) == 1


def test_the_last_use_is_noted_by_the_hour(cast: Cast, clock: FixedClock) -> None:
    def noted() -> object:
        return ApiKey.objects.get(prefix=prefix_of(cast.maker)).last_used_at

    assert noted() is None
    first = clock.now()
    authenticate(cast.maker.header, clock)
    assert noted() == first
    clock.advance(timedelta(minutes=30))
    authenticate(cast.maker.header, clock)
    assert noted() == first
    clock.advance(timedelta(minutes=30))
    authenticate(cast.maker.header, clock)
    assert noted() == clock.now()


def test_a_rotated_key_has_a_successor_with_the_same_rights_and_ends(cast: Cast, clock: FixedClock) -> None:
    old = authenticate(cast.maker.header, clock)
    issued = rotate_key(cast.maker.scope, old.prefix, clock, overlap=timedelta(days=2))
    new = authenticate(f"Bearer {issued.token.text}", clock)
    assert (new.scope, new.permissions) == (old.scope, old.permissions)
    authenticate(cast.maker.header, clock)
    clock.advance(timedelta(days=2))
    assert refusal_of(cast.maker.header, clock) == "accounts.key_expired"
    authenticate(f"Bearer {issued.token.text}", clock)


def test_no_third_key_by_rotation_and_none_from_an_ended_one(cast: Cast, clock: FixedClock) -> None:
    prefix = prefix_of(cast.maker)
    successor = rotate_key(NATION, prefix, clock).token.prefix
    with pytest.raises(Conflict) as refusal:
        rotate_key(NATION, prefix, clock)
    assert refusal.value.code == "accounts.key_rotated"
    revoke_key(NATION, successor, clock)
    with pytest.raises(Conflict) as refusal:
        rotate_key(NATION, successor, clock)
    assert refusal.value.code == "accounts.key_ended"


def test_rotation_does_not_lengthen_the_life_of_the_old_key(cast: Cast, clock: FixedClock) -> None:
    ends = clock.now() + timedelta(hours=5)
    order = KeyOrder("short", cast.maker.scope, READ, ends)
    prefix = issue_key(NATION, order, clock).token.prefix
    clock.advance(timedelta(hours=1))
    rotate_key(NATION, prefix, clock)
    old = ApiKey.objects.get(prefix=prefix)
    assert old.expires_at == ends
    assert old.successor is not None
    assert old.successor.expires_at == clock.now() + timedelta(hours=5)


@pytest.mark.parametrize("act", [revoke_key, rotate_key])
def test_nobody_touches_the_keys_of_others(cast: Cast, clock: FixedClock, act: object) -> None:
    assert callable(act)
    for scope in (cast.carmaker.scope, cast.guangdong.scope, Scope.of_outlet(cast.maker.number, 1)):
        with pytest.raises(Missing) as refusal:
            act(scope, prefix_of(cast.maker), clock)
        assert refusal.value.code == "accounts.key_not_found"
    act(cast.maker.scope, prefix_of(cast.maker), clock)


@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        (Scope.of_company(1), Scope.of_nation()),
        (Scope.of_company(1), Scope.of_company(2)),
        (Scope.of_province("440000"), Scope.of_province("330000")),
        (Scope.of_province("440000"), Scope.of_company(1)),
        (Scope.of_city("440300"), Scope.of_province("440000")),
    ],
)
def test_nobody_issues_more_than_he_has(clean_database: str, by: Scope, wanted: Scope) -> None:
    with pytest.raises(Forbidden) as refusal:
        issue_key(by, KeyOrder("too much", wanted, READ))
    assert refusal.value.code == "accounts.scope_too_wide"
    assert not ApiKey.objects.exists()


def test_narrower_keys_may_be_issued(cast: Cast, clock: FixedClock) -> None:
    outlet = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    issued = issue_key(cast.collector.scope, KeyOrder("O1", outlet, READ), clock)
    assert authenticate(f"Bearer {issued.token.text}", clock).scope == outlet
    issue_key(cast.guangdong.scope, KeyOrder("Shenzhen", Scope.of_city("440300"), READ), clock)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (KeyOrder("x", NATION, frozenset()), "accounts.no_permissions"),
        (KeyOrder("x", NATION, frozenset({Permission.SUBMIT})), "accounts.officials_only_read"),
        (KeyOrder("x", NATION, frozenset({Permission.FILE})), "accounts.officials_only_read"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_issued(clean_database: str, order: KeyOrder, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        issue_key(NATION, order)
    assert refusal.value.code == code


def test_a_key_that_has_ended_already_is_not_issued(clean_database: str, clock: FixedClock) -> None:
    with pytest.raises(Refusal) as refusal:
        issue_key(NATION, KeyOrder("x", NATION, READ, clock.now()), clock)
    assert refusal.value.code == "accounts.expired_at_birth"


def test_a_key_needs_a_company_and_site_that_exist(cast: Cast, clock: FixedClock) -> None:
    for scope in (Scope.of_company(999), Scope.of_outlet(cast.maker.number, 999)):
        with pytest.raises(IntegrityError):
            issue_key(NATION, KeyOrder("x", scope, READ), clock)


@pytest.mark.parametrize(
    "change",
    [
        {"level": "galaxy"},
        {"division": "440000"},
        {"company": None},
        {"site": 1},
        {"level": Level.NATION.value, "company": None},  # would report for nobody
    ],
)
def test_the_database_itself_refuses_a_senseless_key(cast: Cast, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(prefix=prefix_of(cast.maker)).update(**change)


def test_each_sees_the_keys_of_its_scope(cast: Cast) -> None:
    def labels(scope: Scope) -> set[str]:
        return {key.label for key in queries.keys(scope)}

    assert len(labels(NATION)) == 11
    assert labels(cast.maker.scope) == {"maker"}
    assert labels(cast.guangdong.scope) == {"guangdong"}
    assert labels(Scope.of_city("440300")) == set()


def test_readings_are_noted_in_one_write_and_shown_in_scope(cast: Cast, clock: FixedClock) -> None:
    maker, official = (authenticate(actor.header, clock) for actor in (cast.maker, cast.guangdong))
    with queries_of() as seen:
        assert log_reads(maker, [Reading("battery.trace", f"B{i}") for i in range(500)], clock) == 500
    assert len(seen) == 1
    log_reads(official, [Reading("battery.trace", "B7")], clock)
    assert log_reads(official, [], clock) == 0

    def readers(principal: Principal | Scope) -> list[int | None]:
        scope = principal.scope if isinstance(principal, Principal) else principal
        return [reading.company for reading in queries.readings(scope, "B7")]

    assert readers(NATION) == [None, cast.maker.number]
    assert readers(maker) == [cast.maker.number]
    assert readers(official) == [None]
    assert readers(cast.carmaker.scope) == []


def test_every_refusal_has_its_sentence(cast: Cast, clock: FixedClock) -> None:
    """The data that a refusal carries are those that its sentences need."""
    from suyuan.kernel import Language, sentence

    revoke_key(NATION, prefix_of(cast.repairer), clock)
    short = issue_key(NATION, KeyOrder("s", NATION, READ, clock.now() + timedelta(seconds=1)), clock).token.text
    clock.advance(timedelta(days=1))
    acts: list[Callable[[], object]] = [
        lambda: authenticate(None, clock),
        lambda: authenticate("Bearer x", clock),
        lambda: authenticate("Bearer sy_abcdefghjk_secret", clock),
        lambda: authenticate(cast.repairer.header, clock),
        lambda: authenticate(f"Bearer {short}", clock),
        lambda: authenticate(cast.nation.header, clock).require(Permission.SUBMIT),
        lambda: issue_key(cast.maker.scope, KeyOrder("x", NATION, READ), clock),
        lambda: issue_key(NATION, KeyOrder("x", NATION, frozenset({Permission.FILE})), clock),
        lambda: issue_key(NATION, KeyOrder("x", NATION, READ, clock.now()), clock),
        lambda: revoke_key(NATION, "nothing", clock),
        lambda: rotate_key(NATION, prefix_of(cast.repairer), clock),
    ]
    for act in acts:
        with pytest.raises(SuyuanError) as refusal:
            act()
        for language in Language:
            assert "{" not in sentence(refusal.value.code, refusal.value.data, language)


def test_services_are_the_verbs_of_the_room() -> None:
    assert {"issue_key", "revoke_key", "rotate_key", "log_reads"} <= set(vars(services))
