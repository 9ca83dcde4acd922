"""Large files through the real door: time beside the bare reader, and the largest memory ever held.

Each file is made and reported in a process of its own, so that its peak is its own.
"""

import statistics
import subprocess
import sys
from io import BytesIO

import polars as pl

from benchmarks.figures import figure, peak_mib, timed
from benchmarks.scratch import register_maker, scratch_server

MILLION = 1_000_000
SHEET_ROWS = 200_000
RUNS = 3


def production(rows: int) -> pl.DataFrame:
    """Rows of pack production."""
    from suyuan.simulation.production import pack_files

    return next(pack_files(rows // 160, rows))


def workbook(frame: pl.DataFrame, columns: int) -> bytes:
    """An xlsx of the frame, filled up with the remarks that real sheets carry."""
    import xlsxwriter  # type: ignore[import-untyped]  # the library has no types

    more = {f"备注{n}": pl.lit(f"备注 {n}") for n in range(columns - frame.width)}
    wide = frame.with_columns(pl.col("produced_on").cast(pl.String), **more)
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, wide.columns)
    for place, row in enumerate(wide.iter_rows(), start=1):
        sheet.write_row(place, 0, row)
    book.close()
    return out.getvalue()


def made(form: str) -> bytes:
    """The file to report."""
    if form == "xlsx":
        return workbook(production(SHEET_ROWS), 20)
    frame = production(MILLION)
    if form == "csv":
        return frame.write_csv().encode()
    out = BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def child(form: str, path: str) -> None:
    """Report the file at `path` once and print seconds and peak memory; the file alone comes first."""
    from pathlib import Path

    with scratch_server():
        maker, _ = register_maker()
        from suyuan.server.submissions.services import Order, receive, work

        base = peak_mib()

        def report() -> None:
            submission = work(receive(maker, Path(path), Order(name=f"file.{form}")).number)
            if submission.state != "accepted":
                raise SystemExit(f"{form} was {submission.state}: {submission.groups[:2]}")

        seconds, _ = timed(report)
        print(f"{seconds} {peak_mib()} {base}")


def bare(path: str) -> float:
    """Seconds that the spreadsheet reader alone needs for the file."""
    import fastexcel

    return timed(lambda: fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_arrow())[0]


def main() -> None:
    """Measure the three forms."""
    import tempfile
    from pathlib import Path

    limits = {"parquet": (1024, 500), "csv": (1024, 500), "xlsx": (700, 550)}
    with tempfile.TemporaryDirectory() as folder:
        for form, (most, aim) in limits.items():
            path = Path(folder) / f"file.{form}"
            path.write_bytes(made(form))
            seconds, peaks, readings = [], [], []
            for _ in range(RUNS):
                if form == "xlsx":
                    readings.append(bare(str(path)))
                command = [sys.executable, "-m", "benchmarks.bench_files", form, str(path)]
                out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
                seconds.append(float(out[-3]))
                peaks.append(float(out[-2]))
            rows = SHEET_ROWS if form == "xlsx" else MILLION
            size = f"{rows:,} rows" + (" x 20 columns" if form == "xlsx" else "")
            note = f"whole process with Django and the checks, {path.stat().st_size / 1e6:.0f} MB"
            figure(
                f"peak memory of a submission of {size}, {form}",
                statistics.median(peaks),
                "MiB",
                at_most=most,
                aim=aim,
                note=note,
            )
            figure(f"submission of {size}, {form}", rows / statistics.median(seconds), "rows/s")
            if readings:
                ratio = statistics.median(seconds) / statistics.median(readings)
                figure(
                    "submission from xlsx beside merely reading the file",
                    ratio,
                    "ratio",
                    at_most=2.5,
                    aim=1.5,
                    note="fastexcel, all cells as text",
                )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        child(sys.argv[1], sys.argv[2])
    else:
        main()
