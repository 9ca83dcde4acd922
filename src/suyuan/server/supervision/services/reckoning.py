"""From records to rows of the table of duties: the pure computation, with the numbers that the table uses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from types import MappingProxyType
from uuid import UUID, uuid5

import polars as pl
import psycopg

from suyuan.rules import Calendar, Duty, Form, Law, compute
from suyuan.rules.duties import State
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.calendars import known_calendar
from suyuan.server.supervision.queries.history import kind_numbers, roles
from suyuan.server.supervision.queries.stored import DUTY, rule_numbers

_ENTER = """
INSERT INTO supervision_rule (version, duty, status)
SELECT o.version, o.duty, o.status
  FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS o (version, duty, status, place)
 WHERE NOT EXISTS (SELECT FROM supervision_rule r WHERE r.version = o.version) ORDER BY o.place
"""

_DAYS = UUID("6f1d1f5e-6d1f-5a51-9d25-6a3f3f0e8d11")
"""Below this name stand the ids of what a day starts."""


@dataclass(frozen=True)
class Reckoning:
    """What duties are computed with: law, working days, who has which role, the day, numbers of versions."""

    law: Law
    calendar: Calendar
    roles: pl.DataFrame
    on: date
    numbers: Mapping[str, int]

    @classmethod
    def now(cls, run: psycopg.Cursor[Row], law: Law, clock: Clock) -> "Reckoning":
        """As this installation knows it today."""
        return cls(law, known_calendar(), roles(run), clock.today(), rule_numbers(run))

    @cached_property
    def events(self) -> Law:
        """The law's duties that records start, with past editions beside those that replaced them."""
        return self._with_past(Form.EVENT)

    @cached_property
    def of_companies(self) -> Law:
        """All its duties but the standing ones; without records, what facts and days start."""
        return self._with_past(Form.EVENT, Form.FIXED, Form.YEARLY)

    def _with_past(self, *forms: Form) -> Law:
        part = self.law.part(*forms)
        past = [one for one in self.law.past.values() if isinstance(one, Duty) and one.form in forms]
        duties = {name: list(several) for name, several in part.duties.items()}
        for one in past:
            duties.setdefault(one.id, []).append(one)
        return replace(part, duties=MappingProxyType(duties))

    @cached_property
    def kinds(self) -> list[int]:
        """The numbers of the kinds of record that matter to some duty."""
        return kind_numbers(self.events)

    def past_numbers(self) -> set[int]:
        """The numbers of past editions under which something arose."""
        return {number for version, number in self.numbers.items() if version in self.law.past}

    def rows(self, history: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
        """The duties of whole histories, in the columns of the table and the order of its key.

        Parameters
        ----------
        history
            See `suyuan.server.supervision.queries.history`.
        kept
            Duties stored for the same objects: what arose under an edition that is past now stays under it.
        """
        return self._rows(self.events, history, kept)

    def company_rows(self, facts: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
        """The same for duties that no record starts, from every dated fact of the register."""
        return self._rows(self.of_companies, facts, kept)

    def _rows(self, part: Law, history: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
        # another machine's clock may be ahead of ours around midnight: what is recorded is known
        latest = history["received_on"].max()
        on = max(self.on, latest) if isinstance(latest, date) else self.on
        found = compute(part, self.calendar, history, self.roles, on)
        if not found.height:
            return pl.DataFrame(schema=DUTY)
        names = history.select("object", "lot", "serial").unique("object")
        sites = history.filter(pl.col("slot") != "").select("event", "object", "site").unique(["event", "object"])
        placed = found.join(names, on="object", how="left").join(sites, on=["event", "object"], how="left")
        rule = pl.col("version").cast(pl.String).replace_strict(dict(self.numbers), return_dtype=pl.Int16)
        void = (pl.col("state").cast(pl.String) == State.VOID.value).alias("void")
        of_company = {
            "lot": pl.concat_str(pl.lit("#"), pl.col("company")),
            "serial": pl.col("started_on").dt.strftime("%Y%m%d").cast(pl.Int32),
        }
        placed = placed.with_columns(event=_named(placed))
        keyed = [pl.coalesce(name, told).alias(name) for name, told in of_company.items()]
        rows = placed.with_columns(*keyed, rule.alias("rule"), void).select(
            pl.col(name).cast(kind) for name, kind in DUTY.items()
        )
        return self._editions(rows, kept).sort("lot", "serial", "event", "rule")

    def _editions(self, rows: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
        """Each duty under one edition: the past one if it stands in the table so, else the present one."""
        past = self.past_numbers()
        if not any(version in self.law.past for version in self.numbers):
            return rows
        duty_of = {number: version.partition("@")[0] for version, number in self.numbers.items()}
        duty = pl.col("rule").replace_strict(duty_of, return_dtype=pl.String).alias("_duty")
        about = ["lot", "serial", "event", "_duty"]
        is_past = pl.col("rule").is_in(sorted(past))
        stored = kept.filter(is_past).with_columns(duty).select(*about, _rule="rule")
        both = rows.with_columns(duty).join(stored, on=about, how="left")
        wanted = pl.when(pl.col("_rule").is_null()).then(~is_past).otherwise(pl.col("rule") == pl.col("_rule"))
        return both.filter(wanted).drop("_duty", "_rule")


def _named(rows: pl.DataFrame) -> pl.Series:
    """The event of each duty; where a day of the law started it, an id made from company and day."""
    unnamed = rows.filter(pl.col("event").is_null()).select("company", "started_on").unique()
    made = [str(uuid5(_DAYS, f"{company} {day}")) for company, day in unnamed.iter_rows()]
    names = unnamed.with_columns(_made=pl.Series(made, dtype=pl.String))
    both = rows.join(names, on=["company", "started_on"], how="left", maintain_order="left")
    return both.select(pl.coalesce("event", "_made").alias("event")).to_series()


def enter_versions(run: psycopg.Cursor[Row], law: Law) -> None:
    """Give every version of a duty its number, also those that are past; safe to repeat."""
    past = [one for one in law.past.values() if isinstance(one, Duty)]
    every = sorted([*law.every_duty(), *past], key=lambda one: one.version)
    run.execute(
        _ENTER,
        [[one.version for one in every], [one.id for one in every], [one.weakest.value for one in every]],
    )
