"""Standing duties: what a company owes on every day. Each check says who fails, where, and since when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from suyuan.rules.records import Duty, Form, Law

SALES = ("company", "division", "first_on")
"""One row for each company and division (six digits of GB/T 2260) in which it has sold, with the first day."""
OUTLETS = ("company", "division", "from", "to")
"""One row for each outlet of a company (own or commissioned), with the days it is open; null is an open side."""
FACTS = ("company", "kind", "occurred_on")
"""Dated facts of the register: information published, take-back refused."""


@dataclass(frozen=True, slots=True)
class Register:
    """The tables that standing duties are checked against; roles as in `suyuan.rules.history.COMPANIES`."""

    roles: pl.DataFrame
    sales: pl.DataFrame
    outlets: pl.DataFrame
    facts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Gap:
    """Who fails a standing duty on a day; `division` is empty where no place is meant."""

    duty: str
    version: str
    company: int
    division: str
    since: date


def check_standing(law: Law, register: Register, on: date) -> list[Gap]:
    """Every standing duty in force on the day `on`, checked: the gaps by duty, company and division."""
    rules = [rule for rule in law.in_force(on)[1] if rule.form is Form.STANDING]
    return [gap for rule in rules for gap in _gaps(rule, register, on)]


def _gaps(rule: Duty, register: Register, on: date) -> list[Gap]:
    owing = _owing(rule, register.roles, on)
    failed = _CHECKS[rule.check or ""](register, owing, on)
    start = pl.lit(rule.validity.start, pl.Date)
    rows = failed.with_columns(since=pl.max_horizontal("since", start)).sort("company", "division")
    return [Gap(rule.id, rule.version, *row) for row in rows.select("company", "division", "since").iter_rows()]


def _owing(rule: Duty, roles: pl.DataFrame, on: date) -> pl.DataFrame:
    """The companies that owe the duty on the day, with the day since when."""
    day = pl.lit(on, pl.Date)
    held = (day >= pl.col("from").fill_null(date.min)) & (day <= pl.col("to").fill_null(date.max))
    now = roles.filter(held)
    owing = now.filter(pl.col("role").is_in(list(rule.owed_by)))
    free = now.filter(pl.col("role").is_in(list(rule.not_owed_by)))
    kept = owing.join(free, on="company", how="anti")
    return kept.group_by("company").agg(owed_since=pl.col("from").min())


def _outlets(digits: int) -> Callable[[Register, pl.DataFrame, date], pl.DataFrame]:
    """The check for an outlet in every division of sale, taken to its first `digits`.

    A gap begins with the first sale there, or on the day after the last outlet there closed.
    """

    def check(register: Register, owing: pl.DataFrame, on: date) -> pl.DataFrame:
        area = pl.col("division").str.head(digits).alias("division")
        sold = (
            register.sales.filter(pl.col("first_on") <= on)
            .join(owing, on="company", how="semi")
            .group_by("company", area)
            .agg(since=pl.col("first_on").min())
        )
        opened = register.outlets.filter(pl.col("from").fill_null(date.min) <= on).with_columns(area)
        now = opened.filter(pl.col("to").fill_null(date.max) >= on)
        closed = opened.group_by("company", "division").agg(closed=pl.col("to").max().dt.offset_by("1d"))
        gaps = sold.join(now, on=["company", "division"], how="anti")
        both = gaps.join(closed, on=["company", "division"], how="left")
        return both.select(
            "company",
            pl.col("division").str.pad_end(6, "0"),
            pl.max_horizontal("since", "closed").alias("since"),
        )

    return check


def _published(register: Register, owing: pl.DataFrame, on: date) -> pl.DataFrame:
    """Companies that have published nothing; since they owe it."""
    done = register.facts.filter((pl.col("kind") == "information_published") & (pl.col("occurred_on") <= on))
    missing = owing.join(done, on="company", how="anti")
    return missing.select("company", pl.lit("").alias("division"), pl.col("owed_since").alias("since"))


def _not_refused(register: Register, owing: pl.DataFrame, on: date) -> pl.DataFrame:
    """Companies that refused take-back; since the first refusal."""
    refused = register.facts.filter((pl.col("kind") == "take_back_refused") & (pl.col("occurred_on") <= on))
    some = refused.join(owing, on="company", how="semi")
    since = some.group_by("company").agg(since=pl.col("occurred_on").min())
    return since.select("company", pl.lit("").alias("division"), "since")


_CHECKS: Mapping[str, Callable[[Register, pl.DataFrame, date], pl.DataFrame]] = {
    "outlet_in_prefecture": _outlets(4),
    "outlet_in_province": _outlets(2),
    "information_published": _published,
    "take_back_not_refused": _not_refused,
}
