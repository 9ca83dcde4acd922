"""The log of a test."""

from pathlib import Path

import pytest

from suyuan.server.kit.clock import FixedClock
from tests.server.cast import Cast
from tests.server.log.house import House


@pytest.fixture
def house(cast: Cast, clock: FixedClock, tmp_path: Path) -> House:
    """An installation without a log yet."""
    return House(tmp_path, clock)
