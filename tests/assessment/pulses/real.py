"""Real pulse tests, cut small (see samples/README.md), and the split that every claim uses: by cell."""

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from suyuan.assessment.pulses import HealthModel, Pulses, pulses_of, train

SAMPLES = Path(__file__).parent / "samples"
WIDTH_MS = {"LFP20": 5000.0, "NMC21": 3000.0, "LMO10": 3000.0}


@cache
def table() -> pl.DataFrame:
    """All rows; `cell` is text."""
    data = gzip.decompress((SAMPLES / "pulsebat_part.csv.gz").read_bytes())
    return pl.read_csv(data, schema_overrides={"cell": pl.String})


def part(cell_type: str, session: str) -> pl.DataFrame:
    """Rows of one type and session."""
    return table().filter((pl.col("set") == cell_type) & (pl.col("session") == session))


def held_out(cell_type: str) -> list[str]:
    """A third of the cells, every third by name."""
    return sorted(part(cell_type, "random_soc")["cell"].to_list())[2::3]


def training(cell_type: str) -> Pulses:
    """Fixed-SOC session of the cells that are not held out."""
    frame = part(cell_type, "fixed_soc").filter(~pl.col("cell").is_in(held_out(cell_type)))
    return pulses_of(frame, labelled=True)


def lot(cell_type: str) -> Pulses:
    """Random-SOC session of the cells held out, with their truth."""
    frame = part(cell_type, "random_soc").filter(pl.col("cell").is_in(held_out(cell_type)))
    return pulses_of(frame, labelled=True)


def truth(pulses: Pulses) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """Measured SOH of the rows."""
    assert pulses.soh is not None
    return pulses.soh


@cache
def model(cell_type: str) -> HealthModel:
    """Trained once a run."""
    return train(training(cell_type), cell_type)


def first(pulses: Pulses, count: int) -> dict[str, float]:
    """The first cells as references."""
    return {str(name): float(soh) for name, soh in zip(pulses.cells[:count], truth(pulses)[:count], strict=True)}
