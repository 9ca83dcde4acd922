"""Simulated people, one a role, for the sign-in page of the demo; they have no passwords."""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from suyuan.cli.output import console
from suyuan.cli.speech import say
from suyuan.server.accounts.models import Role
from suyuan.server.accounts.services.people import furnish
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.models import SiteKind
from suyuan.server.registry.queries import companies, sites

_OFFICES: Final = {
    "battery_maker": Role.DATA_OFFICER,
    "carmaker": Role.DATA_OFFICER,
    "dismantler": Role.DATA_OFFICER,
    "utiliser": Role.DATA_OFFICER,
    "outlet_operator": Role.CLERK,
    "repairer": Role.CLERK,
    "laboratory": Role.VIEWER,
}
_NAMES: Final = {
    "battery_maker": "卫东",
    "carmaker": "蒋宁",
    "dismantler": "韩磊",
    "utiliser": "杨帆",
    "outlet_operator": "朱珠",
    "repairer": "秦刚",
    "laboratory": "许静",
}


def furnish_people() -> int:
    """Make whoever is not there yet; how many there are."""
    listed = list(_people())
    for login, name, role, scope in listed:
        furnish(f"{login}@simulated.example", name, role, scope)
    return len(listed)


def show_pages(port: int) -> None:
    """Say where the pages are."""
    screen = console()
    screen.print()
    screen.print(Text(say("accounts.demo_pages", address=f"http://127.0.0.1:{port}/account/sign-in")), soft_wrap=True)


def _people() -> Iterator[tuple[str, str, Role, Scope]]:
    nation = Scope.of_nation()
    firms = companies(nation).filter(simulated=True).sort("number")
    maker = next(firm for firm in firms.iter_rows(named=True) if "battery_maker" in firm["roles"])
    province, city = Scope.of_province(maker["division"]), Scope.of_city(maker["division"])
    yield "nation.admin", "周国强(模拟)", Role.ADMIN, nation
    yield "nation", "吴敏(模拟)", Role.OFFICIAL, nation
    yield "province", "郑海(模拟)", Role.OFFICIAL, province
    yield "city", "冯雪(模拟)", Role.OFFICIAL, city
    yield "maker.admin", "陈立(模拟)", Role.ADMIN, Scope.of_company(maker["number"])
    yield "maker.second", "褚云(模拟)", Role.ADMIN, Scope.of_company(maker["number"])
    for company_role, role in _OFFICES.items():
        firm = next((one for one in firms.iter_rows(named=True) if company_role in one["roles"]), None)
        if firm is not None:
            yield company_role, f"{_NAMES[company_role]}(模拟)", role, Scope.of_company(firm["number"])
    outlets = sites(nation).filter(kind=SiteKind.OUTLET_COLLECTION.value).sort("number")
    for site in outlets.head(1).iter_rows(named=True):
        yield "outlet", "沈洁(模拟)", Role.CLERK, Scope.of_outlet(site["company"], site["number"])
