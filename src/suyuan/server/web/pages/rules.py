"""What the law says on a day, with source and how sure it is; and the fields that records have. For everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.http import HttpResponse
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from suyuan.events.vocabulary import Field, Kind, vocabulary
from suyuan.kernel import Language
from suyuan.rules import (
    Duty,
    Explanation,
    InForce,
    Law,
    Status,
    Value,
    explain_rule,
    explain_value,
    explanation_json,
    law,
)
from suyuan.rules.explaining import value_text
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import Missing
from suyuan.server.web.actor import PageRequest
from suyuan.server.web.components.table import Status as Word
from suyuan.server.web.menu import Entry
from suyuan.server.web.surroundings import show

_TONES: Final = {Status.VERIFIED: "good", Status.READ: "info", Status.OPEN: "unknown"}
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Told:
    """A duty or a value in words: what it is, what it says, how sure that is, and every step of why."""

    id: str
    title: str
    says: str
    sure: Word
    steps: Sequence[str]


def rules_page(request: PageRequest) -> HttpResponse:
    """Duties and values in force on a day."""
    language, known = request.actor.language, law()
    words = request.GET.get("q", "").replace("\0", "").strip()[:_LONGEST]
    on = _day(request.GET.get("on", ""))
    values, duties = known.in_force(on)
    return show(
        request,
        "web/rules.html",
        "web_rules.title",
        words=words,
        on=on,
        duties=[_duty(known, one, language) for one in duties if _fits(known, one, words)],
        values=[_value(known, one, on, language) for one in values if _fits(known, one, words)],
    )


def fields_page(request: PageRequest) -> HttpResponse:
    """The kinds of record, and the fields of one of them.

    Raises
    ------
    Missing
        ``web_rules.kind_unknown``.
    """
    language, table = request.actor.language, vocabulary()
    named = request.GET.get("kind", "")
    if named and named not in table.kinds:
        raise Missing("web_rules.kind_unknown", kind=named[:_LONGEST])
    kind = table.kinds.get(named)
    return show(
        request,
        "web/fields.html",
        "web_rules.fields",
        crumbs=(("web_rules.title", reverse("web-rules")),),
        version=table.version,
        kinds=[(one.name, one.label.in_language(language)) for one in table.kinds.values()],
        kind=kind,
        kind_title=kind.label.in_language(language) if kind else "",
        reporters="; ".join(table.roles[role].in_language(language) for role in kind.reporters) if kind else "",
        fields=[_field(kind, one, language) for one in kind.fields.values()] if kind else [],
    )


def _day(text: str) -> date:
    """The day asked for; today where that is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return SYSTEM_CLOCK.today()


def _fits(known: Law, rule: Duty | Value, words: str) -> bool:
    instrument = known.instruments[rule.instrument]
    labels = (rule.title, instrument.title, instrument.number)
    texts = [rule.id, rule.article, *(text for label in labels for text in (label.zh, label.en))]
    return all(any(word in text.casefold() for text in texts) for word in words.casefold().split())


def _duty(known: Law, rule: Duty, language: Language) -> Told:
    explained = explanation_json(explain_rule(known, rule), language)["steps"]
    counted = (
        "rules.step_period",
        "rules.step_no_period",
        "rules.step_yearly",
        "rules.step_standing",
        "rules.step_fixed",
    )
    says = [step["message"] for step in explained if step["code"].startswith(counted)]
    return _told(rule.id, rule.title.in_language(language), " ".join(says), explain_rule(known, rule), language)


def _value(known: Law, rule: Value, on: date, language: Language) -> Told:
    answer = InForce(rule.id, on, rule, known.instruments[rule.instrument])
    explained = explain_value(known, answer)
    return _told(rule.id, rule.title.in_language(language), value_text(rule, language), explained, language)


def _told(name: str, title: str, says: str, explained: Explanation, language: Language) -> Told:
    sure = Word(f"web_rules.status_{explained.status.value}", _TONES.get(explained.status, "warn"))
    steps = [step["message"] for step in explanation_json(explained, language)["steps"]]
    return Told(name, title, says, sure, steps)


def _field(kind: Kind, one: Field, language: Language) -> dict[str, object]:
    return {
        "name": one.name,
        "title": one.label.in_language(language),
        "type": f"web_rules.type_{one.type.value}",
        "unit": one.unit or "",
        "minimum": one.minimum,
        "maximum": one.maximum,
        "choices": [label.in_language(language) for label in one.choices.values()],
        "required": one.required,
        "personal": one.personal,
        "time": one.name == kind.time,
    }


urlpatterns = [
    path("rules", require_safe(rules_page), name="web-rules"),
    path("rules/fields", require_safe(fields_page), name="web-rules-fields"),
]
MENU = (Entry("web_rules.title", "web-rules", "file-text", None, 5),)
