"""Cases of a test."""

import pytest

from suyuan.server.kit.clock import FixedClock
from tests.server.cases.docket import Docket
from tests.server.cast import Cast


@pytest.fixture
def docket(cast: Cast, clock: FixedClock) -> Docket:
    """Two findings and a late duty about the cast, and nobody who has taken them up."""
    return Docket.with_trouble(cast, clock)
