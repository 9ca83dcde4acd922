"""Random histories: what the ledger says of containment at any date is what a simple model says."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from suyuan.codes.keys import split_code
from suyuan.server.kit.connection import cursor
from suyuan.server.ledger.queries.containers import containers
from suyuan.server.ledger.queries.recall import recall_codes
from suyuan.server.ledger.queries.tree import Node, tree
from tests.server.cast import Cast
from tests.server.ledger.acting import Acting, cell, module, pack, pack_rows, product

FIRST_DAY = date(2020, 1, 1)
_examples = itertools.count()


@dataclass
class World:
    """The model: what is in what, and which pack is in which vehicle; one picture at the end of each day."""

    acting: Acting
    cast: Cast
    base: int = field(default_factory=lambda: next(_examples) * 1000)
    day: date = FIRST_DAY
    parent: dict[str, str] = field(default_factory=dict)
    vehicle: dict[str, str] = field(default_factory=dict)
    packs: list[str] = field(default_factory=list)
    pictures: dict[date, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    used: "itertools.count[int]" = field(default_factory=itertools.count)

    def report(self, kind: str, rows: Sequence[dict[str, object]], record: Sequence[int] | None = None) -> None:
        self.acting.report(kind, self.cast.utiliser, rows, record)

    def new(self, code: Callable[[int], str]) -> str:
        """A code that nobody has used; serials jump about, as those of matched cells do."""
        return code(self.base + 1 + (next(self.used) * 37) % 997)

    def free(self) -> list[str]:
        return [pack for pack in self.packs if pack not in self.parent and pack not in self.vehicle]

    def inside(self, parent: str) -> list[str]:
        return sorted(part for part, of in self.parent.items() if of == parent)

    def build(self, pick: int) -> None:
        code = self.new(pack)
        tree = {self.new(module): [self.new(cell) for _ in range(1 + pick % 3)] for _ in range(1 + pick % 2)}
        rows = [dict(row) for row in pack_rows(code, tree, self.day)]
        self.report("pack_produced", rows, [0] * len(rows))
        self.packs.append(code)
        self.parent.update(dict.fromkeys(tree, code))
        self.parent.update({part: of for of, parts in tree.items() for part in parts})

    def bind(self, pick: int) -> None:
        if free := self.free():
            code, vin = free[pick % len(free)], f"V{self.base + pick % 2:016d}"
            self.report("vehicle_produced", [{"vin": vin, "pack_code": code, "produced_on": self.day}])
            self.vehicle[code] = vin

    def remove(self, pick: int) -> None:
        if bound := sorted(self.vehicle):
            code = bound[pick % len(bound)]
            self.report("battery_removed", [{"code": code, "vin": self.vehicle.pop(code), "removed_on": self.day}])

    def repair(self, pick: int) -> None:
        if bound := sorted(pack for pack in self.vehicle if self.inside(pack)):
            code = bound[pick % len(bound)]
            old, new, part = self.inside(code)[0], self.new(module), self.new(cell)
            self.report("after_sales_stocked", [{"code": new, "stocked_on": self.day, "child_code": part}])
            change = {"vin": self.vehicle[code], "old_code": old, "new_code": new, "replaced_on": self.day}
            self.report("replaced", [change])
            del self.parent[old]
            self.parent.update({new: code, part: new})

    def swap(self, pick: int) -> None:
        bound, free = sorted(self.vehicle), self.free()
        if bound and free:
            old, new = bound[pick % len(bound)], free[pick % len(free)]
            vin = self.vehicle.pop(old)
            self.report("swapped", [{"vin": vin, "old_code": old, "new_code": new, "replaced_at": self.day}])
            self.vehicle[new] = vin

    def make(self, pick: int) -> None:
        if sources := self.free()[: 1 + pick % 2]:
            code = self.new(product)
            line = {"making_no": code, "product_code": code, "made_on": self.day}
            self.report("product_made", [{**line, "source_code": source} for source in sources], [0] * len(sources))
            self.parent.update(dict.fromkeys(sources, code))

    def dismantle(self, pick: int) -> None:
        if free := [pack for pack in self.free() if self.inside(pack)]:
            code = free[pick % len(free)]
            part = self.inside(code)[-1]
            self.report("dismantled", [{"code": code, "dismantled_on": self.day, "child_code": part}])
            del self.parent[part]

    def picture(self) -> None:
        self.pictures[self.day] = dict(self.parent), dict(self.vehicle)


def above(code: str, parent: dict[str, str]) -> list[str]:
    return [parent[code], *above(parent[code], parent)] if code in parent else []


def below(node: Node) -> dict[str, set[str]]:
    """Each object of a tree with the codes of its children."""
    own = {node["code"]: {child["code"] for child in node["children"]}}
    return own | {code: parts for child in node["children"] for code, parts in below(child).items()}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["build", "build", "bind", "bind", "remove", "repair", "swap", "make", "dismantle"]),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_trees_chains_and_recalls_agree_with_the_model(cast: Cast, steps: list[tuple[str, int, bool]]) -> None:
    world = World(Acting(submission=next(_examples) * 1000), cast)
    world.build(1)
    late = False
    for name, pick, same_day in steps:
        if not same_day or (late and name == "bind"):  # what is made and bound comes first on a day
            world.picture()
            world.day += timedelta(days=1)
            late = False
        late |= name not in ("build", "bind")
        getattr(world, name)(pick)
    world.picture()
    for day, (parent, vehicle) in world.pictures.items():
        check_picture(world, day, parent, vehicle)
    with cursor() as run:
        every = sorted(set(world.parent))
        now = containers(run, [split_code(code) for code in every])
    assert {code: now[split_code(code)].parent for code in every} == {
        code: split_code(of) for code, of in world.parent.items()
    }


def check_picture(world: World, day: date, parent: dict[str, str], vehicle: dict[str, str]) -> None:
    children: dict[str, set[str]] = {code: set() for code in (*parent, *parent.values())}
    for part, of in parent.items():
        children[of].add(part)
    with cursor() as run:
        for code in sorted(set(parent.values()) - parent.keys()):
            node = tree(run, world.cast.nation.scope, code, day, expand_cells=True)
            assert node is not None
            assert below(node) == {part: children[part] for part in below(node)}
            assert node["ancestors"] == ([{"code": vehicle[code], "kind": "vehicle"}] if code in vehicle else [])
        for vin in sorted(set(vehicle.values())):
            car = tree(run, world.cast.nation.scope, vin, day)
            assert car is not None
            assert {child["code"] for child in car["children"]} == {code for code, of in vehicle.items() if of == vin}
        cells = sorted(code for code in parent if code[3] == "C")
        for code in cells[:3]:
            node = tree(run, world.cast.nation.scope, code, day)
            assert node is not None
            line = above(code, parent)
            driven = [vehicle[line[-1]]] if line[-1] in vehicle else []
            assert [item["code"] for item in node["ancestors"]] == line + driven
        for at in (day, None) if day == world.day else (day,):
            told = {
                code: (module, vin)
                for frame in recall_codes(run, world.cast.nation.scope, cells, at)
                for code, module, vin in frame.select("code", "module", "vehicle").iter_rows()
            }
            assert told == {code: (parent[code], vehicle.get(above(code, parent)[-1])) for code in cells}
