"""How a recall is answered: members are found in portions, gathered by lot, and followed up."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import psycopg

from suyuan.events.containment import Tree, decode_tree
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.containers import LEVELS, Key
from suyuan.server.ledger.queries.kinds import kind_of_lot
from suyuan.server.ledger.queries.makings import makings_of
from suyuan.server.ledger.queries.objects import names
from suyuan.server.ledger.queries.sight import seen_of
from suyuan.server.ledger.queries.upward import BLOCK, Lots, born_by, chains, decode, links_of, spanned
from suyuan.server.ledger.queries.valid import VALID

RECALLED = pl.Schema(
    {
        "lot": pl.String(),
        "code": pl.String(),
        "count": pl.Int64(),
        "module": pl.String(),
        "pack": pl.String(),
        "product": pl.String(),
        "vehicle": pl.String(),
        "in_vehicle": pl.Boolean(),
        "stage": pl.String(),
        "holder": pl.Int32(),
        "holder_code": pl.String(),
        "holder_name": pl.String(),
    }
)
"""What a recall answers: `count` parts of `lot` (one part: its `code`), where they are, and who holds it.

`holder` is a number of the register. Parts in nothing have no module, pack, product and vehicle. Where
several products were made of one source in one record, nobody knows what of it went into which: the row
stands once for each product, with the state of that product, and its parts are counted in each.
"""

_RANGE = """
SELECT b.lot, b.block, b.submission, b.mask, b.parent_lots, b.parents FROM ledger_block b
 WHERE (b.lot, b.block) >= (%s, %s) AND (b.lot, b.block) <= (%s, %s)
 ORDER BY b.lot, b.block, b.submission LIMIT %s
"""
_STATES = """
SELECT s.lot, s.serial FROM ledger_state s
 WHERE (s.lot, s.serial) >= (%s, %s) AND (s.lot, s.serial) <= (%s, %s)
   AND NOT EXISTS (SELECT FROM ledger_block b WHERE b.lot = s.lot AND b.block = s.serial / 64
                      AND b.mask & (1::bigint << (s.serial %% 64)) <> 0)
 ORDER BY s.lot, s.serial LIMIT %s
"""
_OWN = """
SELECT s.lot, s.serial FROM unnest(%s::text[], %s::integer[], %s::integer[]) AS o (lot, low, high)
  JOIN ledger_state s ON s.lot = o.lot AND s.serial BETWEEN o.low AND o.high
"""
_NOW = """
SELECT o.place, s.stage, s.holder, s.vehicle
  FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)
  JOIN ledger_state s ON s.lot = o.lot AND s.serial = o.serial
"""
_THEN = """
SELECT place, stage, holder, vehicle
  FROM refold_state(%s::text[], %s::integer[], array_fill(to_timestamp(%s / 1000.0), ARRAY[%s]))
"""
_MAKERS = f"""
SELECT e.lot, e.submission, min(e.reporter), (extract(epoch FROM min(e.occurred_at)) * 1000)::bigint
  FROM ledger_event e
 WHERE e.lot = ANY(%s) AND e.kind = 1 AND e.submission = ANY(%s) AND e.main_lot IS NULL AND {VALID}
 GROUP BY e.lot, e.submission
"""  # noqa: S608  a constant
_FROM_BATCH = f"""
SELECT e.main_lot, e.main_serial, e.id FROM ledger_event e
 WHERE e.lot = %s AND e.serial = 0 AND e.kind = 1 AND e.main_lot IS NOT NULL AND {VALID}
 ORDER BY e.main_lot, e.main_serial, e.id
"""  # noqa: S608  a constant
_CELLS = """
SELECT e.part_lots, e.part_counts, e.parts FROM ledger_event e
 WHERE e.lot = %s AND e.serial = %s AND e.id = %s AND e.main_lot IS NULL AND e.parts IS NOT NULL
