"""How fast and in how much memory simulated batteries are made and written as files.

Run ``python -m benchmarks.bench_simulation [packs ...]``; the default is 20,000 packs (3.2 million cells) and
1,000,000 packs (160 million cells, about a minute). Nothing is kept on disk.
"""

import argparse
import io
import json
import resource
import time

from suyuan.simulation import Plan, pack_files, simulate, write

ROWS_PER_FILE = 1_000_000
LIMITS_SECONDS = {20_000: 15.0, 1_000_000: 600.0}
MOST_MEMORY_MIB = 1024.0


def say(what: str, value: float, unit: str, at_most: float | None = None, note: str = "") -> None:
    """Print one figure."""
    figure: dict[str, str | float] = {"what": what, "value": round(value, 2), "unit": unit}
    if at_most is not None:
        figure["at_most"] = at_most
    if note:
        figure["note"] = note
    print(json.dumps(figure), flush=True)


def peak_mib() -> float:
    """The most memory this process has held so far [MiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_packs(packs: int, shuffled: bool) -> None:
    """Make `packs` with all modules and cells and encode them as Parquet, file by file."""
    begun, rows, written = time.perf_counter(), 0, 0
    for frame in pack_files(packs, ROWS_PER_FILE, shuffled):
        stream = io.BytesIO()
        frame.write_parquet(stream, compression="zstd", compression_level=1)
        rows, written = rows + frame.height, written + len(stream.getvalue())
    order = "cells shuffled within a day's lot" if shuffled else "consecutive cells"
    seconds = time.perf_counter() - begun
    note = f"{rows:,} rows, {rows / seconds / 1e6:.1f} M rows/s, {written / rows:.1f} B a row, single run"
    say(f"{packs:,} packs made as Parquet, {order}", seconds, "s", LIMITS_SECONDS.get(packs), note)
    say(f"peak memory after {packs:,} packs", peak_mib(), "MiB", MOST_MEMORY_MIB)


def measure_province_year(vehicles: int) -> None:
    """A province-year from plan to files."""
    begun = time.perf_counter()
    manifest = write(simulate(Plan.province_year(vehicles=vehicles)), lambda name, data: None)
    note = f"{manifest.height} files, {manifest['rows'].sum():,} rows, single run"
    say(f"a province-year of {vehicles:,} vehicles made as files", time.perf_counter() - begun, "s", 15.0, note)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="*", type=int, default=[20_000, 1_000_000])
    measure_province_year(2_000)
    for packs in parser.parse_args().packs:
        if packs < 1_000_000:
            measure_packs(packs, shuffled=False)
        measure_packs(packs, shuffled=True)


if __name__ == "__main__":
    main()
