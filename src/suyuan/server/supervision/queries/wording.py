"""Duties and findings as plain values with their sentences, the same for every face."""

from collections.abc import Sequence
from uuid import UUID

from suyuan.kernel import Language
from suyuan.rules import Duty, Value, explanation_json, law
from suyuan.rules.explaining import due_status
from suyuan.server.supervision.queries.catalogue import Detector, detectors
from suyuan.server.supervision.queries.duties import DutyRow, Explained
from suyuan.server.supervision.queries.findings import FindingRow, Judgement, Tally


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


def finding_json(row: FindingRow, language: Language) -> dict[str, object]:
    """One finding; companies and site by their codes, `figures` as the detector weighed or counted them."""
    one = detectors().get(row.detector)
    return {
        "number": row.number,
        "finding": row.detector,
        "title": row.detector if one is None else one.title.in_language(language),
        "severity": None if one is None else one.severity.value,
        "company": row.company_code,
        "party": row.party_code,
        "site": row.site_code,
        "division": row.division,
        "figures": None if row.figures is None else dict(row.figures),
        "records": row.records,
        "opened_at": row.opened_at.isoformat(),
        "gone_at": None if row.gone_at is None else row.gone_at.isoformat(),
        "judgement": row.judgement,
        "judged_at": None if row.judged_at is None else row.judged_at.isoformat(),
        "note": row.note,
    }


def shown_finding_json(
    row: FindingRow, evidence: Sequence[tuple[str, UUID]], judged: Sequence[Judgement], language: Language
) -> dict[str, object]:
    """One finding with what it rests on, the records that speak for it, and what people said of it."""
    one = detectors().get(row.detector)
    return {
        **finding_json(row, language),
        **_resting(one, language),
        "evidence": [{"object": code, "record": str(record)} for code, record in evidence],
        "judgements": [
            {"judgement": said.judgement, "note": said.note, "by": said.by, "at": said.at.isoformat()}
            for said in judged
        ],
    }


def detector_json(one: Detector, tally: Tally | None, language: Language) -> dict[str, object]:
    """One detector with its counters: open findings, and how many people confirmed or called false."""
    return {
        "finding": one.name,
        "title": one.title.in_language(language),
        "severity": one.severity.value,
        **_resting(one, language),
        "open": 0 if tally is None else tally.open,
        "confirmed": 0 if tally is None else tally.confirmed,
        "false_positives": 0 if tally is None else tally.false_positives,
    }


def _resting(one: Detector | None, language: Language) -> dict[str, object]:
    """How sure a detector is, its legal basis, and its limits."""
    if one is None:
        return {"status": None, "basis": [], "limits": []}
    return {
        "status": one.status.value,
        "basis": [_basis(name, language) for name in one.basis],
        "limits": [
            {"name": name, "value": limit.value, "unit": limit.unit, "status": limit.status.value}
            for name, limit in one.parameters.items()
        ],
    }


def _basis(name: str, language: Language) -> dict[str, object]:
    """A value or duty of the law, with how sure it is; the latest version."""
    told = law()
    versions: list[Value | Duty] = [*told.values.get(name, ()), *told.duties.get(name, ())]
    last = versions[-1]
    return {"name": name, "title": last.title.in_language(language), "status": last.weakest.value}
