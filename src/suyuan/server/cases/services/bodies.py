"""The body of a step: each field that was given is checked and put down in full, as it shall be read years later."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import psycopg

from suyuan.codes.divisions import division
from suyuan.kernel import Language
from suyuan.kernel.canonical import Json
from suyuan.rules import Period, deadline, law
from suyuan.server.cases.queries.actors import Actor, Authority
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.basis import least_sure, provision_lines, provisions
from suyuan.server.cases.queries.cases import CaseRow
from suyuan.server.cases.queries.checklists import checklists
from suyuan.server.cases.queries.letters import Letter, letters
from suyuan.server.cases.queries.procedure import Step, procedure
from suyuan.server.cases.queries.subjects import Subject, of_case, subjects
from suyuan.server.cases.queries.wording import authority_name, matters
from suyuan.server.cases.services.inspections import record_body
from suyuan.server.cases.services.opening import MOST_SUBJECTS, examined
from suyuan.server.cases.services.orders import Plan, StepOrder
from suyuan.server.cases.services.texts import check_text
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Forbidden, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.calendars import known_calendar

LONGEST_PERIOD: Final = 366
"""Days or months of a deadline at most."""
MOST_INSPECTORS: Final = 20
_LAST_PLAN: Final = """
SELECT body->>'plan' FROM cases_step WHERE case_number = %s AND kind = 'plan_inspection' ORDER BY version DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Making:
    """Everything that a body is made from."""

    row: CaseRow
    actor: Actor
    step: Step
    order: StepOrder
    cited: Sequence[AttachmentRow]
    clock: Clock


