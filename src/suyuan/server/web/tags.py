"""What templates may say: sentences of the catalogue, icons, files, numbers and days. Built in: no ``{% load %}``."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.template.context import RequestContext
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from suyuan.codes.divisions import division
from suyuan.kernel import Language, sentence
from suyuan.server.kit.clock import CHINA, SYSTEM_CLOCK
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.web.assets import asset_url

register = template.Library()

ICONS = "vendor/tabler-icons-3.51.0/icons.svg"
_SAID = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]+)+", re.ASCII)


def language_in(context: RequestContext) -> Language:
    """The language of the page that is being written."""
    found = context.get("language")
    return found if isinstance(found, Language) else Language.ZH


@register.simple_tag(takes_context=True)
def say(context: RequestContext, code: str, data: Mapping[str, Any] | None = None, **more: Any) -> str:
    """``{% say "web.members" count=3 %}``: the sentence for a code; `data` is a mapping of a finding.

    Numbers are written with their commas. What does not look like a code is plain text, and said as it is.
    """
    if not _SAID.fullmatch(str(code)):
        return str(code)
    told = {**(data or {}), **more}
    plain = {
        name: number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        for name, value in told.items()
    }
    return sentence(str(code), plain, language_in(context))


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """``{% icon "search" %}``: a symbol of the sprite; for the eye alone, words stand beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        asset_url(ICONS),
        name,
    )


@register.simple_tag
def asset(name: str) -> str:
    """``{% asset "theme.css" %}``: the address of a file below ``static``."""
    return asset_url(name)


@register.simple_tag(takes_context=True)
def code(context: RequestContext, text: str) -> SafeString:
    """``{% code battery.code %}``: a long code in groups of four, with a button that copies it."""
    groups = [text[start : start + 4] for start in range(0, len(text), 4)]
    spans = format_html_join("", '<span class="g">{}</span>', ((group,) for group in groups))
    return format_html(
        '<span class="code" translate="no">{}</span>'
        '<button type="button" class="copy" data-copy="{}" aria-label="{}" hidden>{}</button>',
        spans,
        text,
        say(context, "web.copy", value=text),
        icon("copy"),
    )


@register.simple_tag(takes_context=True)
def with_query(context: RequestContext, **changes: Any) -> str:
    """``{% with_query sort="made" after=None %}``: this address with parameters changed, or left out if None."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def number(value: float | None, places: int | None = None) -> str:
    """``12,345`` in both languages; a dash for what is not known."""
    if value is None:
        return "–"
    if places is None and float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.{1 if places is None else places}f}"


@register.filter
def percent(ratio: float | None, places: int = 1) -> str:
    """A ratio from 0 to 1 as ``98.5%``."""
    return "–" if ratio is None else f"{ratio * 100:.{places}f}%"


@register.filter
def day(value: date | datetime | None) -> str:
    """``2026-11-22``; of a moment, the day in China."""
    if value is None:
        return "–"
    return (value.astimezone(CHINA).date() if isinstance(value, datetime) else value).isoformat()


@register.filter
def moment(value: datetime | None) -> str:
    """``2026-11-22 10:00``, in China."""
    return "–" if value is None else value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


@register.simple_tag(takes_context=True)
def scope_name(context: RequestContext, scope: Scope) -> str:
    """In words whom a scope stands for; companies and outlets by their names, which the pages look up."""
    names: Mapping[Scope, str] = context.get("scope_names") or {}
    if scope in names:
        return names[scope]
    if scope.level is Level.NATION:
        return sentence("web.level_nation", language=language_in(context))
    if scope.division is not None:
        found = division(scope.division, SYSTEM_CLOCK.today())
        return found.name if found else scope.division
    return sentence(f"web.level_{scope.level.value}", language=language_in(context))


@register.filter
def styled(field: BoundField) -> SafeString:
    """A field of a form in the look of the pages, tied to its errors."""
    kind = getattr(field.field.widget, "input_type", "")
    style = {"checkbox": "form-check-input", "radio": "form-check-input", "select": "form-select"}.get(
        kind, "form-control"
    )
    attributes: dict[str, Any] = {"class": style, "placeholder": ""}
    if field.errors:
        attributes |= {"aria-invalid": "true", "class": f"{style} is-invalid"}
    return field.as_widget(attrs=attributes)
