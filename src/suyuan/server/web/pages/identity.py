"""The digital ID of a battery, for anybody who scans its label: no login, no script, one small style sheet.

As a page, as JSON-LD and as JSON, whichever is asked for. What it may say is decided in the ledger's `public.toml`;
what is not public is never fetched here. Every code that has no digital ID is answered alike, whether it was mistyped,
made up, or belongs to something that is not public.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.cache import get_conditional_response
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from suyuan.codes.battery import explain
from suyuan.codes.divisions import division
from suyuan.codes.texts import visible_text
from suyuan.kernel import Language, sentence
from suyuan.labels.facts import grouped
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.language import tag_of
from suyuan.server.kit.problems import CONTENT_TYPE
from suyuan.server.ledger.queries.public import Identity, identity, near
from suyuan.server.registry.queries.outlet_cities import outlet_cities
from suyuan.server.registry.queries.outlets import Outlet, Place, Wanted, outlets_listed, outlets_near
from suyuan.server.web.actor import asked_language, asked_size

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
FRESH_S: Final = 60
SELECTED: Final = mark_safe(" selected")
LONGEST_SHOWN: Final = 60
MOST_OUTLETS: Final = 3
_FORMS: Final = {"html": "text/html", "jsonld": "application/ld+json", "json": "application/json"}
_SIGNS: Final = {
    "in_use": "●",
    "new": "●",
    "reused": "●",
    "retired": "■",
    "recycled": "♻",
    "abroad": "▲",
    "abnormal": "▲",
}
_WORDS: Final = ("model", "maker", "kind", "chemistry", "rated_capacity_ah", "nominal_voltage_v", "rated_energy_kwh", "mass_kg", "made_on")  # fmt: skip  # noqa: E501
_UNITS: Final = {"rated_capacity_ah": "Ah", "nominal_voltage_v": "V", "rated_energy_kwh": "kWh", "mass_kg": "kg"}
_UNIT_CODES: Final = {
    "rated_capacity_ah": "AMH",
    "nominal_voltage_v": "VLT",
    "rated_energy_kwh": "KWH",
    "mass_kg": "KGM",
}
"""Units of UNECE Recommendation 20, as schema.org asks for."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request wants: the code, the language, where to look for outlets, and the day."""

    code: str
    language: Language
    city: str
    place: Place | None
    on: date


def identity_page(request: HttpRequest, code: str) -> HttpResponseBase:
    """What is known of a battery, or why there is no such one."""
    language = asked_language(request)
    asked = _Asked(code, language, _city(request), _place(request), SYSTEM_CLOCK.today())
    form = _form(request)
    with cursor() as run:
        found = identity(run, code, asked.on)
        if found is None:
            return _unknown(request, asked, form, _others(run, code, asked.on))
        around = _outlets(run, found, asked) if form == "html" else {}
    if form == "html":
        told = {**_frame(request, asked), **_told(found, asked), **around}
        content = str(render_to_string("web/identity.html", told))
    else:
        kept = _linked(found, request, language) if form == "jsonld" else _plain(found, request, language)
        content = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    return _dressed(request, content, _FORMS[form], 200, language)


def _form(request: HttpRequest) -> str:
    named = request.GET.get("format", "")
    if named in _FORMS:
        return named
    chosen = request.get_preferred_type(list(_FORMS.values()))
    return next((form for form, kind in _FORMS.items() if kind == chosen), "html")


def _city(request: HttpRequest) -> str:
    named = request.GET.get("city", "")
    return named if len(named) == 6 and named.isascii() and named.isdigit() else ""


def _place(request: HttpRequest) -> Place | None:
    """Longitude and latitude named in the address (``near=113.95,22.53``); None for nonsense."""
    try:
        longitude, latitude = map(float, request.GET.get("near", "").split(","))
    except ValueError:
        return None
    return Place(longitude, latitude) if abs(longitude) <= 180 and abs(latitude) <= 90 else None


# ---------------------------------------------------------------- what there is


