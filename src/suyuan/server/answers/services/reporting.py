"""Make a report: gather every figure, keep them as they are, and give them a name that brings them back."""

import hashlib
import json
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg

from suyuan.kernel import Language
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.areas import Area
from suyuan.server.answers.queries.asking import Version, by_company, children, flows, overview, trend, version
from suyuan.server.answers.queries.measures import Figure
from suyuan.server.answers.queries.periods import Period, parse_period
from suyuan.server.answers.queries.reports import TEMPLATES, Kept, find
from suyuan.server.answers.queries.rows import Wanted, stay_rows
from suyuan.server.answers.queries.steps import Amount
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import companies

FORM: Final = 1
BATTERIES_AT_MOST: Final = 200_000
"""Unaccounted batteries that a report lists; behind that it says that there are more."""
_NAMES: Final = uuid.UUID("5f0f5b0e-6f8a-5c55-9b1c-0d2f2a0f6a11")
_KEEP: Final = """
INSERT INTO answers_report (id, template, period, area, division, company, as_of, batteries_version, duties_version,
                            made_at, made_by, digest, content)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_AMOUNTS: Final = ("packs", "energy_wh", "mass_g")


@dataclass(frozen=True, slots=True)
class Order:
    """A report that is wanted: its template, the name of its period (the last that has ended if None), and who asks."""

    template: str
    period: str | None
    by: str


def make_report(run: psycopg.Cursor[Row], scope: Scope, area: Area, order: Order, clock: Clock = SYSTEM_CLOCK) -> Kept:
    """Make a report and keep it; where nothing has changed since the same was made, that one is given again.

    Parameters
    ----------
    run
        A cursor inside a transaction of REPEATABLE READ, so that every figure is of one moment.

    Raises
    ------
    Refusal
        ``answers.no_such_report``, ``answers.period_of_another``, or what `parse_period` raises.
    """
    told = TEMPLATES.get(order.template)
    if told is None:
        raise Refusal("answers.no_such_report", template=order.template, known=sorted(TEMPLATES))
    today = clock.today()
    period = parse_period(order.period or _last(told.months, today), today)
    if not told.form.fullmatch(period.name):
        raise Refusal("answers.period_of_another", template=order.template, period=period.name, example=told.example)
    seen = version(run)
    content = canonical(gather(run, scope, area, order.template, period, seen))
    digest = hashlib.sha256(content).digest()
    identity = uuid.uuid5(_NAMES, digest.hex())
    about = [order.template, period.name, area.key, area.code, area.scope.company, period.on]
    made = [clock.now(), order.by, digest, zlib.compress(content)]
    run.execute(_KEEP, [identity, *about, seen.batteries, seen.duties, *made])
    return find(run, scope, identity)


def _last(months: int, today: date) -> str:
    """The name of the last period of so many months that has ended."""
    first = date(today.year, (today.month - 1) // months * months + 1, 1)
    before = date(first.year - (first.month <= months), (first.month - months - 1) % 12 + 1, 1)
    if months == 1:
        return f"{before:%Y-%m}"
    return f"{before.year}-Q{(before.month + 2) // 3}" if months == 3 else str(before.year)


def canonical(content: dict[str, Any]) -> bytes:
    """Equal bytes for equal figures."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode()


def gather(
    run: psycopg.Cursor[Row], scope: Scope, area: Area, template: str, period: Period, seen: Version
) -> dict[str, Any]:
    """Every figure of a report as plain values; amounts in packs, Wh and g."""
    names = _names(scope)
    moved, (listed, cut) = flows(run, area, period), _unaccounted(run, scope, area, period)
    own = _figures("area", [(area, overview(run, scope, area, period))], names)
    below = _figures("below", children(run, scope, area, period), names)
    firms = _figures("company", by_company(run, scope, area, period), names)
    return {
        "form": FORM,
        "template": template,
        "period": period.name,
        "from": str(period.start),
        "until": str(period.end),
        "as_of": str(period.on),
        "made_on": str(period.today),
        "area": area.code,
        "area_zh": area.name(Language.ZH, period.on),
        "area_en": area.name(Language.EN, period.on),
        "data_version": seen.name,
        "waiting": seen.waiting,
        "limit_days": at.limit().value,
        "figures": [*own, *below, *firms],
        "balance": [
            {
                "stage": stage,
                **_amount("opening", one.opening),
                **_amount("entered", one.entered),
                **_amount("left", one.left),
                **_amount("unaccounted", one.unaccounted),
                **_amount("closing", one.closing),
            }
            for stage, one in sorted(moved.balance.items())
        ],
        "steps": [{**ribbon._asdict(), **amount._asdict()} for ribbon, amount in sorted(moved.ribbons.items())],
        "routes": [route._asdict() for route in moved.routes],
        "trend": _trend(run, scope, area, period),
        "unaccounted": listed,
        "unaccounted_cut": cut,
    }


def _names(scope: Scope) -> dict[str, tuple[str, str]]:
    return {
        code: (name_zh, name_en or name_zh)
        for code, name_zh, name_en in companies(scope).select("code", "name_zh", "name_en").iter_rows()
    }


def _figures(
    level: str, several: Iterable[tuple[Area, list[Figure]]], names: dict[str, tuple[str, str]]
) -> list[dict[str, Any]]:
    found = []
    for area, figures in several:
        zh, en = names.get(area.code) or (
            area.name(Language.ZH, date.max),
            area.name(Language.EN, date.max),
        )
        found += [
            {"level": level, "area": area.code, "name_zh": zh, "name_en": en, "measure": one.name, **_value(one)}
            for one in figures
        ]
    return found


def _value(one: Figure) -> dict[str, float | None]:
    return {"value": one.value, "numerator": one.numerator, "denominator": one.denominator}


def _amount(name: str, amount: Amount) -> dict[str, int]:
    return {f"{name}_{unit}": getattr(amount, unit) for unit in _AMOUNTS}


def _trend(run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period) -> list[dict[str, Any]]:
    """Month by month, the year that ends with the period."""
    first = period.end
    for _ in range(12):
        first = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    year = Period(period.name, min(first, period.start), period.end, period.today)
    return [
        {"month": str(month), "measure": one.name, **_value(one)}
        for month, several in zip(year.months, trend(run, scope, area, year), strict=True)
        for one in several
    ]


def _unaccounted(
    run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period
) -> tuple[list[dict[str, Any]], bool]:
    page = stay_rows(run, scope, area, period, Wanted("unaccounted"), limit=BATTERIES_AT_MOST)
    rows = [
        {
            "code": row.code,
            "reason": row.reason,
            "since": str(row.from_on),
            "division": row.division,
            "company": row.company,
            "company_zh": row.name_zh,
            "company_en": row.name_en or row.name_zh,
            "came_stage": row.came_stage,
            "record": str(row.record),
            "energy_wh": row.energy_wh,
            "mass_g": row.mass_g,
        }
        for row in page.rows
    ]
    return rows, page.following is not None
