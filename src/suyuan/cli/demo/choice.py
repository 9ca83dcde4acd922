"""Which battery is worth a look: one with much life in it."""

import polars as pl

from suyuan.cli.local import Local
from suyuan.cli.ring import NotThere
from suyuan.events.vocabulary import vocabulary
from suyuan.simulation import Simulation

_LATE = ("product_made", "treated", "dismantled", "assessed", "received")
_TRIED = 20


def remarkable(simulation: Simulation, there: Local) -> str:
    """The code of the pack with the most kinds of events, the later in life the better, that the ledger knows."""
    told = [_named(kind, frame) for kind, frame in simulation.reports.told.items()]
    counted = (
        pl.concat([frame for frame in told if frame.height])
        .filter(pl.col("code").str.slice(3, 1) == "P")
        .group_by("code")
        .agg(pl.col("kind").n_unique().alias("kinds"), pl.len().alias("events"), pl.col("late").any())
        .sort("late", "kinds", "events", "code", descending=[True, True, True, False])
    )
    for code in counted["code"].head(_TRIED):
        try:
            there.state(code, None)
        except NotThere:
            continue
        return str(code)
    raise NotThere("cli.nothing_to_trace")


def _named(kind: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The batteries that the records of one kind are about."""
    fields = [slot.field for slot in vocabulary().kinds[kind].slots if slot.object == "battery"]
    parts = [frame.select(pl.col(field).cast(pl.String).alias("code")) for field in fields if field in frame.columns]
    named = pl.concat(parts) if parts else pl.DataFrame(schema={"code": pl.String})
    return named.drop_nulls().with_columns(kind=pl.lit(kind), late=pl.lit(kind in _LATE))
