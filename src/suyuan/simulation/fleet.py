"""Who is born: vehicles with their packs, spare packs and packs for swapping, and what awaits them.

Everything is drawn as whole columns. `Fleet.vehicles` has one row a vehicle:
`vin`, `maker` (index of the carmaker or importer), `design`, `pack`, `made`, `certified`, `sold`
(days since 1970), `fate`, `repair`, `repaired`, `scrapped` (day, or `NEVER`).
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from suyuan.simulation.facts import LIFE_SCALE_YEARS, LIFE_SHAPE, lfp_share, sales_weight
from suyuan.simulation.plan import ENOUGH_FOR_EVERY_KIND, Plan
from suyuan.simulation.texts import EPOCH, Ints, battery_codes, days, vins
from suyuan.simulation.world import World

NEVER = 10**7
ORDINARY, SWAP, TEST, EXPORTED, CONVERTED, IMPORTED = range(6)
"""What kind of life a vehicle has."""
NO_REPAIR, PACK_REPAIR, MODULE_REPAIR = range(3)
FOR_VEHICLE, FOR_REPAIR, FOR_SWAP = range(3)
"""What a pack is made for."""

_SHARES = {SWAP: 0.03, TEST: 0.005, EXPORTED: 0.05, CONVERTED: 0.015, IMPORTED: 0.01}
_LEAST = {SWAP: 3, TEST: 1, EXPORTED: 1, CONVERTED: 1, IMPORTED: 1}
_REPAIRS_A_YEAR = {PACK_REPAIR: 0.006, MODULE_REPAIR: 0.004}
_LEAST_SCRAPPED = 12
_SWAP_PACKS_A_VEHICLE = 0.5


@dataclass(frozen=True, slots=True)
class Fleet:
    """Vehicles and all packs; `packs` has `design`, `day`, `serial`, `code`, `purpose`, `vehicle` (row or -1)."""

    vehicles: pl.DataFrame
    packs: pl.DataFrame


def _made_days(plan: Plan, rng: np.random.Generator) -> Ints:
    """Days on which the vehicles were built: years weighted by national sales."""
    first = days(plan.start) - 365 * plan.history_years
    blocks = plan.history_years + plan.years
    middles = [EPOCH + timedelta(days=first + 365 * block + 182) for block in range(blocks)]
    weights = np.array([sales_weight(middle.year) for middle in middles], dtype=np.float64)
    if plan.vehicles >= ENOUGH_FOR_EVERY_KIND:  # both sides of the window's start must be peopled
        newer = weights[plan.history_years :].sum() / weights.sum()
        weights[plan.history_years :] *= min(max(newer, 0.3), 0.7) / newer
        weights[: plan.history_years] *= (1 - min(max(newer, 0.3), 0.7)) / max(1 - newer, 1e-9)
    bounds = np.round(np.cumsum(weights) / weights.sum() * plan.vehicles).astype(np.int64)
    block = np.searchsorted(bounds, np.arange(plan.vehicles), side="right")
    return np.sort(first + block * 365 + rng.integers(0, 365, plan.vehicles))


def _fates(plan: Plan, made: Ints, rng: np.random.Generator) -> Ints:
    """A fate for each vehicle: shares of the newer ones, at least a few where every kind must occur."""
    fates = np.full(len(made), ORDINARY)
    newer = np.flatnonzero(made >= days(plan.start))
    # The earlier half of the window, so that what follows still falls into it.
    early = newer[: max(len(newer) // 2, 1)] if len(newer) else newer
    taken = 0
    order = rng.permutation(early)
    for fate, share in _SHARES.items():
        pool = len(made) if fate == SWAP else len(newer)
        count = round(share * pool)
        if plan.vehicles >= ENOUGH_FOR_EVERY_KIND:
            count = max(count, _LEAST[fate])
        if fate == SWAP:
            older = np.flatnonzero(made < days(plan.start) - 120)
            fates[rng.permutation(older)[:count]] = SWAP
            continue
        fates[order[taken : taken + count]] = fate
        taken += count
    return fates


def _scrap_days(plan: Plan, sold: Ints, fates: Ints, rng: np.random.Generator) -> Ints:
    """Weibull lives; who was on the road when the window opened had survived until then."""
    start, end = days(plan.start), days(plan.end)
    scale = LIFE_SCALE_YEARS * 365
    age = np.maximum(start - sold, 0)
    life = scale * ((age / scale) ** LIFE_SHAPE + rng.exponential(size=len(sold))) ** (1 / LIFE_SHAPE)
    scrapped = np.maximum(sold + life.astype(np.int64), start + 3)
    scrapped = np.where(np.isin(fates, (TEST, EXPORTED)) | (scrapped > end), NEVER, scrapped)
    if plan.vehicles >= ENOUGH_FOR_EVERY_KIND:
        for fate, least in ((ORDINARY, _LEAST_SCRAPPED), (SWAP, 1)):
            oldest = np.flatnonzero((fates == fate) & (sold < start - 30))[:least]
            scrapped[oldest] = start + (8 if fate == ORDINARY else 200) + np.arange(len(oldest)) * 4
    return scrapped


def _repairs(plan: Plan, sold: Ints, scrapped: Ints, fates: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Which vehicles get another pack or module in the window, and on which day."""
    start, end = days(plan.start), days(plan.end)
    repair = np.full(len(sold), NO_REPAIR)
    day = np.full(len(sold), NEVER)
    fit = np.flatnonzero((fates == ORDINARY) & (scrapped == NEVER) & (sold + 90 < end))
    fit = rng.permutation(fit)
    taken = 0
    for what, rate in _REPAIRS_A_YEAR.items():
        count = max(round(rate * plan.years * len(fit)), 2 if plan.vehicles >= ENOUGH_FOR_EVERY_KIND else 0)
        chosen = fit[taken : taken + count]
        taken += count
        earliest = np.maximum(sold[chosen] + 20, start + 60)
        day[chosen] = earliest + (rng.random(len(chosen)) * np.maximum(end - earliest, 1) * 0.6).astype(np.int64)
        repair[chosen] = what
    return repair, day


