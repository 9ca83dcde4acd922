"""How fast duties are computed for a whole batch of events under all the law there is, on one core."""

import json
import os
import resource
import statistics
import time
from datetime import date

os.environ["POLARS_MAX_THREADS"] = "1"  # read when Polars is first imported

import numpy as np
import polars as pl

from suyuan.rules import Period, Unit, calendar, compute, deadlines, law
from suyuan.rules.history import EVENTS

OBJECTS = 100_000
ROUNDS = 3
ON = date(2026, 11, 22)
COMPANIES = 2_000
LIFE = (
    *("pack_produced", "vehicle_certified", "vehicle_sold", "replaced", "vehicle_scrapped"),
    *("battery_removed", "transferred_out", "outlet_received", "utiliser_received", "product_delivered"),
)
"""Ten events an object, in the order in which they happen."""
ROLES = ("battery_maker", "carmaker", "dealer", "repairer", "dismantler", "outlet_operator", "utiliser")


def events(objects: int, seed: int) -> pl.DataFrame:
    """Ten events for each object from 2018 on, days and weeks apart, most of them reported within a month."""
    dice = np.random.default_rng(seed)
    count = objects * len(LIFE)
    step = np.tile(np.arange(len(LIFE)), objects)
    start = np.repeat(dice.integers(0, 1_800, objects), len(LIFE))
    occurred = start + step * 120 + dice.integers(0, 60, count)
    received = occurred + dice.integers(0, 60, count)
    epoch = np.datetime64("2018-08-01")
    return pl.DataFrame(
        {
            "event": np.arange(count),
            "object": np.repeat(np.arange(objects), len(LIFE)),
            "kind": pl.Series(list(LIFE) * objects, dtype=pl.Enum(LIFE)),
            "reporter": dice.integers(1, COMPANIES, count),
            "party": np.zeros(count, np.int64),
            "principal": pl.Series([None] * count, dtype=pl.Int64),
            "occurred_on": epoch + occurred,
            "received_on": epoch + received,
            "valid": dice.random(count) > 0.01,
            "utiliser_kind": pl.Series([None] * count, dtype=pl.String),
        }
    ).with_columns(pl.col("occurred_on", "received_on").cast(EVENTS["occurred_on"]))


def companies() -> pl.DataFrame:
    """Every company with every role: the most duties there can be."""
    return pl.DataFrame(
        {"company": np.repeat(np.arange(1, COMPANIES), len(ROLES)), "role": list(ROLES) * (COMPANIES - 1)}
    ).with_columns(pl.lit(None, pl.Date).alias("from"), pl.lit(None, pl.Date).alias("to"), listed=pl.lit("no"))


def seconds(objects: int) -> tuple[float, int]:
    """The median time for all duties of `objects` lives, and how many they are."""
    table, roles = events(objects, 1), companies()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = compute(law(), calendar(), table, roles, ON)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), found.height


def counting() -> None:
    """Print how many deadlines in working days are counted a second."""
    days = np.datetime64("2018-08-01") + np.random.default_rng(2).integers(0, 3_000, 1_000_000)
    start = time.perf_counter()
    deadlines(calendar(), Period(15, Unit.WORKING_DAY), days)
    rate = round(len(days) / (time.perf_counter() - start))
    print(json.dumps({"what": "deadlines in working days counted", "value": rate, "unit": "deadlines/s"}), flush=True)


def main() -> None:
    """Measure and print."""
    law(), calendar()
    counting()
    seconds(1_000)
    few, _ = seconds(OBJECTS // 10)
    many, duties = seconds(OBJECTS)
    count = OBJECTS * len(LIFE)
    rate = {"what": "events turned into duties", "value": round(count / many), "unit": "events/s"}
    # a nation has ten million events to judge anew within sixty seconds, and detection rules beside the duties
    rate |= {"at_least": 500_000, "note": f"median of {ROUNDS}, one core, {count:,} events, {duties:,} duties"}
    print(json.dumps(rate), flush=True)
    growth = {"what": "time for ten times the events, over ten times the time", "value": round(many / few / 10, 2)}
    print(json.dumps(growth | {"unit": "1", "at_most": 1.2}), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"what": "peak memory of all this", "value": round(peak), "unit": "MiB", "at_most": 2048}))


if __name__ == "__main__":
    main()
