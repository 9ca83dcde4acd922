"""Batteries to supervise, and officials who do."""

import pytest

from suyuan.server.accounts.models import Role
from tests.server.answers.folding import Folded
from tests.server.cast import Cast
from tests.server.web.oversight.living import lived
from tests.server.web.people import Somebody, person


@pytest.fixture
def lives(cast: Cast) -> Folded:
    """What `lived` says."""
    return lived(cast)


@pytest.fixture
def minister(cast: Cast) -> Somebody:
    """An official of the nation."""
    return person("minister@example.com", Role.OFFICIAL, cast.nation.scope)


@pytest.fixture
def provincial(cast: Cast) -> Somebody:
    """An official of Zhejiang."""
    return person("zhejiang@example.com", Role.OFFICIAL, cast.zhejiang.scope)
