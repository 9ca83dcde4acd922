"""The way up from very many objects at once: whole blocks decoded with NumPy, one level after the other.

Objects are packed into one integer (place of the lot, serial), so that a level is a join of two columns.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl
import psycopg

from suyuan.codes.columns import join_keys, object_keys
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import LEVELS, Key

BLOCK = 64
_SERIAL_BITS = 24
_LOT_SHIFT = 32
_SERIAL_MASK = (1 << _LOT_SHIFT) - 1

LINKS = pl.Schema({"key": pl.Int64(), "parent": pl.Int64(), "submission": pl.Int64(), "made": pl.Int64()})
"""A part; its parent or null; the submission whose tree put it there; the submission that made it as a cell alone."""

_BLOCKS = """
SELECT b.lot, b.block, b.submission, b.mask, b.parent_lots, b.parents
  FROM unnest(%s::text[], %s::integer[]) AS o (lot, block)
  JOIN ledger_block b ON b.lot = o.lot AND b.block = o.block
"""
_SPANS = """
SELECT s.lot, s.serial, s.other_lot, s.other_serial,
       CASE WHEN %s::bigint IS NULL THEN s.to_at IS NULL
            ELSE s.from_at <= to_timestamp(%s::bigint / 1000.0)
                 AND (s.to_at IS NULL OR s.to_at > to_timestamp(%s::bigint / 1000.0)) END
  FROM unnest(%s::text[], %s::integer[], %s::integer[]) AS o (lot, low, high)
  JOIN ledger_span s ON s.lot = o.lot AND s.serial BETWEEN o.low AND o.high AND s.up
 ORDER BY s.from_at, s.from_by
"""
_BIRTHS = """
SELECT o.place, (extract(epoch FROM min(e.occurred_at)) * 1000)::bigint
  FROM unnest(%s::text[], %s::integer[], %s::bigint[]) WITH ORDINALITY AS o (lot, serial, submission, place)
 CROSS JOIN LATERAL (SELECT o.lot, o.serial
                      UNION ALL
                     SELECT g.parent_lot, g.parent_serial FROM birth(ARRAY[o.lot], ARRAY[o.serial]) AS g
                      WHERE g.submission = o.submission) AS top (lot, serial)
  JOIN ledger_event e ON e.lot = top.lot AND e.serial = top.serial AND e.submission = o.submission
       AND e.parts IS NOT NULL AND e.kind <> 1
 GROUP BY o.place
