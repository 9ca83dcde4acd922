"""How fast testers' files are read and measured, on the real samples of the tests.

Run as ``python -m benchmarks.bench_assessment [FILE...]``; further files are read and timed too. One
JSON figure a line; medians, the ratio from readings that take turns.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent / "tests" / "assessment" / "samples"
BIG = "neware/TESTCELL0001-B2-2025-M50T_NewareNDA_Investigation.ndax"
ROUNDS = 5
ROWS = 250_000


def seconds_of(act: Callable[[], object]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def best(act: Callable[[], object]) -> float:
    """Seconds, median of `ROUNDS` after one run to warm up."""
    act()
    return median(seconds_of(act) for _ in range(ROUNDS))


def figure(**facts: str | float) -> None:
    """Print one figure."""
    print(json.dumps(facts, ensure_ascii=False))


def made_csv(rows: int) -> bytes:
    """A csv of `rows` rows: hours of charge and discharge, once a second."""
    import numpy as np

    time_s = np.arange(rows)
    current = np.where(time_s // 3600 % 2 == 0, 10.0, -10.0)
    voltage = 3.3 + 0.02 * current + 1e-5 * (time_s % 3600)
    table = np.column_stack([time_s, time_s // 3600, current, voltage, np.full(rows, 25.0)])
    text = io.StringIO()
    text.write("Test Time (s),Step Index,Current (A),Voltage (V),Temp 1 (C)\n")
    np.savetxt(text, table, fmt="%.0f,%d,%.4f,%.5f,%.2f")
    return text.getvalue().encode()


def parser_alone(data: bytes) -> Callable[[], object]:
    """The parser that stands under ours, with a file of its own each time as ours has."""
    import tempfile
    import zlib

    import fastnda  # type: ignore[import-untyped]
    from isal import isal_zlib

    plain = zlib.decompress, zlib.decompressobj

    def act() -> object:
        vars(zlib).update(decompress=isal_zlib.decompress, decompressobj=isal_zlib.decompressobj)  # as it does itself
        try:
            return once()
        finally:
            vars(zlib).update(decompress=plain[0], decompressobj=plain[1])

    def once() -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file.ndax"
            path.write_bytes(data)
            return fastnda.read(path, cycle_mode="raw")

    return act


def report(name: str, data: bytes) -> None:
    """Read one file: rows a second and MB a second."""
    from suyuan.assessment import read

    rows = read(data, name).series.height
    seconds = best(lambda: read(data, name))
    figure(what=f"read {name}", value=round(rows / seconds), unit="rows/s", note=f"{rows:,} rows")
    figure(what=f"read {name}, bytes", value=round(len(data) / seconds / 1e6, 2), unit="MB/s")


def main() -> None:
    """Measure and print."""
    from suyuan.assessment import Battery, protocol, read, residual_capacity

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", type=Path)
    files = options.parse_args().files
    for name in (
        BIG,
        "arbin/20160805_first_160_pages.res.gz",
        "nebula/workstep_LMO_C_25_B_17_SOC_5-55_missing_rest.xlsx",
    ):
        report(name, (SAMPLES / name).read_bytes())
    csv = made_csv(ROWS)
    seconds = best(lambda: read(csv))
    figure(what="read a csv of 250,000 rows", value=round(seconds, 3), unit="s", at_most=2.0)
    figure(what="read a csv, bytes", value=round(len(csv) / seconds / 1e6, 1), unit="MB/s")
    data = (SAMPLES / BIG).read_bytes()
    try:
        parser = parser_alone(data)
        turns = [(seconds_of(parser), seconds_of(lambda: read(data))) for _ in range(3 * ROUNDS)]
        alone, ours = median(turn[0] for turn in turns), median(turn[1] for turn in turns)
    except ImportError:
        print("fastnda is not installed: the parser alone is not measured", file=sys.stderr)
    else:
        figure(what="ndax: ours over the parser alone", value=round(ours / alone, 2), unit="times", at_most=1.3,
               note=f"{alone:.3f} s alone; ours adds steps, integration and checks")  # fmt: skip
    record = read(data)
    plate = Battery(rated_ah=5.0, end_v=2.5)
    seconds = best(lambda: residual_capacity(record, protocol("gbt-34015-2017"), plate))
    figure(what="residual capacity of 77,745 rows", value=round(seconds * 1000, 2), unit="ms")
    for path in files:
        report(path.name, path.read_bytes())


if __name__ == "__main__":
    main()
