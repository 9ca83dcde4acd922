"""Run the measurements and keep what they print.

    make bench                    every benchmarks/bench_*.py, one after the other
    make bench-large              every benchmarks/large_*.py (hours and tens of gigabytes)
    make bench ARGS="codes"       only bench_codes.py; prints, keeps nothing
    make bench ARGS="codes --keep"   and takes the place of the one kept, with its own date and load

benchmarks/README.md says what a measurement prints. A complete run replaces its half of
RESULTS.md; the other half stays.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NotRequired, TypedDict, cast

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
GIGABYTE = 1 << 30


class Figure(TypedDict, total=False):
    """One measured figure, as a benchmark prints it: a JSON object on a line of its own."""

    what: str
    value: float
    unit: str
    at_least: float
    at_most: float
    aim: float
    note: str


class Measurement(TypedDict):
    """One benchmark's run; `measured` says when and on what where it was not part of the complete run."""

    measured: NotRequired[str]
    name: str
    status: int
    seconds: float
    figures: list[Figure]
    lines: list[str]


class Run(TypedDict):
    """One complete run: when, where, what."""

    date: str
    revision: str
    machine: str
    software: str
    load_before: float
    load_after: float
    measurements: list[Measurement]


def measure(script: Path) -> Measurement:
    """Run one benchmark in a process of its own; its output passes through as it comes."""
    print(f"\n──── {script.stem}", flush=True)
    start = time.monotonic()
    figures: list[Figure] = []
    lines: list[str] = []
    command = [sys.executable, "-m", f"benchmarks.{script.stem}"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            figure = read_figure(line)
            if figure:
                figures.append(figure)
            elif line.strip():
                lines.append(line.rstrip())
    seconds = round(time.monotonic() - start, 1)
    return Measurement(name=script.stem, status=process.returncode, seconds=seconds, figures=figures, lines=lines)


def read_figure(line: str) -> Figure | None:
    """The figure on a line; None where the line is plain text."""
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return cast(Figure, found) if "what" in found and "value" in found else None


def verdict(figure: Figure) -> str:
    """Whether a figure meets its bar; a dash where it has none."""
    value, low, high, aim = (figure.get(key) for key in ("value", "at_least", "at_most", "aim"))
    if not isinstance(value, int | float) or (low is None and high is None):
        return "–"
    met = value >= cast(float, low) if low is not None else value <= cast(float, high)
    if not met:
        return "**missed**"
    if aim is None:
        return "met"
    aimed = value >= cast(float, aim) if low is not None else value <= cast(float, aim)
    return "aim met" if aimed else "met"


def machine() -> str:
    """Processor, cores, memory and system of this machine."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE
    names = Path("/proc/cpuinfo")
    found = [line for line in names.read_text().splitlines() if line.startswith("model name")] if names.exists() else []
    processor = found[0].partition(":")[2].strip() if found else platform.processor()
    return f"{processor}, {cores} cores, {memory:.0f} GiB, {platform.system()} {platform.release().partition('-')[0]}"


def software() -> str:
    """The versions that decide speed."""
    from importlib.metadata import version

    parts = [f"Python {platform.python_version()}"]
    return ", ".join([*parts, *(f"{name} {version(name)}" for name in ("polars", "numpy", "psycopg", "suyuan"))])


def revision() -> str:
    """The commit measured, with a plus where the tree differs from it."""
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or "unknown"


def complete_run(scripts: list[Path]) -> Run:
    """Measure all `scripts`."""
    before, start = os.getloadavg()[0], datetime.now(UTC)
    measurements = [measure(script) for script in scripts]
    return Run(
        date=start.strftime("%Y-%m-%d %H:%M UTC"),
        revision=revision(),
        machine=machine(),
        software=software(),
        load_before=round(before, 2),
        load_after=round(os.getloadavg()[0], 2),
        measurements=measurements,
    )


def put_in(run: Run, part: Run) -> None:
    """Put the measurements of `part` into the complete `run`, each with its own date, revision and load."""
    load = f"load {part['load_before']} before, {part['load_after']} after"
    kept = {measurement["name"]: measurement for measurement in run["measurements"]}
    for measurement in part["measurements"]:
        measurement["measured"] = f"{part['date']}, revision {part['revision']}; {load}."
        kept[measurement["name"]] = measurement
    run["measurements"] = [kept[name] for name in sorted(kept)]


def page(runs: dict[str, Run]) -> str:
    """RESULTS.md, from the last complete run of each size."""
    parts = ["# Measured\n\nWritten by `make bench` and `make bench-large`; not edited by hand. Ratios carry over to"]
    parts[0] += " another machine, seconds do not.\n"
    for name, command in (("standard", "make bench"), ("large", "make bench-large")):
        parts.append(_half(command, runs[name]) if name in runs else f"## `{command}`\n\nNot run yet.\n")
    return "\n".join(parts)


def _half(command: str, run: Run) -> str:
    load = f"load {run['load_before']} before, {run['load_after']} after"
    head = (
        f"## `{command}`\n\n{run['date']}, revision {run['revision']}; {load}.\n{run['machine']}.\n{run['software']}.\n"
    )
    return "\n".join([head, *(_section(measurement) for measurement in run["measurements"])])


def _section(measurement: Measurement) -> str:
    failed = f" **failed with status {measurement['status']}**" if measurement["status"] else ""
    parts = [f"### {measurement['name']} ({measurement['seconds']} s){failed}\n"]
    if "measured" in measurement:
        parts.append(f"Measured by itself: {measurement['measured']}\n")
    if measurement["figures"]:
        parts.append("| What | Value | Unit | Bar | Aim | |\n|---|---|---|---|---|---|")
        parts.extend(_row(figure) for figure in measurement["figures"])
        parts.append("")
    if measurement["lines"]:
        parts.append("```text\n" + "\n".join(measurement["lines"]) + "\n```\n")
    return "\n".join(parts)


def _row(figure: Figure) -> str:
    bar = ""
    if "at_least" in figure:
        bar = f"≥ {number(figure['at_least'])}"
    elif "at_most" in figure:
        bar = f"≤ {number(figure['at_most'])}"
    note = f" ({figure['note']})" if figure.get("note") else ""
    aim = number(figure["aim"]) if "aim" in figure else ""
    cells = (f"{figure['what']}{note}", number(figure["value"]), figure.get("unit", ""), bar, aim, verdict(figure))
    return "| " + " | ".join(cells) + " |"


def number(value: float) -> str:
    """A number as a reader wants it: 7,900,000 or 0.715."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def main() -> int:
    """Measure; keep the results of a complete run; non-zero where a benchmark failed or missed its bar."""
    parser = argparse.ArgumentParser(description="Run the measurements.")
    parser.add_argument("names", nargs="*", help="only these; nothing is kept without --keep")
    parser.add_argument("--keep", action="store_true", help="keep these beside the others of the last complete run")
    parser.add_argument("--large", action="store_true", help="the large ones")
    chosen = parser.parse_args()
    size, prefix = ("large", "large_") if chosen.large else ("standard", "bench_")
    scripts = sorted(HERE.glob(f"{prefix}*.py"))
    if chosen.names:
        scripts = [script for script in scripts if script.stem.removeprefix(prefix) in chosen.names]
    if not scripts:
        print("no such measurement", file=sys.stderr)
        return 2
    run = complete_run(scripts)
    kept = HERE / "results.json"
    runs: dict[str, Run] = json.loads(kept.read_text()) if kept.exists() else {}
    if chosen.names and size in runs:
        put_in(runs[size], run)
    else:
        runs[size] = run
    if chosen.keep or not chosen.names:
        kept.write_text(json.dumps(runs, indent=1, ensure_ascii=False) + "\n")
        (HERE / "RESULTS.md").write_text(page(runs))
    print("\n" + _half(size, run))
    missed = [figure for part in run["measurements"] for figure in part["figures"] if "missed" in verdict(figure)]
    return 1 if missed or any(part["status"] for part in run["measurements"]) else 0


if __name__ == "__main__":
    sys.exit(main())
