"""Files as companies send them, made of the cast's filed designs."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO

import polars as pl

from tests.server.cast import CELL_PREFIX, MODULE_PREFIX, PACK_PREFIX

MADE = "G15"  # 2026-01-05
MADE_ON = date(2026, 1, 5)


def pack(serial: int) -> str:
    """The code of a pack made on `MADE_ON`."""
    return f"{PACK_PREFIX}{MADE}{serial:07d}"


def module(serial: int) -> str:
    """The code of a module made on `MADE_ON`."""
    return f"{MODULE_PREFIX}{MADE}{serial:07d}"


def cell(serial: int) -> str:
    """The code of a cell made on `MADE_ON`."""
    return f"{CELL_PREFIX}{MADE}{serial:07d}"


def packs(serials: Sequence[int]) -> pl.DataFrame:
    """Production of packs, one row a cell: modules and cells are numbered after their pack."""
    rows = [
        {
            "pack_code": pack(serial),
            "produced_on": MADE_ON.isoformat(),
            "module_code": module(serial * 2 + m),
            "cell_code": cell((serial * 2 + m) * 4 + c),
        }
        for serial in serials
        for m in range(2)
        for c in range(4)
    ]
    return pl.DataFrame(rows)


def csv(frame: pl.DataFrame, encoding: str = "utf-8") -> bytes:
    """The frame as a csv file."""
    return frame.write_csv().encode(encoding)


def parquet(frame: pl.DataFrame) -> bytes:
    """The frame as a Parquet file."""
    out = BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def document(kind: str, *records: Mapping[str, object]) -> bytes:
    """A JSON document of records."""
    return json.dumps({"kind": kind, "records": records}, default=str).encode()
