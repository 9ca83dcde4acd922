"""The calendar of this machine: the years of the package, and those imported into the data folder."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.usage import CHINA

if TYPE_CHECKING:
    from suyuan.rules import Calendar, Notice


def today() -> date:
    """The day in China."""
    return datetime.now(CHINA).date()


def folder() -> Path:
    """Where imported years are kept: `calendar` in the data folder."""
    named = os.environ.get("SUYUAN_HOME")
    if named:
        return Path(named).expanduser().absolute() / "calendar"
    from platformdirs import user_data_path

    home = Path("/var/lib/suyuan") if os.geteuid() == 0 else user_data_path("suyuan", appauthor=False)
    return home / "calendar"


def known() -> "Calendar":
    """Every year known here; an imported one stands before that of the package."""
    from suyuan.rules import calendar, parse_notice

    told = calendar()
    for path in sorted(folder().glob("[0-9][0-9][0-9][0-9].toml")):
        told = told.with_notice(parse_notice(path.read_text(encoding="utf-8"), str(path)))
    return told


def keep(notice: "Notice") -> tuple[Path, Path | None]:
    """Write a year into the data folder; what stood there before stays beside it under the moment of its end.

    Returns
    -------
    The file, and the file that holds what was replaced, if anything was.
    """
    from suyuan.cli.output import whole_file
    from suyuan.rules.calendar_files import notice_text

    path = folder() / f"{notice.year}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = notice_text(notice).encode()
    old = None
    if path.exists() and path.read_bytes() != data:
        old = path.with_name(f"{notice.year}.until-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.toml")
        old.write_bytes(path.read_bytes())
    with whole_file(path) as stream:
        stream.write(data)
    return path, old