"""


@dataclass
class Request:
    """Who asks, for when, and in portions of how many blocks."""

    run: psycopg.Cursor[Row]
    scope: Scope
    at_ms: int | None
    portion: int
    lots: Lots = field(default_factory=Lots)


def by_blocks(request: Request, first: Key, last: Key) -> Iterator[pl.DataFrame]:
    """Links of the parts in a range, portion by portion; a block is never cut."""
    start, end = (first[0], first[1] // BLOCK), (last[0], last[1] // BLOCK)
    while True:
        rows = request.run.execute(_RANGE, [*start, *end, request.portion + 1], binary=True).fetchall()
        more = len(rows) > request.portion
        if more:
            start = rows[-1][:2]
            whole = [row for row in rows if row[:2] != start]
            if not whole:  # more submissions than a portion share one block
                request.portion *= 2
                continue
            rows = whole
        links = decode(rows, request.lots)
        if first[0] == last[0]:
            serial = pl.col("key") & 0xFFFFFFFF
            links = links.filter(serial.is_between(first[1], last[1]))
        links = spanned(request.run, links, request.lots, request.at_ms)
        yield born_by(request.run, links, request.lots, request.at_ms)
        if not more:
            return


def by_state(request: Request, first: Key, last: Key) -> Iterator[pl.DataFrame]:
    """Links of the objects in a range that were never part of a tree."""
    start = first
    while True:
        rows = request.run.execute(_STATES, [*start, *last, request.portion]).fetchall()
        if rows:
            yield links_of(request.run, request.lots.packed(rows), request.lots, request.at_ms)
        if len(rows) < request.portion:
            return
        start = (rows[-1][0], rows[-1][1] + 1)


def by_codes(request: Request, codes: pl.Series) -> Iterator[pl.DataFrame]:
    """Links of the objects with these codes."""
    yield links_of(request.run, request.lots.pack(codes), request.lots, request.at_ms)


def by_material(request: Request, batch: str) -> Iterator[pl.DataFrame]:
    """Links of the cells that were made from a batch of material."""
    waiting: list[pl.Series] = []
    for lot, serial, identity in request.run.execute(_FROM_BATCH, [batch]).fetchall():
        found = request.run.execute(_CELLS, [lot, serial, identity], binary=True).fetchone()
        if found is None:
            continue
        cells, _ = decode_tree(Tree(tuple(found[0]), bytes(found[1]), bytes(found[2])))
        numbers = request.lots.numbers(cells.lots)
        waiting.append(pl.Series("key", numbers[cells.lot] << 32 | cells.serial))
        if sum(map(len, waiting)) >= request.portion * BLOCK:
            yield links_of(request.run, pl.concat(waiting).unique(), request.lots, request.at_ms)
            waiting = []
    if waiting:
        yield links_of(request.run, pl.concat(waiting).unique(), request.lots, request.at_ms)


def answer(request: Request, portions: Iterator[pl.DataFrame], *, each: bool = False) -> Iterator[pl.DataFrame]:
    """Rows of the answer: `each` part on its own, or the parts of a lot in one container together."""
    pending: list[pl.DataFrame] = []
    for links in portions:
        groups = _gather(request, links, each=each)
        if each:
            yield from _rows(request, groups)
            continue
        newest = groups["lot"].max() if groups.height else None
        pending.append(groups)
        together = pl.concat(pending)
        done = together.filter(pl.col("lot") != newest) if newest is not None else together.clear()
        yield from _rows(request, _merge(done))
        pending = [_merge(together.filter(pl.col("lot") == newest)) if newest is not None else together]
    if pending:
        yield from _rows(request, _merge(pl.concat(pending)))


def _merge(groups: pl.DataFrame) -> pl.DataFrame:
    names_of = [name for name in groups.columns if name != "count"]
    return groups.group_by(names_of, maintain_order=True).agg(pl.col("count").sum())


def _gather(request: Request, links: pl.DataFrame, *, each: bool) -> pl.DataFrame:
    """What the reader may see, as columns lot, own, parent, made, itself, count.

    `own` is the part where it has a row of its own, `itself` says that it is in nothing and has a state.
    """
    links = links.filter(seen_of(request.run, request.scope, links["key"], request.lots))
    alone = pl.col("parent").is_null()
    itself = alone & pl.col("key").is_in(_own(request, links.filter(alone)["key"]).implode())
    frame = links.select(
        "parent",
        lot=pl.col("key") // (1 << 32),
        own=pl.when(pl.lit(each) | itself).then("key"),
        made=pl.when(alone & ~itself).then("made"),
        itself=itself,
    )
    known = frame.filter(pl.col("parent").is_not_null() | pl.col("made").is_not_null() | pl.col("itself"))
    groups = known.group_by("lot", "own", "parent", "made", "itself", maintain_order=True)
    return groups.agg(pl.len().cast(pl.Int64).alias("count"))


def _own(request: Request, keys: pl.Series) -> pl.Series:
    """Those of `keys`, and perhaps others of their lots, that have a state of their own."""
    if keys.is_empty():
        return keys
    return request.lots.packed(request.run.execute(_OWN, request.lots.ends(keys), binary=True).fetchall())


def _rows(request: Request, groups: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The groups followed up to the top, with state and names."""
    if groups.is_empty():
        return
    starts = groups.with_columns(c0=pl.coalesce("parent", pl.when("itself").then("own")))
    frame = _followed(request, starts)
    frame = frame.join(
        _states(request, frame["top"].drop_nulls().unique()), on="top", how="left", maintain_order="left"
    )
    frame = _made_alone(request, frame)
    if frame.height:
        yield _named(request, frame)


