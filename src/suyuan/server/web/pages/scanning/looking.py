"""What a scanned code is, said at once; codes on photos; and the mark that a waiting form is sent with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.handover.queries.standing import Standing, looks_like, standings
from suyuan.server.handover.services.acting import MOST_CODES
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Status
from suyuan.server.web.pages.scanning.told import added, read_form, refusal

HAND_OVER: Final = "hand_over"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the running list."""

    code: str
    status: Status


def lines(request: PageRequest, task: str, codes: Sequence[str]) -> list[Line]:
    """What each code is to whoever scans it, as far as he may see it; what he sees is noted as read."""
    scope = request.actor.scope
    found = standings(scope, codes)
    reads = [Reading("scan.standing", one.code) for one in found if one.stage is not None]
    log_reads(request.actor.principal, reads)
    return [Line(one.code, _status(task, place, one)) for place, one in enumerate(found)]


def _status(task: str, place: int, one: Standing) -> Status:
    if looks_like(one.code) != "battery":
        return Status("web_scan.no_code", "bad")
    told = {HAND_OVER: _to_give, "receive": _to_receive, "take_in": _to_take_in}.get(task)
    if told is not None:
        return told(one)
    return _to_replace(place, one) if task == "replace" else Status("web_scan.ready", "good")


def _to_give(one: Standing) -> Status:
    if not one.mine:
        return Status("web_scan.not_yours", "bad")
    return Status("web_scan.in_vehicle", "bad") if one.vehicle else Status("web_scan.yours", "good")


def _to_receive(one: Standing) -> Status:
    if one.awaited:
        return Status("web_scan.awaited", "good")
    return Status("web_scan.mine_already", "warn") if one.mine else Status("web_scan.not_announced", "bad")


def _to_take_in(one: Standing) -> Status:
    if one.mine and one.stage == "collected":
        return Status("web_scan.mine_already", "warn")
    return Status("web_scan.in_vehicle", "warn") if one.vehicle else Status("web_scan.ready", "good")


def _to_replace(place: int, one: Standing) -> Status:
    if place == 0:
        return Status("web_scan.old", "info")
    fits = one.mine and one.stage == "after_sales"
    return Status("web_scan.new", "good") if fits else Status("web_scan.not_in_stock", "bad")


def told(line: Line, language: Language) -> dict[str, str]:
    """A line for the script."""
    words = sentence(line.status.code, language=language)
    return {"code": line.code, "tone": line.status.tone, "icon": line.status.icon, "words": words}


@member(at="company")
def check(request: PageRequest) -> HttpResponseBase:
    """What the listed codes are, as JSON for the script."""
    form = read_form(request, MOST_CODES)
    found = lines(request, form.words.get("task", ""), form.codes[:MOST_CODES])
    return JsonResponse({"lines": [told(line, request.actor.language) for line in found]})


@member(at="company")
def read_photo(request: PageRequest) -> HttpResponseBase:
    """The codes on a photo, as JSON for the script."""
    try:
        codes, _ = added(request, read_form(request, 0))
    except SuyuanError as error:
        return refusal(error, request.actor.language)
    return JsonResponse({"codes": codes})


@member(at="company")
def mark(request: PageRequest) -> HttpResponseBase:
    """A fresh mark against strangers' forms, and who is signed in: what waits belongs to him alone."""
    return JsonResponse({"mark": get_token(request), "owner": request.actor.member.number})
