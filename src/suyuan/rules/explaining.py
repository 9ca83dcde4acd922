"""Why: every answer of this room taken apart into steps, each a code and its data.

`explanation_json` turns the steps into sentences. Where a step names something that has a label, the
data hold it in both languages (``kind_zh``, ``kind_en``), and each text takes its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict

from suyuan.events.vocabulary import Label, vocabulary
from suyuan.kernel import Language, Validity, sentence
from suyuan.kernel.findings import Value as Plain
from suyuan.rules.duties import State
from suyuan.rules.errors import RulesError
from suyuan.rules.law_files import facts_words
from suyuan.rules.periods import Deadline, FirstDay, LastDay, Unit, deadline
from suyuan.rules.records import Duty, Form, InForce, Law, NotInForce, Value
from suyuan.rules.statuses import Status
from suyuan.rules.working_days import Calendar, Day

_SPOKEN = frozenset({*Unit, "day", "vehicle", "company", "region", "yuan"})
"""Units with a word of their own in both languages; the others are signs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation; its code is a message id."""

    code: str
    data: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was asked, how sure the answer is, the steps that lead to it, and the days not counted."""

    id: str
    version: str
    status: Status
    steps: tuple[Step, ...]
    deadline: Deadline | None = None


class StepJson(TypedDict):
    """A step with its sentence."""

    code: str
    message: str


class SkippedJson(TypedDict):
    """A day that was not counted, and why."""

    date: str
    reason: str
    message: str


class ExplanationJson(TypedDict):
    """See `explanation_json`."""

    id: str
    version: str
    status: str
    due: str | None
    due_status: str | None
    skipped: list[SkippedJson]
    steps: list[StepJson]


def explain(law: Law, calendar: Calendar, row: Mapping[str, Any]) -> Explanation:
    """Why a duty arose, when it is due and where it stands.

    Parameters
    ----------
    row
        A row of the table of duties. `version` and `started_on` are needed; `event`, `state`,
        `fulfilled_on`, `late_days` and `due_on` are used where they stand; for a standing duty `started_on` is
        the day since when it is not met, and `division`, `place` (its name) and `ended_on` are used.

    Raises
    ------
    RulesError
        The version is not one of `law`, or names a value.
    """
    rule = law.version(row["version"])
    if not isinstance(rule, Duty):
        raise RulesError("rules.not_a_duty", version=rule.version)
    start: date = row["started_on"]
    counted = deadline(calendar, rule.period, start) if rule.period else None
    steps = [
        *_rule(law, rule),
        *_arose(law, rule, row),
        *_counted(rule, counted, start, row.get("due_on")),
        *_stands(row),
    ]
    return Explanation(rule.id, rule.version, rule.weakest, tuple(steps), counted)


def explain_rule(law: Law, rule: Duty) -> Explanation:
    """What a duty says, without a case."""
    steps = [*_rule(law, rule), *_trigger(law, rule), *_counting(rule)]
    return Explanation(rule.id, rule.version, rule.weakest, tuple(steps))


def explain_value(law: Law, answer: InForce | NotInForce) -> Explanation:
    """What a value is on a day and where that comes from; or that nothing is in force, and when it was or will be."""
    if isinstance(answer, NotInForce):
        return Explanation(answer.id, "", Status.VERIFIED, tuple(_nothing(answer)))
    told = answer.value
    steps = [_told(told), *_rule(law, told)]
    return Explanation(told.id, told.version, told.weakest, tuple(steps))


def value_text(told: Value, language: Language) -> str:
    """The value as people read it: bound, number, unit; ratios in percent."""
    step = _told(told)
    return sentence(step.code.replace("step_told", "told"), step.data, language)


def explanation_json(explanation: Explanation, language: Language) -> ExplanationJson:
    """The explanation in plain values and sentences."""
    found = explanation.deadline
    return {
        "id": explanation.id,
        "version": explanation.version,
        "status": explanation.status.value,
        "due": found.due.isoformat() if found else None,
        "due_status": due_status(found.official) if found else None,
        "skipped": [skipped_json(day, language) for day in found.skipped] if found else [],
        "steps": [
            {"code": step.code, "message": sentence(step.code, step.data, language)} for step in explanation.steps
        ],
    }


