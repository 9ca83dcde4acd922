"""What an object is made of and what it is part of, at any date; one round trip a level."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import NotRequired, TypedDict

import psycopg

from suyuan.codes.keys import split_code
from suyuan.events.containment import Tree, decode_tree
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.containers import LEVELS, Key, columns
from suyuan.server.ledger.queries.entries import PRODUCT_MADE
from suyuan.server.ledger.queries.history import History, batteries_of, history
from suyuan.server.ledger.queries.kinds import is_product, kind_of, kind_of_lot, products_among
from suyuan.server.ledger.queries.objects import code_of, end_of_day
from suyuan.server.ledger.queries.valid import VALID

_DOWN = """
WITH o AS (SELECT * FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)),
     t AS (SELECT coalesce(to_timestamp(%s::bigint / 1000.0), 'infinity') AS at)
SELECT o.place, 'tree', e.part_lots, e.part_counts, e.parts, NULL, NULL, NULL
  FROM o CROSS JOIN t JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial
   AND e.parts IS NOT NULL AND e.kind <> 1 AND e.occurred_at <= t.at AND {valid}
 UNION ALL
SELECT o.place, 'span', NULL, NULL, NULL, s.other_lot, s.other_serial,
       (s.from_at <= t.at AND (s.to_at IS NULL OR s.to_at > t.at))::integer
  FROM o CROSS JOIN t JOIN ledger_span s ON s.lot = o.lot AND s.serial = o.serial AND NOT s.up
 UNION ALL
SELECT o.place, 'birth', NULL, NULL, NULL, b.parent_lot, b.parent_serial, b.submission
  FROM o JOIN birth(%s::text[], %s::integer[]) AS b ON b.lot = o.lot AND b.serial = o.serial
 UNION ALL
SELECT o.place, 'product', NULL, NULL, NULL, NULL, NULL, NULL
  FROM o JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial AND e.kind = {made} AND e.slot = 0 AND {valid}
""".replace("{valid}", VALID).replace("{made}", str(PRODUCT_MADE))
_SLICES = """
SELECT o.place, e.part_lots, e.part_counts, e.parts
  FROM unnest(%s::text[], %s::integer[], %s::bigint[]) WITH ORDINALITY AS o (lot, serial, submission, place)
  JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial AND e.submission = o.submission
   AND e.parts IS NOT NULL AND e.kind <> 1
   AND e.occurred_at <= coalesce(to_timestamp(%s::bigint / 1000.0), 'infinity') AND {valid}
