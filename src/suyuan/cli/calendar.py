"""`suyuan calendar`: working days, and the years they are known for, without a server."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.ring import NotThere
from suyuan.cli.speech import comma, language, say
from suyuan.cli.usage import Day, choice, existing_file, number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.rules import Calendar, Notice
    from suyuan.rules.explaining import SkippedJson
    from suyuan.rules.working_days import Break

UNITS = ("working_day", "calendar_day", "month")
ENDS = ("as_it_falls", "next_working_day")

calendar = group("calendar", "rules.help_calendar")


@command("show", "rules.help_calendar_show", calendar)
@argument("year", metavar="[YEAR]", required=False, type=number(1971, 2198), text="rules.arg_year")
@output_options()
def show(year: int | None, out: Output) -> None:
    """Show the holidays of a year, or the years that are known."""
    from suyuan.cli.years import known

    told = known()
    if year is None:
        rows = [_year(notice) for _, notice in sorted(told.notices.items())]
        out.rows(rows, lambda: _years(rows))
        return
    notice = told.notices.get(year)
    if notice is None:
        raise NotThere("rules.calendar_unknown_year", year=year, known=[str(one) for one in sorted(told.notices)])
    out.rows((_holiday(one) for one in notice.breaks), lambda: _holidays(notice))


def _year(notice: "Notice") -> dict[str, object]:
    from suyuan.rules.explaining import due_status

    return {"year": notice.year, "status": due_status(notice.official), "source": notice.source}


def _years(rows: list[dict[str, object]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    table = grid(say("rules.head_year"), say("rules.head_status"), say("rules.head_source"), keep=(0,))
    for row in rows:
        table.add_row(str(row["year"]), say(f"rules.calendar_{row['status']}"), str(row["source"]))
    return table


def _holiday(one: "Break") -> dict[str, object]:
    return {
        "zh": one.zh,
        "en": one.en,
        "from": one.start.isoformat(),
        "to": one.end.isoformat(),
        "worked": [day.isoformat() for day in one.worked],
    }


def _holidays(notice: "Notice") -> "RenderableType":
    from suyuan.cli.tables import grid
    from suyuan.kernel import Language

    table = grid(say("rules.head_holiday"), say("rules.head_from"), say("rules.head_to"), say("rules.head_worked"))
    for one in notice.breaks:
        name = one.zh if language() is Language.ZH else one.en
        table.add_row(name, str(one.start), str(one.end), comma().join(map(str, one.worked)))
    return table


@command("add", "rules.help_calendar_add", calendar)
@argument("start", metavar="DATE", type=Day(), text="rules.arg_start")
@argument("count", metavar="N", type=number(1, 3660), text="rules.arg_count")
@option("--unit", type=choice(UNITS), default=UNITS[0], show_default=True, text="rules.opt_unit")
@option("--last-day", "last_day", type=choice(ENDS), default=ENDS[0], show_default=True, text="rules.opt_last_day")
@output_options()
def add(start: date, count: int, unit: str, last_day: str, out: Output) -> None:
    """Count a period from a day; the day after it is day 1."""
    from suyuan.cli.years import known
    from suyuan.rules import LastDay, Period, Unit, deadline
    from suyuan.rules.explaining import due_status, skipped_json

    found = deadline(known(), Period(count, Unit(unit), last_day=LastDay(last_day)), start)
    skipped = [skipped_json(day, language()) for day in found.skipped]
    status = due_status(found.official)
    told = {"due": found.due.isoformat(), "status": status, "skipped": skipped}
    out.thing(told, lambda: _counted(found.due, status, skipped))


def _counted(due: date, status: str, skipped: "list[SkippedJson]") -> "list[RenderableType]":
    lines: list[RenderableType] = [say("rules.step_due", due=str(due)), *(day["message"] for day in skipped)]
    return [*lines, say("rules.step_provisional", year=due.year)] if status == "provisional" else lines


@command("import", "rules.help_calendar_import", calendar)
@argument("path", metavar="FILE", type=existing_file(), text="rules.arg_calendar_file")
@output_options()
def import_year(path: Path, out: Output) -> None:
    """Take in the holidays of a year; tell which days count differently from now on."""
    from suyuan.cli.texts import decode
    from suyuan.cli.years import keep, known
    from suyuan.rules import RulesError, parse_notice

    before = known()
    notice = parse_notice(decode(path.read_bytes()), str(path))
    old = before.notices.get(notice.year)
    if old is not None and old.official and not notice.official:
        raise RulesError("rules.calendar_less_sure", year=notice.year)
    changed = _changed(before, before.with_notice(notice))
    file, replaced = keep(notice)
    told = {
        **_year(notice),
        "file": str(file),
        "replaced": None if replaced is None else str(replaced),
        "changed": changed,
    }
    out.thing(told, lambda: _imported(changed))
    note(say("rules.calendar_imported", year=notice.year, file=str(file), count=len(changed)))


def _changed(before: "Calendar", after: "Calendar") -> list[dict[str, str]]:
    from suyuan.rules.working_days import changed_days

    return [
        {"date": old.date.isoformat(), "before": old.kind.value, "after": new.kind.value}
        for old, new in changed_days(before, after)
    ]


def _imported(changed: list[dict[str, str]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    table = grid(say("rules.head_day"), say("rules.head_before"), say("rules.head_after"))
    for day in changed:
        table.add_row(day["date"], say(f"rules.day_{day['before']}"), say(f"rules.day_{day['after']}"))
    return table
