"""Change an outlet, verify it, withdraw it, and say for which makers it acts; every act with who, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import psycopg
from django.db import transaction
from psycopg.sql import SQL

from suyuan.codes.opening_hours import DAY_MINUTES, Hours, Span, say_week
from suyuan.kernel import Language
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import company_number, visible_sites
from suyuan.server.registry.queries.outlets import Outlet, outlet
from suyuan.server.registry.services.outlet_filing import Author, FiledOutlets, file_outlet
from suyuan.server.registry.services.outlet_rows import FIELDS

WAYS: Final = ("visit", "call", "document")
"""How an entry was looked at: on the spot, by telephone, by documents."""

_STANDING: Final = """
SELECT o.valid_from, o.valid_to FROM registry_outlet o
 WHERE o.site = %s AND o.superseded_at IS NULL ORDER BY o.valid_from DESC LIMIT 1
"""
_LOCK: Final = "SELECT pg_advisory_xact_lock(7725, 3)"
_SEES: Final = SQL("SELECT %s::integer IN ({visible})")
_CLOSE: Final = """
UPDATE registry_outlet SET valid_to = %s WHERE site = %s AND superseded_at IS NULL AND valid_to IS NULL
"""
_CLOSE_SITE: Final = "UPDATE registry_site SET valid_to = greatest(valid_from, %s) WHERE number = %s"
_VERIFY: Final = """
INSERT INTO registry_outlet_verification (site, verified_on, way, correct, note, recorded_at, author, level)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_ACT: Final = """
INSERT INTO registry_outlet_act (site, act, on_day, at, author, level, company, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_COMMISSION: Final = """
INSERT INTO registry_outlet_commission (site, company, valid_from, recorded_at, author, agreed_at, agreed_by)
SELECT %(site)s, %(maker)s, %(since)s, %(now)s, %(author)s, %(agreed)s::timestamptz,
       CASE WHEN %(agreed)s::timestamptz IS NOT NULL THEN %(author)s END
 WHERE NOT EXISTS (SELECT FROM registry_outlet_commission m WHERE m.site = %(site)s AND m.company = %(maker)s
                      AND coalesce(m.valid_to, 'infinity') >= %(since)s)
    ON CONFLICT DO NOTHING
"""
_AGREE: Final = """
UPDATE registry_outlet_commission SET agreed_at = %s, agreed_by = %s
 WHERE site = %s AND company = %s AND valid_to IS NULL AND agreed_at IS NULL
"""
_END: Final = """
UPDATE registry_outlet_commission SET valid_to = greatest(valid_from, %s)
 WHERE site = %s AND company = %s AND valid_to IS NULL
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody saw of an entry."""

    on: date
    way: str
    correct: bool = True
    note: str = ""


def change_outlet(
    by: Author, site: int, changes: Mapping[str, str | None], reason: str, clock: Clock = SYSTEM_CLOCK
) -> FiledOutlets:
    """File a new version: what stands now with these fields of the template changed; an empty text takes one away.

    Raises
    ------
    Missing
        ``outlets.not_found``.
    Forbidden
        ``registry.outside_scope``.
    Refusal
        ``outlets.field_fixed`` for what names the outlet, or the first thing found wrong.
    """
    fixed = sorted(set(changes) & {"company", "code", "commissioned_by"} | set(changes) - set(FIELDS))
    if fixed:
        raise Refusal("outlets.field_fixed", fields=fixed)
    with transaction.atomic(), cursor() as run:
        run.execute(_LOCK)  # what is changed must still stand when it is filed
        told = outlet(run, site, clock.today())
        _entitle(run, by, site)
        values: dict[str, str | None] = {**filed_texts(told), **changes}
        if {"longitude", "latitude"} & set(changes):
            values["datum"] = changes.get("datum") or "wgs84"
        return file_outlet(by, values, reason, clock)


def verify_outlet(by: Author, site: int, look: Look, clock: Clock = SYSTEM_CLOCK) -> None:
    """Note that somebody looked at an entry, and whether it is right.

    Raises
    ------
    Missing, Forbidden
        As `change_outlet`.
    Refusal
        ``outlets.way_unknown``, ``outlets.day_ahead``.
    """
    if look.way not in WAYS:
        raise Refusal("outlets.way_unknown", value=look.way, known=list(WAYS))
    if look.on > clock.today():
        raise Refusal("outlets.day_ahead", day=str(look.on), today=str(clock.today()))
    with transaction.atomic(), cursor() as run:
        _entitle(run, by, site)
        level = by.scope.level.value
        run.execute(_VERIFY, [site, look.on, look.way, look.correct, look.note, clock.now(), by.name, level])
        _note(run, by, site, ("verified", look.on, look.note), clock.now())


def withdraw_outlet(by: Author, site: int, last_day: date, reason: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Close an outlet after its last day, which may lie ahead; its entry and history stay.

    Raises
    ------
    Missing, Forbidden
        As `change_outlet`.
    Conflict
        ``outlets.withdrawn_before``.
    Refusal
        ``outlets.reason_missing``, ``outlets.before_its_beginning``.
    """
    if not reason.strip():
        raise Refusal("outlets.reason_missing")
    with transaction.atomic(), cursor() as run:
        begun, ended = _entitle(run, by, site)
        if ended is not None:
            raise Conflict("outlets.withdrawn_before", outlet=site, day=str(ended))
        if last_day < begun:
            raise Refusal("outlets.before_its_beginning", day=str(last_day), begun=str(begun))
        run.execute(_CLOSE, [last_day, site])
        run.execute(_CLOSE_SITE, [last_day, site])
        _note(run, by, site, ("withdrawn", last_day, reason), clock.now())