""".replace("{valid}", VALID)
_LEAVES = ("cell", "material")


class Outline(TypedDict):
    """An object by code and kind."""

    code: str
    kind: str


class Node(Outline):
    """An object with its parts.

    `cells` counts the cells anywhere below; they are listed among the children only on demand.
    `ancestors`, on the object asked for, are its containers, nearest first, then its vehicle.
    """

    children: "list[Node]"
    cells: int
    ancestors: NotRequired[list[Outline]]


@dataclass(slots=True)
class _Parts:
    """What is found on the way down: the parts of each object, and what a tree says of its second level.

    `products` are the objects that were made as such; `moved` the parts that no production tree listed,
    which alone may be among them.
    """

    children: dict[Key, list[Key]] = field(default_factory=dict)
    lists: dict[Key, list[Key]] = field(default_factory=dict)
    products: set[Key] = field(default_factory=set)
    moved: set[Key] = field(default_factory=set)

    def divides(self, key: Key) -> bool:
        """Whether an object may have parts: cells and materials have none, unless they were made as products."""
        return key in self.moved or key in self.products or kind_of_lot(key[0]) not in _LEAVES


def tree(
    run: psycopg.Cursor[Row],
    scope: Scope,
    code: str,
    at: date | None = None,
    *,
    expand_cells: bool = False,
    depth: int = LEVELS,
) -> Node | None:
    """The tree below an object, with what is above it; None for what is not open to the scope.

    Parameters
    ----------
    at
        As of the end of that day in China; None for now.
    expand_cells
        List the cells; otherwise they are only counted.
    depth
        How many levels of parts to follow; cells below that are not counted either.
    """
    gathered = history(run, scope, split_code(code))
    if gathered is None:
        return None
    at_ms = end_of_day(at)
    parts = _Parts(products={key for key, rows in gathered.rows.items() if is_product(rows)})
    start = [gathered.key]
    if gathered.is_vehicle:
        start = batteries_of(gathered, at_ms)
        parts.children[gathered.key] = start
        depth -= 1
    _descend(run, start, at_ms, depth, parts)
    node = _node(gathered.key, parts, expand_cells, {gathered.key})
    node["kind"] = gathered.kind
    node["ancestors"] = _ancestors(gathered, at_ms, parts.products)
    return node


def _ancestors(gathered: History, at_ms: int | None, products: Set[Key]) -> list[Outline]:
    above = [Outline(code=code_of(key), kind=kind_of(key, products)) for key in gathered.chain(at_ms)]
    if not gathered.is_vehicle and (vehicle := gathered.vehicle(at_ms)):
        above.append(Outline(code=code_of(vehicle), kind="vehicle"))
    return above


def _node(key: Key, parts: _Parts, expand: bool, path: set[Key]) -> Node:
    children: list[Node] = []
    cells = 0
    for child in parts.children.get(key, ()):
        if kind_of(child, parts.products) == "cell":
            cells += 1
            if expand:
                children.append(Node(code=code_of(child), kind="cell", children=[], cells=0))
        elif child not in path:
            below = _node(child, parts, expand, path | {child})
            cells += below["cells"]
            children.append(below)
    return Node(code=code_of(key), kind=kind_of(key, parts.products), children=children, cells=cells)


def _descend(run: psycopg.Cursor[Row], start: Sequence[Key], at_ms: int | None, depth: int, parts: _Parts) -> None:
    frontier = [key for key in start if parts.divides(key)]
    for _ in range(min(depth, LEVELS)):
        if not frontier:
            return
        _level(run, frontier, at_ms, parts)
        below = {child for key in frontier for child in parts.children[key] if parts.divides(child)}
        frontier = sorted(below - parts.children.keys())
    parts.products |= products_among(run, parts.moved.intersection(frontier))


def _level(run: psycopg.Cursor[Row], frontier: Sequence[Key], at_ms: int | None, parts: _Parts) -> None:
    """The parts of every object in `frontier`: what trees list, unless a span knows better, and what joined later."""
    orphans = [key for key in frontier if key not in parts.lists]  # no tree above has told their parts
    listed = {key: list(parts.lists.get(key, ())) for key in frontier}
    spans: dict[Key, dict[Key, bool]] = {key: {} for key in frontier}
    births: list[tuple[Key, Key, int]] = []
    for place, what, lots, counts, entries, lot, serial, number in run.execute(
        _DOWN, [*columns(frontier), at_ms, *columns(orphans)]
    ):
        key = frontier[place - 1]
        if what == "tree":
            tops, below = _read(Tree(tuple(lots), bytes(counts), bytes(entries)))
            listed[key] += tops
            parts.lists.update(below)
        elif what == "span":
            parts.moved.add((lot, serial))
            spans[key][lot, serial] = spans[key].get((lot, serial), False) or bool(number)
        elif what == "product":
            parts.products.add(key)
        else:
            births.append((key, (lot, serial), number))
    for key, told in _slices(run, births, at_ms).items():
        listed[key] += told
    for key in frontier:
        known = spans[key]
        kept = [part for part in dict.fromkeys(listed[key]) if part not in known]
        parts.children[key] = kept + sorted(part for part, inside in known.items() if inside)


def _slices(
    run: psycopg.Cursor[Row], births: Sequence[tuple[Key, Key, int]], at_ms: int | None
) -> Mapping[Key, list[Key]]:
    """For parts that were born into a parent: what the parent's tree says about their own parts."""
    if not births:
        return {}
    parents = [parent for _, parent, _ in births]
    found: dict[Key, list[Key]] = {}
    for place, lots, counts, entries in run.execute(
        _SLICES, [*columns(parents), [submission for _, _, submission in births], at_ms]
    ):
        key = births[place - 1][0]
        _, below = _read(Tree(tuple(lots), bytes(counts), bytes(entries)))
        found.setdefault(key, []).extend(below.get(key, ()))
    return found


def _read(stored: Tree) -> tuple[list[Key], dict[Key, list[Key]]]:
    """The first-level parts of a stored tree, and for those the second-level parts that they list."""
    keys, counts = decode_tree(stored)
    lots = keys.lots
    places = zip(keys.lot.tolist(), keys.serial.tolist(), strict=True)
    every: list[Key] = [(lots[lot], serial) for lot, serial in places]
    tops, below = every[: len(counts)], {}
    start = len(counts)
    for top, count in zip(tops, counts.tolist(), strict=True):
        below[top] = every[start : start + count]
        start += count
    return tops, below