"""


class Lots:
    """The lots met so far, numbered as they come."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a lot, a new one for a new lot."""
        found = self._numbers.setdefault(name, len(self.names))
        if found == len(self.names):
            self.names.append(name)
        return found

    def numbers(self, names: Iterable[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The numbers of many lots."""
        return np.array([self.number(name) for name in names], np.int64)

    def pack(self, codes: pl.Series) -> pl.Series:
        """The packed keys of a column of codes."""
        keys = object_keys(codes)
        numbers = self.numbers(keys.lots)
        lot = numbers[keys.lot] if len(numbers) else np.zeros(0, np.int64)
        return pl.Series("key", (lot << _LOT_SHIFT) | keys.serial, dtype=pl.Int64)

    def packed(self, keys: Sequence[Key]) -> pl.Series:
        """Keys one by one as packed ones."""
        numbers = self.numbers(lot for lot, _ in keys)
        serials = np.array([serial for _, serial in keys], np.int64)
        return pl.Series("key", numbers << _LOT_SHIFT | serials, dtype=pl.Int64)

    def ends(self, packed: pl.Series) -> tuple[list[str], list[int], list[int]]:
        """The lots of packed keys, with the lowest and the highest serial of each."""
        frame = pl.DataFrame({"key": packed, "lot": packed.to_numpy() >> _LOT_SHIFT}).group_by("lot")
        reach = frame.agg(low=pl.col("key").min(), high=pl.col("key").max()).sort("lot")
        lots, low = self.arrays(reach["low"])
        return lots, low, self.arrays(reach["high"])[1]

    def codes(self, packed: pl.Series) -> pl.Series:
        """The codes of packed keys; null stays null."""
        distinct = packed.drop_nulls().unique()
        values = distinct.to_numpy()
        texts = join_keys(
            self.names, (values >> _LOT_SHIFT).astype(np.uint32), (values & _SERIAL_MASK).astype(np.int32)
        )
        table = pl.DataFrame({"key": distinct, "code": texts}, schema_overrides={"key": pl.Int64})
        return packed.alias("key").to_frame().join(table, on="key", how="left", maintain_order="left")["code"]

    def arrays(self, packed: pl.Series) -> tuple[list[str], list[int]]:
        """Packed keys as the two arrays that the queries take."""
        values = packed.to_numpy()
        names = np.asarray([*self.names, ""], object)
        return names[values >> _LOT_SHIFT].tolist(), (values & _SERIAL_MASK).tolist()

    def keys(self, packed: pl.Series) -> list[Key]:
        """Packed keys one by one."""
        return list(zip(*self.arrays(packed), strict=True))


def decode(rows: Sequence[Row], lots: Lots) -> pl.DataFrame:
    """Block rows (lot, block, submission, mask, parent_lots, parents) as links: one row an object, sorted.

    The first tree that put an object into a parent counts, and the first submission that made it.
    """
    if not rows:
        return pl.DataFrame(schema=LINKS)
    names, block, submission, mask, parent_lots, parents = zip(*rows, strict=True)
    masks = np.array(mask, np.int64)
    where = np.flatnonzero(np.unpackbits(masks.view(np.uint8), bitorder="little").view(np.bool_))
    row, bit = where // BLOCK, where % BLOCK
    key = (lots.numbers(names) << _LOT_SHIFT | np.array(block, np.int64) * BLOCK)[row] + bit
    counts = np.bincount(row, minlength=len(rows)).tolist()
    told = np.array([entries is not None for entries in parents])
    whole = b"".join(entries or bytes(4 * count) for entries, count in zip(parents, counts, strict=True))
    entry = np.frombuffer(whole, "<u4").astype(np.int64)
    flat = lots.numbers(name for some in parent_lots for name in some or ("",))
    starts = np.cumsum([0, *(len(some or ("",)) for some in parent_lots)])[:-1]
    parent = (flat[starts[row] + (entry >> _SERIAL_BITS)] << _LOT_SHIFT) | (entry & ((1 << _SERIAL_BITS) - 1))
    by = np.array(submission, np.int64)[row]
    if told.all():
        return _first(pl.DataFrame({"key": key, "parent": parent, "submission": by})).with_columns(
            made=pl.lit(None, pl.Int64)
        )
    placed = told[row]
    links = _first(pl.DataFrame({"key": key[placed], "parent": parent[placed], "submission": by[placed]}))
    made = pl.DataFrame({"key": key[~placed], "made": by[~placed]}).group_by("key").min()
    return links.join(made, on="key", how="full", coalesce=True).sort("key").select(*LINKS)


def _first(links: pl.DataFrame) -> pl.DataFrame:
    """The earliest submission's link of each key; rows of one submission a block are so already."""
    if (np.diff(links["key"].to_numpy()) > 0).all():
        return links
    return links.sort("key", "submission").unique("key", keep="first", maintain_order=True)


def spans_of(run: psycopg.Cursor[Row], keys: pl.Series, lots: Lots, at_ms: int | None = None) -> pl.DataFrame:
    """Columns key, parent, inside: the spans of these keys in the order of time; `inside` at a moment (None: now).

    Spans are exceptions, so that all spans between the lowest and the highest serial of a lot are fetched.
    """
    rows = run.execute(_SPANS, [at_ms, at_ms, at_ms, *lots.ends(keys)], binary=True).fetchall()
    spans = pl.DataFrame(
        {
            "key": lots.packed([row[:2] for row in rows]),
            "parent": lots.packed([row[2:4] for row in rows]),
            "inside": pl.Series([row[4] for row in rows], dtype=pl.Boolean),
        }
    )
    return spans.filter(pl.col("key").is_in(keys.implode()))


def spanned(run: psycopg.Cursor[Row], links: pl.DataFrame, lots: Lots, at_ms: int | None) -> pl.DataFrame:
    """The links with those replaced that spans know better."""
    if links.is_empty():
        return links
    spans = spans_of(run, links["key"], lots, at_ms)
    if spans.is_empty():
        return links
    known = spans.group_by("key").agg(other=pl.col("parent").filter("inside").last(), told=pl.lit(True))
    joined = links.join(known, on="key", how="left", maintain_order="left")
    return joined.with_columns(
        parent=pl.when("told").then("other").otherwise("parent"),
        submission=pl.when("told").then(None).otherwise("submission"),
    ).select(*LINKS)


def born_by(run: psycopg.Cursor[Row], links: pl.DataFrame, lots: Lots, at_ms: int | None) -> pl.DataFrame:
    """The links without the parents into which a tree put its parts only after the moment."""
    if at_ms is None:
        return links
    births = links.filter(pl.col("submission").is_not_null()).select("parent", "submission").unique()
    if births.is_empty():
        return links
    names, serials = lots.arrays(births["parent"])
    times: dict[int, int] = dict(run.execute(_BIRTHS, [names, serials, births["submission"].to_list()]).fetchall())
    known = [times.get(place) for place in range(1, births.height + 1)]
    late = births.with_columns(born=pl.Series(known, dtype=pl.Int64)).filter(pl.col("born") > at_ms)
    joined = links.join(late, on=["parent", "submission"], how="left", maintain_order="left")
    return joined.with_columns(parent=pl.when(pl.col("born").is_null()).then("parent")).select(*LINKS)


def births_of(run: psycopg.Cursor[Row], keys: pl.Series, lots: Lots) -> pl.DataFrame:
    """The links of these distinct keys as the trees made them, in the order of the keys."""
    blocks = pl.DataFrame({"lot": keys.to_numpy() >> _LOT_SHIFT, "block": (keys.to_numpy() & _SERIAL_MASK) // BLOCK})
    wanted = blocks.unique().sort("lot", "block")
    names = np.asarray([*lots.names, ""], object)[wanted["lot"].to_numpy()].tolist()
    rows = run.execute(_BLOCKS, [names, wanted["block"].to_list()], binary=True).fetchall()
    found = decode(rows, lots)
    return keys.alias("key").to_frame().join(found, on="key", how="left", maintain_order="left").select(*LINKS)


def links_of(run: psycopg.Cursor[Row], keys: pl.Series, lots: Lots, at_ms: int | None) -> pl.DataFrame:
    """The links of these distinct keys at a moment (None: now), in their order; the ledger may know of none."""
    return born_by(run, spanned(run, births_of(run, keys, lots), lots, at_ms), lots, at_ms)


def chains(run: psycopg.Cursor[Row], keys: pl.Series, lots: Lots, at_ms: int | None) -> pl.DataFrame:
    """Columns `c0` (the key itself), `c1` … : each key with its containers at a moment, nearest first."""
    frame = pl.DataFrame({"c0": keys.unique()})
    for level in range(LEVELS):
        below, above = f"c{level}", f"c{level + 1}"
        current = frame[below].drop_nulls().unique()
        if current.is_empty():
            break
        step = links_of(run, current, lots, at_ms).select(pl.col("key").alias(below), pl.col("parent").alias(above))
        if step[above].null_count() == step.height:
            break
        frame = frame.join(step, on=below, how="left")
    return frame
