"""Polars frames into PostgreSQL by binary COPY: the one way that rows enter the ledger.

The form is that of the PostgreSQL documentation, "COPY", section "Binary Format": a row is the number of its
fields, a field its length (-1 for null) and its bytes, integers with the highest byte first. A binary COPY
converts nothing, so that a column must have exactly the type that `TYPES` names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg
from psycopg import sql

from suyuan.server.kit.connection import Row

Fields: TypeAlias = list[bytes]
"""One column, by row: lengths and bytes."""
Fixed: TypeAlias = npt.NDArray[np.uint8]
"""One column of fields that are all of one size, shape (rows, size)."""

_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH_DAYS = 10_957  # PostgreSQL counts from 2000, we from 1970
_EPOCH_MS = _EPOCH_DAYS * 86_400_000
_TEXT_OID = 25

TYPES: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("slot", "kind", "stage", "place"), "smallint")
    | dict.fromkeys(("serial", "reporter", "record", "party", "site", "into_serial", "main_serial"), "integer")
    | dict.fromkeys(("holder", "consignee", "block", "company"), "integer")
    | dict.fromkeys(("submission", "mask", "records"), "bigint")
    | dict.fromkeys(("lot", "vehicle", "into_lot", "main_lot", "code"), "text")
    | dict.fromkeys(("id", "corrects", "stands_for", "changed_by"), "uuid")
    | dict.fromkeys(("occurred_at", "changed_at"), "timestamptz")
    | dict.fromkeys(("body", "data"), "jsonb")
    | dict.fromkeys(("part_lots", "parent_lots"), "text[]")
    | dict.fromkeys(("part_counts", "parts", "parents"), "bytea")
    | {"day": "date"}
)
"""The type of each column that is copied; a name means the same in every table."""


def array_text(lots: tuple[str, ...]) -> str:
    """Battery lots, letters and digits, as PostgreSQL writes an array of texts."""
    return "{" + ",".join(lots) + "}"


def hexadecimal(data: pl.Series) -> pl.Series:
    """Bytes as PostgreSQL writes them."""
    return pl.select(pl.concat_str(pl.lit("\\x"), data.bin.encode("hex"))).to_series()


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _fixed(values: npt.NDArray[np.integer], size: int) -> Fixed:
    """Whole numbers as fields of `size` bytes."""
    narrow = values.astype(f">i{size}")
    if not np.array_equal(narrow, values):
        raise OverflowError(f"a number does not fit into {size} bytes")
    fields = np.empty((len(values), 4 + size), np.uint8)
    fields[:, :4] = (0, 0, 0, size)
    fields[:, 4:] = narrow.view(np.uint8).reshape(-1, size)
    return fields


def _number(size: int, epoch: int = 0, times: int = 1) -> Callable[[pl.Series], Fixed]:
    def encode(column: pl.Series) -> Fixed:
        return _fixed((column.to_physical().to_numpy().astype(np.int64) - epoch) * times, size)

    return encode


def _uuid(column: pl.Series) -> Fixed:
    """Ids given as hexadecimal text."""
    fields = np.empty((len(column), 20), np.uint8)
    fields[:, :4] = (0, 0, 0, 16)
    fields[:, 4:] = np.frombuffer(bytes.fromhex("".join(column.to_list())), np.uint8).reshape(-1, 16)
    return fields


def _texts(write: Callable[[str], bytes]) -> Callable[[pl.Series], Fields]:
    """Each different text is written once."""

    def encode(column: pl.Series) -> Fields:
        texts = column.to_list()
        known = {text: _sized(write(text)) for text in set(texts)}
        return [known[text] for text in texts]

    return encode


def _array(text: str) -> bytes:
    """An array of texts, given as `array_text` writes it."""
    items = [item.encode() for item in text[1:-1].split(",")] if text != "{}" else []
    head = np.array([bool(items), 0, _TEXT_OID, *((len(items), 1) if items else ())], ">i4").tobytes()
    return head + b"".join(map(_sized, items))


def _bytes(column: pl.Series) -> Fields:
    """Bytes as they are, or as `hexadecimal` writes them."""
    if column.dtype == pl.String:
        column = column.str.slice(2).str.decode("hex")
    return [_sized(data) for data in column.to_list()]


_ENCODERS: Mapping[str, Callable[[pl.Series], Fields | Fixed]] = MappingProxyType(
    {
        "smallint": _number(2),
        "integer": _number(4),
        "bigint": _number(8),
        "date": _number(4, _EPOCH_DAYS),
        "timestamptz": _number(8, _EPOCH_MS, 1000),
        "uuid": _uuid,
        "text": _texts(str.encode),
        "jsonb": _texts(lambda text: b"\1" + text.encode()),  # the version of the form, then the text
        "text[]": _texts(_array),
        "bytea": _bytes,
    }
)


def _encoded(column: pl.Series) -> Fields | Fixed:
    encode = _ENCODERS[TYPES[column.name]]
    if not column.null_count():
        return encode(column)
    present = np.flatnonzero(column.is_not_null().to_numpy())
    if not len(present):
        return np.full((len(column), 4), 0xFF, np.uint8)
    fields = [_NULL] * len(column)
    for place, field in zip(present.tolist(), _split(encode(column.drop_nulls())), strict=True):
        fields[place] = field
    return fields


def _split(fields: Fields | Fixed) -> Fields:
    if isinstance(fields, list):
        return fields
    flat, size = fields.tobytes(), fields.shape[1]
    return [flat[start : start + size] for start in range(0, len(flat), size)]


@dataclass(frozen=True, slots=True)
class Ready:
    """Rows as binary COPY takes them, and the names of their columns in that order."""

    names: tuple[str, ...]
    rows: bytes


def ready(frame: pl.DataFrame) -> Ready:
    """The rows of `frame` to be sent; fields of one size come first, since together they are one piece a row.

    Moments are milliseconds since 1970 UTC, ids hexadecimal text, arrays text as `array_text` writes it.
    """
    encoded = {column.name: _encoded(column) for column in frame}
    alike = {name: fields for name, fields in encoded.items() if not isinstance(fields, list)}
    others = {name: fields for name, fields in encoded.items() if isinstance(fields, list)}
    count = np.broadcast_to(np.frombuffer(len(encoded).to_bytes(2, "big"), np.uint8), (frame.height, 2))
    pieces = [_split(np.hstack([count, *alike.values()])), *others.values()]
    rows = b"".join(chain([_HEAD], chain.from_iterable(zip(*pieces, strict=True)), [_END]))
    return Ready((*alike, *others), rows)


def copy_ready(run: psycopg.Cursor[Row], table: str, ready: Ready) -> None:
    """Append rows to the columns of `table` that have their names."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(name) for name in ready.names)
    )
    with run.copy(statement) as copy:
        copy.write(ready.rows)


def copy_frame(run: psycopg.Cursor[Row], table: str, frame: pl.DataFrame) -> None:
    """Append the rows of `frame`, if it has any; see `ready` for its columns."""
    if not frame.is_empty():
        copy_ready(run, table, ready(frame))
