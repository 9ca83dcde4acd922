"""What happens to batteries in use: repairs with another pack or module, and battery swaps."""

from collections import deque

import numpy as np
import polars as pl

from suyuan.simulation.fleet import FOR_REPAIR, FOR_SWAP, MODULE_REPAIR, SWAP, Fleet
from suyuan.simulation.production import MODULE_LEAD_DAYS
from suyuan.simulation.story import Column, Story
from suyuan.simulation.texts import Ints, Mask, battery_codes
from suyuan.simulation.transfers import transfer

SPARE_SERIALS = 9_000_000
"""Spare modules and loose cells have serials above this, apart from those in packs."""
_SWAP_EVERY_DAYS = (30, 56)

BATTERIES = {
    "code": pl.String,
    "design": pl.Int64,
    "level": pl.String,
    "holder": pl.Int64,
    "consignee": pl.Int64,
    "ready": pl.Int64,
    "vin": pl.String,
    "safe": pl.Boolean,
}
"""Batteries at hand between two rooms of the simulator: who holds them since when, for whom they are meant
(-1: nobody). `safe` ones are neither leaked nor lost sight of."""


def batteries(**columns: Column) -> pl.DataFrame:
    """A frame of `BATTERIES`; single values are repeated."""
    return pl.select([_expression(columns[name]).cast(kind).alias(name) for name, kind in BATTERIES.items()])


def _expression(value: Column) -> pl.Expr:
    return pl.lit(pl.Series(value) if isinstance(value, np.ndarray) else value)


def tell_repairs(story: Story, fleet: Fleet) -> tuple[pl.DataFrame, dict[str, str]]:
    """Packs and modules replaced.

    Returns
    -------
    The batteries taken out, and for each module taken out the module that is in its place.
    """
    rng = np.random.default_rng([story.plan.seed, 3])
    packs = _replace_packs(story, fleet, rng)
    modules, exchanged = _replace_modules(story, fleet, rng)
    return pl.concat([packs, modules]), exchanged


def _replace_packs(story: Story, fleet: Fleet, rng: np.random.Generator) -> pl.DataFrame:
    world = story.world
    spare = fleet.packs.filter(pl.col("purpose") == FOR_REPAIR).sort("vehicle")
    cars = fleet.vehicles[spare["vehicle"].to_numpy()]
    n = cars.height
    carmaker = cars["maker"].to_numpy()
    shelved = np.maximum(spare["day"].to_numpy() + rng.integers(22, 30, n), story.first_day + rng.integers(1, 8, n))
    story.tell("after_sales_stocked", shelved, carmaker, code=spare["code"], site=world.sites_of(carmaker))
    repairer = world.some("repairer", rng.random(n))
    left = shelved + rng.integers(32, 40, n)
    transfer(story, rng, spare["code"], carmaker, repairer, left, "SIM-AS-")
    return _replace(story, rng, cars, (cars["pack"], spare["code"]), repairer)


def _replace(
    story: Story, rng: np.random.Generator, cars: pl.DataFrame, exchange: tuple[pl.Series, pl.Series], repairer: Ints
) -> pl.DataFrame:
    """Tell the exchange of (old, new) codes, one a car; returns the old ones."""
    old, new = exchange
    day = cars["repaired"].to_numpy()
    outlet = story.world.some("outlet_operator", rng.random(cars.height))
    story.tell(
        "replaced",
        day,
        repairer,
        vin=cars["vin"],
        old_code=old,
        new_code=new,
        **story.world.party(outlet),
    )
    return batteries(
        code=old,
        design=cars["design"],
        level=old.str.slice(3, 1),
        holder=repairer,
        consignee=outlet,
        ready=day,
        vin=cars["vin"],
        safe=np.arange(cars.height) < 2,
    )


