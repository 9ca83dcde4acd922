"""What utilisers do: assess, take apart, make products, deliver them, take them back, recover materials."""

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.simulation.birth import masked
from suyuan.simulation.ending import through_outlet, weighed
from suyuan.simulation.facts import RECOVERED_KG_PER_PACK_KG
from suyuan.simulation.fleet import Fleet
from suyuan.simulation.production import MODULE_LEAD_DAYS
from suyuan.simulation.register import product_prefix
from suyuan.simulation.service import SPARE_SERIALS, batteries
from suyuan.simulation.story import Story
from suyuan.simulation.texts import Ints, battery_codes, numbered, product_codes

_WAYS = np.array([0, 1, 2, 3, 1, 4, 0, 3, 1, 2, 3, 1, 0, 3, 1, 3, 1, 3, 1, 0])
MODULES_REUSED, TAKEN_APART, PACK_REUSED, SHREDDED, DISPOSED = range(5)
"""What becomes of a pack after its assessment; the sequence above gives their shares."""
_MODULES_IN_PRODUCT = 5
_BLOCK_DAYS = 30
_LOOSE_CELLS = 24


def tell_utilisation(story: Story, fleet: Fleet, received: pl.DataFrame, exchanged: dict[str, str]) -> None:
    """From receipt to products and materials.

    Parameters
    ----------
    received
        Batteries at utilisers (see `suyuan.simulation.service.BATTERIES`).
    exchanged
        For each module that was taken out in a repair, the one in its place.
    """
    rng = np.random.default_rng([story.plan.seed, 7])
    received = received.filter(pl.col("ready") <= story.last_day).sort("ready", "code")
    pack = received["level"].to_numpy() == "P"
    way = np.where(pack, _WAYS[(np.cumsum(pack) - 1) % len(_WAYS)], SHREDDED)
    ready = _assess(story, rng, received, way)
    received = received.with_columns(pl.Series("ready", ready), pl.Series("way", way))
    parts = {way: received.filter(pl.col("way") == way).drop("way") for way in range(5)}
    reused = _take_apart(story, fleet, parts[MODULES_REUSED], exchanged, rng)
    sources = pl.concat([reused, parts[PACK_REUSED]])
    returned = _make_products(story, rng, sources)
    apart = _take_apart(story, fleet, parts[TAKEN_APART], exchanged, rng)
    _dispose(story, rng, parts[DISPOSED])
    batches = _treat(story, rng, pl.concat([apart, parts[SHREDDED], returned]))
    _use_materials(story, rng, batches)


def _assess(story: Story, rng: np.random.Generator, received: pl.DataFrame, way: Ints) -> Ints:
    """Every battery is assessed; good ones are the ones that are used again."""
    n = received.height
    good = np.isin(way, (MODULES_REUSED, PACK_REUSED))
    soh = np.round(np.where(good, rng.uniform(0.76, 0.9, n), rng.uniform(0.45, 0.76, n)), 3)
    shapes = story.world.all_designs
    design = received["design"].to_numpy()
    capacity = np.array([d.cell_capacity_ah for d in shapes])[design]
    energy = np.array([d.energy_kwh * 1000 for d in shapes])[design]
    modules = np.array([d.modules for d in shapes])[design]
    energy = np.where(received["level"].to_numpy() == "P", energy, energy / modules)
    day = received["ready"].to_numpy() + rng.integers(1, 5, n)
    by = np.where(np.arange(n) % 5 == 4, story.world.some("laboratory", rng.random(n)), received["holder"].to_numpy())
    story.tell(
        "assessed",
        day,
        by,
        second=rng.integers(9 * 3600, 17 * 3600, n),
        code=received["code"],
        method="GB/T 34015-2017",
        residual_capacity_ah=np.round(capacity * soh, 2),
        residual_energy_wh=np.round(energy * soh, 1),
        soh=soh,
        result=pl.Series(["pass" if it else "fail" for it in good]),
    )
    return day


