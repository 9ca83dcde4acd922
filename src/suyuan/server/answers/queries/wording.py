"""Answers as plain values for screens and programs, in one language; each says as of when it is and from which data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from suyuan.kernel import Language
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.areas import Area, area_name, place_name
from suyuan.server.answers.queries.asking import Flows, Ranked, Version
from suyuan.server.answers.queries.measures import Figure, measures
from suyuan.server.answers.queries.periods import Period
from suyuan.server.answers.queries.reports import Kept
from suyuan.server.answers.queries.rows import DutyRow, StayRow
from suyuan.server.answers.queries.steps import Amount
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import companies

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
CROSSINGS: Final = ("inside", "into", "out")


def head_json(scope: Scope, area: Area, period: Period, version: Version, language: Language) -> dict[str, Json]:
    """What every answer begins with."""
    return {
        "area": area_json(area, period, language, names_of(scope, [area], language).get(area.code)),
        "period": period.name,
        "starts_on": str(period.start),
        "ends_before": str(period.end),
        "as_of": str(period.on),
        "today": str(period.today),
        "data_version": version.name,
        "folded_at": version.folded_at.isoformat(timespec="seconds") if version.folded_at else None,
        "waiting_submissions": version.waiting,
    }


def area_json(area: Area, period: Period, language: Language, name: str | None = None) -> dict[str, Json]:
    """An area: its level, its code, its name."""
    return {
        "level": area.scope.level.value,
        "code": area.code,
        "name": name or area_name(area.key, area.code, language, period.on),
    }


def names_of(scope: Scope, areas: Iterable[Area], language: Language) -> dict[str, str]:
    """The names of the companies among some areas, by code; one read."""
    numbers = [area.scope.company for area in areas if area.scope.company is not None]
    if not numbers:
        return {}
    known = companies(scope, numbers).select("code", "name_zh", "name_en")
    return {code: zh if language is Language.ZH else en or zh for code, zh, en in known.iter_rows()}


def figure_json(figure: Figure, language: Language) -> dict[str, Json]:
    """A number with its title and unit, and what it opens to."""
    told = measures()[figure.name]
    return {
        "measure": figure.name,
        "title": told.title.in_language(language),
        "value": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "unit": told.unit,
        "rows": told.rows,
    }


def explained_json(name: str, language: Language) -> dict[str, Json]:
    """What a number means: definition, formula, source, whose definition it is."""
    told = measures()[name]
    return {
        "measure": name,
        "title": told.title.in_language(language),
        "definition": told.definition.in_language(language),
        "formula": told.formula.in_language(language),
        "source": told.source.in_language(language),
        "status": told.status.value,
        "unit": told.unit,
        "rows": told.rows,
    }


def overview_json(figures: Sequence[Figure], language: Language) -> dict[str, Json]:
    """The numbers of an area, each with its explanation."""
    return {
        "figures": [{**figure_json(one, language), "explain": explained_json(one.name, language)} for one in figures]
    }


def flows_json(flows: Flows, period: Period, language: Language) -> dict[str, Json]:
    """Nodes that close, ribbons between them, and what went from province to province."""
    every = at.stages().every
    nodes: list[Json] = []
    for one in every:
        if one.no == at.OUTSIDE:
            continue
        balance = flows.balance[one.no]
        nodes.append(
            {
                "stage": one.name,
                "label": one.label.in_language(language),
                **{
                    name: amount_json(getattr(balance, name))
                    for name in ("opening", "entered", "left", "unaccounted", "closing")
                },
            }
        )
    ribbons: list[Json] = [
        {
            "from_stage": every[ribbon.from_stage].name,
            "to_stage": every[ribbon.to_stage].name,
            "crossing": CROSSINGS[ribbon.crossing],
            "back": ribbon.from_stage > ribbon.to_stage,
            **amount_json(amount),
        }
        for ribbon, amount in sorted(flows.ribbons.items())
    ]
    routes: list[Json] = [
        {
            "from_stage": every[one.from_stage].name,
            "from_province": f"{one.from_province}0000",
            "from_name": area_name(one.from_province, f"{one.from_province}0000", language, period.on),
            "to_stage": every[one.to_stage].name,
            "to_province": f"{one.to_province}0000",
            "to_name": area_name(one.to_province, f"{one.to_province}0000", language, period.on),
            **amount_json(Amount(one.packs, one.energy_wh, one.mass_g)),
        }
        for one in flows.routes
    ]
    return {"nodes": nodes, "ribbons": ribbons, "routes": routes}


def amount_json(amount: Amount) -> dict[str, Json]:
    """An amount in packs, kWh and kg; how many packs lack a filed energy or mass stands beside it."""
    return {
        "packs": amount.packs,
        "energy_kwh": amount.energy_wh / 1000,
        "mass_kg": amount.mass_g / 1000,
        "without_energy": amount.unrated,
        "without_mass": amount.unweighed,
    }


def ranking_json(
    ranked: Sequence[Ranked], period: Period, names: Mapping[str, str], language: Language
) -> dict[str, Json]:
    """A ranking from its first place on."""
    return {
        "items": [
            {
                "rank": place,
                "area": area_json(one.area, period, language, names.get(one.area.code)),
                **figure_json(one.figure, language),
            }
            for place, one in enumerate(ranked, start=1)
        ]
    }


def trend_json(months: Sequence[Sequence[Figure]], period: Period, language: Language) -> dict[str, Json]:
    """The numbers month by month."""
    items: list[Json] = [
        {"month": f"{month:%Y-%m}", "figures": [figure_json(one, language) for one in several]}
        for month, several in zip(period.months, months, strict=True)
    ]
    return {"items": items}


def stay_json(row: StayRow, period: Period, language: Language) -> dict[str, Json]:
    """A battery behind a number."""
    told = at.stages()
    reasons = {one.no: one for one in told.reasons}
    name = row.name_zh if language is Language.ZH else row.name_en or row.name_zh
    return {
        "code": row.code,
        "stage": told.every[row.stage].name,
        "stage_label": told.every[row.stage].label.in_language(language),
        "since": str(row.from_on),
        "until": str(row.until_on) if row.until_on else None,
        "reason": reasons[row.reason].name if row.reason else None,
        "reason_label": reasons[row.reason].label.in_language(language) if row.reason else None,
        "division": row.division,
        "division_name": place_name(row.division, language, period.on),
        "company": row.company,
        "company_name": name,
        "came_from": told.every[row.came_stage].name,
        "came_division": row.came_division,
        "record": str(row.record),
        "arrived_on": str(row.arrived_on) if row.arrived_on else None,
        "energy_kwh": None if row.energy_wh is None else row.energy_wh / 1000,
        "mass_kg": None if row.mass_g is None else row.mass_g / 1000,
    }


def duty_json(row: DutyRow, language: Language) -> dict[str, Json]:
    """A duty behind a number; its explanation is asked for by record and duty."""
    return {
        "record": row.record,
        "duty": row.duty,
        "version": row.version,
        "object": row.object,
        "company": row.company,
        "company_name": row.name_zh if language is Language.ZH else row.name_en or row.name_zh,
        "started_on": str(row.started_on),
        "due_on": str(row.due_on),
        "due_status": "official" if row.official else "provisional",
        "fulfilled_on": str(row.fulfilled_on) if row.fulfilled_on else None,
    }


def report_json(kept: Kept) -> dict[str, Any]:
    """A report without its figures."""
    return {
        "id": str(kept.id),
        "template": kept.template,
        "period": kept.period,
        "area": kept.area,
        "as_of": str(kept.as_of),
        "data_version": f"{kept.batteries_version}.{kept.duties_version}",
        "made_at": kept.made_at.isoformat(timespec="seconds"),
        "made_by": kept.made_by,
        "digest": kept.digest.hex(),
    }
