"""Reading what companies send: a workbook beside its bare reader, and a million rows of Parquet and csv.

Each reading runs in a process of its own, so that its peak of memory is its own.
"""

import io
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import polars as pl

from suyuan.sheets import Column, Template, read

XLSX_ROWS = 200_000
ROWS = 1_000_000
CELLS_A_PACK = 160
SEED = 20260401
REPEATS = 3
LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"

CODES = ("pack_code", "module_code", "cell_code", "old_code", "new_code")
TYPES = (
    *(("battery_code", name) for name in CODES),
    ("vin", "vin"),
    ("company", "maker"),
    ("company", "owner"),
    ("date", "produced_on"),
    ("date", "sold_on"),
    ("datetime", "moved_at"),
    ("number", "capacity_ah"),
    ("number", "energy_kwh"),
    ("number", "mass_kg"),
    ("integer", "cycles"),
    ("integer", "cells"),
    ("text", "model"),
    ("text", "remark"),
    ("text", "place"),
    ("batch", "batch"),
)
TEMPLATE = Template(
    kind="bench",
    version="1",
    zh="测量",
    en="measurement",
    columns=tuple(Column(name, f"列 {name}", name, kind, required=i < 3) for i, (kind, name) in enumerate(TYPES)),
    record=("pack_code",),
)


def code(chance: random.Random, length: int = 24) -> str:
    """A text like a code."""
    return "0" + "".join(chance.choices(LETTERS, k=length - 1))


def workbook(path: Path) -> None:
    """A workbook of 200,000 rows and 20 columns as an enterprise exports it: shared texts, dates and numbers."""
    import xlsxwriter  # type: ignore[import-untyped]

    chance = random.Random(SEED)
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("数据")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        formats = {"date": day, "datetime": moment}
        sheet.write_row(0, 0, [column.zh for column in TEMPLATE.columns])
        for row in range(1, XLSX_ROWS + 1):
            for position, column in enumerate(TEMPLATE.columns):
                value = _value(column, row, chance)
                if isinstance(value, str):
                    sheet.write_string(row, position, value)
                else:
                    sheet.write_number(row, position, value, formats.get(column.type))


def _value(column: Column, row: int, chance: random.Random) -> str | float:
    if column.name in CODES[:2]:
        return f"04{column.name[0].upper()}B76836300JBC4{row // CELLS_A_PACK:08d}"
    if column.is_number:
        return chance.randrange(1000) if column.type == "integer" else round(chance.random() * 100, 3)
    if column.is_date:
        return 46_000 + row % 300 + (round(chance.random(), 5) if column.type == "datetime" else 0)
    texts = {"company": f"91350900{row % 50:09d}P", "batch": f"2026{row % 1000:06d}", "text": f"型号 {row % 200}"}
    return texts.get(column.type) or code(chance, 17 if column.type == "vin" else 24)


def columnar(folder: Path) -> None:
    """A million rows of packs with their cells, as Parquet and csv."""
    row = pl.int_range(ROWS, eager=True)
    pack, module = row // CELLS_A_PACK, row // (CELLS_A_PACK // 10)
    frame = pl.DataFrame(
        {
            "pack_code": _codes("04FPE03EQBA5918B6", pack),
            "module_code": _codes("04QMB76836300JBC4", module),
            "cell_code": _codes("04QCB76836300JBC4", row.shuffle(SEED)),
            "produced_on": pl.Series(["2026-04-01"]).new_from_index(0, ROWS),
            "maker": pl.Series(["91350900587527783P"]).new_from_index(0, ROWS),
            "model": (row % 200).cast(pl.String),
        }
    )
    frame.write_parquet(folder / "rows.parquet")
    frame.write_csv(folder / "rows.csv")


def _codes(prefix: str, serial: pl.Series) -> pl.Series:
    frame = serial.alias("x").to_frame()
    return frame.select(pl.lit(prefix) + pl.col("x").cast(pl.String).str.zfill(7)).to_series()


def one_reading(how: str, path: Path) -> None:
    """Read once and print seconds and the peak of memory (MiB) beyond what the file and the libraries take."""
    import fastexcel

    data = path.read_bytes()
    if how == "ours":
        read(_small(), [TEMPLATE])
    before = _peak()
    start, cpu = time.perf_counter(), time.process_time()
    if how == "ours":
        height = read(data, [TEMPLATE]).height
    else:
        height = fastexcel.read_excel(data).load_sheet(0, header_row=None, dtypes="string").to_polars().height
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "extra": _peak() - before, "peak": _peak(), "rows": height}))


def _small() -> bytes:
    head = [column.name for column in TEMPLATE.columns]
    buffer = io.BytesIO()
    pl.DataFrame({name: ["x"] for name in head}).write_csv(buffer)
    return buffer.getvalue()


def _peak() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell the peak of memory")


def measured(how: str, path: Path) -> dict[str, float]:
    """Medians of some readings, each in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench_sheets", how, str(path)]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(REPEATS)]
    return {key: median(run[key] for run in runs) for key in runs[0]}


def figure(what: str, value: float, unit: str, **bars: float | str) -> None:
    """Print one figure for `benchmarks/run.py`."""
    print(json.dumps({"what": what, "value": round(value, 3), "unit": unit, **bars}, ensure_ascii=False), flush=True)


def main() -> None:
    """Make the files, read them, print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workbook(folder / "rows.xlsx")
        bare, ours = measured("bare", folder / "rows.xlsx"), measured("ours", folder / "rows.xlsx")
        note = f"{XLSX_ROWS} × 20, median of {REPEATS}"
        ratio = ours["seconds"] / bare["seconds"]
        figure("xlsx read with cell types, as a ratio to fastexcel", ratio, "× time", at_most=2.0, aim=1.5, note=note)
        figure(
            "the same in processor time", ours["cpu"] / bare["cpu"], "× CPU", note="the survey runs beside the opening"
        )
        figure("peak memory of reading it", ours["peak"], "MiB", at_most=700, aim=550, note="whole process")
        figure("peak memory of fastexcel alone", bare["peak"], "MiB", note="whole process")
        columnar(folder)
        for form in ("parquet", "csv"):
            ours = measured("ours", folder / f"rows.{form}")
            what = f"1,000,000 rows of {form}"
            figure(f"{what}: rows read", ROWS / ours["seconds"], "rows/s")
            figure(f"{what}: memory beyond file and libraries", ours["extra"], "MiB", at_most=500, aim=300)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        one_reading(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
