"""Enter an inspection: every item, its photos, the signatures of both sides; on site, or later from paper."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.kernel import Language, SuyuanError
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.accounts.services.keeping import forget_draft
from suyuan.server.cases.queries.actors import Actor
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.basis import provisions
from suyuan.server.cases.queries.checklists import RESULTS, Item, items_of
from suyuan.server.cases.queries.procedure import procedure
from suyuan.server.cases.queries.view import Whole, whole
from suyuan.server.cases.services.acting import take_step
from suyuan.server.cases.services.attaching import LARGEST_BYTES, attach
from suyuan.server.cases.services.inspections import SIDES
from suyuan.server.cases.services.orders import InspectionRecord, Seen, Signature, StepOrder
from suyuan.server.kit.clock import CHINA, SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Refusal, status_of
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.cases.acting import OF_AUTHORITIES, case_actor, day_in, number_in, read_file
from suyuan.server.web.pages.cases.case import draft_name, kept_form, missed
from suyuan.server.web.pages.cases.files import held_before
from suyuan.server.web.pages.cases.forms import RECORD
from suyuan.server.web.surroundings import flash, show

LARGEST_DRAWN_BYTES: Final = 300_000
_PICTURE: Final = "data:image/png;base64,"


@dataclass(slots=True)
class Brought:
    """Files that the form brought now or before, by number: by item, and by side for signatures."""

    photos: dict[str, list[int]] = field(default_factory=dict)
    signed: dict[str, int] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        """All of them."""
        return sorted({*(number for several in self.photos.values() for number in several), *self.signed.values()})


@member(*OF_AUTHORITIES, at="authority")
def inspection_page(request: PageRequest, number: int) -> HttpResponseBase:
    """The checklist of the plan as a form."""
    response = _show(request, number, kept_form(request, number, RECORD), Brought())
    log_reads(request.actor.principal, [Reading("case", str(number))])
    return response


@member(*OF_AUTHORITIES, at="authority")
def inspection_entered(request: PageRequest, number: int) -> HttpResponseBase:
    """Keep photos and signatures, then enter what was found."""
    actor, told, brought = case_actor(request.actor), request.POST, Brought()
    try:
        items = [*items_of(_plan(_whole(actor, number))["checklists"])]
        brought = _keep(request, actor, number, items)
        note = told.get("note", "").replace("\r\n", "\n").strip()
        record, known = _record(told, items, brought), number_in(told, "known") or 0
        order = StepOrder(RECORD, known, note, record=record, attachments=brought.numbers)
        with transaction.atomic(), cursor() as run:
            take_step(run, number, actor, order)
            note_deed(request.actor.person, actor.scope, "case.step", f"{number} {RECORD}", SYSTEM_CLOCK.now())
    except SuyuanError as trouble:
        return _show(request, number, told, brought, trouble)
    forget_draft(request.actor.member.person, draft_name(number, RECORD))
    title = procedure().steps[RECORD].title
    flash(request, "web_cases.done", step_zh=title.zh, step_en=title.en)
    return HttpResponseRedirect(reverse("web-g-case", args=[number]))


def _whole(actor: Actor, number: int) -> Whole:
    with transaction.atomic(), cursor() as run:
        return whole(run, actor, number, SYSTEM_CLOCK.today())


def _plan(found: Whole) -> Mapping[str, Any]:
    """The plan that waits to be entered; raises `Conflict` (``cases.no_inspection``)."""
    last = found.onsite[-1] if found.onsite else None
    if last is None or last.plan is None or last.entered is not None:
        raise Conflict("cases.no_inspection", number=found.case.number)
    plan: Mapping[str, Any] = last.plan.body["plan"]
    return plan


def _keep(request: PageRequest, actor: Actor, number: int, items: Sequence[str]) -> Brought:
    """Photos, scans and drawn signatures, together with those that the form brought before; all or none."""
    told, brought = request.POST, Brought()
    before = {str(one.number): one.number for one in held_before(actor, number, told.getlist("attachment"))}
    with transaction.atomic(), cursor() as run:

        def kept(name: str, body: bytes) -> int:
            return attach(run, number, actor, name, body).number

        for item in items:
            old = [before[one] for one in told.getlist(f"held-{item}") if one in before]
            new = [kept(*read_file(file)) for file in request.FILES.getlist(f"photos-{item}")]
            if old or new:
                brought.photos[item] = [*old, *new]
        for side in SIDES:
            held, drawn = told.get(f"held-{side}", ""), told.get(f"drawn-{side}", "")
            scan = request.FILES.get(f"scan-{side}")
            if scan is not None:
                brought.signed[side] = kept(*read_file(scan))
            elif told.get(f"method-{side}") == "drawn" and drawn:
                brought.signed[side] = kept(f"signature-{side}.png", _drawn(drawn, side))
            elif held in before:
                brought.signed[side] = before[held]
    return brought


def _drawn(address: str, side: str) -> bytes:
    """The picture that a canvas gave."""
    try:
        picture = base64.b64decode(address.removeprefix(_PICTURE), validate=True)
    except (binascii.Error, ValueError):
        picture = b""
    if not address.startswith(_PICTURE) or not 0 < len(picture) <= LARGEST_DRAWN_BYTES:
        raise Refusal("cases.signature_wrong", name=side, field="attachment")
    return picture


def _record(told: QueryDict, items: Sequence[str], brought: Brought) -> InspectionRecord:
    found = [
        Seen(
            item,
            told.get(f"result-{item}", ""),
            told.get(f"remark-{item}", "").replace("\r\n", "\n").strip(),
            brought.photos.get(item, ()),
        )
        for item in items
        if told.get(f"result-{item}")
    ]
    signatures = [one for one in (_signature(told, side, brought) for side in SIDES) if one is not None]
    refused = told.get("refused", "").strip()
    return InspectionRecord(day_in(told, "on"), found, signatures, refused, told.get("on_paper") == "1")


def _signature(told: QueryDict, side: str, brought: Brought) -> Signature | None:
    name = told.get(f"name-{side}", "").strip()
    if not name:
        return None
    method = told.get(f"method-{side}", "typed")
    file = None if method == "typed" else brought.signed.get(side)
    return Signature(side, name, told.get(f"office-{side}", "").strip(), method, _moment(told, side), file)


def _moment(told: QueryDict, side: str) -> datetime:
    """When it was signed: now, or the moment typed in where it is entered from paper."""
    typed = told.get(f"at-{side}", "").strip()
    if not typed:
        return SYSTEM_CLOCK.now()
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=CHINA)
    except ValueError:
        raise Refusal("web_cases.not_a_day", value=typed[:40]) from None


def _show(
    request: PageRequest, number: int, told: QueryDict, brought: Brought, trouble: SuyuanError | None = None
) -> HttpResponse:
    actor, language = case_actor(request.actor), request.actor.language
    found = _whole(actor, number)
    plan = _plan(found)
    files = {one.number: one for one in found.attachments}
    listed = items_of(plan["checklists"])
    context: dict[str, Any] = {
        "case": found.case,
        "plan": plan,
        "items": [
            {**_item(item, language), **_said(name, told, brought, files), "name": name}
            for name, item in listed.items()
        ],
        "sides": [_side(side, told, brought, files) for side in SIDES],
        "results": [(name, f"cases.result_{name}") for name in RESULTS],
        "told": told,
        "day": told.get("on") or str(SYSTEM_CLOCK.today()),
        "known": found.choices.version,
        "trouble": trouble,
        "missed": missed(found, trouble, request),
        "largest_mb": LARGEST_BYTES >> 20,
        "draft": draft_name(number, RECORD),
    }
    crumbs = (
        ("web_cases.title", reverse("web-g-cases")),
        (f"{number} · {found.case.title}", reverse("web-g-case", args=[number])),
    )
    status = status_of(trouble) if trouble else 200
    return show(request, "web/case_inspection.html", "web_cases.inspection", crumbs=crumbs, status=status, **context)


def _item(item: Item, language: Language) -> dict[str, Any]:
    """What is looked at, and what it rests on."""
    mark = "en" if language is Language.EN else "zh"
    basis = provisions([item.basis], SYSTEM_CLOCK.today()) if item.basis else []
    return {
        "title": item.title.in_language(language),
        "photo": item.photo,
        "basis": [f"{one[f'instrument_{mark}']} {one['article'] or ''}".strip() for one in basis],
        "status": f"rules.short_{basis[0]['status']}" if basis else "",
    }


def _said(name: str, told: QueryDict, brought: Brought, files: Mapping[int, AttachmentRow]) -> dict[str, Any]:
    """What was said of an item so far."""
    held = [files[one] for one in brought.photos.get(name, ()) if one in files]
    return {"result": told.get(f"result-{name}", ""), "remark": told.get(f"remark-{name}", ""), "held": held}


def _side(side: str, told: QueryDict, brought: Brought, files: Mapping[int, AttachmentRow]) -> dict[str, Any]:
    """What a side signs with."""
    return {
        "side": side,
        "text": f"cases.form_side_{side}",
        "name": told.get(f"name-{side}", ""),
        "office": told.get(f"office-{side}", ""),
        "method": told.get(f"method-{side}", "typed"),
        "at": told.get(f"at-{side}", ""),
        "held": files.get(brought.signed.get(side, 0)),
    }
