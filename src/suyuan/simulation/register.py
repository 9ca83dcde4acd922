"""What has to be registered before the first record: companies, sites, vendor codes, filed coding rules.

Column names are those of the registry, so that the tables can be loaded as they are.
"""

import json
from datetime import date

import polars as pl

from suyuan.simulation.facts import RECOVERED_KG_PER_PACK_KG
from suyuan.simulation.world import Company, Design, World

_SITE_KINDS = {
    "battery_maker": ("warehouse", "成品库"),
    "carmaker": ("warehouse", "电池库"),
    "swap_operator": ("swap_station", "换电站"),
    "outlet_operator": ("outlet_collection", "回收服务网点"),
    "dismantler": ("dismantling_yard", "拆解场"),
    "utiliser": ("works", "厂区"),
}
_WAREHOUSE = ("warehouse", "仓库")
_SIZES_MM = {"P": (2050.0, 1450.0, 150.0), "M": (590.0, 225.0, 110.0), "C": (174.0, 72.0, 207.0)}
_MARK = json.dumps({"simulated": True})


def registry_tables(world: World) -> dict[str, pl.DataFrame]:
    """`companies`, `sites`, `vendor_codes` and `filings`, to be loaded in this order."""
    since = min(design.filed_on for design in world.all_designs)
    return {
        "companies": companies(world, since),
        "sites": sites(world, since),
        "vendor_codes": vendor_codes(world, since),
        "filings": filings(world, since),
    }


def companies(world: World, since: date) -> pl.DataFrame:
    """One row a company: its code, names, roles (a list), division; all are marked as simulated."""
    return pl.DataFrame(
        [
            {
                "code": company.uscc,
                "name_zh": company.name_zh,
                "name_en": company.name_en,
                "roles": [company.role],
                "division": company.division,
                "valid_from": since,
                "simulated": True,
            }
            for company in world.companies
        ]
    )


def sites(world: World, since: date) -> pl.DataFrame:
    """One row a site; `company` is the company's credit code, `code` the site's own."""
    return pl.DataFrame(
        [
            {
                "company": company.uscc,
                "code": site,
                "kind": _SITE_KINDS.get(company.role, _WAREHOUSE)[0],
                "name": f"{company.name_zh}{_SITE_KINDS.get(company.role, _WAREHOUSE)[1]}{number}",
                "division": company.division,
                "valid_from": since,
            }
            for company in world.companies
            for number, site in enumerate(company.sites, start=1)
        ]
    )


def vendor_codes(world: World, since: date) -> pl.DataFrame:
    """The three characters that begin each company's battery codes."""
    return pl.DataFrame(
        [
            {
                "code": company.vendor,
                "company": company.uscc,
                "holder": company.name_zh,
                "status": "simulated",
                "source": "simulated",
                "valid_from": since,
            }
            for company in world.companies
            if company.vendor
        ]
    )


def filings(world: World, since: date) -> pl.DataFrame:
    """One row a prefix: of 14 characters for packs, modules and cells, of 7 for the products of utilisers."""
    designs = [_filing(world, design, level) for design in world.all_designs for level in "PMC"]
    products = [_product(maker, chemistry, since) for maker in world.of_role("utiliser") for chemistry in "BE"]
    return pl.DataFrame(designs + products, infer_schema_length=None)


def _filing(world: World, design: Design, level: str) -> dict[str, object]:
    in_series = {"P": design.cells_in_pack, "M": design.cells, "C": 1}[level]
    length, width, height = _SIZES_MM[level]
    return {
        "prefix": design.prefix(level),
        "company": world.companies[design.maker].uscc,
        "model": design.model(level),
        "level": level,
        "chemistry": design.chemistry,
        "rated_capacity_ah": design.cell_capacity_ah,
        "nominal_voltage_v": round(in_series * design.cell_voltage_v, 1),
        "mass_kg": {"P": design.mass_kg, "M": design.module_mass_kg, "C": design.cell_mass_kg}[level],
        "length_mm": length,
        "width_mm": width,
        "height_mm": height,
        "modules": design.modules if level == "P" else None,
        "cells": in_series if level != "C" else None,
        "details": json.dumps({"simulated": True, "composition": dict(RECOVERED_KG_PER_PACK_KG[design.chemistry])}),
        "filed_on": design.filed_on,
        "valid_from": design.filed_on,
    }


def _product(maker: Company, chemistry: str, since: date) -> dict[str, object]:
    return {
        "prefix": product_prefix(maker, chemistry),
        "company": maker.uscc,
        "model": f"SIM-{maker.vendor}-R{chemistry}",
        "level": "P",
        "chemistry": chemistry,
        "details": _MARK,
        "filed_on": since,
        "valid_from": since,
    }


def product_prefix(maker: Company, chemistry: str) -> str:
    """The seven characters in front of the date in the codes of a utiliser's products."""
    return f"{maker.vendor or '':0<3}P{chemistry}R1"
