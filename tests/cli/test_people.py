"""`suyuan person invite`: how the first administrator comes in."""

import pytest

from suyuan.cli.exits import Exit
from suyuan.server.accounts.models import Role
from suyuan.server.accounts.services.people import opened
from tests.cli.runner import run
from tests.server.cast import Cast


def test_an_operator_invites_the_first_person(cast: Cast) -> None:
    done = run("person", "invite", "--login", "Li@example.com", "--name", "李伟", "--nation", "-f", "json")
    assert done.code == Exit.OK
    found = opened(done.json["path"].rpartition("/")[2])
    assert (found.login, found.role, found.scope) == ("li@example.com", Role.ADMIN, cast.nation.scope)


def test_he_may_be_of_a_company(cast: Cast) -> None:
    told = ("--login", "13800138000", "--name", "王芳", "--role", "clerk", "--company", cast.maker.code)
    done = run("person", "invite", *told, "-f", "json")
    assert opened(done.json["path"].rpartition("/")[2]).scope == cast.maker.scope


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (("--login", "li@example.com", "--name", "x"), Exit.USAGE),
        (("--login", "li@example.com", "--name", "x", "--nation", "--province", "440000"), Exit.USAGE),
        (("--login", "li", "--name", "x", "--nation"), Exit.REJECTED),
        (("--login", "li@example.com", "--name", "x", "--nation", "--role", "clerk"), Exit.REJECTED),
        (("--login", "li@example.com", "--name", "x", "--company", "0"), Exit.NOT_FOUND),
    ],
)
def test_what_cannot_be_is_refused(cast: Cast, told: tuple[str, ...], code: Exit) -> None:
    assert run("person", "invite", *told).code == code
