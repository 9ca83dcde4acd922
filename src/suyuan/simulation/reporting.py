"""When what happened is reported: companies upload at fixed dates, later than the events.

Vehicles (15 working days or 20 days after the certificate) and everything of dismantlers (15 working
days) are uploaded twice a month, the rest (30 working days) monthly, history once a year; see
docs/regulation.md 2.1 and 4.3. An honest world reports in a plausible order: no record arrives before
the record it builds on.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from suyuan.events.vocabulary import vocabulary
from suyuan.simulation.story import DAY_SECONDS
from suyuan.simulation.texts import Ints, Mask
from suyuan.simulation.world import World

HALF_MONTHLY = frozenset(
    {
        "vehicle_produced",
        "vehicle_certified",
        "test_vehicle_scrapped",
        "vehicle_scrapped",
        "battery_removed",
    }
)

UPLOAD_ORDER = (
    "cell_produced",
    "module_produced",
    "pack_produced",
    "imported",
    "stocked",
    "transferred_out",
    "transferred_in",
    "after_sales_stocked",
    "swap_in",
    "vehicle_produced",
    "vehicle_certified",
    "body_converted",
    "vehicle_sold",
    "vehicle_exported",
    "exported",
    "replaced",
    "swapped",
    "swap_out",
    "test_vehicle_scrapped",
    "vehicle_scrapped",
    "battery_removed",
    "lost",
    "found",
    "retired",
    "outlet_received",
    "outlet_handed_over",
    "utiliser_received",
    "assessed",
    "dismantled",
    "product_made",
    "product_delivered",
    "treated",
    "disposed",
    "material_delivered",
    "correction",
    "withdrawal",
)
"""In what order the files of one day are sent; life runs mostly this way."""

RANK = {kind: rank for rank, kind in enumerate(UPLOAD_ORDER)}
_DELAY_DAYS = 2
_ROUNDS = 200


def upload_days(day: Ints, half: Mask, first_day: int) -> Ints:
    """When an event of `day` is uploaded: two days after its period has ended, or early next year if history."""
    stamps = day.astype("datetime64[D]")
    month = stamps.astype("datetime64[M]")
    month_first = month.astype("datetime64[D]").astype(np.int64)
    next_first = (month + 1).astype("datetime64[D]").astype(np.int64)
    in_window = np.where(half & (day - month_first < 15), month_first + 14, next_first - 1) + _DELAY_DAYS
    next_year = (stamps.astype("datetime64[Y]") + 1).astype("datetime64[D]").astype(np.int64)
    return np.where(day < first_day, next_year + 9, in_window)


def next_upload(after: Ints, half: Mask, first_day: int) -> Ints:
    """The upload that follows the one of the day `after`."""
    return upload_days(np.maximum(after - _DELAY_DAYS + 1, first_day), half, first_day)


def record_table(told: Mapping[str, pl.DataFrame], world: World) -> pl.DataFrame:
    """One row a record, in order of `record`: `record`, `kind`, `rank`, `half`, `at`, `order`, `by`.

    `half` tells whether it is uploaded twice a month.
    """
    dismantlers = [company.index for company in world.of_role("dismantler")]
    parts = [
        frame.group_by("_record")
        .agg(pl.first("_at", "_order", "_by"))
        .select(
            pl.col("_record").alias("record"),
            pl.lit(kind).alias("kind"),
            pl.lit(RANK[kind]).alias("rank"),
            (pl.lit(kind in HALF_MONTHLY) | pl.col("_by").is_in(dismantlers)).alias("half"),
            pl.col("_at").alias("at"),
            pl.col("_order").alias("order"),
            pl.col("_by").alias("by"),
        )
        for kind, frame in told.items()
    ]
    return pl.concat(parts).sort("record")


def touches(told: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Which record touches which object: `object`, `record`, sorted by object and by what happened first."""
    parts = []
    for kind, frame in told.items():
        for slot in vocabulary().kinds[kind].slots:
            named = frame.select(pl.col(slot.field).alias("object"), pl.col("_record").alias("record"), "_at", "_order")
            parts.append(named.drop_nulls("object").unique(["object", "record"]))
    return (
        pl.concat(parts)
        .unique(["object", "record"])
        .sort("object", "_at", "_order", "record")
        .select("object", "record")
    )


def schedule(told: Mapping[str, pl.DataFrame], world: World, first_day: int) -> pl.DataFrame:
    """`record_table` with `reported` (days since 1970) and `previous`: the record that it builds on, or null."""
    records = record_table(told, world)
    links = touches(told)
    row = records["record"].search_sorted(links["record"]).to_numpy().astype(np.int64)
    same = (
        (links["object"].to_numpy()[1:] == links["object"].to_numpy()[:-1]) if links.height > 1 else np.zeros(0, bool)
    )
    earlier, later = row[:-1][same], row[1:][same]
    rank, by, half = (records[name].to_numpy() for name in ("rank", "by", "half"))
    in_order = (rank[later] > rank[earlier]) | ((rank[later] == rank[earlier]) & (by[later] == by[earlier]))
    reported = upload_days(records["at"].to_numpy() // DAY_SECONDS, half, first_day)
    for _ in range(_ROUNDS):
        needed = np.where(in_order, reported[earlier], next_upload(reported[earlier], half[later], first_day))
        before = reported.copy()
        np.maximum.at(reported, later, needed)
        if np.array_equal(before, reported):
            break
    previous = np.full(records.height, -1)
    previous[later] = earlier
    number = records["record"].to_numpy()
    return records.with_columns(
        pl.Series("reported", reported, dtype=pl.Int64),
        pl.Series("previous", np.where(previous >= 0, number[previous], -1), dtype=pl.Int64).replace(-1, None),
    )
