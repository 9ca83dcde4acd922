"""What a small submission costs before it meets the ledger: one pack as JSON read, checked and built, on one core."""

import cProfile
import json
import os
import pstats
import statistics
import time
from collections.abc import Callable

os.environ["POLARS_MAX_THREADS"] = "1"  # read when Polars is first imported

import polars as pl

from benchmarks.bench_check import CELLS, context, packs
from suyuan.events.check import Checked, check
from suyuan.events.records import Batch, build
from suyuan.events.templates import all_templates
from suyuan.events.vocabulary import vocabulary
from suyuan.sheets import Sheet, read

ROUNDS = 200
TOGETHER = 8
KIND = vocabulary().kinds["pack_produced"]
KNOWN = context()


def document(cells: pl.DataFrame) -> bytes:
    """One pack with its modules and cells, as a client sends it."""
    modules = cells.group_by("module_code", maintain_order=True).agg("cell_code")
    record = {
        "pack_code": cells["pack_code"][0],
        "produced_on": cells["produced_on"][0],
        "model": "PK-100",
        "modules": [{"module_code": code, "cells": inside} for code, inside in modules.rows()],
    }
    return json.dumps({"kind": KIND.name, "records": [record]}).encode()


def together(sheets: list[Sheet]) -> tuple[pl.DataFrame, pl.Series]:
    """The columns and the row numbers of several sheets as if they were one."""
    return pl.concat(s.columns for s in sheets), pl.concat(s.row_numbers for s in sheets)


def checked(columns: pl.DataFrame, row_numbers: pl.Series) -> Checked:
    """Every rule on every row."""
    return check(columns, KIND, KNOWN, row_numbers)


def built(found: Checked) -> Batch:
    """The batch of the good records."""
    values, record, _ = found.accepted()
    return build(KIND, values, record.to_numpy(), 7)


def milliseconds(act: Callable[[], object]) -> float:
    """The median of `ROUNDS` calls."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds) * 1000, 3)


def queries(act: Callable[[], object]) -> int:
    """How many Polars queries one call runs: each costs the same however few rows it has."""
    profile = cProfile.Profile()
    profile.runcall(act)
    stats = pstats.Stats(profile).get_stats_profile().func_profiles
    return sum(int(found.ncalls.split("/")[0]) for name, found in stats.items() if "'collect' of" in name)


def main() -> None:
    """Measure and print."""
    table = packs(TOGETHER * CELLS, 1)
    documents = [document(table[start : start + CELLS]) for start in range(0, len(table), CELLS)]
    sheets = [read(each, all_templates()) for each in documents]
    one, all_of_them = together(sheets[:1]), together(sheets)
    first, whole = checked(*one), checked(*all_of_them)
    if whole.findings.height or any(s.findings.height for s in sheets) or len(built(whole)) != TOGETHER:
        raise SystemExit("the packs measured are not as they should be")

    note = f"median of {ROUNDS}, one core, {CELLS} cells a pack"
    steps: list[tuple[str, Callable[[], object], float]] = [
        ("one pack read from JSON", lambda: read(documents[0], all_templates()), 1.2),
        ("one pack checked", lambda: checked(*one), 2.5),
        ("one pack built", lambda: built(first), 1.2),
        (f"{TOGETHER} packs of as many documents checked and built", lambda: built(checked(*all_of_them)), 5.0),
    ]
    for what, act, aim in steps:
        print(json.dumps({"what": what, "value": milliseconds(act), "unit": "ms", "aim": aim, "note": note}))
    count = sum(queries(act) for _, act, _ in steps[:3])
    print(json.dumps({"what": "Polars queries for one pack", "value": count, "unit": "queries", "at_most": 45}))


if __name__ == "__main__":
    main()
