"""`suyuan rules`: what the law says on a day and why, without a server; and what a draft would have changed."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.output import Output, output_options
from suyuan.cli.ring import NotThere
from suyuan.cli.speech import comma, language, say
from suyuan.cli.usage import Day, Misuse, existing_file

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.rules import Duty, Explanation, Law, Value

rules = group("rules", "rules.help_rules")


@command("show", "rules.help_rules_show", rules)
@argument("rule", metavar="[RULE]", required=False, text="rules.arg_rule_prefix")
@option("--on", "day", type=Day(), text="rules.opt_on")
@output_options()
def show(rule: str | None, day: date | None, out: Output) -> None:
    """Show the values and duties in force on a day, all or those whose name begins like RULE."""
    from suyuan.cli.years import today
    from suyuan.rules import law

    on = day or today()
    values, duties = law().in_force(on)
    wanted = rule or ""
    rows = [_value(law(), one) for one in values if one.id.startswith(wanted)]
    rows += [_duty(law(), one) for one in duties if one.id.startswith(wanted)]
    if not rows:
        names = [*law().values, *law().duties]
        there = any(name.startswith(wanted) for name in names)
        raise NotThere("rules.none_in_force" if there else "rules.unknown_rule", id=wanted, day=str(on))
    out.rows(rows, lambda: _view(rows))


def _common(law: "Law", one: "Duty | Value") -> dict[str, object]:
    source = law.instruments[one.instrument]
    return {
        "title": one.title.in_language(language()),
        "version": one.version,
        "from": str(one.validity.start),
        "to": None if one.validity.end is None else str(one.validity.end),
        "instrument": source.title.in_language(language()),
        "number": source.number.in_language(language()),
        "article": one.article or None,
        "status": one.status.value,
        "doubts": {part: status.value for part, status in one.doubts.items()},
        "sources": list(one.sources),
    }


def _value(law: "Law", one: "Value") -> dict[str, object]:
    from suyuan.rules.explaining import value_text

    told = {"id": one.id, "is": "value", "says": value_text(one, language()), "value": one.told}
    return {**told, "unit": one.unit or None, "bound": one.bound.value, **_common(law, one)}


def _duty(law: "Law", one: "Duty") -> dict[str, object]:
    told: dict[str, object] = {"id": one.id, "is": "duty", "says": _period_text(one)}
    if one.period is not None:
        told |= {"period": one.period.count, "unit": one.period.unit.value, "last_day": one.period.last_day.value}
    triggers = {"when": list(one.kinds), "fulfilled_by": list(one.fulfilled_by), "owed_by": list(one.owed_by)}
    return {**told, **triggers, **_common(law, one)}


def _period_text(one: "Duty") -> str:
    from suyuan.rules.records import Form

    if one.period is not None:
        return f"{one.period.count} {say(f'rules.unit_{one.period.unit}')}"
    if one.yearly is not None:
        return say("rules.says_yearly", month=one.yearly[0], day=one.yearly[1])
    return say("rules.says_always" if one.form is Form.STANDING else "rules.says_no_period")


def _view(rows: list[dict[str, object]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    table = grid(
        say("rules.head_rule"),
        say("rules.head_title"),
        say("rules.head_says"),
        say("rules.head_source"),
        say("rules.head_sure"),
        keep=(0,),
    )
    for row in rows:
        article = say("rules.article", article=str(row["article"])) if row["article"] else ""
        source = f"{row['number']} {article}".rstrip()
        table.add_row(str(row["id"]), str(row["title"]), str(row["says"]), source, _sure(row))
    return table


def _sure(row: dict[str, object]) -> str:
    doubts = row["doubts"] if isinstance(row["doubts"], dict) else {}
    words = [say(f"rules.short_{row['status']}")]
    words += [f"{say(f'rules.part_{part}')}: {say(f'rules.short_{status}')}" for part, status in doubts.items()]
    return comma().join(words)


@command("explain", "rules.help_rules_explain", rules)
@argument("rule", metavar="RULE", text="rules.arg_rule")
@option("--on", "day", type=Day(), text="rules.opt_on")
@option("--start", "start", type=Day(), text="rules.opt_start")
@output_options()
def explain(rule: str, day: date | None, start: date | None, out: Output) -> None:
    """Explain a value or a duty; with --start, the deadline that would run from that day."""
    from suyuan.cli.years import today
    from suyuan.rules.explaining import explanation_json

    found = _explained(rule, day or start or today(), start)
    told = explanation_json(found, language())
    out.thing(dict(told), lambda: [step["message"] for step in told["steps"]])


def _explained(rule: str, on: date, start: date | None) -> "Explanation":
    from suyuan.cli.years import known
    from suyuan.rules import Duty, NotInForce, RulesError, explain_rule, explain_value, law
    from suyuan.rules import explain as explain_duty

    told = law()
    try:
        asked = told.version(rule) if "@" in rule else None
        if asked is None and rule in told.values:
            return explain_value(told, told.value(rule, on))
        found = told.duty(rule, on) if asked is None else asked
    except RulesError as error:
        raise NotThere(error.code, **error.data) from error
    if isinstance(found, NotInForce):
        return explain_value(told, found)
    if not isinstance(found, Duty):
        return explain_value(told, told.value(found.id, found.validity.start or on))
    row = {"version": found.version, "started_on": start}
    return explain_duty(told, known(), row) if start else explain_rule(told, found)


@command("try", "supervision.help_rules_try", rules)
@argument("path", metavar="DRAFT.toml", type=existing_file(), text="supervision.arg_draft")
@option("--from", "start", type=Day(), required=True, text="supervision.opt_from")
@option("--to", "end", type=Day(), required=True, text="supervision.opt_to")
@output_options()
def try_rules(path: Path, start: date, end: date, out: Output) -> None:
    """Run a draft of law over recorded history; nothing recorded changes. Needs the server on this machine."""
    from suyuan.cli.supervision import trial_of, trial_view

    if end < start:
        raise Misuse("supervision.ends_before", start=str(start), end=str(end))
    told = trial_of(path, start, end)
    out.thing(told, lambda: trial_view(told))