def _take_apart(
    story: Story, fleet: Fleet, packs: pl.DataFrame, exchanged: dict[str, str], rng: np.random.Generator
) -> pl.DataFrame:
    """Packs become modules; returns the modules."""
    known = packs.join(fleet.packs.select("code", "day", "serial"), on="code", maintain_order="left")
    shapes = story.world.all_designs
    modules = np.array([d.modules for d in shapes])[known["design"].to_numpy()]
    row = np.repeat(np.arange(known.height), modules)
    first = np.concatenate([[0], np.cumsum(modules)[:-1]]) if known.height else modules
    place = np.arange(len(row)) - first[row]
    design = known["design"].to_numpy()[row]
    number = (known["serial"].to_numpy()[row] - 1) * modules[row] + 1 + place
    codes = battery_codes(
        [d.prefix("M") for d in shapes], design, known["day"].to_numpy()[row] - MODULE_LEAD_DAYS, number
    )
    codes = codes.replace(exchanged) if exchanged else codes
    day = known["ready"].to_numpy() + rng.integers(1, 6, known.height)
    holder = known["holder"].to_numpy()
    story.tell(
        "dismantled",
        day[row],
        holder[row],
        record=row,
        code=known["code"].gather(row),
        child_code=codes,
        mass_kg=weighed(story, known, rng).gather(row),
    )
    none = pl.repeat(None, len(row), dtype=pl.String, eager=True)
    return batteries(
        code=codes, design=design, level="M", holder=holder[row], consignee=-1, ready=day[row], vin=none, safe=True
    )