def commission_outlet(by: Author, site: int, maker: str, since: date, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Say that an outlet acts for a maker from a day on; whether that is agreed by it.

    The maker itself and an authority agree by saying it; where the operator says it, the maker agrees later
    with the same act.

    Raises
    ------
    Missing
        ``outlets.not_found``, ``registry.company_not_found``.
    Forbidden
        ``registry.outside_scope`` for who is neither operator, maker nor authority there.
    Conflict
        ``outlets.commissioned_before``.
    """
    number = company_number(Scope.of_nation(), maker)
    with transaction.atomic(), cursor() as run:
        _entitle(run, by, site, maker=number)
        agreed = by.is_authority or by.scope.company == number
        now = clock.now()
        told = {"site": site, "maker": number, "since": since, "now": now, "author": by.name}
        if run.execute(_COMMISSION, {**told, "agreed": now if agreed else None}).rowcount:
            _note(run, by, site, ("commissioned", since, maker), now)
        elif agreed and run.execute(_AGREE, [now, by.name, site, number]).rowcount:
            _note(run, by, site, ("commission_agreed", clock.today(), maker), now)
        else:
            raise Conflict("outlets.commissioned_before", outlet=site, company=maker)
    return agreed


def end_commission(by: Author, site: int, maker: str, last_day: date, clock: Clock = SYSTEM_CLOCK) -> None:
    """Say that an outlet no longer acts for a maker after a day.

    Raises
    ------
    Missing
        ``outlets.not_found``, ``outlets.not_commissioned``.
    Forbidden
        As `commission_outlet`.
    """
    number = company_number(Scope.of_nation(), maker)
    with transaction.atomic(), cursor() as run:
        _entitle(run, by, site, maker=number)
        if not run.execute(_END, [last_day, site, number]).rowcount:
            raise Missing("outlets.not_commissioned", outlet=site, company=maker)
        _note(run, by, site, ("commission_ended", last_day, maker), clock.now())


def _entitle(run: psycopg.Cursor[Row], by: Author, site: int, maker: int | None = None) -> tuple[date, date | None]:
    """First and last day of the latest version, if the author may act on the outlet; its maker may, if named."""
    run.execute(_LOCK)
    row = run.execute(_STANDING, [site]).fetchone()
    if row is None:
        raise Missing("outlets.not_found", outlet=site, day="")
    visible = visible_sites(by.scope)
    sees = run.execute(_SEES.format(visible=visible.sql), [site, *visible.params]).fetchone() == (True,)
    if not sees and (maker is None or by.scope != Scope.of_company(maker)):
        raise Forbidden("registry.outside_scope", value=str(site))
    return row[0], row[1]


def _note(run: psycopg.Cursor[Row], by: Author, site: int, act: tuple[str, date, str], at: datetime) -> None:
    """Keep an act: what, for which day, why."""
    what, on, reason = act
    run.execute(_ACT, [site, what, on, at, by.name, by.scope.level.value, by.scope.company, reason])


def filed_texts(told: Outlet, language: Language = Language.EN) -> dict[str, str | None]:
    """An outlet as a row of the template, as it would be filed again; the hours in a language."""
    hours = told.hours or Hours()
    return {
        "company": told.company_code,
        "code": told.code,
        "kind": told.kind,
        "name": told.name,
        "operator_name": told.operator_name,
        "division": told.division,
        "address": told.address,
        "phone": told.phone,
        "longitude": _number(told.longitude),
        "latitude": _number(told.latitude),
        "datum": "wgs84",
        "hours": say_week(hours.week, language) or None,
        "days": "; ".join(f"{day} {_times(spans)}" for day, spans in hours.days.items()) or None,
        "chemistries": " ".join(told.chemistries or ()),
        "brands": ";".join(told.brands or ()),
        "conditions": " ".join(told.conditions or ()),
        "capacity_kg": _number(told.capacity_kg),
        "area_m2": _number(told.area_m2),
        "capacity_packs": _number(told.capacity_packs),
    }


def _number(value: float | None) -> str | None:
    return None if value is None else repr(value)


def _times(spans: tuple[Span, ...]) -> str:
    if not spans:
        return "off"
    return ",".join(
        "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (start, min(end, DAY_MINUTES)))
        for start, end in spans
    )
