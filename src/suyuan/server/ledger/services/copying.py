"""Polars frames into PostgreSQL by COPY: the one way that rows enter the ledger."""

from io import BytesIO

import polars as pl
import psycopg
from psycopg import sql

from suyuan.server.kit.connection import Row


def text_array(lists: pl.Series) -> pl.Series:
    """Lists of text as PostgreSQL writes an array; elements are battery lots, letters and digits."""
    return pl.select(pl.concat_str(pl.lit("{"), lists.list.join(","), pl.lit("}"))).to_series()


def hexadecimal(data: pl.Series) -> pl.Series:
    """Bytes as PostgreSQL reads them."""
    return pl.select(pl.concat_str(pl.lit("\\x"), data.bin.encode("hex"))).to_series()


def instants(milliseconds: pl.Series) -> pl.Series:
    """Milliseconds since 1970 UTC as text that PostgreSQL reads."""
    return milliseconds.cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%d %H:%M:%S%.3f+00")


def copy_frame(run: psycopg.Cursor[Row], table: str, frame: pl.DataFrame) -> None:
    """Append the rows of `frame` to the columns of `table` that have its names."""
    if frame.is_empty():
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(name) for name in frame.columns)
    )
    text = BytesIO()
    frame.write_csv(text, include_header=False, null_value="", quote_style="necessary")
    with run.copy(statement) as copy:
        copy.write(text.getbuffer())
