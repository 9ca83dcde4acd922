"""In words whom scopes stand for, looked up together."""

from collections.abc import Sequence

from suyuan.kernel import Language
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.names import names, site_names


def scope_names(scopes: Sequence[Scope], language: Language | None) -> dict[Scope, str]:
    """The names of the companies and outlets among `scopes`; authorities are named by the template tag itself."""
    firms = names([scope.company for scope in scopes if scope.company is not None])
    sites = site_names([scope.site for scope in scopes if scope.site is not None])
    found = {}
    for scope in scopes:
        if scope.company is None or scope.company not in firms:
            continue
        firm = firms[scope.company]
        name = firm.name_en if language is Language.EN and firm.name_en else firm.name_zh
        found[scope] = f"{name} · {sites[scope.site]}" if scope.site in sites else name
    return found