def _replace_modules(story: Story, fleet: Fleet, rng: np.random.Generator) -> tuple[pl.DataFrame, dict[str, str]]:
    world = story.world
    cars = fleet.vehicles.filter(pl.col("repair") == MODULE_REPAIR).join(
        fleet.packs.select("code", "day", "serial"), left_on="pack", right_on="code", maintain_order="left"
    )
    n = cars.height
    design, repaired = cars["design"].to_numpy(), cars["repaired"].to_numpy()
    shapes = world.all_designs
    modules = np.array([d.modules for d in shapes])[design]
    number = (cars["serial"].to_numpy() - 1) * modules + 1 + (rng.random(n) * modules).astype(np.int64)
    prefixes = [d.prefix("M") for d in shapes]
    old = battery_codes(prefixes, design, cars["day"].to_numpy() - MODULE_LEAD_DAYS, number)
    made = repaired - 40
    new = battery_codes(prefixes, design, made, SPARE_SERIALS + 1 + np.arange(n))
    # Every second spare module is reported when it is made, the others when they are put in stock.
    early = np.arange(n) % 2 == 0
    _tell_spare_modules(story, new, design, made, early)
    repairer = world.some("repairer", rng.random(n))
    removed = _replace(story, rng, cars, (old, new), repairer)
    return removed, dict(zip(old, new, strict=True))


def _tell_spare_modules(story: Story, codes: pl.Series, design: Ints, made: Ints, early: Mask) -> None:
    shapes = story.world.all_designs
    makers = np.array([d.maker for d in shapes])[design]
    cells = np.array([d.cells for d in shapes])[design]
    row = np.repeat(np.arange(len(codes)), cells)
    first = np.concatenate([[0], np.cumsum(cells)[:-1]]) if len(cells) else cells
    serial = SPARE_SERIALS + 1 + first[row] + (np.arange(len(row)) - first[row]) * 7 % cells[row]
    cell = battery_codes([d.prefix("C") for d in shapes], design[row], made[row] - 6, serial)
    told = np.flatnonzero(early[row])
    story.tell(
        "module_produced",
        made[row][told],
        makers[row][told],
        record=row[told] // 2,
        module_code=codes.gather(row[told]),
        cell_code=cell.gather(told),
        model=pl.Series([d.model("M") for d in shapes]).gather(design[row][told]),
        cell_model=pl.Series([d.model("C") for d in shapes]).gather(design[row][told]),
    )
    site = story.world.sites_of(makers)
    plain = np.flatnonzero(early)
    story.tell("after_sales_stocked", made[plain] + 8, makers[plain], code=codes.gather(plain), site=site.gather(plain))
    tree = np.flatnonzero(~early[row])
    story.tell(
        "after_sales_stocked",
        made[row][tree] + 8,
        makers[row][tree],
        record=row[tree] // 2,
        code=codes.gather(row[tree]),
        child_code=cell.gather(tree),
        model=pl.Series([d.model("M") for d in shapes]).gather(design[row][tree]),
        site=site.gather(row[tree]),
    )


def tell_swaps(story: Story, fleet: Fleet) -> tuple[pl.DataFrame, dict[str, str]]:
    """Packs going round between swap stations and vehicles.

    Returns
    -------
    The packs moved out of the swap stock, and for each vehicle that changed packs the one it has now.
    """
    rng = np.random.default_rng([story.plan.seed, 4])
    world = story.world
    pool = fleet.packs.filter(pl.col("purpose") == FOR_SWAP).sort("vehicle")
    if pool.is_empty():
        return batteries_none(), {}
    operators = [c.index for c in world.of_role("swap_operator")]
    owner = np.array(operators)[pool["vehicle"].to_numpy() % len(operators)]
    stocked = story.first_day + rng.integers(5, 16, pool.height)
    seconds = rng.integers(8 * 3600, 20 * 3600, pool.height)
    story.tell("swap_in", stocked, owner, second=seconds, code=pool["code"], site=world.sites_of(owner))
    # Every tenth pack of the pool is worn: it does not go round and is moved out later.
    worn = np.arange(pool.height) % 10 == 0
    queues: dict[tuple[int, int], deque[str]] = {}
    for code, design, operator, out in zip(pool["code"], pool["design"], owner.tolist(), worn.tolist(), strict=True):
        if not out:
            queues.setdefault((operator, design), deque()).append(code)
    current = _go_round(story, fleet, rng, queues, operators)
    return _move_out(story, rng, pool.filter(pl.Series(worn)), owner[worn]), current


