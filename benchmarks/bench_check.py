"""How fast a sheet of pack productions is checked: every rule on every row, on one core."""

import json
import os
import resource
import statistics
import time
from datetime import UTC, date, datetime

os.environ["POLARS_MAX_THREADS"] = "1"  # read when Polars is first imported

import numpy as np
import polars as pl

from suyuan.events.check import FILINGS, Checked, Context, check
from suyuan.events.vocabulary import vocabulary

ROWS = 1_000_000
CELLS = 160
MODULES = 10
ROUNDS = 5
REFERENCE = date(2026, 11, 22)
PREFIXES = {level: f"04Q{level}B76836300J" for level in "PMC"}


def codes(level: str, serials: np.ndarray) -> pl.Series:
    """24-character codes of one day."""
    texts = pl.Series(serials).cast(pl.String).str.zfill(7)
    return (PREFIXES[level] + "BC4" + texts).alias(level)


def packs(rows: int, seed: int) -> pl.DataFrame:
    """One row a cell; the cells of a day shuffled over its packs, as matching by capacity leaves them."""
    cell = np.arange(rows)
    return pl.DataFrame(
        {
            "pack_code": codes("P", cell // CELLS + 1),
            "produced_on": pl.Series((cell // CELLS) % 28 + 1).cast(pl.String).str.zfill(2),
            "module_code": codes("M", cell // (CELLS // MODULES) + 1),
            "cell_code": codes("C", np.random.default_rng(seed).permutation(rows) + 1),
        }
    ).with_columns(produced_on="2026-03-" + pl.col("produced_on"))


def context() -> Context:
    """Everything known that can be: vendors, filings, companies, sites."""
    filings = pl.DataFrame(
        {
            "prefix": list(PREFIXES.values()),
            "level": list(PREFIXES),
            "chemistry": ["B"] * 3,
            "modules": [MODULES, None, None],
            "cells": [CELLS, CELLS // MODULES, None],
        },
        schema=FILINGS,
    )
    now = datetime(2026, 11, 22, 4, tzinfo=UTC)
    return Context(REFERENCE, now, "91350900587527783P", {}, {}, frozenset({"04Q"}), filings)


def measure(what: str, table: pl.DataFrame, at_least: float | None = None) -> Checked:
    """Check `table` several times and print the median rate."""
    kind, known = vocabulary().kinds["pack_produced"], context()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = check(table, kind, known)
        seconds.append(time.perf_counter() - start)
    figure = {"what": what, "value": round(table.height / statistics.median(seconds)), "unit": "rows/s"}
    if at_least is not None:
        figure["at_least"] = at_least
    figure["note"] = f"median of {ROUNDS}, one core, {result.findings.height:,} findings"
    print(json.dumps(figure), flush=True)
    return result


def one_pack(table: pl.DataFrame) -> None:
    """Print how long the check of a single pack takes: what a small submission pays."""
    kind, known = vocabulary().kinds["pack_produced"], context()
    seconds = []
    for _ in range(100):
        start = time.perf_counter()
        check(table, kind, known)
        seconds.append(time.perf_counter() - start)
    value = round(statistics.median(seconds) * 1000, 2)
    print(
        json.dumps({"what": f"one pack of {table.height} rows", "value": value, "unit": "ms", "note": "median of 100"})
    )


def main() -> None:
    """Measure and print."""
    table = packs(ROWS, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = measure("pack_produced checked", table, ROWS / 1.5)
    if whole.findings.height or whole.records != ROWS // CELLS:
        raise SystemExit("the packs measured are not as they should be")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"what": "peak memory of that check above its input", "value": round(grown), "unit": "MiB"}))
    measure("the same, rows in random order", table.sample(fraction=1.0, shuffle=True, seed=2))
    one_pack(table.head(CELLS))
    wrong = table.with_columns(cell_code=pl.col("cell_code").str.slice(1), produced_on=pl.lit("soon"))
    measure("the same, every row refused twice", wrong)
    measure("the same, every row a second time", pl.concat([table.head(ROWS // 2)] * 2))


if __name__ == "__main__":
    main()