def _followed(request: Request, starts: pl.DataFrame, levels: int = LEVELS) -> pl.DataFrame:
    """The parts `own` and containers `c0` with all that contains them, and at the `top` of it what has the state."""
    line = chains(request.run, starts["c0"].drop_nulls(), request.lots, request.at_ms)
    frame = starts.join(line, on="c0", how="left", maintain_order="left")
    above = [name for name in frame.columns if name[0] == "c" and name[1:].isdigit()]
    frame = frame.with_columns(top=pl.coalesce(list(reversed(above))))
    members = ["own", *above]
    every = pl.concat([frame[name].alias("key") for name in members]).drop_nulls().unique()
    products, sources = makings_of(request.run, every, request.lots, request.at_ms)
    frame = _placed(request, frame, members, products)
    return frame if sources.is_empty() or not levels else _spread(request, frame, members, sources, levels)


def _spread(
    request: Request, frame: pl.DataFrame, members: list[str], sources: pl.DataFrame, levels: int
) -> pl.DataFrame:
    """The lines on which a source went into several products (columns source, into) once for each of these."""
    made = pl.DataFrame({"c0": sources["into"].unique()}).with_columns(own=pl.lit(None, pl.Int64))
    upward = _followed(request, made, levels - 1).select("top", "product", into="c0")
    reached = sources.join(upward, on="into").select("source", "top", "product")
    frame = frame.with_row_index("row")
    lines = frame.unpivot(members, index="row", value_name="source").join(reached, on="source")
    lines = lines.select("row", "top", "product").unique()
    several = frame.drop("top", "product").join(lines, on="row").select(frame.columns)
    still = ~frame["top"].is_in(sources["source"].implode()).fill_null(False)
    return pl.concat([frame.filter(still), several]).sort("row", "product").drop("row")


