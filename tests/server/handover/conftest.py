"""A clock that moves on: of records of one day, the ledger takes the one with the later id for the later one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from suyuan.server.kit.clock import CHINA
from tests.server.cast import NOW


@dataclass
class Ticking:
    """A clock that is some milliseconds later whenever it is looked at."""

    at: datetime = NOW

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=5)
        return self.at

    def today(self) -> date:
        return self.at.astimezone(CHINA).date()


@pytest.fixture
def clock() -> Ticking:
    return Ticking()
