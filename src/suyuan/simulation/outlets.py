"""The outlets of the invented operators, as the table that they would be filed with. None of them is real."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import numpy as np
import polars as pl

from suyuan.simulation.world import World

PLACES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "110105": (116.443, 39.922),
        "110108": (116.298, 39.96),
        "120101": (117.215, 39.117),
        "120103": (117.223, 39.11),
        "130100": (114.515, 38.042),
        "130200": (118.18, 39.631),
        "140100": (112.549, 37.871),
        "140200": (113.3, 40.077),
        "150100": (111.75, 40.842),
        "150200": (109.954, 40.621),
        "210100": (123.465, 41.677),
        "210200": (121.615, 38.914),
        "220100": (125.324, 43.817),
        "220200": (126.55, 43.838),
        "230100": (126.535, 45.804),
        "230200": (123.918, 47.354),
        "310104": (121.436, 31.188),
        "310115": (121.544, 31.222),
        "320100": (118.797, 32.06),
        "320200": (120.312, 31.491),
        "330100": (120.21, 30.247),
        "330200": (121.622, 29.86),
        "340100": (117.227, 31.821),
        "340200": (118.433, 31.353),
        "350100": (119.296, 26.074),
        "350200": (118.089, 24.48),
        "360100": (115.858, 28.683),
        "360200": (117.178, 29.269),
        "370100": (117.12, 36.651),
        "370200": (120.383, 36.067),
        "410100": (113.625, 34.747),
        "410200": (114.308, 34.798),
        "420100": (114.305, 30.593),
        "420200": (115.039, 30.201),
        "430100": (112.939, 28.228),
        "430200": (113.134, 27.828),
        "440100": (113.264, 23.129),
        "440200": (113.598, 24.811),
        "450100": (108.367, 22.817),
        "450200": (109.429, 24.326),
        "460100": (110.198, 20.044),
        "460200": (109.512, 18.253),
        "500103": (106.569, 29.553),
        "500112": (106.631, 29.718),
        "510100": (104.067, 30.573),
        "510200": (104.076, 30.651),
        "520100": (106.63, 26.648),
        "520200": (104.83, 26.593),
        "530100": (102.833, 24.88),
        "530200": (102.71, 25.046),
        "540100": (91.172, 29.652),
        "540200": (88.881, 29.267),
        "610100": (108.94, 34.342),
        "610200": (108.945, 34.898),
        "620100": (103.834, 36.061),
        "620200": (98.289, 39.773),
        "630100": (101.778, 36.617),
        "630200": (102.104, 36.502),
        "640100": (106.231, 38.487),
        "640200": (106.383, 38.983),
        "650100": (87.617, 43.826),
        "650200": (84.889, 45.58),
    }
)
"""Longitude and latitude (degrees) of the divisions of the simulator, to 0.001.

Points of the package cpca 0.5.5 (DQinYuan/chinese_province_city_area_mapper, MIT), file resources/adcodes.csv. Its
datum is not stated; the invented outlets are strewn around the points anyway.
"""

_HOURS = ("周一至周五 09:00-17:30", "周一至周六 08:30-18:00", "每天 08:00-20:00", "周一至周五 09:00-12:00,13:30-17:00")
_HOLIDAY = "2026-10-01..2026-10-03 休息"
_SPREAD_DEG = 0.08
_CENTRAL_SHARE = 0.15


def outlets(world: World, since: date, seed: int) -> pl.DataFrame:
    """One row an outlet under the headings of the table of outlets; every value is text, as people file it.

    Each operator's sites lie around the point of its division. Carmakers commission them in turn, every third
    outlet acts for two of them.
    """
    rng = np.random.default_rng([seed, 46])
    makers = [company.uscc for company in world.of_role("carmaker")]
    rows = [
        _row(rng, company.uscc, site, f"{company.name_zh}网点{number}", company.division, makers, since)
        for company in world.of_role("outlet_operator")
        for number, site in enumerate(company.sites, start=1)
    ]
    return pl.DataFrame(rows)


def _row(  # noqa: PLR0913, PLR0917 - one parameter a column
    rng: np.random.Generator, company: str, code: str, name: str, division: str, makers: list[str], since: date
) -> dict[str, str]:
    longitude, latitude = PLACES[division]
    east, north = rng.uniform(-_SPREAD_DEG, _SPREAD_DEG, 2)
    central = rng.random() < _CENTRAL_SHARE
    first = int(rng.integers(len(makers)))
    acts_for = dict.fromkeys(makers[(first + step) % len(makers)] for step in range(1 + int(rng.random() < 1 / 3)))
    return {
        "company": company,
        "code": code,
        "kind": "outlet_central" if central else "outlet_collection",
        "name": name,
        "division": division,
        "address": f"模拟路{int(rng.integers(1, 999))}号",
        "phone": "000-00000000",
        "longitude": f"{longitude + east:.6f}",
        "latitude": f"{latitude + north:.6f}",
        "datum": "wgs84",
        "hours": _HOURS[int(rng.integers(len(_HOURS)))],
        "days": _HOLIDAY,
        "chemistries": "*" if rng.random() < 0.5 else "B E",
        "brands": "*" if rng.random() < 0.3 else "",
        "conditions": "whole damaged" if central or rng.random() < 0.4 else "whole",
        "capacity_kg": "30000" if central else "5000",
        "area_m2": "300" if central else str(int(rng.integers(10, 40))),
        "commissioned_by": " ".join(acts_for),
        "valid_from": since.isoformat(),
    }