def _states(request: Request, tops: pl.Series) -> pl.DataFrame:
    lots, serials = request.lots.arrays(tops)
    if request.at_ms is None:
        rows = request.run.execute(_NOW, [lots, serials], binary=True).fetchall()
    else:
        rows = request.run.execute(_THEN, [lots, serials, request.at_ms, len(lots)], binary=True).fetchall()
    place, stage, holder, vehicle = zip(*rows, strict=True) if rows else ((), (), (), ())
    keys = tops.gather(np.array(place, np.int64) - 1) if rows else tops.clear()
    schema = {"top": pl.Int64, "stage": pl.Int16, "holder": pl.Int32, "vehicle": pl.String}
    return pl.DataFrame({"top": keys, "stage": stage, "holder": holder, "vehicle": vehicle}, schema=schema)


def _made_alone(request: Request, frame: pl.DataFrame) -> pl.DataFrame:
    """Cells in nothing and without a state of their own are with their maker, from the day they were made."""
    alone = frame.filter(pl.col("made").is_not_null()).select("lot", "made").unique()
    produced = vocabulary().stages["produced"]
    if alone.height:
        lots = [request.lots.names[number] for number in alone["lot"].unique().to_list()]
        rows = request.run.execute(_MAKERS, [lots, alone["made"].unique().to_list()]).fetchall()
        early = [row for row in rows if request.at_ms is None or row[3] <= request.at_ms]
        makers = pl.DataFrame(
            [(request.lots.number(lot), made, maker) for lot, made, maker, _ in early],
            {"lot": pl.Int64, "made": pl.Int64, "maker": pl.Int32},
            orient="row",
        )
        frame = frame.join(makers, on=["lot", "made"], how="left", maintain_order="left")
        frame = frame.with_columns(
            holder=pl.coalesce("holder", "maker"),
            stage=pl.when(pl.col("maker").is_not_null()).then(pl.lit(produced, pl.Int16)).otherwise("stage"),
        ).drop("maker")
    return frame.filter(pl.col("parent").is_not_null() | pl.col("stage").is_not_null())


def _placed(request: Request, frame: pl.DataFrame, columns: list[str], products: pl.Series) -> pl.DataFrame:
    """The line of containers as module, pack and (outermost) product; `products` are those made as such."""
    kinds = pl.Series([kind_of_lot(name) for name in request.lots.names], dtype=pl.String)
    found: dict[str, list[pl.Expr]] = {"module": [], "pack": [], "product": []}
    wide = frame.with_columns(
        pl.when(frame[name].is_in(products.implode()))
        .then(pl.lit("product"))
        .otherwise(kinds.gather(frame[name] // (1 << 32)))
        .alias(f"kind_{name}")
        for name in columns
    )
    for kind, some in found.items():
        order = columns if kind != "product" else reversed(columns)
        some.extend(pl.when(pl.col(f"kind_{name}") == kind).then(name) for name in order)
    return wide.select(*frame.columns, *(pl.coalesce(some).alias(kind) for kind, some in found.items()))


def _named(request: Request, frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of the answer: codes, names of stages and holders."""
    stages = {number: name for name, number in vocabulary().stages.items()}
    holders = frame["holder"].drop_nulls().unique().to_list()
    companies = names(request.run, holders, []).companies
    code = {number: company.code for number, company in companies.items()}
    name = {number: company.name_zh for number, company in companies.items()}
    lots = pl.Series([*request.lots.names], dtype=pl.String)
    return frame.select(
        lot=lots.gather(frame["lot"]),
        code=request.lots.codes(frame["own"]),
        count="count",
        module=request.lots.codes(frame["module"]),
        pack=request.lots.codes(frame["pack"]),
        product=request.lots.codes(frame["product"]),
        vehicle="vehicle",
        in_vehicle=pl.col("vehicle").is_not_null(),
        stage=pl.col("stage").replace_strict(stages, default=None, return_dtype=pl.String),
        holder="holder",
        holder_code=pl.col("holder").replace_strict(code, default=None, return_dtype=pl.String),
        holder_name=pl.col("holder").replace_strict(name, default=None, return_dtype=pl.String),
    ).cast(dict(RECALLED))  # type: ignore[arg-type]
