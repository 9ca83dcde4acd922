"""Cities to choose from in forms: hundreds of them, so they are written here and not in templates."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from suyuan.codes.divisions import division, national

_SELECTED: Final = mark_safe(" selected")
_WITHOUT_NAME: Final = frozenset({"市辖区", "县"})
"""What GB/T 2260 writes where a municipality has no prefecture: its own name is said instead."""


def city_options(codes: Iterable[str], chosen: str, on: date) -> SafeString:
    """Options by province for prefectures; a municipality is one option of its own."""
    by_province: dict[str, list[tuple[str, str]]] = {}
    for code in codes:
        where = division(code, on)
        province = division(f"{code[:2]}0000", on)
        if where is None or province is None:
            continue
        alone = code == province.code or where.name in _WITHOUT_NAME
        entry = (province.code, province.name) if alone else (code, where.name)
        several = by_province.setdefault(province.name, [])
        if entry not in several:
            several.append(entry)
    groups = (
        format_html('<optgroup label="{}">{}</optgroup>', name, _options(several, chosen))
        for name, several in by_province.items()
    )
    return format_html_join("", "{}", ((group,) for group in groups))


def every_city(on: date) -> list[str]:
    """The prefectures of a day; provinces that have none stand for themselves."""
    known = national()
    found: list[str] = []
    for province in known.provinces(on):
        children = [city.code for city in known.children(province.code, on) if city.code.endswith("00")]
        found += children or [province.code]
    return found


def named_options(names: Iterable[str]) -> SafeString:
    """Suggestions for a box to type into."""
    return format_html_join("", '<option value="{}"></option>', ((name,) for name in names))


def _options(entries: list[tuple[str, str]], chosen: str) -> SafeString:
    rows = ((code, _SELECTED if code == chosen else "", name) for code, name in entries)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)


def coded_options(entries: Iterable[tuple[str, str]]) -> SafeString:
    """Suggestions for a box that takes a code: the code, with its name beside it."""
    return format_html_join("", '<option value="{}">{}</option>', entries)
