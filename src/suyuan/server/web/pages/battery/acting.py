"""What may be reported of a battery now, and why the rest may not."""

from dataclasses import dataclass
from typing import Final

from django.http import Http404
from django.urls import resolve

from suyuan.events.permitted import Standing, permitted
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language
from suyuan.kernel.findings import Value
from suyuan.server.accounts.models import Permission
from suyuan.server.answers.services.exporting import company_word
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.ledger.queries.objects import State
from suyuan.server.registry.queries import code_and_roles
from suyuan.server.web.actor import Actor

_IMPORT: Final = "/w/import"


@dataclass(frozen=True, slots=True)
class Act:
    """A kind of record: what it is called, where it is reported if it may be, else the code of the reason."""

    name: str
    address: str
    reason: str
    data: dict[str, Value]


def acts(actor: Actor, state: State) -> tuple[list[Act], list[Act]]:
    """What may be reported now, and what may not; nothing for those who do not report."""
    if actor.company is None or not actor.may(Permission.SUBMIT) or state.kind in ("vehicle", "material"):
        return [], []
    known = code_and_roles(actor.company, SYSTEM_CLOCK.today())
    standing = Standing(
        state.stage,
        state.holder.number if state.holder else None,
        state.consignee.number if state.consignee else None,
        state.vehicle is not None,
        state.code[3:4],
    )
    allowed: list[Act] = []
    refused: list[Act] = []
    for verdict in permitted(standing, actor.company, known[1] if known else ()):
        name = verdict.kind.label.in_language(actor.language)
        if verdict.reason is None:
            allowed.append(Act(name, _reported_at(verdict.kind.name), "", {}))
        else:
            refused.append(Act(name, "", f"web_battery.not_{verdict.reason}", _told(state, actor.language)))
    return allowed, refused


def _told(state: State, language: Language) -> dict[str, Value]:
    """What the reasons need to know."""
    return {
        "stage": vocabulary().stage_labels[state.stage].in_language(language),
        "holder": company_word(state.holder, language) or "–",
        "consignee": company_word(state.consignee, language) or "–",
        "vehicle": state.vehicle or "–",
    }


def _reported_at(kind: str) -> str:
    """The page on which it is reported, where there is one."""
    try:
        resolve(_IMPORT)
    except Http404:
        return ""
    return f"{_IMPORT}?kind={kind}"
