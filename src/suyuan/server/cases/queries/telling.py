"""Cases as plain values with their words, the same for every face."""

from datetime import date

from suyuan.kernel import Language, sentence
from suyuan.kernel.canonical import Json
from suyuan.server.cases.queries.actors import Standing
from suyuan.server.cases.queries.allowed import Choices
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.cases import CaseRow
from suyuan.server.cases.queries.checklists import Checklist, checklists
from suyuan.server.cases.queries.letters import Letter, letters
from suyuan.server.cases.queries.procedure import procedure
from suyuan.server.cases.queries.thread import StepRow
from suyuan.server.cases.queries.view import OnSite, Whole
from suyuan.server.cases.queries.wording import authority_name


def case_json(row: CaseRow, on: date, language: Language, *, outside: bool = False) -> dict[str, Json]:
    """One case as it stands on a day; a company (`outside`) is told nothing of what authorities do among themselves."""
    fold, words = row.fold, procedure()
    late = fold.due_on is not None and fold.closed_at is None and fold.due_on < on
    return {
        "number": row.number,
        "title": row.title,
        "company": row.company_code,
        "company_name": row.name_en if language is Language.EN and row.name_en else row.name_zh,
        "site": row.site,
        "place": row.place,
        "state": fold.state,
        "state_label": words.states[fold.state].in_language(language),
        "version": fold.version,
        "level": fold.lead.level.value,
        "division": fold.lead.division,
        "authority": authority_name(fold.lead, on, language),
        "shared_with": [] if outside else [*sorted(fold.shares)],
        "inspection_planned": None if outside else fold.planned,
        "due_on": str(fold.due_on) if fold.due_on else None,
        "due_status": None if fold.due_official is None else "official" if fold.due_official else "provisional",
        "overdue": late,
        "outcome": fold.outcome,
        "outcome_label": words.outcomes[fold.outcome].in_language(language) if fold.outcome else None,
        "opened_at": row.opened_at.isoformat(timespec="seconds"),
        "changed_at": None if outside else fold.changed_at.isoformat(timespec="seconds"),
        "closed_at": fold.closed_at.isoformat(timespec="seconds") if fold.closed_at else None,
    }


def step_json(step: StepRow, language: Language) -> dict[str, Json]:
    """One step: who, when, what; its digest and the number of its paper in the log."""
    kind = procedure().steps.get(step.kind)
    return {
        "version": step.version,
        "kind": step.kind,
        "title": kind.title.in_language(language) if kind else step.kind,
        "at": step.at.isoformat(timespec="seconds"),
        "actor": step.actor_name,
        "actor_kind": step.actor_kind,
        "actor_level": step.actor_scope.level.value,
        "company_reads": step.seen,
        "note": step.note,
        "body": dict(step.body),
        "attachments": [attachment_json(one) for one in step.attachments],
        "digest": step.digest.hex(),
        "paper": step.paper,
    }


def attachment_json(one: AttachmentRow) -> dict[str, Json]:
    """One attachment, without its bytes."""
    return {
        "number": one.number,
        "name": one.name,
        "media_type": one.media_type,
        "size": one.size,
        "sha256": one.digest,
        "at": one.at.isoformat(timespec="seconds"),
        "brought_by": one.brought_by,
        "paper": one.paper,
    }


def choices_json(choices: Choices, language: Language) -> list[Json]:
    """Every step of the procedure: whether it may be taken now, why not, and what it takes."""
    return [
        {
            "step": one.step.name,
            "title": one.step.title.in_language(language),
            "allowed": one.reason is None,
            "reason": None if one.reason is None else sentence(one.reason.code, one.reason.data, language),
            "reason_code": None if one.reason is None else one.reason.code,
            "fields": [*one.step.fields],
            "needed": [*sorted(one.step.needed)],
            "asks_whether_company_reads": one.step.asks_visibility,
        }
        for one in choices.steps
    ]


def whole_json(found: Whole, on: date, language: Language) -> dict[str, Json]:
    """Everything of a case for its reader; `known` is what he names as the version when he takes a step."""
    return {
        **case_json(found.case, on, language, outside=found.choices.standing is Standing.COMPANY),
        "standing": found.choices.standing.value,
        "known": found.choices.version,
        "thread": [step_json(step, language) for step in found.thread],
        "online": [one.told for one in found.online],
        "onsite": [_onsite(one) for one in found.onsite],
        "attachments": [attachment_json(one) for one in found.attachments],
        "steps": choices_json(found.choices, language),
    }


def _onsite(one: OnSite) -> dict[str, Json]:
    plan = None if one.plan is None else {"version": one.plan.version, **dict(one.plan.body["plan"])}
    record = one.record
    entered = None if one.entered is None or record is None else {"version": one.entered.version, **record}
    return {"plan": plan, "record": entered}


def procedure_json(language: Language) -> dict[str, Json]:
    """The procedure with its letters and checklists, in one language."""
    words = procedure()
    return {
        "status": words.status.value,
        "states": [{"name": name, "title": title.in_language(language)} for name, title in words.states.items()],
        "steps": [
            {
                "step": one.name,
                "title": one.title.in_language(language),
                "by": [*sorted(one.by)],
                "sources": [name for name in words.states if name in one.sources],
                "target": one.target,
                "seen": one.seen,
                "fields": [*one.fields],
                "needed": [*sorted(one.needed)],
            }
            for one in words.steps.values()
        ],
        "outcomes": [{"name": name, "title": title.in_language(language)} for name, title in words.outcomes.items()],
        "letters": [_letter_json(one, language) for one in letters().values()],
        "checklists": [_checklist_json(one, language) for one in checklists().values()],
    }


def _letter_json(one: Letter, language: Language) -> Json:
    return {
        "name": one.name,
        "title": one.title.in_language(language),
        "step": one.step,
        "status": one.status.value,
        "period_count": one.period.count if one.period else None,
        "period_unit": one.period.unit.value if one.period else None,
    }


def _checklist_json(one: Checklist, language: Language) -> Json:
    items: list[Json] = [
        {"item": item.id, "title": item.title.in_language(language), "basis": item.basis, "photo": item.photo}
        for item in one.items
    ]
    return {"name": one.name, "title": one.title.in_language(language), "roles": [*sorted(one.roles)], "items": items}
