"""What is shown of batteries, vehicles and batches of material, as plain JSON values.

Companies stand by their code, with the name beside it: ``"reporter"`` and ``"reporter_name"``.
"""

from typing import cast

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, sentence
from suyuan.kernel.findings import Value
from suyuan.server.api.answers import Json
from suyuan.server.ledger.queries.life import Event, Found, Life
from suyuan.server.ledger.queries.objects import Company, Place, State


def state_json(state: State, language: Language) -> dict[str, Json]:
    """What is true of an object."""
    return {
        "code": state.code,
        "kind": state.kind,
        "state": state.stage,
        "state_label": vocabulary().stage_labels[state.stage].in_language(language),
        **_company("holder", state.holder, language),
        **_company("consignee", state.consignee, language),
        "in_transit": state.in_transit,
        "site": _site(state.site),
        "vehicle": state.vehicle,
        "inside": list(state.inside),
    }


def life_json(life: Life, language: Language) -> dict[str, Json]:
    """A whole life: the state as it is now, and every record in the order in which it happened."""
    return {
        **state_json(life.state, language),
        "derived_from": list(life.derived_from),
        "derived_into": list(life.derived_into),
        "events": [_event(event, language) for event in life.events],
    }


def _event(event: Event, language: Language) -> dict[str, Json]:
    return {
        "id": event.id,
        "kind": event.kind,
        "label": vocabulary().kinds[event.kind].label.in_language(language),
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        **_company("reporter", event.reporter, language),
        **_company("party", event.party, language),
        "site": _site(event.site),
        "vehicle": event.vehicle,
        "through": event.through,
        "objects": [{"slot": slot, "code": code} for slot, code in event.objects],
        "body": cast(Json, event.body),
        "findings": [_found(found, language) for found in event.findings],
        "status": event.status,
        "replaced_by": event.replaced_by,
        "corrects": event.corrects,
    }


def _company(role: str, company: Company | None, language: Language) -> dict[str, Json]:
    if company is None:
        return {role: None, f"{role}_name": None}
    name = company.name_zh if language is Language.ZH else company.name_en or company.name_zh
    return {role: company.code, f"{role}_name": name}


def _site(site: Place | None) -> Json:
    return None if site is None else {"number": site.number, "code": site.code, "name": site.name}


def _found(found: Found, language: Language) -> Json:
    data = cast("dict[str, Value]", dict(found.data))
    return {"code": found.code, "data": cast(Json, data), "message": sentence(found.code, data, language)}
