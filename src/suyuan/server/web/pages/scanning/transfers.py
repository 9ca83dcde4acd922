"""Hand-overs: list and give, show the code, confirm what came, print the note."""

from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.labels.transfer_note import Paper, draw_note, squares
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.handover.queries.notes import Note, Pack, note, notes, packs, steps
from suyuan.server.handover.queries.standing import plain_code
from suyuan.server.handover.services.acting import MOST_CODES
from suyuan.server.handover.services.transferring import (
    Confirmed,
    Listed,
    accept,
    cancel,
    differences,
    offer,
    see_through,
)
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import status_of
from suyuan.server.registry.queries import sites
from suyuan.server.registry.queries.names import Named, names
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Status
from suyuan.server.web.door import WASM_POLICY
from suyuan.server.web.pages.scanning.looking import HAND_OVER, lines
from suyuan.server.web.pages.scanning.scan import to_choose
from suyuan.server.web.pages.scanning.told import Form, added, new_key, read_form, refusal, sayings, wants_json
from suyuan.server.web.surroundings import flash, show

ROWS: Final = 50
_TONES: Final = {
    "open": "info",
    "accepted": "warn",
    "reported": "good",
    "refused": "bad",
    "cancelled": "off",
    "expired": "off",
}


@member(at="company")
def transfers_page(request: PageRequest) -> HttpResponseBase:
    """One's hand-overs, and the form for the next one."""
    if request.method != "POST":
        return _page(request, Form((), {}), [])
    form = read_form(request, MOST_CODES)
    try:
        listed, twice = added(request, form)
        if "save" not in form.words:
            return _page(request, form, listed, twice=twice)
        receiver = form.words.get("receiver") or form.words.get("partner", "")
        said = Listed(
            form.key, form.day(), tuple(listed), receiver.upper(), form.mass_kg(), form.words.get("remark", "")
        )
        made = offer(request.actor.principal, said)
    except SuyuanError as error:
        if wants_json(request):
            return refusal(error, request.actor.language)
        return _page(request, form, list(form.codes), trouble=error)
    address = reverse("web-transfer", args=[made.number])
    if wants_json(request):
        words = sentence("web_scan.given", {"number": made.document_no, "count": made.packs}, request.actor.language)
        return JsonResponse({"ok": True, "words": words, "address": address})
    return HttpResponseRedirect(address)


def _page(
    request: PageRequest, form: Form, listed: list[str], trouble: SuyuanError | None = None, twice: str | None = None
) -> HttpResponse:
    actor, now = request.actor, SYSTEM_CLOCK.now()
    after = request.GET.get("before", "")
    listing = notes(actor.scope, int(after) if after.isascii() and after.isdigit() and len(after) < 16 else None, ROWS)
    named = _names(listing)
    context: dict[str, Any] = {
        "task": HAND_OVER,
        "lines": lines(request, HAND_OVER, listed),
        "twice": twice,
        "trouble": trouble,
        "told": form.words,
        "key": form.key or new_key(),
        "today": SYSTEM_CLOCK.today(),
        "may": actor.may(Permission.SUBMIT),
        "notes": [
            (one, _status(one), one.giver == actor.company, _other(one, actor.company, named)) for one in listing
        ],
        "following": listing[-1].number if len(listing) == ROWS else None,
        **to_choose(request),
    }
    status = status_of(trouble) if trouble else 200
    response = show(
        request, "web/scanning/transfers.html", "web_scan.transfers_title", as_of=now, status=status, **context
    )
    response.headers["Content-Security-Policy"] = WASM_POLICY
    return response


def _names(listing: list[Note]) -> dict[int, Named]:
    return names(sorted({number for one in listing for number in (one.giver, one.receiver) if number is not None}))


def _other(one: Note, own: int | None, named: dict[int, Named]) -> Named | None:
    number = one.receiver if one.giver == own else one.giver
    return named.get(number) if number is not None else None


def _status(one: Note) -> Status:
    stands = one.stands(SYSTEM_CLOCK.now())
    return Status(f"web_scan.state_{stands}", _TONES[stands])


@member()
def note_page(request: PageRequest, number: int) -> HttpResponseBase:
    """One hand-over: for its giver with the code to show, for its receiver with what to confirm."""
    code = request.POST.get("note_code") or request.GET.get("code") or ""
    trouble = None
    if request.method == "POST":
        try:
            return _act(request, number, code)
        except SuyuanError as error:
            note(request.actor.scope, number, code)  # whoever may not see it is told only that it is not there
            trouble = error
    found = note(request.actor.scope, number, code)
    if found.state == "accepted":
        found = see_through(number)
    log_reads(request.actor.principal, [Reading("scan.note", str(number))])
    return _shown(request, found, code, trouble)


