"""Nested records laid flat: a pack with modules with cells becomes one row a cell, upper columns repeated.

Lists that stand side by side in one object (sources and products of one making) are laid side by
side; a shorter one repeats its last item if a required column stands in it and stays empty otherwise.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeAlias

from suyuan.sheets.headings import Match, every_heading, match_row
from suyuan.sheets.limits import SheetError
from suyuan.sheets.template import Nest, Template, fold_heading
from suyuan.sheets.unstorable import stripped

Json: TypeAlias = "str | bool | list[Json] | dict[str, Json] | None"
Cells: TypeAlias = "dict[str, Json]"


DEEPEST = 32
"""Lists inside one another that are read; the deepest record of any template has three."""


@dataclass(slots=True)
class Tree:
    """Which keys the records have; `bare` if a list holds plain texts."""

    fields: dict[str, None] = field(default_factory=dict)
    lists: dict[str, "Tree"] = field(default_factory=dict)
    bare: bool = False

    def grow(self, records: Iterable[Json], depth: int = 0) -> None:
        """Add the keys of `records`."""
        if depth > DEEPEST:
            raise SheetError("sheets.too_deep", line=0)
        for record in records:
            if not isinstance(record, dict):
                self.bare = True
                continue
            for key, value in record.items():
                if isinstance(value, list):
                    self.lists.setdefault(key, Tree()).grow(value, depth + 1)
                else:
                    self.fields[key] = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a record: where it stands (lists to walk through, key; None for a bare item) and its heading."""

    path: tuple[str, ...]
    key: str | None
    heading: str

    @property
    def where(self) -> str:
        """The place in a record, with dots."""
        return stripped(".".join((*self.path, self.key) if self.key else self.path))

    @property
    def plain_heading(self) -> str:
        """The heading as `Match.unknown` tells it."""
        return stripped(self.heading).strip()


def leaves(tree: Tree, template: Template) -> list[Leaf]:
    """All values that records of the shape `tree` have, with headings as `template` would name them."""
    return list(_leaves(tree, template.nesting, (), (), every_heading(template)))


def _leaves(
    tree: Tree, nests: Sequence[Nest], path: tuple[str, ...], columns: tuple[str, ...], known: Set[str]
) -> Iterator[Leaf]:
    if tree.bare and columns:
        yield Leaf(path, None, columns[0])
    for key in tree.fields:
        dotted = ".".join((*path, key))
        yield Leaf(path, key, dotted if path and fold_heading(dotted) in known else key)
    for key, inner in tree.lists.items():
        nest = next((nest for nest in nests if nest.is_called(key)), None)
        if nest is None:
            yield Leaf((*path, key), None, ".".join((*path, key)))
        else:
            yield from _leaves(inner, nest.nests, (*path, key), nest.columns, known)


def match_tree(tree: Tree, template: Template, mapping: Mapping[str, str] | None) -> tuple[Match, list[Leaf]]:
    """How records of the shape `tree` fit `template`.

    A list may hold objects and bare texts side by side; both fill the same column then.
    """
    found = leaves(tree, template)
    keyed = [leaf for leaf in found if leaf.key is not None]
    first = match_row([leaf.heading for leaf in keyed], template, mapping)
    claimed = {(keyed[position].path, name) for position, name in first.columns.items()}
    found = keyed + [leaf for leaf in found if leaf.key is None and (leaf.path, leaf.heading) not in claimed]
    return match_row([leaf.heading for leaf in found], template, mapping), found


@dataclass(slots=True)
class Plan:
    """What to take from one object: fields, the bare item, and the lists inside."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    bare: str | None = None
    lists: dict[str, "Plan"] = field(default_factory=dict)
    required: bool = False


def plan(match: Match, found: Sequence[Leaf]) -> Plan:
    """The way to lay records flat that `match` describes."""
    template = match.template
    root = Plan()
    firsts = {name for nest in _every_nest(template.nesting) for name in nest.columns[:1]}
    for position, name in match.columns.items():
        leaf, node = found[position], root
        for key in leaf.path:
            node = node.lists.setdefault(key, Plan())
        if leaf.key is not None:
            node.fields.append((leaf.key, name))
        if leaf.key is None or (leaf.path and name in firsts):
            node.bare = name
        node.required = node.required or template.column(name).required
    return root


def _every_nest(nests: Sequence[Nest]) -> Iterator[Nest]:
    for nest in nests:
        yield nest
        yield from _every_nest(nest.nests)


def flatten(record: Json, how: Plan) -> list[Cells]:
    """The flat rows of one record."""
    if not isinstance(record, dict):
        return [{how.bare: record}] if how.bare else [{}]
    own: Cells = {}
    for key, name in how.fields:
        if record.get(key) is not None:
            own[name] = record[key]
    groups: list[tuple[list[Cells], bool]] = []
    for key, inner in how.lists.items():
        items = record.get(key)
        listed = items if isinstance(items, list) else []
        rows = [row for item in listed for row in flatten(item, inner)]
        if rows:
            groups.append((rows, inner.required))
    if not groups:
        return [own]
    if len(groups) == 1:
        return [own | row for row in groups[0][0]]
    return [_side_by_side(own, groups, index) for index in range(max(len(rows) for rows, _ in groups))]


def _side_by_side(own: Cells, groups: list[tuple[list[Cells], bool]], index: int) -> Cells:
    row = dict(own)
    for rows, required in groups:
        if index < len(rows):
            row |= rows[index]
        elif required:
            row |= rows[-1]
    return row