def _designs(world: World, made: Ints, fates: Ints, rng: np.random.Generator) -> Ints:
    """A design for each vehicle: chemistry by year, maker by lot; imported vehicles have foreign packs."""
    years = (made.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970).tolist()
    lfp = rng.random(len(made)) < np.array([lfp_share(year) for year in years])
    pick = rng.random(len(made))
    design = np.zeros(len(made), dtype=np.int64)
    for chemistry, mask in (("B", lfp), ("E", ~lfp)):
        choices = np.array([d.index for d in world.designs if d.chemistry == chemistry])
        design[mask] = choices[(pick[mask] * len(choices)).astype(np.int64)]
    abroad = np.array([d.index for d in world.foreign])
    return np.where(fates == IMPORTED, abroad[(pick * len(abroad)).astype(np.int64)], design)


def build_fleet(plan: Plan, world: World) -> Fleet:
    """All vehicles and packs of a plan."""
    rng = np.random.default_rng([plan.seed, 1])
    made = _made_days(plan, rng)
    n = len(made)
    fates = _fates(plan, made, rng)
    certified = made + rng.integers(1, 4, n)
    sold = certified + rng.integers(8, 45, n)
    scrapped = _scrap_days(plan, sold, fates, rng)
    repair, repaired = _repairs(plan, sold, scrapped, fates, rng)
    design = _designs(world, made, fates, rng)
    makers = np.array([c.index for c in world.of_role("carmaker")])
    importer_of = np.array([d.maker for d in world.all_designs])
    maker = np.where(
        fates == IMPORTED, importer_of[design], makers[(rng.random(n) ** 1.5 * len(makers)).astype(np.int64)]
    )
    packs = _packs(
        plan,
        world,
        pl.DataFrame({"design": design, "made": made, "fate": fates, "repair": repair, "repaired": repaired}),
        rng,
    )
    own = packs.filter(pl.col("purpose") == FOR_VEHICLE).sort("vehicle")
    year = made.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    serial = pl.DataFrame({"m": maker, "y": year}).select(pl.int_range(pl.len()).over("m", "y")).to_series().to_numpy()
    heads = [f"L{index // 33 % 10}S{_letter(index)}EV1{_letter(index)}" for index in range(len(world.companies))]
    vehicles = pl.DataFrame(
        {
            "vin": vins(heads, maker, year, serial + 1),
            "maker": maker,
            "design": design,
            "pack": own["code"],
            "made": made,
            "certified": certified,
            "sold": sold,
            "fate": fates,
            "repair": repair,
            "repaired": repaired,
            "scrapped": scrapped,
        }
    )
    return Fleet(vehicles, packs)


def _letter(index: int) -> str:
    return "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"[index % 33]


def _packs(plan: Plan, world: World, vehicles: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Every pack: for vehicles, for repairs, for swapping; made in weekly lots, serials within the lot."""
    n = vehicles.height
    made, design = vehicles["made"].to_numpy(), vehicles["design"].to_numpy()
    repaired = np.flatnonzero(vehicles["repair"].to_numpy() == PACK_REPAIR)
    swapping = np.flatnonzero(vehicles["fate"].to_numpy() == SWAP)
    pool = swapping[: int(np.ceil(len(swapping) * _SWAP_PACKS_A_VEHICLE))]
    day = np.concatenate(
        [
            made - rng.integers(30, 62, n),
            vehicles["repaired"].to_numpy()[repaired] - rng.integers(75, 110, len(repaired)),
            days(plan.start) - rng.integers(10, 45, len(pool)),
        ]
    )
    packs = pl.DataFrame(
        {
            "design": np.concatenate([design, design[repaired], design[pool]]),
            "day": day - day % 7,
            "purpose": np.repeat([FOR_VEHICLE, FOR_REPAIR, FOR_SWAP], [n, len(repaired), len(pool)]),
            "vehicle": np.concatenate([np.arange(n), repaired, pool]),
        }
    ).sort("design", "day", maintain_order=True)
    packs = packs.with_columns(pl.int_range(1, pl.len() + 1).over("design", "day").alias("serial"))
    prefixes = [d.prefix("P") for d in world.all_designs]
    codes = battery_codes(prefixes, *(packs[name].to_numpy() for name in ("design", "day", "serial")))
    return packs.with_columns(codes.alias("code"))
