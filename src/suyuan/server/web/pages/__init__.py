"""The pages, each a module or package of its own that is found by standing here.

It has ``urlpatterns`` and, if it is to be in the menu, ``MENU``: a tuple of `suyuan.server.web.menu.Entry`.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


@cache
def pages() -> tuple[ModuleType, ...]:
    """Every page, by name."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(import_module(f"{__name__}.{name}") for name in names)
