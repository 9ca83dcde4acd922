"""How vehicles end and their batteries are collected: scrapped, removed, handed over, received by utilisers.

Leaks happen here, as part of what is true: a vehicle arrives without its pack, a removed battery is
never heard of again. They are noted in `Leaks`.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from suyuan.simulation.birth import masked, test_end
from suyuan.simulation.fleet import NEVER, SWAP, TEST, Fleet
from suyuan.simulation.plan import ENOUGH_FOR_EVERY_KIND
from suyuan.simulation.service import batteries, batteries_none, pack_in
from suyuan.simulation.story import Story
from suyuan.simulation.texts import Ints, Mask, battery_codes, days, numbered
from suyuan.simulation.world import World

OLD_SERIALS, EXCHANGED_FROM = 8_000_000, 500_001
"""Old packs, of whose making no record tells, have serials above this; some of them are put in before scrapping."""
_SAFE = 8
"""So many vehicles scrapped first neither lose their pack nor is it lost sight of, if every kind must occur."""
_ROUTES = np.array([0, 1, 0, 2, 0])
OUTLET, DIRECT, RETIRED = range(3)


def old_packs(world: World, design: Ints, first: int) -> pl.Series:
    """Codes of packs made soon after their design was filed, of which no record tells."""
    made = np.array([days(one.filed_on) for one in world.all_designs])[design] + 20
    serial = OLD_SERIALS + first + np.arange(len(design))
    return battery_codes([one.prefix("P") for one in world.all_designs], design, made, serial)


@dataclass(slots=True)
class Leaks:
    """What went astray: `error`, `object` (VIN or code), `code` of the battery, `day`, `holder` (company index)."""

    rows: list[pl.DataFrame] = field(default_factory=list)

    def note(self, error: str, objects: pl.Series, codes: pl.Series, day: Ints, holder: Ints) -> None:
        """Add leaks of one sort."""
        self.rows.append(
            pl.DataFrame({"object": objects, "code": codes, "day": day, "holder": holder}).select(
                pl.lit(error).alias("error"), pl.all()
            )
        )


def tell_scrapping(story: Story, fleet: Fleet, current: dict[str, str], leaks: Leaks) -> pl.DataFrame:
    """Vehicles scrapped in the window; returns the batteries removed from them."""
    rng = np.random.default_rng([story.plan.seed, 5])
    cars = fleet.vehicles.with_columns(pack_in(fleet, current).alias("pack")).with_row_index("row")
    scrapped = cars.filter(pl.col("scrapped") < NEVER).sort("scrapped", "row")
    ordinary, swap = scrapped.filter(pl.col("fate") != SWAP), scrapped.filter(pl.col("fate") == SWAP)
    return pl.concat(
        [
            _tell_ordinary(story, rng, ordinary, leaks),
            _tell_test(story, cars.filter(pl.col("fate") == TEST), rng),
            _tell_swap_models(story, rng, swap),
        ]
    )


def _mass(story: Story, design: pl.Series, level: str, rng: np.random.Generator) -> pl.Series:
    """Masses as weighed [kg]: the filed mass, 1 % up or down."""
    filed = np.array([d.mass_kg if level == "P" else d.module_mass_kg for d in story.world.all_designs])
    return pl.Series(np.round(filed[design.to_numpy()] * rng.normal(1, 0.01, len(design)), 1))


def weighed(story: Story, at_hand: pl.DataFrame, rng: np.random.Generator) -> pl.Series:
    """Masses of batteries at hand as weighed [kg]."""
    pack, module = _mass(story, at_hand["design"], "P", rng), _mass(story, at_hand["design"], "M", rng)
    return pl.select(pl.when(at_hand["level"] == "P").then(pack).otherwise(module)).to_series()


def _certificates(cars: pl.DataFrame) -> pl.Series:
    return numbered("SIM-SC-", cars["row"].to_numpy().astype(np.int64))


def _tell_ordinary(story: Story, rng: np.random.Generator, cars: pl.DataFrame, leaks: Leaks) -> pl.DataFrame:
    world, n = story.world, cars.height
    dismantler = world.some("dismantler", rng.random(n))
    day = cars["scrapped"].to_numpy()
    safe = np.arange(n) < (_SAFE if story.plan.vehicles >= ENOUGH_FOR_EVERY_KIND else 0)
    there = safe | (rng.random(n) >= story.plan.errors.leaked)
    cars = exchange(story, cars, there & ~safe, dismantler, leaks)
    reason = pl.Series(["lost", "removed_before", "unknown"]).gather(rng.integers(0, 3, n))
    chemistry = pl.Series([d.chemistry for d in world.all_designs]).gather(cars["design"])
    story.tell(
        "vehicle_scrapped",
        day,
        dismantler,
        vin=cars["vin"],
        certificate_no=_certificates(cars),
        pack_code=masked(cars["pack"], there),
        missing_reason=masked(reason, ~there),
        chemistry=masked(chemistry, there),
    )
    gone = np.flatnonzero(~there & (day <= story.last_day))
    leaks.note("leaked", cars["vin"].gather(gone), cars["pack"].gather(gone), day[gone], dismantler[gone])
    stays = np.flatnonzero(there)
    return _remove(story, rng, cars[stays], dismantler[stays], day[stays] + rng.integers(2, 9, len(stays)), safe[stays])


def exchange(story: Story, cars: pl.DataFrame, may: Mask, by: Ints, leaks: Leaks) -> pl.DataFrame:
    """Some vehicles arrive with an old pack that no record put into them; their own is never heard of again."""
    rng = np.random.default_rng([story.plan.seed, 11])
    day = cars["scrapped"].to_numpy()
    other = np.flatnonzero(may & (rng.random(cars.height) < story.plan.errors.exchanged) & (day <= story.last_day))
    if not len(other):
        return cars
    leaks.note("exchanged", cars["vin"].gather(other), cars["pack"].gather(other), day[other], by[other])
    codes = old_packs(story.world, cars["design"].to_numpy()[other], EXCHANGED_FROM)
    return cars.with_columns(cars["pack"].scatter(other, codes).alias("pack"))


def _remove(
    story: Story,
    rng: np.random.Generator,
    cars: pl.DataFrame,
    by: Ints,
    day: Ints,
    safe: Mask,
) -> pl.DataFrame:
    removed = batteries(
        code=cars["pack"],
        design=cars["design"],
        level="P",
        holder=by,
        consignee=-1,
        ready=day,
        vin=cars["vin"],
        safe=safe,
    )
    story.tell(
        "battery_removed",
        day,
        by,
        code=removed["code"],
        vin=removed["vin"],
        mass_kg=weighed(story, removed, rng),
        site=story.world.sites_of(by),
    )
    return removed


def _tell_test(story: Story, cars: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    return _remove(story, rng, cars, cars["maker"].to_numpy(), test_end(cars) + 5, np.ones(cars.height, dtype=np.bool_))


def _tell_swap_models(story: Story, rng: np.random.Generator, cars: pl.DataFrame) -> pl.DataFrame:
    """The operator takes its pack back before a swap model is scrapped; the pack goes on in the stations."""
    world, day = story.world, cars["scrapped"].to_numpy()
    operators = np.array([c.index for c in world.of_role("swap_operator")])
    operator = operators[cars["row"].to_numpy() % len(operators)]
    removed = _remove(story, rng, cars, operator, day - 8, np.ones(cars.height, dtype=np.bool_))
    story.tell("swap_in", day - 6, operator, code=removed["code"], site=world.sites_of(operator))
    story.tell(
        "vehicle_scrapped",
        day,
        world.some("dismantler", rng.random(cars.height)),
        vin=cars["vin"],
        certificate_no=_certificates(cars),
        missing_reason="swap_model",
    )
    return batteries_none()


def tell_collection(story: Story, removed: pl.DataFrame, leaks: Leaks) -> pl.DataFrame:
    """From those who removed batteries to the utilisers; returns what these received (`holder`, `ready`)."""
    rng = np.random.default_rng([story.plan.seed, 6])
    # Who has announced a receiver hands over to him; retired swap packs go straight to their utiliser.
    utilisers = [company.index for company in story.world.of_role("utiliser")]
    meant = removed.filter(pl.col("consignee").is_in(utilisers))
    rest = removed.filter(~pl.col("consignee").is_in(utilisers)).sort("ready", "code")
    n = rest.height
    vanished = ~rest["safe"].to_numpy() & (rng.random(n) < story.plan.errors.vanished)
    day = rest["ready"].to_numpy()
    gone = np.flatnonzero(vanished & (day <= story.last_day))
    leaks.note(
        "vanished", rest["code"].gather(gone), rest["code"].gather(gone), day[gone], rest["holder"].to_numpy()[gone]
    )
    rest = rest.filter(pl.Series(~vanished))
    route = np.where(rest["consignee"].to_numpy() >= 0, OUTLET, _ROUTES[np.arange(rest.height) % len(_ROUTES)])
    repairers = [company.index for company in story.world.of_role("repairer")]
    route = np.where(rest["holder"].is_in(repairers).to_numpy() & (route == RETIRED), DIRECT, route)
    rest = _lose_and_find(story, rest.with_columns(pl.Series("route", route)))
    parts = [rest.filter(pl.col("route") == it).drop("route") for it in (OUTLET, DIRECT, RETIRED)]
    return pl.concat(
        [
            through_outlet(story, rng, parts[0]),
            _direct(story, rng, parts[1]),
            _retired(story, rng, parts[2]),
            receive(story, rng, meant, meant["consignee"].to_numpy(), meant["ready"].to_numpy() + 2),
        ]
    )


def _lose_and_find(story: Story, at_hand: pl.DataFrame) -> pl.DataFrame:
    """Every fortieth battery is lost in the yard for some days."""
    lost = pl.Series((np.arange(at_hand.height) % 40 == 1) & (at_hand["route"].to_numpy() == DIRECT))
    some = at_hand.filter(lost)
    day, holder = some["ready"].to_numpy(), some["holder"].to_numpy()
    number = numbered("SIM-PR-", np.arange(len(day)))
    story.tell("lost", day + 3, holder, code=some["code"], police_report_no=number)
    story.tell("found", day + 8, holder, code=some["code"], site=story.world.sites_of(holder))
    later = pl.when(lost).then(pl.col("ready") + 8).otherwise(pl.col("ready"))
    return at_hand.with_columns(later.alias("ready"))


def through_outlet(story: Story, rng: np.random.Generator, at_hand: pl.DataFrame) -> pl.DataFrame:
    """Received by an outlet, handed over to a utiliser, received there."""
    world, n = story.world, at_hand.height
    meant = at_hand["consignee"].to_numpy()
    outlet = np.where(meant >= 0, meant, world.some("outlet_operator", rng.random(n)))
    day = at_hand["ready"].to_numpy() + rng.integers(5, 12, n)
    holder = at_hand["holder"].to_numpy()
    known = holder >= 0
    story.tell(
        "outlet_received",
        day,
        outlet,
        code=at_hand["code"],
        site=world.sites_of(outlet, int(rng.integers(0, 2))),
        from_company=masked(world.codes_of(np.maximum(holder, 0)), known),
        from_name=masked(numbered("模拟用户", np.arange(n)), ~known),
        vin=at_hand["vin"],
        mass_kg=weighed(story, at_hand, rng),
    )
    utiliser = world.some("utiliser", rng.random(n))
    leaves = day + rng.integers(10, 30, n)
    note = numbered("SIM-OH-", np.arange(n))
    story.tell(
        "outlet_handed_over",
        leaves,
        outlet,
        code=at_hand["code"],
        **world.party(utiliser),
        mass_kg=weighed(story, at_hand, rng),
        document_no=note,
    )
    at_outlet = at_hand.with_columns(pl.Series("holder", outlet, dtype=pl.Int64))
    return receive(story, rng, at_outlet, utiliser, leaves + rng.integers(1, 4, n), note)


def _direct(story: Story, rng: np.random.Generator, at_hand: pl.DataFrame) -> pl.DataFrame:
    world, n = story.world, at_hand.height
    utiliser = world.some("utiliser", rng.random(n))
    day = at_hand["ready"].to_numpy() + rng.integers(17, 30, n)
    note = numbered("SIM-DH-", np.arange(n))
    story.tell(
        "transferred_out",
        day,
        at_hand["holder"].to_numpy(),
        code=at_hand["code"],
        **world.party(utiliser),
        mass_kg=weighed(story, at_hand, rng),
        document_no=note,
    )
    return receive(story, rng, at_hand, utiliser, day + rng.integers(1, 4, n), note)


def _retired(story: Story, rng: np.random.Generator, at_hand: pl.DataFrame) -> pl.DataFrame:
    world, n = story.world, at_hand.height
    utiliser = world.some("utiliser", rng.random(n))
    day = at_hand["ready"].to_numpy() + rng.integers(10, 20, n)
    story.tell(
        "retired",
        day,
        at_hand["holder"].to_numpy(),
        code=at_hand["code"],
        mass_kg=weighed(story, at_hand, rng),
        **world.party(utiliser),
    )
    return receive(story, rng, at_hand, utiliser, day + rng.integers(1, 4, n))


def receive(
    story: Story,
    rng: np.random.Generator,
    at_hand: pl.DataFrame,
    utiliser: Ints,
    day: Ints,
    note: pl.Series | None = None,
) -> pl.DataFrame:
    """The utiliser takes in what was announced to him; returns the batteries in his hands."""
    world = story.world
    story.tell(
        "utiliser_received",
        day,
        utiliser,
        code=at_hand["code"],
        from_company=world.codes_of(at_hand["holder"].to_numpy()),
        mass_kg=weighed(story, at_hand, rng),
        document_no=note,
        site=world.sites_of(utiliser),
    )
    return at_hand.with_columns(
        pl.Series("holder", utiliser, dtype=pl.Int64),
        pl.lit(-1, pl.Int64).alias("consignee"),
        pl.Series("ready", day, dtype=pl.Int64),
    )