def _make_products(story: Story, rng: np.random.Generator, sources: pl.DataFrame) -> pl.DataFrame:
    """Products out of five modules or of one pack; returns those that come back to a utiliser in the window."""
    world = story.world
    grouped = (
        sources.with_columns((pl.col("ready") // _BLOCK_DAYS).alias("block"))
        .sort("holder", "design", "level", "block", "ready", "code")
        .with_columns(pl.int_range(pl.len()).over("holder", "design", "level", "block").alias("place"))
        .with_columns(
            pl.when(pl.col("level") == "M")
            .then(pl.col("place") // _MODULES_IN_PRODUCT)
            .otherwise("place")
            .alias("chunk")
        )
        .with_columns(pl.struct("holder", "design", "level", "block", "chunk").rle_id().cast(pl.Int64).alias("making"))
    )
    made = grouped.group_by("making", maintain_order=True).agg(
        pl.first("holder", "design", "level"), pl.max("ready"), pl.len().alias("count")
    )
    n = made.height
    day = made["ready"].to_numpy() + rng.integers(2, 8, n)
    holder = made["holder"].to_numpy()
    design = made["design"].to_numpy()
    chemistry = np.array([d.chemistry for d in world.all_designs])[design]
    made = made.with_columns(pl.Series("day", day), pl.Series("chemistry", chemistry.tolist(), dtype=pl.String))
    serial = made.select(pl.int_range(1, pl.len() + 1).over("holder", "chemistry", "day")).to_series().to_numpy()
    product = _product_codes(story, holder, chemistry, day, serial)
    _tell_making(story, grouped, made, product, rng)
    return _deliver_products(story, rng, made.with_columns(product.alias("product")))


def _product_codes(story: Story, holder: Ints, chemistry: npt.NDArray[np.str_], day: Ints, serial: Ints) -> pl.Series:
    prefixes = [product_prefix(company, letter) for company in story.world.companies for letter in "BE"]
    return product_codes(prefixes, holder * 2 + (chemistry == "E"), day, serial)


def _tell_making(
    story: Story, grouped: pl.DataFrame, made: pl.DataFrame, product: pl.Series, rng: np.random.Generator
) -> None:
    """One record a product: a row for each coded source, every seventh with uncoded ones besides."""
    world, shapes = story.world, story.world.all_designs
    making = grouped["making"].to_numpy()
    uncoded = np.flatnonzero(np.arange(made.height) % 7 == 1)
    row = np.concatenate([making, uncoded])
    order = np.argsort(row, kind="stable")
    row, coded = row[order], (np.arange(len(row)) < len(making))[order]
    codes = grouped["code"].append(pl.repeat(None, len(uncoded), dtype=pl.String, eager=True)).gather(order)
    design, pack = made["design"].to_numpy(), made["level"].to_numpy() == "P"
    modules = np.where(pack, [shapes[i].modules for i in design], made["count"].to_numpy())
    energy = np.array([shapes[i].energy_kwh / shapes[i].modules for i in design]) * modules * 0.8
    voltage = np.array([shapes[i].cell_voltage_v * shapes[i].cells for i in design]) * modules
    mass = np.array([shapes[i].module_mass_kg for i in design]) * modules * 1.1
    source = world.some("outlet_operator", rng.random(len(row)))
    story.tell(
        "product_made",
        made["day"].to_numpy()[row],
        made["holder"].to_numpy()[row],
        record=row,
        making_no=numbered("SIM-MK-", row),
        product_code=product.gather(row),
        source_code=codes,
        source_company=masked(world.codes_of(source), ~coded),
        source_count=masked(pl.repeat(2, len(row), dtype=pl.Int64, eager=True), ~coded),
        composition=pl.Series(np.where(pack, "packs", "modules")[row].tolist(), dtype=pl.String),
        capacity_ah=np.round(np.array([shapes[i].cell_capacity_ah * 0.8 for i in design])[row], 1),
        energy_kwh=np.round(energy[row], 2),
        voltage_v=np.round(voltage[row], 1),
        mass_kg=np.round(mass[row], 1),
    )


def _deliver_products(story: Story, rng: np.random.Generator, made: pl.DataFrame) -> pl.DataFrame:
    world, n = story.world, made.height
    day = made["day"].to_numpy() + rng.integers(4, 15, n)
    fields = pl.Series(["base_station", "storage", "swap", "other"])
    choice = rng.choice(4, n, p=(0.4, 0.4, 0.1, 0.1))
    operator = world.some("swap_operator", rng.random(n))
    person = choice == 3
    story.tell(
        "product_delivered",
        day,
        made["holder"].to_numpy(),
        product_code=made["product"],
        application_field=fields.gather(choice),
        field_note=masked(pl.repeat("模拟其他用途", n, eager=True), person),
        party=masked(world.codes_of(operator), choice == 2),
        party_name=pl.Series(
            ["模拟通信公司(模拟)", "模拟储能公司(模拟)", "换电服务(模拟)", None], dtype=pl.String
        ).gather(choice),
        buyer_name=masked(numbered("模拟购买人", np.arange(n)), person),
        division=pl.Series([company.division for company in world.companies]).gather(made["holder"].to_numpy()),
    )
    back = np.flatnonzero(np.arange(n) % 20 == 0)
    returned = batteries(
        code=made["product"].gather(back),
        design=made["design"].gather(back),
        level=made["level"].gather(back),
        holder=pl.repeat(-1, len(back), dtype=pl.Int64, eager=True),
        consignee=-1,
        ready=day[back] + 20,
        vin=pl.repeat(None, len(back), dtype=pl.String, eager=True),
        safe=True,
    )
    return through_outlet(story, rng, returned)


def _dispose(story: Story, rng: np.random.Generator, at_hand: pl.DataFrame) -> None:
    """Damaged packs are disposed of by the utilisers that hold them."""
    by = at_hand["holder"].to_numpy()
    story.tell(
        "disposed",
        at_hand["ready"].to_numpy() + rng.integers(3, 15, at_hand.height),
        by,
        code=at_hand["code"],
        method="无害化处置(模拟)",
        mass_kg=weighed(story, at_hand, rng),
    )


def _treat(story: Story, rng: np.random.Generator, sources: pl.DataFrame) -> pl.DataFrame:
    """Treatments of a month's sources; returns the material batches with `holder`, `ready`, `batch`, `mass`."""
    mass = weighed(story, sources, rng)
    letters = pl.Series([d.chemistry for d in story.world.all_designs])
    grouped = sources.with_columns(
        (pl.col("ready") // _BLOCK_DAYS).alias("block"),
        mass.alias("mass"),
        letters.gather(sources["design"]).alias("chemistry"),
    ).sort("holder", "chemistry", "block", "ready", "code")
    made = grouped.group_by("holder", "chemistry", "block", maintain_order=True).agg(
        "code", "ready", pl.col("mass").sum()
    )
    made = made.with_columns(pl.col("ready").list.max() + pl.Series(rng.integers(3, 12, made.height)))
    rows: list[tuple[int, int, int, str, str | None, str, str, float]] = []
    batches: list[tuple[int, int, str, str, float]] = []
    for number, (holder, chemistry, _, codes, day, total) in enumerate(made.iter_rows()):
        treatment = f"SIM-T-{number:06}"
        materials = [
            (f"SIMB-{story.world.companies[holder].vendor}-{number:06}-{place:02}", name, round(total * share, 2))
            for place, (name, share) in enumerate(RECOVERED_KG_PER_PACK_KG[chemistry].items(), start=1)
        ]
        batches += [(holder, day, *material) for material in materials]
        for place in range(max(len(codes), len(materials))):
            source = codes[place] if place < len(codes) else None
            rows.append((number, day, holder, treatment, source, *materials[place % len(materials)]))
    names = ["number", "day", "by", "treatment", "source", "batch", "material", "mass"]
    types = [pl.Int64, pl.Int64, pl.Int64, pl.String, pl.String, pl.String, pl.String, pl.Float64]
    table = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
    story.tell(
        "treated",
        table["day"].to_numpy(),
        table["by"].to_numpy(),
        record=table["number"].to_numpy(),
        treatment_no=table["treatment"],
        source_code=table["source"],
        material_batch=table["batch"],
        material=table["material"],
        mass_kg=table["mass"],
    )
    schema = {"holder": pl.Int64, "ready": pl.Int64, "batch": pl.String, "material": pl.String, "mass": pl.Float64}
    return pl.DataFrame(batches, schema=schema, orient="row")


def _use_materials(story: Story, rng: np.random.Generator, batches: pl.DataFrame) -> None:
    """Materials go to battery makers; out of each batch of lithium come loose cells, some for export."""
    world, n = story.world, batches.height
    maker = world.some("battery_maker", rng.random(n))
    day = batches["ready"].to_numpy() + rng.integers(17, 26, n)
    story.tell(
        "material_delivered",
        day,
        batches["holder"].to_numpy(),
        material_batch=batches["batch"],
        mass_kg=pl.Series(np.maximum(batches["mass"].to_numpy(), 0.01)),
        **world.party(maker),
    )
    lithium = np.flatnonzero((batches["material"] == "lithium").to_numpy())
    first_design = {d.maker: d.index for d in reversed(world.designs)}
    design = np.array([first_design[index] for index in maker[lithium]], dtype=np.int64)
    row = np.repeat(np.arange(len(lithium)), _LOOSE_CELLS)
    made = (day[lithium] + rng.integers(32, 40, len(lithium)))[row]
    serial = SPARE_SERIALS + 100_001 + np.arange(len(row)) % 800_000
    cells = battery_codes([d.prefix("C") for d in world.all_designs], design[row], made, serial)
    by = maker[lithium][row]
    story.tell(
        "cell_produced",
        made,
        by,
        code=cells,
        model=pl.Series([d.model("C") for d in world.all_designs]).gather(design[row]),
        material_batch=batches["batch"].gather(lithium[row]),
        material_company=world.codes_of(batches["holder"].to_numpy()[lithium][row]),
    )
    half = np.flatnonzero(np.arange(len(row)) % 2 == 0)
    story.tell(
        "exported",
        made[half] + 4,
        by[half],
        code=cells.gather(half),
        country="NOR",
        declaration_no=numbered("SIM-EX-", half),
    )
