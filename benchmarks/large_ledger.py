"""A hundred million cells: does the ledger stay as fast as it was when it was empty?

    make bench-large        or        python -m benchmarks.large_ledger 20000000

Growth is measured through the real door (files of a million rows), tracing and recall with ten million
cells and with all of them in the same database. Needs some five gigabytes of disk.
"""

import argparse
import statistics
import time
from functools import partial
from io import BytesIO
from itertools import islice

from benchmarks import bench_trace
from benchmarks.bench_ingest import ROWS, report, stored_bytes
from benchmarks.figures import figure, timed
from benchmarks.scratch import register_maker, scratch_server

FILES = 5
PACKS_A_DAY = 1250
CELLS_A_DAY = PACKS_A_DAY * bench_trace.CELLS


def files(seed: int) -> list[bytes]:
    """Files of a million rows, shuffled within a day's lot, each seed with days of its own."""
    from datetime import date

    from suyuan.simulation.production import pack_files

    made = []
    for frame in islice(pack_files(FILES * ROWS // 160, ROWS, start=date(2022 + seed, 1, 1)), FILES):
        out = BytesIO()
        frame.write_parquet(out)
        made.append(out.getvalue())
    return made


def ingest_rate(maker: int, seed: int) -> float:
    """Cells a second through the real door, median; the first file warms up."""
    rates = []
    for number, data in enumerate(files(seed)):
        seconds, rows = timed(partial(report, maker, data, f"{seed}-{number}.parquet"))
        rates.append(rows / seconds)
    return statistics.median(rates[1:])


def fill(first: int, last: int, maker: int) -> None:
    """Store the days from `first` up to, not including, `last`."""
    from suyuan.server.kit.connection import OWNER_ALIAS, cursor

    begin = time.perf_counter()
    for day in range(first, last):
        bench_trace.store(day, PACKS_A_DAY, maker)
    with cursor(OWNER_ALIAS) as run:
        run.execute("VACUUM ANALYZE")
    cells = (last - first) * CELLS_A_DAY
    print(f"stored {cells:,} cells in {time.perf_counter() - begin:.0f} s", flush=True)


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="?", type=int, default=100_000_000)
    cells = parser.parse_args().cells
    days, tenth = cells // CELLS_A_DAY, cells // CELLS_A_DAY // 10
    with scratch_server():
        maker, _ = register_maker()
        empty = ingest_rate(maker, 1)
        before = stored_bytes()
        fill(0, tenth, maker)
        bench_trace.single(tenth, PACKS_A_DAY, f"{tenth * CELLS_A_DAY / 1e6:g} M")
        bench_trace.recalls(PACKS_A_DAY, f"{tenth * CELLS_A_DAY / 1e6:g} M")
        fill(tenth, days, maker)
        bench_trace.single(days, PACKS_A_DAY, f"{days * CELLS_A_DAY / 1e6:g} M")
        bench_trace.recalls(PACKS_A_DAY, f"{days * CELLS_A_DAY / 1e6:g} M")
        bytes_a_cell = (stored_bytes() - before) / (days * CELLS_A_DAY)
        note = "all tables and indexes of the ledger, each pack also bound to a vehicle"
        figure("storage a cell, shuffled, with vehicles", bytes_a_cell, "B", at_most=40, aim=25, note=note)
        full = ingest_rate(maker, 2)
        figure(
            "ingest rate with everything stored beside the empty ledger", full / empty, "ratio", at_least=0.7, aim=0.9
        )


if __name__ == "__main__":
    main()
