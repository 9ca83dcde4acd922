"""One battery: its facts on top, below them one of six sides, and what may be done with it now."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg
from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse

from suyuan.codes.keys import split_code
from suyuan.events.vocabulary import vocabulary
from suyuan.server.accounts.queries.keys import keys, readings
from suyuan.server.accounts.queries.people import names_of
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.answers.services.exporting import company_word
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.laboratory.queries.records import records_of
from suyuan.server.ledger.queries.life import VALID, Event, Life, life
from suyuan.server.ledger.queries.public import LONGEST_CODE, identity
from suyuan.server.ledger.queries.sources import sources
from suyuan.server.ledger.queries.tree import tree
from suyuan.server.supervision.queries.margins import margins_of
from suyuan.server.web.actor import Actor, PageRequest, member
from suyuan.server.web.components.genealogy import DEPTH
from suyuan.server.web.components.table import Status
from suyuan.server.web.components.timeline import timeline
from suyuan.server.web.pages.batteries.listing import home_of
from suyuan.server.web.pages.battery.acting import acts
from suyuan.server.web.pages.battery.amending import amendable, reasons
from suyuan.server.web.pages.battery.kinship import address_of, kin_of
from suyuan.server.web.pages.battery.lifeline import AMENDING, happenings
from suyuan.server.web.surroundings import show

TABS: Final = ("life", "tree", "tests", "evidence", "corrections", "readers")
_LONGEST: Final = max(LONGEST_CODE, 200)  # batches of material have long names
_MOST_READERS: Final = 200
_TONES: Final[Mapping[str, str]] = {"lost": "bad", "retired": "warn", "removed": "warn", "collected": "warn"}
_PUBLIC: Final = (
    "model",
    "chemistry",
    "rated_capacity_ah",
    "nominal_voltage_v",
    "rated_energy_kwh",
    "mass_kg",
    "made_on",
)


@member()
def battery_page(request: PageRequest, code: str) -> HttpResponse:
    """Everything that the reader may know of one object.

    Raises
    ------
    Missing
        ``web_battery.not_found``, whether there is none or none that he may know of.
    """
    actor = request.actor
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else TABS[0]
    with cursor() as run:
        found = life(run, actor.scope, code) if 0 < len(code) <= _LONGEST else None
        if found is None:
            raise Missing("web_battery.not_found", battery=code[:80])
        head = _head(run, found, actor)
        side = _SIDES[tab](run, found, request)
    log_reads(actor.principal, [Reading(f"battery.{tab}", code)])
    allowed, refused = acts(actor, found.state)
    context: dict[str, Any] = {
        "battery": found.state,
        "stage": Status(_stage_word(found, actor), _TONES.get(found.state.stage, "good")),
        "head": head,
        "tabs": [(name, f"web_battery.tab_{name}") for name in TABS],
        "tab": tab,
        "allowed": allowed,
        "refused": refused,
        "reports": actor.company is not None,
        "public": f"/b/{code}" if found.state.kind in ("pack", "module", "cell", "product") else "",
        **side,
    }
    crumbs = (("web_batteries.title", home_of(request)),)
    return show(request, "web/battery.html", "web_battery.title", crumbs=crumbs, as_of=SYSTEM_CLOCK.now(), **context)


def _stage_word(found: Life, actor: Actor) -> str:
    return vocabulary().stage_labels[found.state.stage].in_language(actor.language)


def _head(run: psycopg.Cursor[Row], found: Life, actor: Actor) -> list[tuple[str, Any, str]]:
    """The facts on top: (code of the name, value, address)."""
    state, language = found.state, actor.language
    known = identity(run, state.code, SYSTEM_CLOCK.today()) if state.kind != "vehicle" else None
    told: list[tuple[str, Any, str]] = []
    if known is not None:
        zh, en = known.maker_names
        told.append(("web_battery.maker", zh if actor.language.value.startswith("zh") else en or zh, ""))
        told += [(f"web_battery.fact_{name}", known.facts.get(name), "") for name in _PUBLIC if name in known.facts]
    told.append(("web_battery.holder", company_word(state.holder, language), ""))
    if state.in_transit:
        told.append(("web_battery.consignee", company_word(state.consignee, language), ""))
    told.append(("web_battery.site", state.site and (state.site.name or state.site.code), ""))
    if state.vehicle:
        told.append(("web_battery.vehicle", state.vehicle, address_of(state.vehicle)))
    told += [("web_battery.inside", one, address_of(one)) for one in state.inside]
    told += [("web_battery.derived_from", one, address_of(one)) for one in found.derived_from]
    told += [("web_battery.derived_into", one, address_of(one)) for one in found.derived_into]
    return [(name, _worded(name, value), address) for name, value, address in told if value not in (None, "")]


def _worded(name: str, value: object) -> object:
    """A chemistry by the code of its words; everything else as it is."""
    return f"web_battery.chemistry_{value}" if name == "web_battery.fact_chemistry" else value


def _life(run: psycopg.Cursor[Row], found: Life, request: PageRequest) -> dict[str, Any]:
    actor = request.actor
    margins = margins_of(run, actor.scope, split_code(found.state.code))
    links = _links(run, found.events, actor)
    shown = happenings(found, margins, links, actor.language, SYSTEM_CLOCK.today())
    return {"timeline": timeline(shown)}


def _links(run: psycopg.Cursor[Row], events: tuple[Event, ...], actor: Actor) -> dict[str, str]:
    """The submission that each record came in, for those who may see it."""
    own = [event.id for event in events if actor.is_authority or event.reporter.number == actor.company]
    try:
        return {
            record: reverse("web-submission", args=[number]) for record, number in sorted(sources(run, own).items())
        }
    except NoReverseMatch:
        return {}


def _tree(run: psycopg.Cursor[Row], found: Life, request: PageRequest) -> dict[str, Any]:
    node = tree(run, request.actor.scope, found.state.code, expand_cells=True, depth=DEPTH)
    return {"kin": kin_of(node) if node else []}


def _tests(run: psycopg.Cursor[Row], found: Life, request: PageRequest) -> dict[str, Any]:
    try:
        files = list(records_of(run, request.actor.scope, found.state.code).rows)
    except Missing:
        files = []
    told = [event for event in reversed(found.events) if event.kind == "assessed" and event.status == VALID]
    tests = [
        (
            event,
            *(event.body.get(name) for name in ("soh", "residual_capacity_ah", "method")),
            company_word(event.reporter, request.actor.language),
        )
        for event in told
    ]
    return {"tests": tests, "files": files}


def _evidence(run: psycopg.Cursor[Row], found: Life, request: PageRequest) -> dict[str, Any]:
    links = _links(run, found.events, request.actor)
    rows = []
    for event in reversed(found.events):
        mine = request.actor.is_authority or event.reporter.number == request.actor.company
        proof = reverse("web-battery-proof", args=[found.state.code, event.id]) if mine else ""
        label = vocabulary().kinds[event.kind].label.in_language(request.actor.language)
        rows.append(
            (event, label, links.get(event.id, ""), proof, company_word(event.reporter, request.actor.language))
        )
    return {"records": rows}


def _corrections(run: psycopg.Cursor[Row], found: Life, request: PageRequest) -> dict[str, Any]:
    language = request.actor.language
    changed = [
        (
            event,
            vocabulary().kinds[event.kind].label.in_language(language),
            company_word(event.reporter, language),
            _why(event),
        )
        for event in reversed(found.events)
        if event.corrects or event.status != VALID or event.kind in AMENDING
    ]
    own = amendable(found.events, request.actor)
    asked = request.GET.get("record", "")
    chosen = next((one for one in own if one.event.id == asked), None)
    return {"changed": changed, "own": own, "chosen": chosen, "reasons": reasons()}


def _why(event: Event) -> str:
    """The reason that a correction or a withdrawal gives; empty in what it amends."""
    told: object = event.body.get("correction")
    reason = told.get("reason") if isinstance(told, dict) else event.body.get("reason")
    return str(reason or "")


def _readers(run: psycopg.Cursor[Row], found: Life, request: PageRequest) -> dict[str, Any]:
    scope = request.actor.scope
    seen = list(readings(scope, found.state.code))[:_MOST_READERS]
    people = names_of(scope, sorted({each.person for each in seen if each.person is not None}))
    labels = {key.pk: key.label for key in keys(scope)}
    return {
        "readers": [
            (
                each.at,
                f"web_battery.act_{_act(each.act)}",
                people.get(each.person or 0) or labels.get(each.key_id or 0, ""),
            )
            for each in seen
        ]
    }


def _act(act: str) -> str:
    name = act.removeprefix("battery.").replace(".", "_")
    return name if name in (*TABS, "show", "trace") else "other"


_Side = Callable[[psycopg.Cursor[Row], Life, PageRequest], dict[str, Any]]
_SIDES: Final[Mapping[str, _Side]] = {
    "life": _life,
    "tree": _tree,
    "tests": _tests,
    "evidence": _evidence,
    "corrections": _corrections,
    "readers": _readers,
}
