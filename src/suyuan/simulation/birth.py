"""How vehicles and packs come into the world: made, stocked, handed over, built in, certified, sold."""

import numpy as np
import polars as pl

from suyuan.simulation.facts import USES
from suyuan.simulation.fleet import CONVERTED, EXPORTED, FOR_SWAP, FOR_VEHICLE, IMPORTED, SWAP, TEST, Fleet
from suyuan.simulation.story import Story
from suyuan.simulation.texts import Ints, Mask, numbered
from suyuan.simulation.transfers import transfer


def tell_births(story: Story, fleet: Fleet) -> None:
    """Everything up to the sale."""
    rng = np.random.default_rng([story.plan.seed, 2])
    _tell_packs(story, fleet, rng)
    _tell_vehicles(story, fleet)
    _tell_sales(story, fleet, rng)


def _tell_packs(story: Story, fleet: Fleet, rng: np.random.Generator) -> None:
    world = story.world
    abroad = len(world.designs)
    home = fleet.packs.filter(pl.col("design") < abroad)
    design, day = home["design"].to_numpy(), home["day"].to_numpy()
    makers = np.array([d.maker for d in world.all_designs])[design]
    story.tell(
        "pack_produced",
        day,
        makers,
        aside={"_design": design, "_day": day, "_serial": home["serial"].to_numpy()},
        pack_code=home["code"],
        model=pl.Series([d.model("P") for d in world.all_designs]).gather(design),
        order_no=numbered("SIM-", day * 100 + design),
    )
    receivers = np.where(
        home["purpose"].to_numpy() == FOR_SWAP, -1, fleet.vehicles["maker"].to_numpy()[home["vehicle"].to_numpy()]
    )
    hand_over(story, rng, home["code"], makers, receivers, day)
    imported = fleet.packs.filter((pl.col("design") >= abroad) & (pl.col("purpose") == FOR_VEHICLE))
    bought = fleet.vehicles[imported["vehicle"].to_numpy()]
    importer = bought["maker"].to_numpy()
    story.tell(
        "imported",
        bought["made"].to_numpy() - rng.integers(3, 9, len(importer)),
        importer,
        code=imported["code"],
        country="DEU",
        declaration_no=numbered("SIM-IM-", imported["vehicle"].to_numpy()),
        site=world.sites_of(importer),
    )


def hand_over(
    story: Story, rng: np.random.Generator, codes: pl.Series, makers: Ints, receivers: Ints, day: Ints
) -> None:
    """From the maker's stock to the carmaker's, for packs made in the window."""
    told = np.flatnonzero((day >= story.first_day) & (receivers >= 0))
    codes, makers, receivers, day = codes.gather(told), makers[told], receivers[told], day[told]
    world, n = story.world, len(told)
    stocked = day + rng.integers(1, 4, n)
    story.tell("stocked", stocked, makers, code=codes, site=world.sites_of(makers))
    left = stocked + rng.integers(3, 8, n)
    transfer(story, rng, codes, makers, receivers, left, "SIM-TR-")


def _tell_vehicles(story: Story, fleet: Fleet) -> None:
    vehicles = fleet.vehicles
    maker = vehicles["maker"].to_numpy()
    design = vehicles["design"].to_numpy()
    model = pl.Series([f"SIM7{d.index:03}BEV" for d in story.world.all_designs]).gather(design)
    swap = vehicles["fate"] == SWAP
    story.tell(
        "vehicle_produced",
        vehicles["made"].to_numpy(),
        maker,
        vin=vehicles["vin"],
        pack_code=vehicles["pack"],
        vehicle_model=model,
        vehicle_type="纯电动乘用车",
        vehicle_brand="模拟牌",
        vehicle_name=pl.Series(["模拟换电轿车" if it else "模拟轿车" for it in swap]),
        swap_model=pl.Series(["yes" if it else "no" for it in swap]),
    )
    story.tell(
        "vehicle_certified",
        vehicles["certified"].to_numpy(),
        maker,
        vin=vehicles["vin"],
        certificate_no=numbered("SIM", np.arange(vehicles.height), 12),
        vehicle_model=model,
    )
    test = vehicles.filter(pl.col("fate") == TEST)
    story.tell("test_vehicle_scrapped", test_end(test), test["maker"].to_numpy(), vin=test["vin"])


def test_end(vehicles: pl.DataFrame) -> Ints:
    """Day on which test vehicles are scrapped."""
    days: Ints = vehicles["certified"].to_numpy() + 30
    return days


def _tell_sales(story: Story, fleet: Fleet, rng: np.random.Generator) -> None:
    world = story.world
    converted = fleet.vehicles.filter(pl.col("fate") == CONVERTED)
    makers = [c.index for c in world.of_role("carmaker")]
    builder = converted["maker"].to_numpy()
    other = np.array([makers[(makers.index(index) + 1) % len(makers)] for index in builder], dtype=np.int64)
    story.tell(
        "body_converted",
        converted["certified"].to_numpy() + 3,
        builder,
        vin=converted["vin"],
        **world.party(other),
    )
    abroad = fleet.vehicles.filter(pl.col("fate") == EXPORTED)
    story.tell(
        "vehicle_exported",
        abroad["certified"].to_numpy() + 20,
        abroad["maker"].to_numpy(),
        vin=abroad["vin"],
        country="NOR",
        declaration_no=numbered("SIM-EX-", np.arange(abroad.height)),
    )
    sold = fleet.vehicles.with_row_index("row").filter(~pl.col("fate").is_in([TEST, EXPORTED]))
    n, fate = sold.height, sold["fate"].to_numpy()
    seller = np.where(rng.random(n) < 0.3, world.some("dealer", rng.random(n)), sold["maker"].to_numpy())
    seller = np.where(fate == IMPORTED, sold["maker"].to_numpy(), seller)
    after = dict(zip(converted["vin"], other.tolist(), strict=True))
    if after:
        seller = np.where(fate == CONVERTED, np.array([after.get(vin, -1) for vin in sold["vin"]]), seller)
    use = rng.choice(len(USES), n, p=np.array(list(USES.values())))
    leasing = np.flatnonzero(use == list(USES).index("leasing"))
    lessor = np.full(n, -1)
    lessor[leasing] = world.some("lessor", rng.random(len(leasing)))
    private = pl.Series(use == list(USES).index("private"))
    owner = numbered("模拟车主", sold["row"].to_numpy())
    story.tell(
        "vehicle_sold",
        sold["sold"].to_numpy(),
        seller,
        vin=sold["vin"],
        division=_divisions(story, rng, n),
        vehicle_use=pl.Series(list(USES)).gather(use),
        party=masked(world.codes_of(np.maximum(lessor, 0)), lessor >= 0),
        party_name=masked(world.names_of(np.maximum(lessor, 0)), lessor >= 0),
        owner_name=masked(owner, private.to_numpy()),
    )


def masked(values: pl.Series, keep: Mask) -> pl.Series:
    """`values` where `keep`, null elsewhere."""
    return pl.select(pl.when(pl.Series(keep)).then(values)).to_series()


def _divisions(story: Story, rng: np.random.Generator, n: int) -> pl.Series:
    provinces = list({company.province.code: company.province for company in story.world.companies}.values())
    weights = np.array([province.weight for province in provinces])
    choice = rng.choice(len(provinces), n, p=weights / weights.sum()) * 2 + rng.integers(0, 2, n)
    return pl.Series([division for province in provinces for division in province.divisions]).gather(choice)
