"""Duties as plain values with their sentences, the same for every face."""

from suyuan.kernel import Language
from suyuan.rules import Duty, explanation_json, law
from suyuan.rules.explaining import due_status
from suyuan.server.supervision.queries.duties import DutyRow, Explained


def duty_json(found: DutyRow, language: Language) -> dict[str, object]:
    """One duty; days as text, `due_status` official, provisional, or nothing where no period was published."""
    rule = law().version(found.version)
    name = found.name_en if language is Language.EN and found.name_en else found.name_zh
    return {
        "record": found.record,
        "duty": found.duty,
        "version": found.version,
        "title": rule.title.in_language(language) if isinstance(rule, Duty) else found.duty,
        "status": found.status,
        "company": found.company_code,
        "company_name": name,
        "object": found.object,
        "started_on": str(found.started_on),
        "due_on": None if found.due_on is None else str(found.due_on),
        "due_status": None if found.official is None else due_status(found.official),
        "state": found.state.value,
        "late_days": found.late_days,
        "fulfilled_by": found.fulfilled_by,
        "fulfilled_on": None if found.fulfilled_on is None else str(found.fulfilled_on),
    }


def explained_json(found: Explained, language: Language) -> dict[str, object]:
    """One duty with each step of its explanation and the days that it was moved from and to."""
    told = explanation_json(found.explanation, language)
    recounts = [
        {
            "due_on": str(due),
            "due_status": due_status(official),
            "new_due_on": str(new_due),
            "new_due_status": due_status(new_official),
        }
        for due, official, new_due, new_official in found.recounts
    ]
    rest = {"steps": list(told["steps"]), "skipped": list(told["skipped"]), "recounts": recounts}
    return {**duty_json(found.duty, language), **rest}
