"""What the ledger and the register hold, as the columns from which duties are computed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

import polars as pl
import psycopg

from suyuan.events.vocabulary import vocabulary
from suyuan.rules import Law
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import companies
from suyuan.server.registry.queries.qualifications import intervals
from suyuan.server.supervision.queries.copied import copied

WITHDRAWAL = 36
PORTION = 200_000  # rows of records looked at together
_ONE_DAY_MS = 86_400_000
_CHINA_MS = 8 * 3_600_000  # no summer time since there have been records

_EVENTS = """
COPY (SELECT e.lot, e.serial, e.id, e.kind, (e.main_lot IS NULL AND e.slot = 0)::integer,
             e.reporter, e.party, e.site, (e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date - '1970-01-01',
             left(coalesce(e.stands_for, e.id)::text, 13), e.corrects
        FROM {source}
       WHERE (e.kind = ANY (%(kinds)s::smallint[]) OR e.corrects IS NOT NULL) AND {which}
       ORDER BY e.lot, e.serial, e.id, e.slot) TO STDOUT (FORMAT csv)
"""
_IN_RANGE = _EVENTS.replace("{source}", "ledger_event e").replace(
    "{which}", "e.lot > %(after)s AND (%(upto)s::text IS NULL OR e.lot <= %(upto)s)"
)
_OF_OBJECTS = _EVENTS.replace(
    "{source}",
    "unnest(%(lots)s::text[], %(serials)s::integer[]) AS o (lot, serial)"
    " JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial",
).replace("{which}", "TRUE")
_NEXT = "SELECT lot FROM ledger_event WHERE lot > %s ORDER BY lot OFFSET %s LIMIT 1"
_FACTS = """
SELECT company, subject, id::text, kind, occurred_on, (recorded_at AT TIME ZONE 'Asia/Shanghai')::date,
       withdrawn_at IS NULL FROM supervision_fact ORDER BY number
"""
_COMMISSIONS = """
SELECT c.site, c.company, c.valid_from, c.valid_to FROM registry_outlet_commission c
 WHERE c.agreed_at IS NOT NULL ORDER BY c.site, c.valid_from, c.company
"""
_COMMISSION = {"site": pl.Int64(), "company": pl.Int64(), "from": pl.Date(), "to": pl.Date()}
_FACT_SCHEMA = {
    "company": pl.Int64(),
    "subject": pl.String(),
    "event": pl.String(),
    "kind": pl.String(),
    "occurred_on": pl.Date(),
    "received_on": pl.Date(),
    "valid": pl.Boolean(),
}
_SCHEMA: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "lot": pl.String(),
        "serial": pl.Int32(),
        "event": pl.String(),
        "kind": pl.Int16(),
        "main": pl.Int8(),
        "reporter": pl.Int64(),
        "party": pl.Int64(),
        "site": pl.Int32(),
        "occurred_on": pl.Int32(),
        "stands": pl.String(),
        "corrects": pl.String(),
    }
)


LIST = "industry_conditions"
"""The qualification that puts a company on the list of the industry conditions."""

FIRST = "$"
"""Behind the duties of companies, which stand under "#" and a number, and before every lot."""


@dataclass(frozen=True, slots=True)
class Portion:
    """The lots after `after`, up to and including `upto`; without end if that is None."""

    after: str = FIRST
    upto: str | None = None


def portions(run: psycopg.Cursor[Row], rows: int = PORTION) -> Iterator[Portion]:
    """Ranges of lots with about as many `rows` of records each; the last one is open."""
    after: str | None = FIRST
    while after is not None:
        row = run.execute(_NEXT, [after, rows]).fetchone()
        upto = None if row is None else str(row[0])
        yield Portion(after, upto)
        after = upto


def events_between(run: psycopg.Cursor[Row], law: Law, portion: Portion) -> pl.DataFrame:
    """Every record that matters to a duty of `law`, of all objects in a range of lots; see `_told`."""
    wanted = {"kinds": kind_numbers(law), "after": portion.after, "upto": portion.upto}
    return _told(copied(run, _IN_RANGE, wanted, _SCHEMA), _utilisers(run), _commissions(run))


def events_of(run: psycopg.Cursor[Row], law: Law, lots: Sequence[str], serials: Sequence[int]) -> pl.DataFrame:
    """The same for some distinct objects."""
    wanted = {"kinds": kind_numbers(law), "lots": list(lots), "serials": list(serials)}
    return _told(copied(run, _OF_OBJECTS, wanted, _SCHEMA), _utilisers(run), _commissions(run))


def roles(run: psycopg.Cursor[Row]) -> pl.DataFrame:
    """Which company has which role on which days, as `suyuan.rules.history.COMPANIES` wants it.

    The days on which a company was on the list of the industry conditions stand once more, with `listed` "yes".
    """
    known = companies(Scope.of_nation()).select("number", "roles", "valid_from", "valid_to").explode("roles")
    held = known.select(
        pl.col("number").cast(pl.Int64).alias("company"),
        pl.col("roles").alias("role"),
        pl.col("valid_from").alias("from"),
        pl.col("valid_to").alias("to"),
        pl.lit(None, pl.String).alias("listed"),
    )
    both = held.join(intervals(run, [LIST]).drop("category"), on="company", suffix="_listed")
    listed = both.select(
        *("company", "role"),
        pl.max_horizontal("from", "from_listed").alias("from"),
        pl.min_horizontal("to", "to_listed").alias("to"),
        pl.lit("yes").alias("listed"),
    )
    days = pl.col("from") <= pl.col("to").fill_null(date.max)
    return pl.concat([held, listed.filter(days).unique(maintain_order=True)])


def _utilisers(run: psycopg.Cursor[Row]) -> pl.DataFrame:
    """The days on which companies are known to be for echelon use or for recycling: entered so, or listed as such."""
    return intervals(run, [LIST, "utiliser_kind"]).filter(pl.col("category") != "")


def _commissions(run: psycopg.Cursor[Row]) -> pl.DataFrame:
    """For which company an outlet acts, on which days: commissions to which the company has agreed."""
    return pl.DataFrame(run.execute(_COMMISSIONS).fetchall(), _COMMISSION, orient="row")


def facts(run: psycopg.Cursor[Row]) -> pl.DataFrame:
    """Every dated fact of the register as an event of its company; `object` numbers company and subject."""
    rows = pl.DataFrame(run.execute(_FACTS).fetchall(), _FACT_SCHEMA, orient="row")
    about = pl.concat_str(pl.lit("#"), pl.col("company"), pl.lit(":"), pl.col("subject"))
    nothing = {name: pl.lit(None, pl.Int64) for name in ("party", "principal")}
    told = rows.with_columns(about.alias("lot"), serial=pl.lit(0, pl.Int32), reporter="company", **nothing)
    return told.with_columns(
        object=pl.col("lot").rank("dense").cast(pl.Int64),
        slot=pl.lit("fact"),
        site=pl.lit(None, pl.Int32),
        utiliser_kind=pl.lit(None, pl.String),
    )


def kinds_of(law: Law) -> list[str]:
    """The kinds of event from which a duty arises or which fulfil one, by name."""
    named = {kind for rule in law.every_duty() for kind in (*rule.kinds, *rule.fulfilled_by)}
    return sorted(named & vocabulary().kinds.keys())


def kind_numbers(law: Law) -> list[int]:
    """The same by number."""
    return [vocabulary().kinds[name].no for name in kinds_of(law)]


def _told(rows: pl.DataFrame, utilisers: pl.DataFrame, commissions: pl.DataFrame) -> pl.DataFrame:
    """The rows as `suyuan.rules.history.EVENTS` wants them, with lot, serial and site beside.

    `object` numbers the objects. Only the row that a record is filed under has a slot: from it a duty
    arises, whatever part of the ledger is looked at. `utiliser_kind` is what the register says of the reporter on
    the day of the record, null where it says nothing or both; `principal` the one company for which the site of the
    record acted on that day, null where it acted for none or for several.
    """
    numbered = rows.with_columns(object=pl.struct("lot", "serial").rle_id().cast(pl.Int64))
    names, slots = _words()
    known = numbered.with_columns(valid=~_void(numbered)).filter(pl.col("kind").is_in(list(names)))
    hexadecimal = pl.col("stands").str.slice(0, 8) + pl.col("stands").str.slice(9, 4)
    arrived_ms = hexadecimal.str.to_integer(base=16, dtype=pl.Int64) + _CHINA_MS
    kind = pl.col("kind").replace_strict(names, return_dtype=pl.Enum(sorted(names.values())))
    slot = pl.col("kind").replace_strict(slots, return_dtype=pl.String)
    told = known.select(
        *("lot", "serial", "site", "event", "object", "reporter", "party", "valid"),
        kind.alias("kind"),
        pl.when(pl.col("main") == 1).then(slot).otherwise(pl.lit("")).alias("slot"),
        pl.col("occurred_on").cast(pl.Date),
        (arrived_ms // _ONE_DAY_MS).cast(pl.Int32).cast(pl.Date).alias("received_on"),
    )
    return told.with_columns(
        utiliser_kind=_only_one(told, "reporter", utilisers, "company", "category"),
        principal=_only_one(told, "site", commissions, "site", "company"),
    )


def _only_one(rows: pl.DataFrame, left: str, intervals: pl.DataFrame, right: str, value: str) -> pl.Series:
    """Of each row the one `value` that the intervals of its `left` give on its day; null for none and for several."""
    if intervals.is_empty():
        return pl.repeat(None, rows.height, dtype=intervals.schema[value], eager=True)
    days = rows.select(pl.col(left).cast(pl.Int64), "occurred_on")
    told = intervals.rename({right: left, value: "_value"})
    both = days.join(told, on=left, how="semi").unique().join(told, on=left)
    day = pl.col("occurred_on")
    held = both.filter((day >= pl.col("from")) & (day <= pl.col("to").fill_null(date.max)))
    found = held.group_by(left, "occurred_on").agg(pl.col("_value").unique())
    one = found.filter(pl.col("_value").list.len() == 1).with_columns(pl.col("_value").list.first())
    return days.join(one, on=[left, "occurred_on"], how="left", maintain_order="left")["_value"]


def _void(rows: pl.DataFrame) -> pl.Series:
    """Which rows were corrected or withdrawn; withdrawing a correction restores what it corrected."""
    amending = rows.filter(pl.col("corrects").is_not_null()).select("object", "event", "corrects", "kind")
    withdrawn = amending.filter(pl.col("kind") == WITHDRAWAL).select("object", event="corrects")
    holding = amending.join(withdrawn, on=["object", "event"], how="anti").select("object", event="corrects").unique()
    marks = holding.with_columns(void=pl.lit(True))
    return rows.join(marks, on=["object", "event"], how="left", maintain_order="left")["void"].fill_null(False)


@cache
def _words() -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Names of the kinds, and of the slot under which each is filed, by number; not those about records."""
    kinds = [kind for kind in vocabulary().kinds.values() if not kind.about_record]
    return {kind.no: kind.name for kind in kinds}, {kind.no: kind.main.name for kind in kinds}
