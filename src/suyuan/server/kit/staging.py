"""Bring a frame into a temporary table by COPY, for set-based SQL to work on."""

import io
from collections.abc import Mapping

import polars as pl
import psycopg
from psycopg import sql

from suyuan.server.kit.connection import Row


def stage(cursor: psycopg.Cursor[Row], table: str, frame: pl.DataFrame, types: Mapping[str, str]) -> None:
    """Make the temporary table and fill it; it is gone when the transaction ends.

    Parameters
    ----------
    cursor
        Of a connection inside a transaction.
    frame
        Has the columns of `types`; lists of plain words become arrays. Others are left out.
    types
        PostgreSQL type of each column.
    """
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in types.items()
    )
    cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(sql.Identifier(table), columns))
    lists = [name for name in types if isinstance(frame.schema[name], pl.List)]
    flat = frame.select(*types).with_columns(
        pl.concat_str(pl.lit("{"), pl.col(name).list.join(","), pl.lit("}")).alias(name) for name in lists
    )
    buffer = io.BytesIO()
    flat.write_csv(buffer, include_header=False, quote_style="non_numeric", null_value="")
    with cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(sql.Identifier(table))) as copy:
        copy.write(buffer.getbuffer())
