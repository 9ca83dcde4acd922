"""A life as the timeline shows it: what happened, what it says, how it stood to its deadline, what was corrected."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, cast

from suyuan.events.vocabulary import FieldType, Kind, vocabulary
from suyuan.kernel import Language, sentence
from suyuan.kernel.findings import Value
from suyuan.server.answers.services.exporting import company_word
from suyuan.server.ledger.queries.life import CORRECTED, WITHDRAWN, Event, Life
from suyuan.server.supervision.queries.margins import Margin
from suyuan.server.web.components.table import Status
from suyuan.server.web.components.timeline import Happening

AMENDING: Final = ("correction", "withdrawal")
_ICONS: Final[Mapping[str, str]] = {
    "produced": "building-factory",
    "stocked": "list-details",
    "after_sales": "list-details",
    "swap_stock": "refresh",
    "installed": "truck",
    "removed": "tool",
    "collected": "map-pin",
    "retired": "transfer",
    "received": "recycle",
    "recycled": "recycle",
    "lost": "alert-triangle",
}


def happenings(
    life: Life, margins: Sequence[Margin], links: Mapping[str, str], language: Language, today: date
) -> list[Happening]:
    """The events of a life; those that were corrected stand under what took their place. `links` are by record."""
    by_id = {event.id: event for event in life.events}
    shown = []
    for event in life.events:
        replaced = event.status == CORRECTED and event.replaced_by in by_id
        if event.kind in AMENDING or replaced:
            continue
        shown.append(_happening(event, by_id, margins, links, language, today))
    return shown


def _happening(
    event: Event,
    by_id: Mapping[str, Event],
    margins: Sequence[Margin],
    links: Mapping[str, str],
    language: Language,
    today: date,
) -> Happening:
    kind = vocabulary().kinds[event.kind]
    margin = next((one for one in margins if event.id in (one.met_by, one.began)), None)
    return Happening(
        text=kind.label.in_language(language),
        icon=_icon(kind),
        who=company_word(event.reporter, language) or "",
        occurred_on=date.fromisoformat(event.occurred_at[:10]),
        reported_at=datetime.fromisoformat(event.received_at),
        margin=None if margin is None else margin_status(margin, event.id, today),
        facts=tuple(facts(event, language)),
        receipt=links.get(event.id, ""),
        corrections=tuple(_before(event, by_id, language)),
        withdrawn=event.status == WITHDRAWN,
    )


def margin_status(margin: Margin, record: str, today: date) -> Status:
    """How a last day was kept, in words; provisional ones say so."""
    days, day = margin.days(today), margin.due_on.isoformat()
    if margin.met_by == record:
        name = "margin_met" if days >= 0 else "margin_late"
        return Status(f"web_battery.{name}", "good" if days >= 0 else "bad", {"days": abs(days), "day": day})
    if margin.met_on is not None:
        return Status("web_battery.margin_done", "good", {"day": day})
    name = "margin_open" if days >= 0 else "margin_overdue"
    return Status(f"web_battery.{name}", "info" if days >= 0 else "bad", {"days": abs(days), "day": day})


def _icon(kind: Kind) -> str:
    stages = [slot.sets.stage for slot in kind.slots if slot.sets.stage]
    return next((_ICONS[stage] for stage in stages if stage in _ICONS), "file-text")


def facts(event: Event, language: Language) -> Iterable[tuple[str, str]]:
    """What a record says besides who and when: (what, value), and what contradicts it."""
    if event.through:
        yield "web_battery.through", event.through
    if event.party is not None:
        yield "web_battery.party", company_word(event.party, language) or ""
    if event.site is not None:
        yield "web_battery.site", event.site.name or event.site.code
    if event.vehicle:
        yield "web_battery.vehicle", event.vehicle
    yield from said(event, language)
    for found in event.findings:
        yield "web_battery.objection", sentence(found.code, cast("dict[str, Value]", dict(found.data)), language)


def said(event: Event, language: Language) -> Iterable[tuple[str, str]]:
    """The fields of a record by their names in the vocabulary; codes and lists stand elsewhere."""
    kind = vocabulary().kinds[event.kind]
    for name, value in event.body.items():
        field = kind.fields.get(name)
        if field is None or field.personal or isinstance(value, list | dict) or value is None:
            continue
        if field.type is FieldType.CHOICE and str(value) in field.choices:
            yield field.label.in_language(language), field.choices[str(value)].in_language(language)
        else:
            yield field.label.in_language(language), str(value)


def _before(event: Event, by_id: Mapping[str, Event], language: Language) -> Iterable[str]:
    """What it said before it was corrected, newest first: only what is different."""
    newer, older = event, by_id.get(event.corrects or "")
    while older is not None:
        now = dict(said(newer, language))
        told = [f"{name} {value}" for name, value in said(older, language) if now.get(name) != value]
        if older.occurred_at != newer.occurred_at:
            told.insert(0, older.occurred_at)
        if told:
            yield " · ".join(told)
        newer, older = older, by_id.get(older.corrects or "")
