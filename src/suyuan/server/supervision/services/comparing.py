"""Stored duties beside computed ones: what differs, and writing just that."""

import io
from dataclasses import dataclass, field

import polars as pl
import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.stored import DUTY, KEY

EXAMPLES = 20

_DROP = """
DELETE FROM supervision_duty d
 USING unnest(%s::text[], %s::integer[], %s::uuid[], %s::smallint[]) AS o (lot, serial, event, rule)
 WHERE d.lot = o.lot AND d.serial = o.serial AND d.event = o.event AND d.rule = o.rule
"""
_PUT = f"COPY supervision_duty ({', '.join(DUTY)}) FROM STDIN (FORMAT csv)"
_REST = tuple(name for name in DUTY if name not in KEY)


@dataclass(slots=True)
class Differences:
    """Duties that the table lacks, has too many, or has wrong; the first of them as (what, where)."""

    duties: int = 0
    missing: int = 0
    extra: int = 0
    different: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def found(self) -> int:
        """How many rows differ."""
        return self.missing + self.extra + self.different

    def add(self, changes: "Changes") -> None:
        """Count the changes of one portion."""
        self.duties += changes.computed
        self.missing += changes.missing.height
        self.extra += changes.extra.height
        self.different += changes.different.height
        for what in ("missing", "extra", "different"):
            rows: pl.DataFrame = getattr(changes, what)
            for row in rows.head(EXAMPLES - len(self.examples)).select(KEY).iter_rows():
                self.examples.append((what, " ".join(map(str, row))))


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be done to the table: rows to add, to take out, and to replace by these; `computed` is all."""

    computed: int
    missing: pl.DataFrame
    extra: pl.DataFrame
    different: pl.DataFrame

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.missing.height or self.extra.height or self.different.height)


def compare(stored: pl.DataFrame, computed: pl.DataFrame) -> Changes:
    """Both in the columns of the table; neither has a key twice."""
    missing = computed.join(stored.select(KEY), on=KEY, how="anti", maintain_order="left")
    extra = stored.join(computed.select(KEY), on=KEY, how="anti", maintain_order="left")
    both = computed.join(stored, on=KEY, how="inner", suffix="_stored", maintain_order="left")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_stored")) for name in _REST)
    return Changes(computed.height, missing, extra, both.filter(differs).select(list(DUTY)))


def write(run: psycopg.Cursor[Row], changes: Changes) -> None:
    """Make the table say what was computed: one statement to take out, one COPY to put in."""
    gone = pl.concat([changes.extra, changes.different])
    if gone.height:
        run.execute(_DROP, [gone[name].to_list() for name in KEY])
    fresh = pl.concat([changes.missing, changes.different])
    if fresh.height:
        buffer = io.BytesIO()
        fresh.write_csv(buffer, include_header=False)
        with run.copy(_PUT) as copy:
            copy.write(buffer.getbuffer())