def _go_round(
    story: Story,
    fleet: Fleet,
    rng: np.random.Generator,
    queues: dict[tuple[int, int], deque[str]],
    operators: list[int],
) -> dict[str, str]:
    calls: list[tuple[int, int, int]] = []
    cars = fleet.vehicles.with_row_index("row").filter(pl.col("fate") == SWAP)
    for row, sold, scrapped in cars.select("row", "sold", "scrapped").iter_rows():
        day = max(sold + 15, story.first_day + 20 + int(rng.integers(0, 30)))
        while day < min(scrapped - 30, story.last_day):
            calls.append((day, int(rng.integers(6 * 3600, 22 * 3600)), row))
            day += int(rng.integers(*_SWAP_EVERY_DAYS))
    calls.sort()
    vins, designs = fleet.vehicles["vin"].to_list(), fleet.vehicles["design"].to_list()
    packs = fleet.vehicles["pack"].to_list()
    current: dict[str, str] = {}
    rows: list[tuple[int, int, int, str, str, str]] = []
    for day, second, row in calls:
        operator = operators[row % len(operators)]
        queue = queues.get((operator, designs[row]))
        if queue:
            old, new = current.get(vins[row], packs[row]), queue.popleft()
            queue.append(old)
            current[vins[row]] = new
            rows.append((day, second, operator, vins[row], old, new))
    table = pl.DataFrame(rows, schema=["day", "second", "by", "vin", "old", "new"], orient="row")
    if rows:
        by = table["by"].to_numpy()
        story.tell(
            "swapped",
            table["day"].to_numpy(),
            by,
            second=table["second"].to_numpy(),
            vin=table["vin"],
            old_code=table["old"],
            new_code=table["new"],
            site=story.world.sites_of(by, 1),
        )
    return current


def _move_out(story: Story, rng: np.random.Generator, packs: pl.DataFrame, owner: Ints) -> pl.DataFrame:
    n = packs.height
    day = story.first_day + rng.integers(60, 120, n)
    utiliser = story.world.some("utiliser", rng.random(n))
    party = story.world.party(utiliser)
    story.tell(
        "swap_out",
        day,
        owner,
        second=rng.integers(9 * 3600, 17 * 3600, n),
        code=packs["code"],
        **party,
    )
    story.tell("retired", day + 3, owner, code=packs["code"], **party)
    return batteries(
        code=packs["code"],
        design=packs["design"],
        level="P",
        holder=owner,
        consignee=utiliser,
        ready=day + 3,
        vin=pl.repeat(None, n, dtype=pl.String, eager=True),
        safe=True,
    )


def batteries_none() -> pl.DataFrame:
    """No batteries."""
    return pl.DataFrame(schema=BATTERIES)


def pack_in(fleet: Fleet, current: dict[str, str]) -> pl.Series:
    """The pack in each vehicle after all repairs and swaps."""
    spare = fleet.packs.filter(pl.col("purpose") == FOR_REPAIR)
    replaced = dict(zip(fleet.vehicles["vin"].gather(spare["vehicle"]), spare["code"], strict=True))
    now = replaced | current
    changed = pl.DataFrame({"vin": list(now), "now": list(now.values())}, schema={"vin": pl.String, "now": pl.String})
    joined = fleet.vehicles.join(changed, on="vin", how="left", maintain_order="left")
    return joined.select(pl.coalesce("now", "pack")).to_series()
