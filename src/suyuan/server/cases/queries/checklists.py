"""Checklists of inspections, as data."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from suyuan.events.vocabulary import Label, vocabulary
from suyuan.rules import law
from suyuan.server.cases.queries.procedure import packaged, wrong

RESULTS = ("met", "not_met", "not_applicable", "not_seen")
"""What may be found of an item."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at; `id` is the name of its list and its own."""

    id: str
    title: Label
    basis: str | None
    photo: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """Items for companies with one of `roles`, for all without any."""

    name: str
    title: Label
    roles: frozenset[str]
    items: tuple[Item, ...]


@cache
def checklists() -> Mapping[str, Checklist]:
    """Every list by name."""
    return parse_checklists(packaged("checklists.toml"))


def parse_checklists(text: str) -> dict[str, Checklist]:
    """The lists that a TOML text tells.

    Raises
    ------
    ProcedureError
        ``cases.data_wrong``.
    """
    found = {}
    known = {*law().values, *law().duties}
    for table in tomllib.loads(text)["list"]:
        name, rows = str(table.get("name")), table["item"]
        checks = {
            "name": name not in found,
            "roles": vocabulary().roles.keys() >= set(table["roles"]),
            "item": len({row["name"] for row in rows}) == len(rows) > 0,
            "basis": known.issuperset(row["basis"] for row in rows if "basis" in row),
        }
        for key, right in checks.items():
            if not right:
                raise wrong(name, key)
        items = tuple(
            Item(f"{name}.{row['name']}", Label(row["zh"], row["en"]), row.get("basis"), row.get("photo", False))
            for row in rows
        )
        found[name] = Checklist(name, Label(table["zh"], table["en"]), frozenset(table["roles"]), items)
    return found


def for_roles(roles: Collection[str]) -> list[Checklist]:
    """The lists for a company with these roles."""
    return [one for one in checklists().values() if not one.roles or one.roles & set(roles)]


def items_of(names: Collection[str]) -> dict[str, Item]:
    """The items of some lists by id, in their order."""
    return {item.id: item for one in checklists().values() if one.name in names for item in one.items}
