"""Outlets as plain values, the same for every face."""

from datetime import datetime

from suyuan.codes.divisions import division
from suyuan.codes.opening_hours import say_week
from suyuan.kernel import Language
from suyuan.server.kit.clock import CHINA
from suyuan.server.registry.queries.outlets import Outlet


def outlet_json(found: Outlet, moment: datetime, language: Language) -> dict[str, object]:
    """One outlet; `open` says whether it is open at the moment, null where no hours were filed."""
    zh = language is Language.ZH
    return {
        "number": found.site,
        "company": found.company_code,
        "company_name": found.company_name_zh if zh or not found.company_name_en else found.company_name_en,
        "code": found.code,
        "version": found.version,
        "kind": found.kind,
        "name": found.name,
        "operator_name": found.operator_name,
        "division": found.division,
        "division_name": division_name(found.division, moment),
        "address": found.address,
        "phone": found.phone,
        "longitude": found.longitude,
        "latitude": found.latitude,
        "distance_m": None if found.distance_m is None else round(found.distance_m, 1),
        "hours": None if found.hours is None else say_week(found.hours.week, language),
        "days": {}
        if found.hours is None
        else {str(day): [list(span) for span in spans] for day, spans in found.hours.days.items()},
        "open": found.open_at(moment),
        "chemistries": None if found.chemistries is None else list(found.chemistries),
        "brands": None if found.brands is None else list(found.brands),
        "conditions": None if found.conditions is None else list(found.conditions),
        "capacity_kg": found.capacity_kg,
        "area_m2": found.area_m2,
        "capacity_packs": found.capacity_packs,
        "makers": [
            {
                "code": maker.code,
                "name": maker.name_zh if zh or not maker.name_en else maker.name_en,
                "agreed": maker.agreed,
            }
            for maker in found.makers
        ],
        "shared": found.shared,
        "verified": None
        if found.verified is None
        else {
            "on": str(found.verified.on),
            "way": found.verified.way,
            "correct": found.verified.correct,
            "level": found.verified.level,
        },
        "valid_from": str(found.valid_from),
        "valid_to": None if found.valid_to is None else str(found.valid_to),
    }


def division_name(code: str, moment: datetime) -> str | None:
    """The name of a division, with its prefecture in front where it is a county."""
    day = moment.astimezone(CHINA).date()
    names = [found.name for part in dict.fromkeys((f"{code[:4]}00", code)) if (found := division(part, day))]
    return "".join(names) or None
