"""The clock, handed in wherever time matters so that a test can set it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")  # duties and dates of records count in this zone


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The moment, with its zone."""
        ...

    def today(self) -> date:
        """The day in China."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The day in China."""
        return datetime.now(CHINA).date()


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is moved."""

    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a moment needs its zone")

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.at

    def today(self) -> date:
        """The day in China at that moment."""
        return self.at.astimezone(CHINA).date()

    def advance(self, step: timedelta) -> None:
        """Move it forward."""
        self.at += step


SYSTEM_CLOCK = SystemClock()
