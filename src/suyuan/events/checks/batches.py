"""Whose batch of material a row names: a text means a batch only beside the company that gave it."""

import polars as pl

from suyuan.codes.keys import OF_COMPANY
from suyuan.events.vocabulary import Kind


def key_column(field: str) -> str:
    """The column with the codes of the batches that `field` names."""
    return f"{field}_key"


def with_batch_keys(kind: Kind, values: pl.DataFrame, reporter: str | None) -> pl.DataFrame:
    """The same columns and, beside each batch of material, its code: company and text.

    Parameters
    ----------
    reporter
        Code of the reporting company; None if it is not known, then nothing is added.
    """
    if reporter is None:
        return values
    slots = [slot for slot in kind.slots if slot.object == "material" and slot.field in values.columns]
    own = pl.lit(reporter)
    return values.with_columns(
        pl.concat_str(
            pl.coalesce(pl.col(slot.owner).cast(pl.String), own) if slot.owner in values.columns else own,
            pl.lit(OF_COMPANY),
            pl.col(slot.field).cast(pl.String),
        ).alias(key_column(slot.field))
        for slot in slots
    )
