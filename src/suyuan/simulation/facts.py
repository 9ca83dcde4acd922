"""Proportions of the Chinese market that the simulator follows, with their sources.

Everything here is a proportion or a plain public number; no company is real. Where a figure is an
assumption of this project, its docstring says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NEV_SALES: Mapping[int, int] = MappingProxyType(
    {
        2018: 1_256_000,
        2019: 1_206_000,
        2020: 1_367_000,
        2021: 3_521_000,
        2022: 6_887_000,
        2023: 9_495_000,
        2024: 12_866_000,
        2025: 16_490_000,
    }
)
"""New-energy vehicles sold by year, commercial vehicles and exports included.

China Association of Automobile Manufacturers, through the press: 2020 trade press 2021-10-14; 2021
MIIT 2022-01-12; 2022 Xinhua 2023-01-16; 2024 CAAM 2025-01-13; 2025 CAAM. 2018 and 2019 are recalled,
2023 is derived from the growth of 2024.
"""

LFP_SHARE: Mapping[int, float] = MappingProxyType(
    {2018: 0.39, 2019: 0.33, 2020: 0.38, 2021: 0.52, 2022: 0.62, 2023: 0.67, 2024: 0.75, 2025: 0.81}
)
"""Share of LFP in the energy installed, the rest being ternary.

From GWh by chemistry: 2018-2020 CABIA, 2021-2023 CABIA and Xinhua, 2024 Cui Dongshu, 2025 GGII.
"""

LIFE_SCALE_YEARS = 8.0
LIFE_SHAPE = 3.0
"""Weibull life of a vehicle with its pack: an assumption.

It retires 3-4 % of the fleet of 2025 in that year, which lies between the formal channel (0.4
million tonnes, MIIT 2026-01-16) and the published forecasts (1.0-2.0 million tonnes for 2025).
"""

USES: Mapping[str, float] = MappingProxyType(
    {
        "private": 0.78,
        "ride_hailing": 0.08,
        "taxi": 0.04,
        "logistics": 0.04,
        "leasing": 0.03,
        "bus": 0.02,
        "official": 0.01,
    }
)
"""Use of the vehicles sold: an assumption."""

RECOVERED_KG_PER_PACK_KG: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "B": MappingProxyType({"lithium": 0.009, "iron": 0.08, "copper": 0.09, "aluminium": 0.16, "graphite": 0.10}),
        "E": MappingProxyType(
            {"nickel": 0.10, "cobalt": 0.035, "manganese": 0.03, "lithium": 0.012, "copper": 0.10, "aluminium": 0.17}
        ),
    }
)
"""Mass of material out of a kilogram of pack by chemistry letter: rounded assumptions for the simulator only."""


@dataclass(frozen=True, slots=True)
class Province:
    """A province: GB/T 2260 code, names, and its weight among buyers (an assumption)."""

    code: str
    zh: str
    en: str
    weight: float

    @property
    def divisions(self) -> tuple[str, ...]:
        """Divisions where the simulator sells and sites stand: two districts or two prefectures."""
        first, second = MUNICIPAL_DISTRICTS.get(self.code, (f"{self.code[:2]}0100", f"{self.code[:2]}0200"))
        return first, second


MUNICIPAL_DISTRICTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "110000": ("110105", "110108"),
        "120000": ("120101", "120103"),
        "310000": ("310104", "310115"),
        "500000": ("500103", "500112"),
    }
)
"""Districts of the municipalities, which have no prefectures."""

PROVINCES: Mapping[str, Province] = MappingProxyType(
    {
        code: Province(code, zh, en, weight)
        for code, zh, en, weight in (
            ("110000", "北京", "Beijing", 3.0),
            ("120000", "天津", "Tianjin", 2.5),
            ("130000", "河北", "Hebei", 5.0),
            ("140000", "山西", "Shanxi", 2.5),
            ("150000", "内蒙古", "Inner Mongolia", 1.0),
            ("210000", "辽宁", "Liaoning", 2.0),
            ("220000", "吉林", "Jilin", 1.2),
            ("230000", "黑龙江", "Heilongjiang", 1.2),
            ("310000", "上海", "Shanghai", 4.0),
            ("320000", "江苏", "Jiangsu", 8.5),
            ("330000", "浙江", "Zhejiang", 9.0),
            ("340000", "安徽", "Anhui", 4.0),
            ("350000", "福建", "Fujian", 3.0),
            ("360000", "江西", "Jiangxi", 2.3),
            ("370000", "山东", "Shandong", 7.0),
            ("410000", "河南", "Henan", 6.5),
            ("420000", "湖北", "Hubei", 3.8),
            ("430000", "湖南", "Hunan", 3.3),
            ("440000", "广东", "Guangdong", 13.0),
            ("450000", "广西", "Guangxi", 3.2),
            ("460000", "海南", "Hainan", 1.0),
            ("500000", "重庆", "Chongqing", 2.7),
            ("510000", "四川", "Sichuan", 4.5),
            ("520000", "贵州", "Guizhou", 1.6),
            ("530000", "云南", "Yunnan", 2.0),
            ("540000", "西藏", "Tibet", 0.1),
            ("610000", "陕西", "Shaanxi", 3.0),
            ("620000", "甘肃", "Gansu", 1.0),
            ("630000", "青海", "Qinghai", 0.2),
            ("640000", "宁夏", "Ningxia", 0.4),
            ("650000", "新疆", "Xinjiang", 1.3),
        )
    }
)
"""The provinces of the mainland by GB/T 2260 code (docs/regulation.md 10.2)."""


def sales_weight(year: int) -> int:
    """Vehicles sold in `year`; before and after the table the nearest year of it."""
    return NEV_SALES[min(max(year, min(NEV_SALES)), max(NEV_SALES))]


def lfp_share(year: int) -> float:
    """Share of LFP in `year`; before and after the table the nearest year of it."""
    return LFP_SHARE[min(max(year, min(LFP_SHARE)), max(LFP_SHARE))]
