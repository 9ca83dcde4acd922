"""A laboratory at work: small files, a lot of pulses by battery codes, and its model."""

import io
from functools import cache

import polars as pl

from suyuan.assessment.pulses import model_bytes
from suyuan.server.laboratory.services.attaching import Attachment
from tests.assessment.made import cycles_csv
from tests.assessment.pulses.real import held_out, model, part
from tests.server.api.face import cell_code

PLATE = Attachment(
    name="cell.csv", protocol="one-cycle-1c", rated_ah=10.5, end_v=3.1, instrument="tester 4", operator="李工"
)


@cache
def file() -> bytes:
    """A made test of 10 Ah, with the file's own clock nowhere."""
    return cycles_csv(1, step_s=60.0)


@cache
def model_file() -> bytes:
    """The model of real cells."""
    return model_bytes(model("LFP20"))


def lot_csv(cells: int = 12, references: int = 3, recorded: bool = True) -> bytes:
    """Pulses of cells never seen, named by codes of cells of pack 1 and 2 (or by no code); the first with their SOH."""
    frame = part("LFP20", "random_soc").filter(pl.col("cell").is_in(held_out("LFP20"))).head(cells)
    names = [cell_code(1 + place // 8, place % 8) if recorded else f"cell {place}" for place in range(frame.height)]
    known = [soh if place < references else None for place, soh in enumerate(frame["SOH"].to_list())]
    fine = {name: pl.lit("no") for name in ("damage", "swelling", "leakage", "polarity_reversed")}
    told = {"temperature_rise_k": 5.0, "charge_efficiency": 0.995, "self_discharge_v_per_day": 0.0001}
    table = frame.drop("Q", "SOH", "set", "session", "soc_label_pct").with_columns(
        pl.Series("cell", names),
        pl.Series("SOH", known, dtype=pl.Float64),
        chemistry=pl.lit("LFP"),
        **fine,
        **{name: pl.lit(value) for name, value in told.items()},
    )
    out = io.BytesIO()
    table.write_csv(out)
    return out.getvalue()
