"""How fast columns of codes are checked, split and joined, on one core.

Run as ``python benchmarks/bench_codes.py [--rows N]``; prints one line a measure, best of five.
"""

import argparse
import os
import time
from collections.abc import Callable
from datetime import date
from functools import partial

os.environ["POLARS_MAX_THREADS"] = "1"  # read when Polars is first imported
os.environ["OPENBLAS_NUM_THREADS"] = "1"

REFERENCE = date(2026, 11, 22)
ROUNDS = 5
LEAST = 5.0  # million battery codes a second that a check has to reach


def rate(rows: int, act: Callable[[], object]) -> float:
    """Millions of rows a second, best of `ROUNDS`."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - start)
    return rows / best / 1e6


def main() -> None:
    """Measure and print."""
    import numpy as np
    import polars as pl

    from suyuan.codes import columns

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    serials = pl.Series(np.random.default_rng(1).permutation(rows) % 10_000_000).cast(pl.String).str.zfill(7)
    good = "04QCB76836300JBC4" + serials
    row = pl.int_range(rows, eager=True)
    mixed = (
        pl.DataFrame({"code": good, "row": row})
        .select(
            pl.when(pl.col("row") % 10 == 0)
            .then(pl.col("code") + "RC")
            .when(pl.col("row") % 10 == 1)
            .then(pl.lit("04QCB76BC4") + pl.col("code").str.tail(7) + "RC")
            .when(pl.col("row") % 10 != 2)
            .then("code")
        )
        .to_series()
    )
    every = {"all refused: a space inside": good.str.head(14) + " " + good.str.tail(10),
             "all refused: 30 February": "04QCB76836300JB2Y" + serials}  # fmt: skip
    vins = pl.Series(["LGWEEUA59JE003435", "1M8GDM9AXKP042788"]).gather(row % 2)
    companies = pl.Series(["91330800575349959F", "91110105MA009PJM56"]).gather(row % 2)
    keys = columns.object_keys(good)
    measures: dict[str, Callable[[], object]] = {
        "check battery codes, 24 characters": lambda: columns.check_battery_codes(good, REFERENCE),
        "check battery codes, three forms and nulls": lambda: columns.check_battery_codes(mixed, REFERENCE),
        **{
            f"check battery codes, {name}": partial(columns.check_battery_codes, codes, REFERENCE)
            for name, codes in every.items()
        },
        "decode battery codes": lambda: columns.decode_battery_codes(good, REFERENCE),
        "split into ledger keys": lambda: columns.object_keys(good),
        "join ledger keys": lambda: columns.join_keys(keys.lots, keys.lot, keys.serial),
        "check VINs": lambda: columns.check_vins(vins, True, REFERENCE),
        "check company codes": lambda: columns.check_companies(companies),
    }
    rates = {name: rate(rows, act) for name, act in measures.items()}
    for name, value in rates.items():
        print(f"{name:<55}{value:8.1f} million/s")
    first = next(iter(rates.values()))
    print(f"{'least wanted of the first':<55}{LEAST:8.1f} million/s: {'reached' if first >= LEAST else 'MISSED'}")


if __name__ == "__main__":
    main()
