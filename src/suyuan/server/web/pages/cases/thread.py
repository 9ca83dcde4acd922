"""The thread of a case in words: each step with who took it, what it says, its files, and what proves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from suyuan.kernel import Language, sentence
from suyuan.server.cases.queries.actors import AUTHORITIES, Authority
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.checklists import checklists, items_of
from suyuan.server.cases.queries.folding import authority_in
from suyuan.server.cases.queries.procedure import procedure
from suyuan.server.cases.queries.thread import StepRow
from suyuan.server.cases.queries.view import OnSite
from suyuan.server.cases.queries.wording import authority_name
from suyuan.server.kit.scope import Scope
from suyuan.server.web.components.table import Status

_RESULTS = {"met": "good", "not_met": "bad", "not_applicable": "off", "not_seen": "unknown"}


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words; `facts` are pairs of a code and a value."""

    row: StepRow
    title: str
    who: str
    letter: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Found:
    """An item of a checklist as it was found; `photos` are files of the record."""

    title: str
    result: Status
    remark: str
    photos: Sequence[AttachmentRow]
    lacks_photo: bool


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature: side and way as codes; `file` is what was drawn or scanned."""

    side: str
    name: str
    office: str
    method: str
    at: str
    file: AttachmentRow | None


@dataclass(frozen=True, slots=True)
class Visit:
    """An inspection in words: its plan (empty for who may not read it) and, once entered, what was found."""

    day: str
    place: str
    inspectors: Sequence[str]
    lists: Sequence[str]
    planned: bool
    entered: bool
    on_paper: bool
    refused: str
    items: Sequence[Found]
    signatures: Sequence[Signed]


def told_steps(steps: Sequence[StepRow], on: date, language: Language) -> list[Told]:
    """The steps in words, the newest first."""
    return [_told(step, on, language) for step in reversed(steps)]


def changes_since(steps: Sequence[StepRow], known: int, on: date, language: Language) -> list[Told]:
    """What was done behind the step that somebody had read, in order."""
    return [_told(step, on, language) for step in steps if step.version > known]


def visits(onsite: Sequence[OnSite], language: Language) -> list[Visit]:
    """Inspections in words, the last first."""
    return [_visit(one, language) for one in reversed(onsite)]


def _told(step: StepRow, on: date, language: Language) -> Told:
    kind = procedure().steps.get(step.kind)
    mark = "en" if language is Language.EN else "zh"
    by_authority = step.actor_scope.level in AUTHORITIES
    side = authority_name(Authority.of(step.actor_scope), on, language) if by_authority else ""
    return Told(
        row=step,
        title=kind.title.in_language(language) if kind else step.kind,
        who=f"{side} · {step.actor_name}" if side else step.actor_name,
        letter=str(step.body.get(f"text_{mark}", "")),
        facts=_facts(step.body, mark, on, language),
    )


def _facts(body: Mapping[str, Any], mark: str, on: date, language: Language) -> list[tuple[str, str]]:
    """What a body says beside its letter."""
    found = []
    if f"title_{mark}" in body:
        found.append(("web_cases.letter", str(body[f"title_{mark}"])))
    if "deadline" in body:
        told = body["deadline"]
        sure = "web_cases.day_official" if told["official"] else "web_cases.day_provisional"
        found.append(("web_cases.due_on", f"{told['due_on']} {sentence(sure, language=language)}"))
    if "outcome" in body:
        label = procedure().outcomes.get(body["outcome"])
        found.append(("web_cases.outcome", label.in_language(language) if label else body["outcome"]))
    if "subjects" in body:
        found.append(("web_cases.subjects", "; ".join(str(one[f"title_{mark}"]) for one in body["subjects"])))
    return [*found, *_moves(body, on, language), *_inspections(body, language)]


def _moves(body: Mapping[str, Any], on: date, language: Language) -> list[tuple[str, str]]:
    """To whom the case went, and with whom it is shared."""
    found = []
    if "level" in body:
        found.append(("web_cases.lead", authority_name(authority_in(body), on, language)))
    for name in ("shared_with", "no_longer_with"):
        if name in body:
            named = [authority_name(_authority(one), on, language) for one in body[name]]
            found.append((f"web_cases.{name}", "; ".join(named)))
    return found


def _inspections(body: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    found = []
    if "plan" in body:
        found.append(("web_cases.visit", f"{body['plan']['on']} · {body['plan']['place']}"))
    if "record" in body:
        unmet = sum(one["result"] == "not_met" for one in body["record"]["items"])
        data = {"items": len(body["record"]["items"]), "unmet": unmet}
        found.append(("web_cases.visit", sentence("web_cases.items_found", data, language)))
    return found


def _authority(division: str) -> Authority:
    return Authority.of(Scope.of_province(division) if division.endswith("0000") else Scope.of_city(division))


def _visit(one: OnSite, language: Language) -> Visit:
    plan: Mapping[str, Any] = {} if one.plan is None else one.plan.body["plan"]
    record: Mapping[str, Any] = one.record or {}
    files = {file.number: file for file in one.entered.attachments} if one.entered else {}
    known = checklists()
    return Visit(
        day=str(record.get("on") or plan.get("on", "")),
        place=str(plan.get("place", "")),
        inspectors=[f"{each['name']} ({each['role']})" for each in plan.get("inspectors", ())],
        lists=[known[name].title.in_language(language) for name in plan.get("checklists", ()) if name in known],
        planned=one.plan is not None,
        entered=one.entered is not None,
        on_paper=bool(record.get("on_paper")),
        refused=str(record.get("refused", "")),
        items=[_item(each, files, language) for each in record.get("items", ())],
        signatures=[_signature(each, files) for each in record.get("signatures", ())],
    )


def _item(told: Mapping[str, Any], files: Mapping[int, AttachmentRow], language: Language) -> Found:
    listed = items_of([str(told["item"]).partition(".")[0]]).get(told["item"])
    return Found(
        title=listed.title.in_language(language) if listed else str(told["item"]),
        result=Status(f"cases.result_{told['result']}", _RESULTS[told["result"]]),
        remark=str(told["remark"]),
        photos=[files[number] for number in told["photos"] if number in files],
        lacks_photo=bool(told.get("lacks_photo")),
    )


def _signature(told: Mapping[str, Any], files: Mapping[int, AttachmentRow]) -> Signed:
    return Signed(
        side=f"cases.form_side_{told['side']}",
        name=str(told["name"]),
        office=str(told["role"]),
        method=f"cases.method_{told['method']}",
        at=str(told["at"])[:16].replace("T", " "),
        file=files.get(told["attachment"] or 0),
    )
