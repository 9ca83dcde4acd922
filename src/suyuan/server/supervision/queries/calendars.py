"""The working days that this installation counts by: the years of the package, and those taken in since.

`suyuan calendar import` keeps a year as ``calendar/YEAR.toml`` in the data folder.
"""

import hashlib
from pathlib import Path

from django.conf import settings

from suyuan.rules import Calendar, calendar, parse_notice
from suyuan.rules.calendar_files import notice_text

_YEARS = "[0-9][0-9][0-9][0-9].toml"


def known_calendar() -> Calendar:
    """Every year known here; one taken in stands before that of the package.

    Raises `LawRefused` with file and line where a kept file was spoilt.
    """
    told = calendar()
    for path in sorted((Path(settings.HOME) / "calendar").glob(_YEARS)):
        told = told.with_notice(parse_notice(path.read_text(encoding="utf-8"), str(path)))
    return told


def digest_of(told: Calendar) -> str:
    """SHA-256 of all notices, as hexadecimal text."""
    texts = [notice_text(told.notices[year]) for year in sorted(told.notices)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