def _outlets(run: psycopg.Cursor[Row], found: Identity, asked: _Asked) -> dict[str, Any]:
    """The outlets nearest to a place or in a city, those first that take the maker's batteries."""
    minute = int(SYSTEM_CLOCK.now().timestamp()) // FRESH_S
    cities = cities_known(asked.on, minute)
    shown: list[Outlet] = []
    for brand in dict.fromkeys((found.maker_names[0] or None, None)):
        wanted = Wanted(division=asked.city or None, brand=brand)
        if shown:
            break
        if asked.place is not None:
            shown = list(outlets_near(run, asked.place, wanted, asked.on, limit=MOST_OUTLETS).rows)
        elif asked.city:
            shown = list(outlets_listed(run, wanted, asked.on, limit=MOST_OUTLETS).rows)
    return {
        "cities": _options(cities, asked.city),
        "outlets": [(outlet, _km(outlet.distance_m)) for outlet in shown],
        "sought": bool(asked.city or asked.place),
    }


@lru_cache(maxsize=2)
def cities_known(on: date, minute: int) -> tuple[tuple[str, str], ...]:
    """Cities with an outlet, and their names; asked for once a minute, as long as the page itself may be kept."""
    with cursor() as run:
        found = outlet_cities(run, on)
    return tuple((code, where.name) for code in found if (where := division(code, on)))


def _options(cities: Iterable[tuple[str, str]], chosen: str) -> SafeString:
    """The cities to choose from; hundreds of them, so they are written here and not in the template."""
    rows = ((code, SELECTED if code == chosen else "", name) for code, name in cities)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)


def _km(distance_m: float | None) -> str:
    return "" if distance_m is None else f"{distance_m / 1000:.1f}"


def _told(found: Identity, asked: _Asked) -> dict[str, Any]:
    language = asked.language
    facts = [
        (sentence(f"web_identity.fact_{name}", None, language), _said(name, found, language))
        for name in _WORDS
        if name in found.facts
    ]
    return {
        "known": True,
        "code": found.code,
        "grouped": grouped(found.code),
        "status": found.status,
        "status_sign": _SIGNS[found.status],
        "status_code": f"web_identity.status_{found.status}",
        "about_code": f"web_identity.about_{found.status}",
        "facts": facts,
        "steps": [(f"web_identity.step_{step.name}", step.month) for step in found.steps],
        "withheld": [
            (f"web_identity.group_{one.group}", one.count, [f"web_identity.audience_{who}" for who in one.audience])
            for one in found.withheld
        ],
        "withheld_count": sum(one.count for one in found.withheld),
        "simulated": found.simulated or settings.SIMULATED,
        "jsonld": _script(_linked(found, None, language)),
    }


def _said(name: str, found: Identity, language: Language) -> str:
    """A fact in words, with its unit."""
    value = found.facts[name]
    if name == "maker":
        return _maker(found, language)
    if name in ("kind", "chemistry"):
        return sentence(
            f"web_identity.kind_{value}" if name == "kind" else f"codes.means_chemistry_{value}", None, language
        )
    if isinstance(value, float | int):
        return f"{value:,.3f}".rstrip("0").rstrip(".") + f" {_UNITS[name]}"
    return value.isoformat() if isinstance(value, date) else value


def _maker(found: Identity, language: Language) -> str:
    zh, en = found.maker_names
    return zh if language is Language.ZH else en or zh


def _plain(found: Identity, request: HttpRequest, language: Language) -> dict[str, Any]:
    """The digital ID as plain JSON; the same facts as the page."""
    facts = {name: value.isoformat() if isinstance(value, date) else value for name, value in found.facts.items()}
    if "maker" in facts:
        facts["maker"] = _maker(found, language)
    return {
        "code": found.code,
        "status": found.status,
        "status_text": sentence(f"web_identity.status_{found.status}", None, language),
        "simulated": found.simulated or settings.SIMULATED,
        "facts": facts,
        "steps": [{"step": step.name, "month": step.month} for step in found.steps],
        "withheld": [
            {"group": one.group, "count": one.count, "audience": list(one.audience)} for one in found.withheld
        ],
        "address": _address(request, found.code),
    }


