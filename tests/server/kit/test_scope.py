import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.server.kit.scope import Level, Scope

divisions = st.integers(110000, 659999).map(str)
scopes = st.one_of(
    st.just(Scope.of_nation()),
    divisions.map(Scope.of_province),
    divisions.map(Scope.of_city),
    st.integers(1, 9).map(Scope.of_company),
    st.builds(Scope.of_outlet, st.integers(1, 9), st.integers(1, 9)),
)


@pytest.mark.parametrize(
    ("level", "division", "company", "site"),
    [
        (Level.NATION, "440000", None, None),
        (Level.PROVINCE, None, None, None),
        (Level.PROVINCE, "440000", 1, None),
        (Level.CITY, "4403", None, None),
        (Level.CITY, "44030%", None, None),
        (Level.COMPANY, None, None, None),
        (Level.COMPANY, "440000", 1, None),
        (Level.OUTLET, None, 1, None),
        (Level.OUTLET, None, None, 1),
    ],
)
def test_a_scope_that_makes_no_sense_is_not_made(
    level: Level, division: str | None, company: int | None, site: int | None
) -> None:
    with pytest.raises(ValueError, match=r"scope|six digits"):
        Scope(level, division, company, site)


@given(scopes, scopes, scopes)
def test_covering_is_an_order(a: Scope, b: Scope, c: Scope) -> None:
    assert a.covers(a)
    assert Scope.of_nation().covers(a)
    if a.covers(b) and b.covers(c):
        assert a.covers(c)


@given(scopes)
def test_only_the_nation_covers_the_nation(scope: Scope) -> None:
    assert scope.covers(Scope.of_nation()) is (scope.level is Level.NATION)


def test_neighbours_do_not_cover_each_other() -> None:
    assert not Scope.of_province("440000").covers(Scope.of_city("330100"))
    assert not Scope.of_city("440300").covers(Scope.of_province("440000"))
    assert not Scope.of_company(1).covers(Scope.of_company(2))
    assert not Scope.of_outlet(1, 1).covers(Scope.of_company(1))
    assert not Scope.of_outlet(1, 1).covers(Scope.of_outlet(1, 2))
    assert not Scope.of_province("440000").covers(Scope.of_company(1))