def due_status(official: bool) -> str:
    """The word for a last day that official notices decide, or do not."""
    return "official" if official else "provisional"


def skipped_json(day: Day, language: Language) -> SkippedJson:
    """One day that was not counted."""
    step = _skipped(day)
    return {"date": day.date.isoformat(), "reason": day.kind.value, "message": sentence(step.code, step.data, language)}


# ---------------------------------------------------------------- steps


def _labelled(name: str, label: Label) -> dict[str, Plain]:
    return {f"{name}_zh": label.zh, f"{name}_en": label.en}


def _word(name: str, code: str, **data: Plain) -> dict[str, Plain]:
    return {f"{name}_zh": sentence(code, data, Language.ZH), f"{name}_en": sentence(code, data, Language.EN)}


def _several(name: str, labels: Iterable[Label]) -> dict[str, Plain]:
    several = list(labels)
    return {f"{name}_zh": [label.zh for label in several], f"{name}_en": [label.en for label in several]}


def _interval(validity: Validity) -> dict[str, Plain]:
    start = str(validity.start)
    if validity.end is None:
        return _word("interval", "rules.interval_open", start=start)
    return _word("interval", "rules.interval", start=start, end=str(validity.end))


def _rule(law: Law, one: Duty | Value) -> Iterator[Step]:
    """Rule, version, source and how sure each part is."""
    source = law.instruments[one.instrument]
    yield Step("rules.step_rule", {**_labelled("title", one.title), "version": one.version})
    told = {**_labelled("instrument", source.title), **_labelled("number", source.number), **_interval(one.validity)}
    if one.article:
        yield Step("rules.step_source", {**told, "article": one.article})
    else:
        yield Step("rules.step_source_whole", told)
    if isinstance(one, Duty) and one.draft:
        draft = law.instruments[one.draft]
        yield Step("rules.step_draft", _labelled("draft", draft.title))
    yield Step("rules.step_status", {**_word("status", f"rules.status_{one.status}"), "sources": list(one.sources)})
    for part, status in one.doubts.items():
        words = {**_word("part", f"rules.part_{part}"), **_word("status", f"rules.status_{status}")}
        yield Step("rules.step_doubt", words)
    if one.note:
        yield Step("rules.step_note", _labelled("note", one.note))


def _told(told: Value) -> Step:
    if told.told is None:
        return Step("rules.step_told_unknown", {})
    bound = _word("bound", f"rules.bound_{told.bound}")
    match told.told:
        case bool():
            return Step("rules.step_told_yes" if told.told else "rules.step_told_no", {})
        case str():
            return Step("rules.step_told_text", {"value": told.told})
        case _ if told.unit == "1":
            return Step("rules.step_told_share", {**bound, "percent": f"{told.told * 100:g}"})
        case _:
            unit = _word("unit", f"rules.unit_{told.unit}") if told.unit in _SPOKEN else _plain("unit", told.unit)
            return Step("rules.step_told_number", {**bound, "value": f"{told.told:,}", **unit})


def _plain(name: str, text: str) -> dict[str, Plain]:
    return {f"{name}_zh": text, f"{name}_en": text}


def _nothing(answer: NotInForce) -> Iterator[Step]:
    yield Step("rules.step_not_in_force", {"id": answer.id, "day": str(answer.on)})
    if answer.ended:
        yield Step("rules.step_ended", {"day": str(answer.ended)})
    if answer.begins:
        yield Step("rules.step_begins", {"day": str(answer.begins)})


def kind_label(law: Law, kind: str) -> Label:
    """The label of a kind of event or of a fact of the register."""
    known = vocabulary().kinds.get(kind)
    return known.label if known else law.facts[kind]


