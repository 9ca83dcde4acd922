"""Moments as people read them, in China's time."""

from datetime import datetime

from suyuan.cli.usage import CHINA


def shown_moment(text: str | None) -> str:
    """A moment in ISO 8601 as day and time in China; a day as it is; nothing for None."""
    if not text or len(text) <= 10:
        return text or ""
    moment = datetime.fromisoformat(text)
    return (moment.astimezone(CHINA) if moment.tzinfo else moment).strftime("%Y-%m-%d %H:%M")
