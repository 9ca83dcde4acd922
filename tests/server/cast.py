"""The small cast of the server's tests: eight companies in two provinces, and three officials.

Guangdong has the battery maker, the swap operator, the repairer and the laboratory; Zhejiang the
carmaker, the outlet operator, the dismantler and the utiliser. The battery maker has a warehouse
in Zhejiang, so that seat and site can differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from suyuan.codes.uscc import organisation_check, uscc_check
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services import KeyOrder, issue_key
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.scope import Scope
from suyuan.server.registry import services
from suyuan.server.registry.models import SiteKind
from suyuan.server.registry.queries import company_number
from suyuan.server.registry.queries import sites as sites_in
from suyuan.server.registry.services import CompanyEntry

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # ten in the morning in China
GUANGDONG, ZHEJIANG = "440000", "330000"
NATION = Scope.of_nation()

VENDOR, UTILISER_VENDOR = "9SM", "9SU"
PACK_PREFIX = "9SMPB010000001"  # 2 modules of 4 cells each
MODULE_PREFIX = "9SMMB020000001"
CELL_PREFIX = "9SMCB030000001"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody of the cast: a company or an official with a key."""

    name: str
    scope: Scope
    token: str = field(repr=False)
    code: str = ""
    sites: Mapping[str, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """Number of the company."""
        assert self.scope.company is not None
        return self.scope.company

    @property
    def header(self) -> str:
        """What the actor sends along."""
        return f"Bearer {self.token}"


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody."""

    maker: Actor
    carmaker: Actor
    swapper: Actor
    repairer: Actor
    collector: Actor
    dismantler: Actor
    utiliser: Actor
    laboratory: Actor
    nation: Actor
    guangdong: Actor
    zhejiang: Actor

    @property
    def companies(self) -> list[Actor]:
        """The eight companies."""
        return [getattr(self, name) for name in COMPANIES]


COMPANIES: Mapping[str, tuple[str, str, str, dict[str, tuple[SiteKind, str]]]] = {
    "maker": (
        "鹏程电池(模拟)",
        "battery_maker",
        "440300",
        {"F1": (SiteKind.FACTORY, "440300"), "W1": (SiteKind.WAREHOUSE, "330100")},
    ),
    "carmaker": ("钱江汽车(模拟)", "carmaker", "330100", {"F1": (SiteKind.FACTORY, "330100")}),
    "swapper": ("羊城换电(模拟)", "swap_operator", "440100", {"S1": (SiteKind.SWAP_STATION, "440100")}),
    "repairer": ("莞城汽修(模拟)", "repairer", "441900", {"W1": (SiteKind.WAREHOUSE, "441900")}),
    "collector": (
        "甬江回收(模拟)",
        "outlet_operator",
        "330200",
        {"O1": (SiteKind.OUTLET_COLLECTION, "330200"), "O2": (SiteKind.OUTLET_CENTRAL, "330200")},
    ),
    "dismantler": ("瓯江拆解(模拟)", "dismantler", "330300", {"Y1": (SiteKind.DISMANTLING_YARD, "330300")}),
    "utiliser": ("衢江利用(模拟)", "utiliser", "330800", {"U1": (SiteKind.WORKS, "330800")}),
    "laboratory": ("珠江检测(模拟)", "laboratory", "440400", {}),
}


def uscc(division: str, serial: int) -> str:
    """A made-up unified social credit code whose check characters are right."""
    organisation = f"5Y{serial:06d}"
    body = f"91{division}{organisation}{organisation_check(organisation)}"
    return body + uscc_check(body)


def assemble(clock: Clock) -> Cast:
    """Register everybody and issue their keys."""
    rows = [
        {"code": uscc(division, place), "name_zh": name, "roles": [role], "division": division, "simulated": True}
        for place, (name, role, division, _) in enumerate(COMPANIES.values(), start=1)
    ]
    services.register_companies(NATION, rows, clock).or_raise()
    services.register_sites(NATION, _sites([str(row["code"]) for row in rows]), clock).or_raise()
    companies = {key: _company(key, str(row["code"]), clock) for key, row in zip(COMPANIES, rows, strict=True)}
    officials = {
        "nation": _official("nation", NATION, clock),
        "guangdong": _official("guangdong", Scope.of_province(GUANGDONG), clock),
        "zhejiang": _official("zhejiang", Scope.of_province(ZHEJIANG), clock),
    }
    cast = Cast(**companies, **officials)
    _file_codes(cast)
    return cast


def _sites(codes: list[str]) -> list[dict[str, object]]:
    return [
        {"company": code, "code": site, "kind": kind.value, "division": division}
        for code, (_, _, _, sites) in zip(codes, COMPANIES.values(), strict=True)
        for site, (kind, division) in sites.items()
    ]


def _company(key: str, code: str, clock: Clock) -> Actor:
    scope = Scope.of_company(company_number(NATION, code))
    sites = dict(sites_in(scope).select("code", "number").iter_rows())
    rights = frozenset({Permission.READ, Permission.SUBMIT, Permission.FILE})
    issued = issue_key(NATION, KeyOrder(key, scope, rights), clock)
    return Actor(key, scope, issued.token.text, code, sites)


def _official(name: str, scope: Scope, clock: Clock) -> Actor:
    rights = frozenset({Permission.READ, Permission.ADMINISTER})
    return Actor(name, scope, issue_key(NATION, KeyOrder(name, scope, rights), clock).token.text)


def _file_codes(cast: Cast) -> None:
    csv = (
        "code,company,status,valid_from\n"
        f"{VENDOR},{cast.maker.code},simulated,2018-01-01\n{UTILISER_VENDOR},{cast.utiliser.code},simulated,2018-01-01\n"
    )
    services.load_vendor_codes(NATION, csv).or_raise()
    common = {"company": cast.maker.code, "filed_on": date(2018, 1, 1)}
    services.import_filings(
        cast.maker.scope,
        [
            {**common, "prefix": PACK_PREFIX, "model": "P-8", "modules": 2, "cells": 8, "rated_capacity_ah": 100.0},
            {**common, "prefix": MODULE_PREFIX, "model": "M-4", "cells": 4, "rated_capacity_ah": 100.0},
            {**common, "prefix": CELL_PREFIX, "model": "C-100", "rated_capacity_ah": 100.0, "mass_kg": 1.9},
        ],
    ).or_raise()


def entry(code: str, **changes: object) -> CompanyEntry:
    """A battery maker in Shenzhen of that code."""
    usual: dict[str, object] = {"name_zh": "深圳某电池(模拟)", "roles": ["battery_maker"], "division": "440300"}
    return CompanyEntry(code=code, **{**usual, **changes})  # type: ignore[arg-type]  # checked by the room itself
