"""`suyuan deadline`: what an event would start and when it would be due, without a server; and the duties there are."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, counter_options
from suyuan.cli.deadline_feeds import ics, standing
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import comma, language, say
from suyuan.cli.usage import Day, Misuse, choice, number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.rules import Calendar, Duty

STATES = ("due", "overdue", "open", "fulfilled_in_time", "fulfilled_late", "fulfilled", "void")

Open = Callable[[], Counter]

deadline = group("deadline", "rules.help_deadline")
for fed in (standing, ics):
    deadline.add_command(fed)


@command("calc", "rules.help_deadline_calc", deadline)
@argument("kind", metavar="EVENT_KIND", text="rules.arg_event_kind")
@argument("day", metavar="DATE", type=Day(), text="rules.arg_event_day")
@option("--actor", metavar="ROLE", text="rules.opt_actor")
@output_options()
def calc(kind: str, day: date, actor: str | None, out: Output) -> None:
    """Tell the duties that an event of a kind starts on a day, and their last days."""
    from suyuan.cli.years import known
    from suyuan.events.vocabulary import vocabulary
    from suyuan.rules import law

    kinds, roles = [*vocabulary().kinds, *law().facts], list(vocabulary().roles)
    if kind not in kinds:
        raise Misuse("cli.no_such_kind", kind=kind)
    if actor is not None and actor not in roles:
        raise Misuse("cli.not_a_choice", option="--actor", value=actor, choices=roles)
    calendar = known()
    found = [one for one in law().in_force(day)[1] if kind in one.kinds and actor in (None, *one.owed_by)]
    rows = [_row(calendar, one, day) for one in found]
    out.rows(rows, lambda: _view(rows))


def _row(calendar: "Calendar", one: "Duty", day: date) -> dict[str, object]:
    from suyuan.rules import deadline as count
    from suyuan.rules.explaining import due_status

    counted = count(calendar, one.period, day) if one.period else None
    return {
        "duty": one.id,
        "title": one.title.in_language(language()),
        "owed_by": list(one.owed_by),
        "where": {column: list(wanted) for column, wanted in one.where.items()},
        "due": counted.due.isoformat() if counted else None,
        "due_status": due_status(counted.official) if counted else None,
        "status": one.weakest.value,
        "version": one.version,
    }


def _view(rows: list[dict[str, object]]) -> "RenderableType":
    from suyuan.cli.tables import grid
    from suyuan.events.vocabulary import vocabulary

    if not rows:
        return say("rules.no_duties")
    roles = vocabulary().roles
    table = grid(
        say("rules.head_rule"),
        say("rules.head_title"),
        say("rules.head_owed_by"),
        say("rules.head_due"),
        say("rules.head_sure"),
        keep=(0,),
    )
    for row in rows:
        owing = row["owed_by"] if isinstance(row["owed_by"], list) else []
        names = comma().join(roles[role].in_language(language()) for role in owing)
        due = say("rules.says_no_period") if row["due"] is None else str(row["due"])
        if row["due_status"] == "provisional":
            due = f"{due} ({say('rules.calendar_provisional')})"
        table.add_row(str(row["duty"]), str(row["title"]), names, due, say(f"rules.short_{row['status']}"))
    return table


@command("list", "supervision.help_deadline_list", deadline)
@option("--org", "org", metavar="COMPANY", text="supervision.opt_org")
@option("--overdue", is_flag=True, text="supervision.opt_overdue")
@option("--state", type=choice(STATES), text="supervision.opt_state")
@option("--duty", metavar="RULE", text="supervision.opt_duty")
@option("--limit", type=number(1, 1000), default=100, show_default=True, text="cli.opt_limit")
@counter_options
@output_options()
def list_duties(state: str | None, overdue: bool, counter: Open, out: Output, limit: int, **asked: str | None) -> None:
    """List the duties that recorded events have started."""
    from suyuan.cli.overseeing import duties_at
    from suyuan.cli.supervision import duties_view

    if overdue and state not in (None, "overdue"):
        raise Misuse("supervision.overdue_or_state")
    rows, more = duties_at(counter(), asked["org"], asked["duty"], "overdue" if overdue else state, limit)
    out.rows(rows, lambda: duties_view(rows))
    if more:
        note(say("supervision.more_duties", limit=limit))