def _act(request: PageRequest, number: int, code: str) -> HttpResponseBase:
    who, form = request.actor.principal, read_form(request, 0)
    if form.words.get("do") == "cancel":
        cancel(who, number, form.words.get("remark", ""))
        flash(request, "web_scan.taken_back", number=number)
        return HttpResponseRedirect(reverse("web-transfer", args=[number]))
    said = request.POST
    fates = {name.removeprefix("fate-"): said[name] for name in said if name.startswith("fate-")}
    extra = tuple(dict.fromkeys(filter(None, map(plain_code, said.get("extra", "")[: 30 * MOST_CODES].split()))))
    confirmed = Confirmed(
        form.day(),
        frozenset(pack for pack, fate in fates.items() if fate == "missing"),
        frozenset(pack for pack, fate in fates.items() if fate == "damaged"),
        extra,
        form.mass_kg(),
        form.words.get("site", ""),
        form.words.get("remark", ""),
    )
    done = accept(who, number, code, confirmed)
    kind = {"reported": "success", "accepted": "warning"}.get(done.state, "danger")
    flash(request, f"web_scan.confirmed_{done.state}", kind, number=done.document_no)
    return HttpResponseRedirect(reverse("web-transfer", args=[number]))


def _shown(request: PageRequest, found: Note, code: str, trouble: SuyuanError | None) -> HttpResponse:
    actor, now = request.actor, SYSTEM_CLOCK.now()
    listed = packs(actor.scope, found.number, code)
    stands, gives = found.stands(now), found.giver == actor.company
    named = _names([found])
    takes = stands == "open" and not gives and not actor.is_authority
    mine = gives or found.receiver == actor.company
    context: dict[str, Any] = {
        "note": found,
        "packs": listed,
        "standing": _status(found),
        "giver": named.get(found.giver),
        "receiver": named.get(found.receiver or 0),
        "gives": gives,
        "takes": takes,
        "may": actor.may(Permission.SUBMIT),
        "may_end": mine and found.state == "open" and actor.may(Permission.SUBMIT),
        "shows": gives and stands == "open",
        "squares": squares(address_of(request, found)) if gives and stands == "open" else None,
        "code": code,
        "today": SYSTEM_CLOCK.today(),
        "sites": sites(actor.scope, on=SYSTEM_CLOCK.today()).select("code", "name").rows() if takes else [],
        "differences": differences(found, listed),
        "steps": steps(actor.scope, found.number) if mine or actor.is_authority else [],
        "reports": [(one, sayings(one, actor.language)) for one in found.outcomes],
        "mine": mine,
        "trouble": trouble,
        "told": request.POST if trouble else {},
    }
    crumbs = (("web_scan.transfers_title", reverse("web-transfers")),) if actor.company else ()
    status = status_of(trouble) if trouble else 200
    data = {"number": found.document_no}
    template = "web/scanning/note.html"
    return show(
        request, template, "web_scan.note_title", crumbs=crumbs, status=status, as_of=now, title_data=data, **context
    )


def address_of(request: PageRequest, found: Note) -> str:
    """What the code on screen and paper says: the page where the receiver confirms."""
    path = f"{reverse('web-transfer', args=[found.number])}?code={found.code}"
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


@member()
def note_pdf(request: PageRequest, number: int) -> HttpResponse:
    """The paper that goes along; the code stands on it only for its giver, while it is open."""
    actor = request.actor
    found = note(actor.scope, number)
    listed = packs(actor.scope, number)
    log_reads(actor.principal, [Reading("scan.note", str(number))])
    named = _names([found])
    shows = found.giver == actor.company and found.stands(SYSTEM_CLOCK.now()) == "open"
    paper = Paper(
        number=found.document_no,
        giver=_called(named.get(found.giver), actor.language),
        receiver=_called(named.get(found.receiver or 0), actor.language),
        handed_over_on=found.handed_over_on,
        received_on=found.received_on,
        mass_kg=found.mass_kg,
        received_mass_kg=found.received_mass_kg,
        address=address_of(request, found) if shows else "",
        state=sentence(f"web_scan.state_{found.stands(SYSTEM_CLOCK.now())}", language=actor.language),
        packs=tuple((pack.code, _fate(pack, actor.language)) for pack in listed),
    )
    name = f"{found.document_no}.pdf"
    response = HttpResponse(draw_note(paper, actor.language), content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=name) or ""
    return response


def _called(company: Named | None, language: Language) -> str:
    if company is None:
        return ""
    name = company.name_zh if language is Language.ZH else company.name_en or company.name_zh
    return f"{name} {company.code}"


def _fate(pack: Pack, language: Language) -> str:
    return sentence(f"web_scan.fate_{pack.outcome}", language=language) if pack.outcome else ""