def body_of(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    """The body of the step; raises `Refusal` and `Forbidden` for fields that cannot be."""
    body: dict[str, Json] = {}
    for field, make in _MAKERS.items():
        if field in making.order.given or field == making.step.name:
            body |= make(run, making)
    return body


# ---------------------------------------------------------------- letters and deadlines


def _letter(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    """The letter in both languages with its deadline and legal basis."""
    letter = letters().get(making.order.letter or "")
    if letter is None or letter.step != making.step.name:
        known = [one.name for one in letters().values() if one.step == making.step.name]
        raise Refusal("cases.no_such_letter", letter=making.order.letter, letters=known)
    today = making.clock.today()
    about = subjects(run, Scope.of_nation(), of_case(run, making.row.number), today)
    names = [*making.order.basis, *letter.basis, *(name for one in about for name in one.basis)]
    basis = provisions(_known(names), today)
    period = making.order.period or letter.period
    due = _counted(making, period) if letter.period and period else {}
    texts = {
        f"text_{mark}": letter.worded(language, _places(making, about, basis, due, language))
        for mark, language in (("zh", Language.ZH), ("en", Language.EN))
    }
    return {
        "letter": letter.name,
        "title_zh": letter.title.zh,
        "title_en": letter.title.en,
        **texts,
        "basis": [*basis],
        "basis_status": least_sure(basis).value,
        **_with_status(letter, making, due),
    }


def _places(
    making: Making, about: Sequence[Subject], basis: list[dict[str, Json]], due: Mapping[str, Any], language: Language
) -> dict[str, str]:
    row, today = making.row, making.clock.today()
    own = Authority.of(making.actor.scope)
    return {
        "company": row.name_en if language is Language.EN and row.name_en else row.name_zh,
        "code": row.company_code,
        "authority": authority_name(own, today, language),
        "case": str(row.number),
        "title": row.title,
        "matters": matters(about, language),
        "basis": provision_lines(basis, language),
        "due": str(due["deadline"]["due_on"]) if due else "",
        "note": f"\n{making.order.note}\n" if making.order.note else "",
    }


def _with_status(letter: Letter, making: Making, due: dict[str, Json]) -> dict[str, Json]:
    """The deadline; one that the letter's own period gave has the status of the template."""
    deadline_told = due.get("deadline")
    if not isinstance(deadline_told, dict):
        return {"letter_status": letter.status.value}
    status = None if making.order.period else letter.status.value
    return {"letter_status": letter.status.value, "deadline": {**deadline_told, "period_status": status}}


def _period(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    """A deadline of its own; with a letter the letter has told it."""
    period = making.order.period
    return {} if making.order.letter or period is None else _counted(making, period)


def _counted(making: Making, period: Period) -> dict[str, Json]:
    """The last day of a period from today, by the working days that are known here."""
    if period.count > LONGEST_PERIOD:
        raise Refusal("cases.period_too_long", count=period.count, longest=LONGEST_PERIOD)
    counted = deadline(known_calendar(), period, making.clock.today())
    return {
        "deadline": {
            "count": period.count,
            "unit": period.unit.value,
            "from": str(counted.start),
            "due_on": str(counted.due),
            "official": counted.official,
        }
    }


def _basis(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    """Provisions that a step without a letter names."""
    if making.order.letter:
        return {}
    found = provisions(_known(making.order.basis), making.clock.today())
    return {"basis": [*found], "basis_status": least_sure(found).value}


def _known(names: Sequence[str]) -> Sequence[str]:
    known = {*law().values, *law().duties}
    for name in names:
        if name not in known:
            raise Refusal("cases.no_such_provision", name=name)
    return names


# ---------------------------------------------------------------- what it is about, how it ends


def _subjects(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    """Further findings and duties of the same company."""
    asked = making.order.subjects
    if asked is None:
        return {}
    room = MOST_SUBJECTS - len(of_case(run, making.row.number))
    found = examined(run, making.actor.scope, asked, making.clock, room)
    if not all(making.row.company in one.companies for one in found):
        raise Refusal("cases.several_companies", subjects=len(found))
    return {"subjects": [one.told for one in found]}


def _outcome(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    outcomes, named = procedure().outcomes, making.order.outcome
    if named not in outcomes:
        raise Refusal("cases.no_such_outcome", outcome=named, outcomes=list(outcomes))
    return {"outcome": named}


# ---------------------------------------------------------------- who leads it


def _authority(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    """Upwards from the lead, or downwards inside the actor's reach."""
    wanted, lead = making.order.authority, making.row.fold.lead
    if wanted is None:
        return {}
    _check_division(making, wanted.division)
    up = wanted.scope.covers(lead.scope)
    down = making.actor.scope.covers(wanted.scope)
    if wanted == lead or not (up if making.step.name == "escalate" else down):
        raise Forbidden("cases.authority_out_of_reach", level=wanted.level.value, division=wanted.division)
    return {"level": wanted.level.value, "division": wanted.division}


def _taken_over(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    own = Authority.of(making.actor.scope)
    return {"level": own.level.value, "division": own.division}


def _shared(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    """One more province or city, or one less."""
    named, fold = making.order.division or "", making.row.fold
    if making.step.name == "stop_sharing":
        if named not in fold.shares:
            raise Refusal("cases.not_shared_with", division=named, shares=sorted(fold.shares))
        return {"no_longer_with": [named]}
    _check_division(making, named)
    if named == fold.lead.division or named in fold.shares:
        raise Refusal("cases.shared_already", division=named)
    return {"shared_with": [named]}


def _check_division(making: Making, named: str | None) -> None:
    """Only provinces and cities have authorities of this kind."""
    if named is not None and (not named.endswith("00") or division(named, making.clock.today()) is None):
        raise Refusal("cases.no_such_division", division=named)


# ---------------------------------------------------------------- on site


def _plan(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    plan = making.order.plan
    if plan is None:
        return {}
    check_text("place", plan.place, 500)
    unknown = [name for name in plan.checklists if name not in checklists()]
    if unknown or not plan.checklists:
        raise Refusal("cases.no_such_checklist", name=", ".join(unknown) or "-", checklists=list(checklists()))
    return {"plan": {"on": str(plan.on), "place": plan.place, **_who_looks(plan), "checklists": [*plan.checklists]}}


def _who_looks(plan: Plan) -> dict[str, Json]:
    if not 0 < len(plan.inspectors) <= MOST_INSPECTORS:
        raise Refusal("cases.no_inspector", most=MOST_INSPECTORS)
    for one in plan.inspectors:
        check_text("inspectors", f"{one.name} {one.role}", 200)
    return {"inspectors": [{"name": one.name, "role": one.role} for one in plan.inspectors]}


def _record(run: psycopg.Cursor[Row], making: Making) -> dict[str, Json]:
    record = making.order.record
    if record is None:
        return {}
    ((told,),) = run.execute(_LAST_PLAN, [making.row.number]).fetchall()
    return {"record": record_body(record, orjson.loads(told), making.cited, making.clock)}


_MAKERS: Final[Mapping[str, Callable[[psycopg.Cursor[Row], Making], dict[str, Json]]]] = {
    "letter": _letter,
    "period": _period,
    "basis": _basis,
    "subjects": _subjects,
    "outcome": _outcome,
    "authority": _authority,
    "take_over": _taken_over,
    "division": _shared,
    "plan": _plan,
    "record": _record,
}
"""What makes a part of the body: by field, or by step where it needs none."""
