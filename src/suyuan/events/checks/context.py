"""What a check must be told of the world: the day, the reporter, and what is on file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

FILINGS = pl.Schema(
    {
        "prefix": pl.String(),
        "level": pl.String(),
        "chemistry": pl.String(),
        "modules": pl.Int64(),
        "cells": pl.Int64(),
    }
)
"""Columns of the filings that the check reads; others may stand beside them.

prefix: the first 14 characters; level, chemistry: letters of GB/T 34014 positions 4 and 5;
modules, cells: number of parts inside one piece, null where not filed.
"""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known where the check runs; None means "not known here, do not check".

    Parameters
    ----------
    reference
        Today, in China.
    now
        This moment, with its time zone.
    reporter
        Unified social credit code (or DUNS) of the reporting company.
    companies
        Code of every registered company → its number in the ledger.
    sites
        Id of every site of the reporter → its number in the ledger.
    vendors
        Vendor codes issued (positions 1-3).
    filings
        See `FILINGS`.
    strict_vin
        Whether a vehicle identification number must follow the Chinese standard to the letter.
    """

    reference: date
    now: datetime
    reporter: str | None = None
    companies: Mapping[str, int] | None = None
    sites: Mapping[str, int] | None = None
    vendors: frozenset[str] | None = None
    filings: pl.DataFrame | None = None
    strict_vin: bool = False

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("the moment `now` needs a time zone")
