"""A case: where it stands, what may be done now, its thread, and the evidence on line and on site beside each other."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.codes.divisions import national
from suyuan.kernel import Language, SuyuanError
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.accounts.services.keeping import draft, forget_draft
from suyuan.server.cases.queries.actors import Standing
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.cases import CaseRow
from suyuan.server.cases.queries.procedure import procedure
from suyuan.server.cases.queries.thread import StepRow, thread
from suyuan.server.cases.queries.view import Whole, whole
from suyuan.server.cases.queries.wording import authority_name
from suyuan.server.cases.services.acting import take_step
from suyuan.server.cases.services.attaching import LARGEST_BYTES
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, status_of
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Status
from suyuan.server.web.pages.cases.acting import MOST_INSPECTORS, case_actor, number_in, step_order
from suyuan.server.web.pages.cases.files import held_before, keep_files
from suyuan.server.web.pages.cases.forms import RECORD, able, chosen_step, step_form
from suyuan.server.web.pages.cases.thread import changes_since, told_steps, visits
from suyuan.server.web.surroundings import flash, show

SOON_DAYS: Final = 3
CHANGED: Final = "cases.changed"
TONES: Final = {
    "open": "info",
    "awaiting_answer": "warn",
    "answered": "info",
    "rectifying": "warn",
    "reviewing": "info",
    "reviewed": "good",
    "decided": "good",
    "closed": "locked",
}


@member(at="authority")
def authority_case(request: PageRequest, number: int) -> HttpResponseBase:
    """The case for an authority."""
    return _read(request, number)


@member(at="company")
def company_case(request: PageRequest, number: int) -> HttpResponseBase:
    """The same for the company that it is about: only what was addressed to it."""
    return _read(request, number)


@member(at="authority")
def authority_step(request: PageRequest, number: int) -> HttpResponseBase:
    """Take a step."""
    return _step(request, number)


@member(at="company")
def company_step(request: PageRequest, number: int) -> HttpResponseBase:
    """The same for a company."""
    return _step(request, number)


def case_address(request: PageRequest, number: int) -> str:
    """The address of a case for who looks."""
    return reverse("web-g-case" if request.actor.is_authority else "web-w-case", args=[number])


def _read(request: PageRequest, number: int) -> HttpResponse:
    response = _show(request, number)
    log_reads(request.actor.principal, [Reading("case", str(number))])
    return response


def _step(request: PageRequest, number: int) -> HttpResponseBase:
    """Keep the files, then take the step; a letter is first shown as it would go out, where that is asked for."""
    actor, told = case_actor(request.actor), request.POST
    held: list[AttachmentRow] = []
    letter: list[StepRow] = []
    try:
        brought = keep_files(actor, number, request.FILES.getlist("files"))
        held = held_before(actor, number, [*told.getlist("attachment"), *(str(one) for one in brought)])
        order = step_order(told, [one.number for one in held])
        with transaction.atomic(), cursor() as run:
            row = take_step(run, number, actor, order)
            if "preview" in told:
                letter = thread(run, actor.scope, number, after=row.fold.version - 1)
                transaction.set_rollback(True)
            else:
                subject = f"{number} {order.kind}"
                note_deed(request.actor.person, actor.scope, "case.step", subject, SYSTEM_CLOCK.now())
    except SuyuanError as trouble:
        return _show(request, number, trouble=trouble, held=held)
    if letter:
        return _show(request, number, held=held, letter=letter)
    forget_draft(request.actor.member.person, draft_name(number, order.kind))
    title = procedure().steps[order.kind].title
    flash(request, "web_cases.done", step_zh=title.zh, step_en=title.en)
    return HttpResponseRedirect(case_address(request, number))


def draft_name(number: int, step: str) -> str:
    """Under which a form is kept while it is filled in."""
    return f"case-{number}-{step}"


def kept_form(request: PageRequest, number: int, step: str) -> QueryDict:
    """What stood in the form of a step when it was left."""
    made = QueryDict(mutable=True)
    for name, values in draft(request.actor.member.person, draft_name(number, step)).items():
        made.setlist(name, values)
    return made


def _show(
    request: PageRequest,
    number: int,
    *,
    trouble: SuyuanError | None = None,
    held: Sequence[AttachmentRow] = (),
    letter: Sequence[StepRow] = (),
) -> HttpResponse:
    """The page; with what went wrong, or the letter as it would go out, the form stays as it was sent."""
    actor, today, language = case_actor(request.actor), SYSTEM_CLOCK.today(), request.actor.language
    with transaction.atomic(), cursor() as run:
        found = whole(run, actor, number, today)
        step = chosen_step(found, (request.POST or request.GET).get("step", ""))
        form = step_form(run, actor.scope, found, step, today, language) if step else None
    told = request.POST if request.method == "POST" else kept_form(request, number, step.name if step else "")
    context = {
        **_standing(found, request),
        **_acts(found, told, request),
        "form": form,
        "draft": draft_name(number, step.name) if step else "",
        "held": held,
        "trouble": trouble,
        "missed": missed(found, trouble, request),
        "letter": told_steps(letter, today, language),
        "thread": told_steps(found.thread, today, language),
        "online": [one.told for one in found.online],
        "visits": visits(found.onsite, language),
        "files": found.attachments,
        "largest_mb": LARGEST_BYTES >> 20,
        "here": case_address(request, number),
    }
    listing = "web-g-cases" if request.actor.is_authority else "web-w-cases"
    title = "web_cases.title" if request.actor.is_authority else "web_cases.title_own"
    return show(
        request,
        "web/case.html",
        "web_cases.case",
        crumbs=((title, reverse(listing)),),
        status=status_of(trouble) if trouble else 200,
        as_of=SYSTEM_CLOCK.now(),
        title_data={"number": str(number), "title": found.case.title},
        **context,
    )


def _standing(found: Whole, request: PageRequest) -> dict[str, Any]:
    """Who leads the case, how who looks stands to it, and where it stands."""
    today, fold = SYSTEM_CLOCK.today(), found.case.fold
    for_company = found.choices.standing is Standing.COMPANY
    shares = [] if for_company else [national().name(code, today) or code for code in sorted(fold.shares)]
    return {
        "case": found.case,
        **words_of(found.case, request),
        "authority": authority_name(fold.lead, today, request.actor.language),
        "shares": shares,
        "for_company": for_company,
        "standing": f"cases.standing_{found.choices.standing.value}",
    }


def _acts(found: Whole, told: QueryDict, request: PageRequest) -> dict[str, Any]:
    """What may be done now, what not and why, and what was typed so far."""
    language, steps = request.actor.language, found.choices.steps
    later = [one for one in steps if one.reason is not None and one.reason.code != "cases.not_his_step"]
    lines = [
        (line, told.get(f"inspector-{line}", ""), told.get(f"office-{line}", "")) for line in range(MOST_INSPECTORS)
    ]
    return {
        "able": [(one.name, one.title.in_language(language)) for one in able(steps) if one.name != RECORD],
        "record_open": any(one.name == RECORD for one in able(steps)),
        "unable": later,
        "may_act": case_actor(request.actor).may_act,
        "known": found.choices.version,
        "told": told,
        "listed": {name: told.getlist(name) for name in ("checklist", "basis", "subject")},
        "lines": lines,
    }


def words_of(row: CaseRow, request: PageRequest) -> dict[str, Any]:
    """State, deadline and outcome of a case as words with icons, and the name of its company."""
    fold, language = row.fold, request.actor.language
    due: Status | None = None
    if fold.due_on is not None and fold.closed_at is None:
        days = (fold.due_on - SYSTEM_CLOCK.today()).days
        if days < 0:
            due = Status("web_cases.due_late", "bad", {"days": -days})
        else:
            due = Status("web_cases.due_in", "warn" if days <= SOON_DAYS else "good", {"days": days})
    outcome = procedure().outcomes.get(fold.outcome or "")
    return {
        "state": Status(procedure().states[fold.state].in_language(language), TONES.get(fold.state, "info")),
        "due": due,
        "outcome": outcome.in_language(language) if outcome else "",
        "company_name": row.name_en if language is Language.EN and row.name_en else row.name_zh,
    }


def missed(found: Whole, trouble: SuyuanError | None, request: PageRequest) -> Sequence[Any]:
    """What others did since the sender read the case; his text stays in the form."""
    if not isinstance(trouble, Conflict) or trouble.code != CHANGED:
        return ()
    known = number_in(request.POST, "known") or 0
    return changes_since(found.thread, known, SYSTEM_CLOCK.today(), request.actor.language)
