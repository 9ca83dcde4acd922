"""The invented companies, their sites and the battery designs they have filed. Nobody here is real."""

from dataclasses import dataclass
from datetime import date
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.simulation.facts import PROVINCES, Province
from suyuan.simulation.plan import Plan
from suyuan.simulation.texts import Ints, uscc

MARK_ZH, MARK_EN = "(模拟)", "(simulated)"
"""Ends the name of every company, so that nobody mistakes one for a real company."""

_TRADES = {
    "battery_maker": ("动力电池", "Traction Battery", 1.0),
    "carmaker": ("新能源汽车", "New Energy Vehicle", 0.8),
    "importer": ("汽车进出口", "Vehicle Import", 0.1),
    "dealer": ("汽车销售", "Vehicle Sales", 1.0),
    "lessor": ("汽车租赁", "Vehicle Leasing", 0.3),
    "swap_operator": ("换电服务", "Battery Swap", 0.2),
    "repairer": ("汽车维修", "Vehicle Repair", 1.0),
    "outlet_operator": ("电池回收网点", "Battery Recycling Outlet", 1.0),
    "dismantler": ("报废机动车回收拆解", "Vehicle Dismantling", 1.0),
    "utiliser": ("电池综合利用", "Battery Utilisation", 0.5),
    "laboratory": ("电池检测", "Battery Testing Laboratory", 0.1),
    "treatment_facility": ("固废处置", "Waste Treatment", 0.1),
}
_LEAST = {"battery_maker": 2, "carmaker": 2, "outlet_operator": 2}
_MOST = {"battery_maker": 24, "carmaker": 20}
_SITES = {"swap_operator": 3, "outlet_operator": 2}
"""Number of sites; every other company has one."""


class Party(TypedDict):
    """The other party of records, one a row, as their fields have it."""

    party: pl.Series
    party_name: pl.Series


@dataclass(frozen=True, slots=True)
class Company:
    """An invented company with one role."""

    index: int
    uscc: str
    role: str
    name_zh: str
    name_en: str
    province: Province
    division: str
    vendor: str | None
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Design:
    """A pack design as its maker filed it: so many modules of so many cells.

    Capacities in Ah, masses in kg, voltages in V.
    """

    index: int
    maker: int
    chemistry: str
    modules: int
    cells: int
    cell_capacity_ah: float
    cell_voltage_v: float
    cell_mass_kg: float
    spec: str
    trace: str
    vendor: str
    filed_on: date

    @property
    def cells_in_pack(self) -> int:
        """Cells in one pack."""
        return self.modules * self.cells

    @property
    def mass_kg(self) -> float:
        """Mass of the pack: its cells and a quarter more for the rest (an assumption)."""
        return round(self.cells_in_pack * self.cell_mass_kg * 1.25, 1)

    @property
    def module_mass_kg(self) -> float:
        """Mass of one module."""
        return round(self.cells * self.cell_mass_kg * 1.1, 2)

    @property
    def energy_kwh(self) -> float:
        """Rated energy of the pack."""
        return round(self.cells_in_pack * self.cell_capacity_ah * self.cell_voltage_v / 1000, 2)

    def prefix(self, level: str) -> str:
        """The 14 characters in front of the date, for level `P`, `M` or `C`."""
        return f"{self.vendor}{level}{self.chemistry}{self.spec}{self.trace}"

    def model(self, level: str) -> str:
        """The product model that stands in the records."""
        size = {"P": self.energy_kwh, "M": self.cells, "C": self.cell_capacity_ah}[level]
        return f"SIM-{self.vendor}-{level}{size:g}"


