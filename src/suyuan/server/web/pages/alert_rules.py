"""The rules behind warnings: how often each was a false alarm, its limits, a trial of others, and who tuned them."""

import time
from typing import Any

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing, Refusal, status_of
from suyuan.server.kit.scope import Level
from suyuan.server.supervision.queries.catalogue import Detector, detectors
from suyuan.server.supervision.queries.findings import Tally, tallies
from suyuan.server.supervision.queries.tuning import tuned_detectors, tunings
from suyuan.server.supervision.services.tuning import LONGEST_REASON, Tried, adopt_limits, try_limits
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.alerts import rule_told, severity_of, unit_code
from suyuan.server.web.pages.cases.acting import OF_AUTHORITIES
from suyuan.server.web.surroundings import flash, show

_CRUMB = ("web_alerts.title", "web-alerts")


@member(at="authority")
def rules_page(request: PageRequest) -> HttpResponseBase:
    """Every rule with what people said of its findings in the area."""
    language = request.actor.language
    with cursor() as run:
        known, counted = tuned_detectors(run), {one.detector: one for one in tallies(run, request.actor.scope)}
    rows = [
        {
            "name": name,
            "title": one.title.in_language(language),
            "severity": severity_of(name),
            **_counts(counted.get(name)),
            "limits": _limits(one),
        }
        for name, one in known.items()
    ]
    crumbs = ((_CRUMB[0], reverse(_CRUMB[1])),)
    now = SYSTEM_CLOCK.now()
    return show(request, "web/alert_rules.html", "web_alerts.rules_title", crumbs=crumbs, rules=rows, as_of=now)


def _counts(tally: Tally | None) -> dict[str, Any]:
    """Standing findings, judgements, and the share of false alarms among those judged (0 to 1; None without any)."""
    if tally is None:
        return {"open": 0, "confirmed": 0, "false": 0, "rate": None}
    judged = tally.confirmed + tally.false_positives
    rate = tally.false_positives / judged if judged else None
    return {"open": tally.open, "confirmed": tally.confirmed, "false": tally.false_positives, "rate": rate}


def _limits(one: Detector) -> list[dict[str, Any]]:
    usual = detectors()[one.name].parameters
    return [
        {
            "name": name,
            "text": f"web_alerts.limit_{name}",
            "value": f"{limit.value:g}",
            "unit": unit_code(limit.unit),
            "sure": f"rules.short_{limit.status.value}",
            "tuned": limit.value != usual[name].value,
        }
        for name, limit in one.parameters.items()
    ]


@member(at="authority")
def rule_page(request: PageRequest, name: str) -> HttpResponseBase:
    """One rule; with limits in the address, what these would find."""
    if "try" not in request.GET:
        return _show(request, name)
    try:
        with transaction.atomic(), cursor() as run:
            begin = time.monotonic()
            rule = _rule(tuned_detectors(run), name)
            tried = try_limits(run, request.actor.scope, rule, _typed(rule, request.GET), SYSTEM_CLOCK.today())
            seconds = time.monotonic() - begin
            transaction.set_rollback(True)
    except SuyuanError as trouble:
        return _show(request, name, trouble)
    return _show(request, name, tried=(tried, seconds))


@member(*OF_AUTHORITIES, at="authority")
def rule_tuned(request: PageRequest, name: str) -> HttpResponseBase:
    """Adopt limits for the whole country."""
    actor, reason = request.actor, request.POST.get("reason", "").replace("\r\n", "\n").strip()
    try:
        with transaction.atomic(), cursor() as run:
            rule = _rule(tuned_detectors(run), name)
            adopt_limits(run, actor.scope, rule, _typed(rule, request.POST), (reason, actor.name))
            note_deed(actor.person, actor.scope, "rule.tuned", name, SYSTEM_CLOCK.now())
    except SuyuanError as trouble:
        return _show(request, name, trouble)
    flash(request, "web_alerts.adopted")
    return HttpResponseRedirect(reverse("web-alert-rule", args=[name]))


def _rule(known: dict[str, Detector], name: str) -> Detector:
    if name not in known:
        raise Missing("web_alerts.no_such_rule", name=name[:60])
    return known[name]


def _typed(rule: Detector, told: QueryDict) -> dict[str, float]:
    """The limits that a form says; those left empty stay."""
    found = {}
    for name in rule.parameters:
        typed = told.get(f"limit.{name}", "").strip()
        if not typed:
            continue
        try:
            found[name] = float(typed)
        except ValueError:
            raise Refusal("web_alerts.value_unreadable", value=typed[:40]) from None
    return found


def _show(
    request: PageRequest, name: str, trouble: SuyuanError | None = None, tried: tuple[Tried, float] | None = None
) -> HttpResponse:
    actor = request.actor
    sent = request.POST if request.method == "POST" else request.GET
    with cursor() as run:
        rule = _rule(tuned_detectors(run), name)
        tally = next((one for one in tallies(run, actor.scope) if one.detector == name), None)
        history = tunings(run, name)
    title = rule.title.in_language(actor.language)
    told = rule_told(rule, actor.language)
    context: dict[str, Any] = {
        "name": name,
        **_counts(tally),
        "severity": told["severity"],
        "sure": told["sure"],
        "basis": told["basis"],
        "limits": [{**one, "typed": sent.get(f"limit.{one['name']}") or one["value"]} for one in _limits(rule)],
        "tried": tried[0] if tried else None,
        "seconds": tried[1] if tried else 0.0,
        "history": [
            ([(f"web_alerts.limit_{key}", value) for key, value in one.limits.items()], one) for one in history
        ],
        "tunes": actor.scope.level is Level.NATION and actor.role in OF_AUTHORITIES,
        "reason": sent.get("reason", ""),
        "longest": LONGEST_REASON,
        "trouble": trouble,
        "title_data": {"title": title},
        "as_of": SYSTEM_CLOCK.now(),
    }
    crumbs = ((_CRUMB[0], reverse(_CRUMB[1])), ("web_alerts.rules_title", reverse("web-alert-rules")))
    status = status_of(trouble) if trouble else 200
    return show(request, "web/alert_rule.html", "web_alerts.rule_one", crumbs=crumbs, status=status, **context)


urlpatterns = [
    path("g/alerts/rules", require_safe(rules_page), name="web-alert-rules"),
    path("g/alerts/rules/<str:name>", require_safe(rule_page), name="web-alert-rule"),
    path("g/alerts/rules/<str:name>/tune", require_POST(rule_tuned), name="web-alert-rule-tune"),
]
