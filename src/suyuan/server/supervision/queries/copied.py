"""A table of the database as a frame, by COPY: many rows in one go."""

import io
from collections.abc import Mapping

import polars as pl
import psycopg

from suyuan.server.kit.connection import Row


def copied(
    run: psycopg.Cursor[Row], statement: str, params: Mapping[str, object], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """What a COPY statement in the form csv gives, in the columns of `schema`; empty where it gives nothing."""
    buffer = io.BytesIO()
    with run.copy(statement, params) as copy:
        for part in copy:
            buffer.write(part)
    if not buffer.tell():
        return pl.DataFrame(schema=schema)
    buffer.seek(0)
    return pl.read_csv(buffer, has_header=False, schema=dict(schema))