@dataclass(frozen=True, slots=True)
class World:
    """All that stands still: companies, designs, sites and filings."""

    companies: tuple[Company, ...]
    designs: tuple[Design, ...]
    foreign: tuple[Design, ...]
    """Designs of packs that come from abroad; their vendor codes belong to the importers."""

    def some(self, role: str, draws: npt.NDArray[np.float64]) -> Ints:
        """For each draw from 0 to 1 a company of `role`, by index."""
        indices = np.array([company.index for company in self.of_role(role)])
        return indices[(draws * len(indices)).astype(np.int64)]

    def sites_of(self, companies: Ints, number: int = 0) -> pl.Series:
        """A site of each company: its first, or another where it has several."""
        return pl.Series([company.sites[number % len(company.sites)] for company in self.companies]).gather(companies)

    def names_of(self, companies: Ints) -> pl.Series:
        """The Chinese name of each company."""
        return pl.Series([company.name_zh for company in self.companies]).gather(companies)

    def codes_of(self, companies: Ints) -> pl.Series:
        """The credit code of each company."""
        return self.usccs.gather(companies)

    def party(self, companies: Ints) -> Party:
        """Each company as the other party of a record."""
        return {"party": self.codes_of(companies), "party_name": self.names_of(companies)}

    def of_role(self, role: str) -> list[Company]:
        """The companies of one role, in order."""
        return [company for company in self.companies if company.role == role]

    @property
    def usccs(self) -> pl.Series:
        """The credit code of each company, by index."""
        return pl.Series([company.uscc for company in self.companies])

    @property
    def all_designs(self) -> tuple[Design, ...]:
        """Domestic designs, then foreign ones; `Design.index` counts in this order."""
        return self.designs + self.foreign


def _vendor(index: int) -> str:
    letters = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
    return "S" + letters[index // len(letters)] + letters[index % len(letters)]


def _companies(plan: Plan) -> tuple[Company, ...]:
    provinces = [PROVINCES[code] for code in plan.provinces]
    companies: list[Company] = []
    for role, (zh, en, share) in _TRADES.items():
        least = _LEAST.get(role, 1)
        count = min(max(least, round(share * len(provinces))), _MOST.get(role, 10_000))
        for number in range(count):
            province = (
                provinces[(number + len(companies) * 7) % len(provinces)]
                if share < 1
                else provinces[number % len(provinces)]
            )
            index = len(companies)
            division = province.divisions[number % 2]
            coded = role in ("battery_maker", "importer", "utiliser")
            sites = _SITES.get(role, 1)
            companies.append(
                Company(
                    index=index,
                    uscc=uscc(division, f"MAXM{(plan.seed * 1000 + index) % 10_000:04}"),
                    role=role,
                    name_zh=f"{province.zh}{zh}{number + 1}号有限公司{MARK_ZH}",
                    name_en=f"{province.en} {en} Co. {number + 1} {MARK_EN}",
                    province=province,
                    division=division,
                    vendor=_vendor(index) if coded else None,
                    sites=tuple(f"SIM{division[:4]}-{index:03}-{site + 1:02}" for site in range(sites)),
                )
            )
    return tuple(companies)


_SHAPES = (
    # chemistry, modules, cells in a module, Ah, V, kg of a cell
    ("B", 10, 16, 120.0, 3.2, 2.3),
    ("E", 8, 12, 150.0, 3.65, 2.3),
    ("B", 10, 16, 135.0, 3.2, 2.6),
    ("E", 10, 16, 100.0, 3.65, 1.5),
)


def _design(index: int, maker: Company, shape: int, filed_on: date) -> Design:
    chemistry, modules, cells, capacity, voltage, mass = _SHAPES[shape]
    return Design(
        index=index,
        maker=maker.index,
        chemistry=chemistry,
        modules=modules,
        cells=cells,
        cell_capacity_ah=capacity,
        cell_voltage_v=voltage,
        cell_mass_kg=mass,
        spec=f"{shape + 1:02}",
        trace=f"SM{maker.index:02}{shape:02}0",
        vendor=maker.vendor or "",
        filed_on=filed_on,
    )


def build_world(plan: Plan) -> World:
    """The companies and designs of a plan: the first makers of a short list have both chemistries."""
    companies = _companies(plan)
    filed_on = date(plan.start.year - plan.history_years - 1, 3, 1)
    makers = [company for company in companies if company.role == "battery_maker"]
    designs: list[Design] = []
    for number, maker in enumerate(makers):
        for shape in ((0, 1), (2, 3))[number % 2]:
            designs.append(_design(len(designs), maker, shape, filed_on))
    foreign: list[Design] = []
    for importer in (company for company in companies if company.role == "importer"):
        foreign.append(_design(len(designs) + len(foreign), importer, 3, filed_on))
    return World(companies, tuple(designs), tuple(foreign))
