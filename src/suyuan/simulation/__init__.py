"""A seeded national fleet, market and stream of reports; writes what enterprises upload. Nothing in it is real.

>>> simulation = simulate(Plan.province_year(seed=7, vehicles=5))
>>> simulation.world.companies[0].name_en
'Zhejiang Traction Battery Co. 1 (simulated)'
"""

from suyuan.simulation.plan import ErrorRates, Plan, PlanError
from suyuan.simulation.production import bulk_design, pack_files
from suyuan.simulation.simulation import Simulation, follow_up_table, simulate, write
from suyuan.simulation.uploads import Sink, Upload
from suyuan.simulation.world import Company, Design, World, build_world

__all__ = [
    "Company",
    "Design",
    "ErrorRates",
    "Plan",
    "PlanError",
    "Simulation",
    "Sink",
    "Upload",
    "World",
    "build_world",
    "bulk_design",
    "follow_up_table",
    "pack_files",
    "simulate",
    "write",
]
