"""Corrections and withdrawals of one's own records, each with a reason, through the one door of submissions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase

from suyuan.events.vocabulary import Field, FieldType, vocabulary
from suyuan.kernel import Language, sentence
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing, Refusal
from suyuan.server.ledger.queries.life import VALID, Event, life
from suyuan.server.submissions.models import Mode, Submission
from suyuan.server.submissions.services import Order, receive
from suyuan.server.web.actor import Actor, PageRequest, member
from suyuan.server.web.components.blocks import Reason
from suyuan.server.web.pages.battery.kinship import address_of
from suyuan.server.web.pages.battery.lifeline import AMENDING
from suyuan.server.web.surroundings import flash

REASONS: Final = ("typing", "other_battery", "late", "system", "other")
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Amendable:
    """A record of one's own that can be corrected: its fields with what they say now."""

    event: Event
    name: str
    fields: Sequence[tuple[Field, str, str]]


def amendable(events: Sequence[Event], actor: Actor) -> list[Amendable]:
    """The records of a life that its reader reported himself and that are valid, newest first."""
    if actor.company is None or not actor.may(Permission.SUBMIT):
        return []
    own = [
        event
        for event in events
        if event.reporter.number == actor.company
        and event.status == VALID
        and event.kind not in AMENDING
        and (actor.scope.site is None or (event.site is not None and event.site.number == actor.scope.site))
    ]
    return [_amendable(event, actor.language) for event in reversed(own)]


def _amendable(event: Event, language: Language) -> Amendable:
    kind = vocabulary().kinds[event.kind]
    fields = []
    for field in kind.fields.values():
        value = event.occurred_at if field.name == kind.time else event.body.get(field.name)
        plain = not isinstance(value, list | dict)
        if plain and not field.personal and field.type not in (FieldType.BATTERY_CODE, FieldType.VIN):
            fields.append((field, field.label.in_language(language), "" if value is None else str(value)))
    return Amendable(event, kind.label.in_language(language), fields)


def reasons() -> list[Reason]:
    """The reasons to choose from."""
    return [Reason(name, f"web_battery.reason_{name}") for name in REASONS]


@member(at="company")
def amend(request: PageRequest, code: str) -> HttpResponseBase:
    """Correct one field of a record, or take the record back."""
    actor, told = request.actor, request.POST
    actor.principal.require(Permission.SUBMIT)
    with cursor() as run:
        found = life(run, actor.scope, code)
    if found is None:
        raise Missing("web_battery.not_found", battery=code[:80])
    record = told.get("record", "")
    one = next((each for each in amendable(found.events, actor) if each.event.id == record), None)
    if one is None:
        raise Missing("web_battery.record_not_found", record=record[:60])
    reason = _reason(told.get("reason", ""), told.get("reason_text", ""), actor.language)
    done = _send(actor, _row(one, told.get("field", ""), told.get("value", ""), reason))
    flash(request, *_outcome(done))
    return HttpResponseRedirect(f"{address_of(code)}?tab=corrections")


def _row(one: Amendable, field: str, value: str, reason: str) -> tuple[str, dict[str, str]]:
    """The kind and the record that says it; without a field the record is taken back."""
    today = SYSTEM_CLOCK.today().isoformat()
    if not field:
        return "withdrawal", {"record_id": one.event.id, "withdrawn_on": today, "reason": reason}
    if field not in {each.name for each, _, _ in one.fields}:
        raise Refusal("web_battery.field_unknown", field=field[:40])
    row = {"record_id": one.event.id, "corrected_on": today, "field": field, "reason": reason}
    return "correction", {**row, **({"value": value.strip()[:_LONGEST]} if value.strip() else {})}


def _reason(name: str, text: str, language: Language) -> str:
    """The reason in words.

    Raises
    ------
    Refusal
        ``web_battery.reason_missing``: none was chosen, or ``other`` without words.
    """
    if name not in REASONS or (name == "other" and not text.strip()):
        raise Refusal("web_battery.reason_missing")
    head = sentence(f"web_battery.reason_{name}", language=language)
    return f"{head}: {text.strip()[:_LONGEST]}" if text.strip() else head


def _send(actor: Actor, told: tuple[str, dict[str, str]]) -> Submission:
    """Through the same door as every record."""
    kind, row = told
    company = actor.company
    if company is None:
        raise Missing("web_battery.not_found", battery="")
    body = json.dumps({"kind": kind, "records": [row]}, ensure_ascii=False).encode()
    order = Order(
        name=f"{kind}.json",
        channel="web",
        kind=kind,
        mode=Mode.ALL_OR_NOTHING,
        site=actor.scope.site,
        person=actor.person,
    )
    done = receive(company, body, order)
    note_deed(
        actor.person, actor.scope, f"record.{kind}", row["record_id"], SYSTEM_CLOCK.now(), {"number": done.number}
    )
    return done


def _outcome(done: Submission) -> tuple[str, str]:
    """What to say of it, and in which tone."""
    if done.admitted and not done.refused:
        return "web_battery.amended", "success"
    return "web_battery.amend_refused", "warning"
