"""What is reported wrongly on purpose or by carelessness: codes misread, masses misweighed, recovery overstated.

Each has its own random numbers, so that a plan without them gives the files that it gave before there were any.
"""

import numpy as np
import polars as pl

from suyuan.simulation.errors import Reports, mistyped, note, objects_of, patch
from suyuan.simulation.story import DAY_SECONDS, Story

OVERSTATED = 1.5
"""A recycler that overstates reports so many times the lithium that it recovered."""
_LEAST, _MOST = 0.6, 0.8


def misreport(story: Story, reports: Reports) -> None:
    """Inject them into what is reported, and write the truth down."""
    _misread(story, reports, np.random.default_rng([story.plan.seed, 12]))
    _misweigh(story, reports, np.random.default_rng([story.plan.seed, 13]))
    _overstate(story, reports, np.random.default_rng([story.plan.seed, 14]))


def _some(story: Story, reports: Reports, kinds: list[str], rate: float, rng: np.random.Generator) -> pl.DataFrame:
    """Faultless records of the window, drawn at `rate`, with their main object; each is marked as faulty."""
    here = pl.col("kind").is_in(kinds) & pl.col("error").is_null() & (pl.col("at") >= story.first_day * DAY_SECONDS)
    fit = reports.records.filter(here)
    return objects_of(reports, fit.filter(pl.Series(rng.random(fit.height) < rate, dtype=pl.Boolean)))


def _mark(reports: Reports, chosen: pl.DataFrame, error: str) -> pl.DataFrame:
    taken = pl.col("record").is_in(chosen["record"].implode())
    reports.records = reports.records.with_columns(
        pl.when(taken).then(pl.lit(error)).otherwise(pl.col("error")).alias("error")
    )
    return chosen.with_columns(pl.lit(error).alias("error"))


def _misread(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    kinds = ["utiliser_received", "outlet_received"]
    chosen = _mark(reports, _some(story, reports, kinds, story.plan.errors.misread, rng), "misread")
    if chosen.is_empty():
        return
    wrong = pl.Series("reported_value", [mistyped(code, rng) for code in chosen["object"]], dtype=pl.String)
    chosen = chosen.with_columns(pl.col("object").alias("true_value"), wrong)
    note(story, reports, chosen)
    for (kind,), group in chosen.group_by("kind", maintain_order=True):
        patch(reports, str(kind), "code", group.select("record", pl.col("reported_value").alias("value")))


def _misweigh(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    kind = "utiliser_received"
    chosen = _mark(reports, _some(story, reports, [kind], story.plan.errors.misweighed, rng), "misweighed")
    if chosen.is_empty():
        return
    masses = reports.told[kind].select(pl.col("_record").alias("record"), pl.col("mass_kg"))
    chosen = chosen.join(masses, on="record", how="left", maintain_order="left")
    wrong = (chosen["mass_kg"] * pl.Series(rng.uniform(_LEAST, _MOST, chosen.height))).round(1)
    patch(reports, kind, "mass_kg", chosen.select("record", wrong.alias("value")))
    said = chosen.with_columns(
        pl.lit("mass_kg").alias("field"),
        pl.col("mass_kg").cast(pl.String).alias("true_value"),
        wrong.cast(pl.String).alias("reported_value"),
    )
    note(story, reports, said)


def _overstate(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    """Who overstates does so in every treatment; the object of the truth is the company."""
    treated = reports.told.get("treated")
    companies = story.world.of_role("utiliser")
    liars = [one.index for one in companies if rng.random() < story.plan.errors.overstated]
    if treated is None or not liars:
        return
    here = pl.col("_by").is_in(liars) & (pl.col("material") == "lithium")
    more = (pl.col("mass_kg") * OVERSTATED).round(2)
    reports.told["treated"] = treated.with_columns(
        pl.when(here).then(more).otherwise(pl.col("mass_kg")).alias("mass_kg")
    )
    first = treated.filter(here).group_by("_by", maintain_order=True).agg(pl.col("_at").min().alias("at"))
    rows = first.select(
        pl.lit("overstated").alias("error"),
        pl.lit("treated").alias("kind"),
        pl.lit(None, pl.Int64).alias("record"),
        story.world.usccs.gather(first["_by"]).alias("object"),
        pl.col("_by").alias("by"),
        "at",
        (pl.col("at") // DAY_SECONDS).alias("reported"),
        pl.lit("mass_kg").alias("field"),
    )
    note(story, reports, rows)
