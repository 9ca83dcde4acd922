"""The scan page: one large box, a running list, and one button that says what is done with it."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import SuyuanError, sentence
from suyuan.kernel.findings import Value
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.handover.queries import acts as kept
from suyuan.server.handover.queries.acts import ActDone
from suyuan.server.handover.queries.notes import partners
from suyuan.server.handover.queries.standing import plain_code
from suyuan.server.handover.services.acting import CONDITIONS, MOST_CODES, Act, act, tasks_of
from suyuan.server.handover.services.reports import REASONS, swap_models_exempt
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import status_of
from suyuan.server.registry.queries import sites
from suyuan.server.registry.queries.names import names
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.door import WASM_POLICY
from suyuan.server.web.pages.scanning.looking import lines
from suyuan.server.web.pages.scanning.told import Form, added, new_key, photos, read_form, refusal, sayings, wants_json
from suyuan.server.web.surroundings import flash, show

_DONE = "save"


@member(at="company")
def scan_page(request: PageRequest) -> HttpResponseBase:
    """Scan, and save; without a script every scan is a round to the server."""
    if request.method != "POST":
        return _page(request, Form((), {}), [])
    form = read_form(request, MOST_CODES)
    try:
        listed, twice = added(request, form)
        if _DONE not in form.words and "condition" not in form.words:
            return _page(request, form, listed, twice=twice)
        done = act(request.actor.principal, _said(request, form, listed))
    except SuyuanError as error:
        if wants_json(request):
            return refusal(error, request.actor.language)
        return _page(request, form, list(form.codes), trouble=error)
    return _answer(request, form, done)


def _said(request: PageRequest, form: Form, listed: list[str]) -> Act:
    words = form.words
    return Act(
        key=form.key,
        task=words.get("task", ""),
        day=form.day(),
        codes=tuple(listed),
        vin=plain_code(words.get("vin", "")),
        site=words.get("site", ""),
        condition=words.get("condition", ""),
        party=words.get("party", "").upper(),
        document_no=words.get("document_no", ""),
        missing_reason=words.get("missing_reason", ""),
        mass_kg=form.mass_kg(),
        taken_out="taken_out" in words,
        photos=photos(request),
    )


def _answer(request: PageRequest, form: Form, done: ActDone) -> HttpResponseBase:
    """Done, under way or refused: said beside the empty form for the next one."""
    language = request.actor.language
    why = [words for one in done.outcomes for words in sayings(one, language)]
    code = "web_scan.saved" if done.good else "web_scan.under_way" if done.finished_at is None else "web_scan.refused"
    data: dict[str, Value] = {"number": done.number, "why": " ".join(why)}
    if wants_json(request):
        refused = done.finished_at is not None and not done.good
        return JsonResponse({"ok": not refused, "words": sentence(code, data, language)})
    flash(request, code, "success" if done.good else "danger", **data)
    return HttpResponseRedirect(f"{reverse('web-scan')}?task={done.task}")


def _page(
    request: PageRequest, form: Form, listed: list[str], trouble: SuyuanError | None = None, twice: str | None = None
) -> HttpResponse:
    actor, today = request.actor, SYSTEM_CLOCK.today()
    tasks = tasks_of(actor.company or 0, today)
    wanted = form.words.get("task") or request.GET.get("task", "")
    task = wanted if wanted in tasks else (tasks or [""])[0]
    known = [*kept.acts(actor.scope, 10)]
    context: dict[str, Any] = {
        "tasks": tasks,
        "task": task,
        "lines": lines(request, task, listed),
        "twice": twice,
        "trouble": trouble,
        "told": form.words,
        "key": form.key or new_key(),
        "today": today,
        "conditions": CONDITIONS,
        "reasons": _reasons(request) if task == "scrap" else (),
        "exempt": swap_models_exempt(today),
        "sites": sites(actor.scope, on=today).select("code", "name").rows(),
        "done": [(one, [words for each in one.outcomes for words in sayings(each, actor.language)]) for one in known],
        "may": actor.may(Permission.SUBMIT),
        **to_choose(request),
    }
    status = status_of(trouble) if trouble else 200
    response = show(request, "web/scanning/scan.html", "web_scan.title", status=status, **context)
    response.headers["Content-Security-Policy"] = WASM_POLICY
    return response


def _reasons(request: PageRequest) -> list[tuple[str, str]]:
    choices = vocabulary().kinds["vehicle_scrapped"].fields["missing_reason"].choices or {}
    wanted = REASONS if swap_models_exempt(SYSTEM_CLOCK.today()) else REASONS[1:]
    return [(name, choices[name].in_language(request.actor.language)) for name in wanted]


def to_choose(request: PageRequest) -> dict[str, Any]:
    """The companies that one handed over to before, to be chosen with one touch."""
    numbers = partners(request.actor.scope)
    named = names(numbers)
    return {"partners": [named[number] for number in numbers if number in named], "owner": request.actor.member.number}


@member(at="company")
def photo_page(request: PageRequest, act: int, place: int) -> HttpResponse:
    """A photo of an act of one's own company."""
    form, content = kept.photo(request.actor.scope, act, place)
    log_reads(request.actor.principal, [Reading("scan.photo", f"{act}/{place}")])
    return HttpResponse(content, content_type=form, headers={"X-Content-Type-Options": "nosniff"})