def _trigger(law: Law, rule: Duty) -> Iterator[Step]:
    """When a duty arises at all, who owes it and what fulfils it."""
    roles = vocabulary().roles
    match rule.form:
        case Form.EVENT:
            yield Step("rules.step_when", _several("kinds", (kind_label(law, kind) for kind in rule.kinds)))
        case Form.FIXED:
            yield Step("rules.step_fixed", {"day": str(rule.starts)})
        case Form.YEARLY:
            month, day = rule.yearly or (1, 1)
            yield Step("rules.step_yearly", {"month": month, "day": day})
        case Form.STANDING:
            yield Step("rules.step_standing", {})
    yield Step(f"rules.step_owed_by_{rule.owes}", _several("roles", (roles[role] for role in rule.owed_by)))
    if rule.fulfilled_by:
        yield Step("rules.step_fulfilled_by", _several("kinds", (kind_label(law, kind) for kind in rule.fulfilled_by)))
    elif rule.form is Form.EVENT:
        yield Step("rules.step_fulfilled_by_report", {})


def _counting(rule: Duty) -> Iterator[Step]:
    """The period and how it is counted."""
    period = rule.period
    if period is None:
        if rule.form is Form.EVENT:
            yield Step("rules.step_no_period", {})
        return
    yield Step("rules.step_period", {"count": period.count, **_word("unit", f"rules.unit_{period.unit}")})
    yield Step("rules.step_first_next" if period.first_day is FirstDay.NEXT else "rules.step_first_same", {})
    if period.unit is Unit.MONTH:
        yield Step("rules.step_month_end", {})
    if period.unit is not Unit.WORKING_DAY:
        moves = period.last_day is LastDay.NEXT_WORKING_DAY
        yield Step("rules.step_last_moves" if moves else "rules.step_last_as_it_falls", {})


def _arose(law: Law, rule: Duty, row: Mapping[str, Any]) -> Iterator[Step]:
    start = str(row["started_on"])
    if rule.form is Form.EVENT:
        kinds = _several("kinds", (kind_label(law, kind) for kind in rule.kinds))
        if row.get("event") is not None:
            yield Step("rules.step_event", {**kinds, "day": start, "event": str(row["event"])})
        else:
            yield Step("rules.step_event_unnamed", {**kinds, "day": start})
    elif rule.form is Form.FIXED:
        yield Step("rules.step_fixed", {"day": start})
    elif rule.yearly:
        yield Step("rules.step_yearly", {"month": rule.yearly[0], "day": rule.yearly[1]})
    else:
        yield from _gap(rule, row, start)


def _gap(rule: Duty, row: Mapping[str, Any], start: str) -> Iterator[Step]:
    """What a standing duty is checked for, where it is not met, since when, and when it was met again."""
    yield Step("rules.step_standing", {})
    yield Step("rules.step_check", _labelled("check", facts_words().checks[rule.check or ""]))
    if row.get("division"):
        place = str(row.get("place") or row["division"])
        yield Step("rules.step_gap_place", {"division": str(row["division"]), **_plain("place", place), "day": start})
    else:
        yield Step("rules.step_gap", {"day": start})
    if row.get("ended_on"):
        yield Step("rules.step_gap_ended", {"day": str(row["ended_on"])})


def _counted(rule: Duty, counted: Deadline | None, start: date, before: date | None) -> Iterator[Step]:
    """How the last day was found, each day that did not count, whether it may still move, or has."""
    yield from _counting(rule)
    if counted is None:
        if rule.yearly:
            yield Step("rules.step_due", {"due": str(date(start.year, *rule.yearly))})
        return
    yield from map(_skipped, counted.skipped)
    yield Step("rules.step_due", {"due": str(counted.due)})
    if not counted.official:
        yield Step("rules.step_provisional", {"year": counted.due.year})
    if before is not None and before != counted.due:
        yield Step("rules.step_due_before", {"due": str(before)})


def _skipped(day: Day) -> Step:
    weekday = _word("weekday", f"rules.weekday_{day.date.isoweekday()}")
    known = {"day": str(day.date), **weekday}
    if day.zh:
        return Step("rules.skipped_holiday", {**known, "name_zh": day.zh, "name_en": day.en})
    return Step("rules.skipped_weekend", known)


def _stands(row: Mapping[str, Any]) -> Iterator[Step]:
    state = row.get("state")
    if state is None:
        return
    day = row.get("fulfilled_on")
    data: dict[str, Plain] = {} if day is None else {"day": str(day)}
    if state in (State.LATE, State.OVERDUE):
        data["days"] = int(row.get("late_days") or 0)
    yield Step(f"rules.state_{State(state).value}", data)