def _linked(found: Identity, request: HttpRequest | None, language: Language) -> dict[str, Any]:
    """The digital ID as a product of schema.org."""
    facts = found.facts
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "productID": found.code,
        "category": _said("kind", found, language),
        "model": facts.get("model"),
        "manufacturer": {"@type": "Organization", "name": _maker(found, language)} if "maker" in facts else None,
        "productionDate": _said("made_on", found, language) if "made_on" in facts else None,
        "material": _said("chemistry", found, language) if "chemistry" in facts else None,
        "url": _address(request, found.code),
        "additionalProperty": [
            {
                "@type": "PropertyValue",
                "name": sentence(f"web_identity.fact_{name}", None, language),
                "value": facts[name],
                "unitCode": unit,
            }
            for name, unit in _UNIT_CODES.items()
            if name in facts
        ]
        + [{"@type": "PropertyValue", "name": "status", "value": found.status}],
    }
    return {name: value for name, value in told.items() if value is not None}


def _address(request: HttpRequest | None, code: str) -> str:
    here = reverse("web-identity", args=[code])
    if settings.PUBLIC_URL:
        return settings.PUBLIC_URL.rstrip("/") + here
    return here if request is None else request.build_absolute_uri(here)


def _script(told: dict[str, Any]) -> str:
    """JSON that can stand inside an element of a page."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


# ---------------------------------------------------------------- what there is not


def _others(run: psycopg.Cursor[Row], code: str, on: date) -> list[str]:
    """Codes that may have been meant and have a digital ID."""
    if len(code) > LONGEST_SHOWN:
        return []
    meant = explain(code, on).suggestion
    exact = [meant] if meant and identity(run, meant, on) is not None else []
    return exact or [other for other in near(run, code, on) if identity(run, other, on) is not None]


def _unknown(request: HttpRequest, asked: _Asked, form: str, others: list[str]) -> HttpResponseBase:
    """The answer for every code without a digital ID: what is wrong with it as a code, and what may have been meant."""
    language = asked.language
    explanation = explain(asked.code[:LONGEST_SHOWN], asked.on)
    findings = [
        {"code": one.code, "position": one.position, "message": sentence(one.code, one.data, language)}
        for one in explanation.findings
        if one.code != "codes.near_miss"
    ]
    shown = visible_text(asked.code[:LONGEST_SHOWN])
    if form == "html":
        context = {"known": False, "shown": shown, "findings": findings, "others": others}
        content = render_to_string("web/identity.html", {**_frame(request, asked), **context})
        return _dressed(request, content, "text/html", 404, language)
    problem = {
        "type": "urn:suyuan:problem:web_identity.unknown",
        "title": sentence("kit.status_404", None, language),
        "status": 404,
        "detail": sentence("web_identity.unknown", {"value": shown}, language),
        "code": "web_identity.unknown",
        "data": {"value": shown},
        "findings": findings,
        "meant": others,
    }
    return _dressed(request, json.dumps(problem, ensure_ascii=False), CONTENT_TYPE, 404, language)


# ---------------------------------------------------------------- around it


def _frame(request: HttpRequest, asked: _Asked) -> dict[str, Any]:
    language, large = asked.language, asked_size(request) == "large"
    other = Language.EN if language is Language.ZH else Language.ZH
    return {
        "language": language,
        "language_tag": tag_of(language),
        "other_tag": tag_of(other),
        "large": large,
        "asked_code": asked.code[:LONGEST_SHOWN],
    }


def _dressed(request: HttpRequest, content: str, kind: str, status: int, language: Language) -> HttpResponseBase:
    """The answer with its headers; 304 where the reader has it already."""
    body = content.encode("utf-8", "replace")
    response = HttpResponse(body, status=status, content_type=f"{kind}; charset=utf-8")
    response["Content-Security-Policy"] = POLICY
    response["Content-Language"] = tag_of(language)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    chosen = "lang" in request.GET or "size" in request.GET  # then a cookie goes with it
    response["Cache-Control"] = f"{'private' if chosen else 'public'}, max-age={FRESH_S}"
    response["Vary"] = "Accept, Accept-Language, Cookie"
    if status != 200:
        response["Cache-Control"] = "no-store"
        return response
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


urlpatterns = [
    path("b/<str:code>", require_safe(identity_page), name="web-identity"),
]
