"""Which duties arise from what happened, what fulfils them, when they are due, who is late: column work.

A duty arises under the version of its rule that is in force on the day of the event, and keeps it. The
answer is about one day, `on`: what arrived later is not known yet.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

import numpy as np
import polars as pl

from suyuan.rules.errors import RulesError
from suyuan.rules.history import main_rows, read_companies, read_events
from suyuan.rules.periods import Period, deadlines
from suyuan.rules.records import Duty, Form, Law, Owes
from suyuan.rules.working_days import Calendar


class State(StrEnum):
    """Where a duty stands."""

    IN_TIME = "fulfilled_in_time"
    LATE = "fulfilled_late"
    FULFILLED = "fulfilled"  # and no period was published
    DUE = "due"
    OVERDUE = "overdue"
    OPEN = "open"  # not fulfilled, and no period was published
    VOID = "void"  # what it arose from was withdrawn or corrected


STATES = pl.Enum([state.value for state in State])
COLUMNS = (
    *("duty", "version", "company", "event", "object", "started_on", "due_on", "official", "status"),
    *("fulfilled_by", "fulfilled_on", "state", "late_days"),
)
"""Of the table of duties.

`official` is false where the last day reaches into a year without an official calendar; `status` is the
least sure part of the rule; `late_days` counts calendar days after `due_on`, 0 for what is in time.
"""


def compute(law: Law, calendar: Calendar, events: pl.DataFrame, companies: pl.DataFrame, on: date) -> pl.DataFrame:
    """The duties that arose up to the day `on` and where they stand then; see `COLUMNS`.

    Parameters
    ----------
    events, companies
        See `suyuan.rules.history`.

    Returns
    -------
    One row a duty, in the order of rules, then of `events`.

    Raises
    ------
    RulesError
        A column that a condition needs is missing, or a day lies outside the calendar's range.
    """
    known, roles = read_events(events, on), read_companies(companies)
    ids = {"event": events.schema["event"], "object": events.schema["object"]}
    tables = [_of_rule(rule, calendar, known, roles, on) for rule in law.every_duty()]
    tables = [_typed(table, ids) for table in tables if table.height]
    if not tables:
        return _typed(_empty(), ids)
    versions = pl.Enum(sorted({rule.version for rule in law.every_duty()}))
    names = pl.Enum(sorted(law.duties))
    return pl.concat(
        [table.with_columns(pl.col("duty").cast(names), pl.col("version").cast(versions)) for table in tables]
    )


def _typed(table: pl.DataFrame, ids: dict[str, pl.DataType]) -> pl.DataFrame:
    kinds = {"event": ids["event"], "object": ids["object"], "fulfilled_by": ids["event"]}
    return table.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items()).select(COLUMNS)


def _empty() -> pl.DataFrame:
    days = {name: pl.Date() for name in ("started_on", "due_on", "fulfilled_on")}
    kinds = {"company": pl.Int64(), "official": pl.Boolean(), "state": STATES, "late_days": pl.Int64(), **days}
    return pl.DataFrame(schema={name: kinds.get(name, pl.String()) for name in COLUMNS})


def _of_rule(
    rule: Duty, calendar: Calendar, known: dict[str, pl.DataFrame], roles: pl.DataFrame, on: date
) -> pl.DataFrame:
    match rule.form:
        case Form.EVENT:
            arisen = arising(rule, known, roles)
        case Form.FIXED:
            arisen = _fixed(rule, roles, on)
        case Form.YEARLY:
            arisen = _yearly(rule, roles, on)
        case _:
            return _empty()
    if not arisen.height:
        return _empty()
    return _standing(rule, _due(rule.period, calendar, _fulfilled(rule, arisen, known)), on)


# ---------------------------------------------------------------- arising


def arising(rule: Duty, known: dict[str, pl.DataFrame], roles: pl.DataFrame) -> pl.DataFrame:
    """The rows of events from which `rule` arises, with the company that owes it and `started_on`."""
    tables = []
    for kind in rule.kinds:
        if kind in known:
            rows = main_rows(kind, known[kind]).filter(_in_force(rule), *_conditions(rule, known[kind]))
            tables.append(_narrow(rows, rule))
    if not tables:
        return pl.DataFrame()
    rows = pl.concat(tables)
    return _owed(rule, rows, roles) if rows.height else rows


def _in_force(rule: Duty) -> pl.Expr:
    day = pl.col("occurred_on")
    inside = day >= rule.validity.start
    return inside if rule.validity.end is None else inside & (day <= rule.validity.end)


def _conditions(rule: Duty, frame: pl.DataFrame) -> Iterable[pl.Expr]:
    """Conditions on columns; "" among the wanted values stands for a value that is not known."""
    for column, wanted in rule.where.items():
        if column not in frame.columns:
            raise RulesError("rules.condition_column", column=column, rule=rule.version)
        yield pl.col(column).cast(pl.String).fill_null("").is_in(list(wanted))


def _narrow(rows: pl.DataFrame, rule: Duty) -> pl.DataFrame:
    company = {
        Owes.REPORTER: pl.col("reporter"),
        Owes.PARTY: pl.col("party"),
        Owes.PRINCIPAL: pl.coalesce("principal", "reporter"),
    }[rule.owes]
    return rows.select(
        company.alias("company"), "event", "object", "received_on", "valid", started_on=pl.col("occurred_on")
    )


def _owed(rule: Duty, rows: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """The rows whose company had a role that owes, and none that does not, on the day."""
    days = rows.select("company", "started_on").unique()
    held = _having(days, roles, rule.owed_by)
    if rule.not_owed_by:
        held = held.join(
            _having(days, roles, rule.not_owed_by), on=["company", "started_on"], how="anti", maintain_order="left"
        )
    return rows.join(held, on=["company", "started_on"], how="semi", maintain_order="left")


def _having(days: pl.DataFrame, roles: pl.DataFrame, wanted: tuple[str, ...]) -> pl.DataFrame:
    some = roles.filter(pl.col("role").cast(pl.String).is_in(list(wanted))).select("company", "from", "to")
    both = days.join(some, on="company", how="inner")
    day = pl.col("started_on")
    since, until = day >= pl.col("from").fill_null(date.min), day <= pl.col("to").fill_null(date.max)
    return both.filter(since & until).select("company", "started_on").unique()


def _of_companies(rule: Duty, roles: pl.DataFrame, day: date) -> pl.DataFrame:
    """The companies that owe a duty that no event starts, from `day` on."""
    chosen = roles.filter(*_conditions(rule, roles)) if rule.where else roles
    days = roles.select("company").unique(maintain_order=True).with_columns(started_on=pl.lit(day, pl.Date))
    held = _having(days, chosen, rule.owed_by)
    if rule.not_owed_by:
        held = held.join(_having(days, roles, rule.not_owed_by), on="company", how="anti")
    nothing = {name: pl.lit(None) for name in ("event", "object")}
    made = held.sort("company").with_columns(**nothing, valid=pl.lit(True))
    return made.with_columns(received_on=pl.lit(None, pl.Date))


def _fixed(rule: Duty, roles: pl.DataFrame, on: date) -> pl.DataFrame:
    if rule.starts is None or rule.starts > on:
        return pl.DataFrame()
    # who a company was on a day long past is only known where its role has a beginning
    return _of_companies(rule, roles.filter(pl.col("from").is_not_null()), rule.starts)


def _yearly(rule: Duty, roles: pl.DataFrame, on: date) -> pl.DataFrame:
    """One duty for each year whose day lies inside the rule's interval, from 1 January of that year."""
    if rule.yearly is None or rule.validity.start is None:
        return pl.DataFrame()
    tables = []
    for year in range(rule.validity.start.year, min(on.year, (rule.validity.end or on).year) + 1):
        due = date(year, *rule.yearly)
        if due in rule.validity and date(year, 1, 1) <= on:
            made = _of_companies(rule, roles, date(year, 1, 1))
            tables.append(made.with_columns(due_on=pl.lit(due, pl.Date), official=pl.lit(True)))
    return pl.concat(tables) if tables else pl.DataFrame()


# ---------------------------------------------------------------- fulfilling


def _fulfilled(rule: Duty, arisen: pl.DataFrame, known: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """`arisen` with the event that fulfils each duty and the day that counts; null where none does."""
    if not rule.fulfilled_by:
        # the report of the event fulfils it, by arriving
        return arisen.with_columns(
            fulfilled_by=pl.when("valid").then("event"), fulfilled_on=pl.when("valid").then("received_on")
        )
    acts = [known[kind].filter("valid") for kind in rule.fulfilled_by if kind in known]
    if not acts:
        return arisen.with_columns(fulfilled_by=pl.lit(None), fulfilled_on=pl.lit(None, pl.Date))
    narrow = [
        act.select(
            "object",
            company="reporter",
            done_on="occurred_on",
            fulfilled_by="event",
            fulfilled_on=pl.col(rule.measured.value),
        )
        for act in acts
    ]
    return _first_after(rule, arisen, pl.concat(narrow))


def _first_after(rule: Duty, arisen: pl.DataFrame, acts: pl.DataFrame) -> pl.DataFrame:
    """The first act on or after the start: about the same object, or by the company where no event started it."""
    about = ["object"] if rule.form is Form.EVENT else []
    if rule.by_owner or not about:
        about.append("company")
    order = ["done_on", "fulfilled_on", *about]
    found = (
        arisen.with_row_index("_place")
        .sort("started_on", "_place")
        .join_asof(
            acts.select(*order, "fulfilled_by").sort(*order, "fulfilled_by"),
            left_on="started_on",
            right_on="done_on",
            by=about,
            strategy="forward",
            check_sortedness=False,
        )
        .sort("_place")
    )
    if rule.form is Form.YEARLY:
        this_year = pl.col("done_on").dt.year() == pl.col("started_on").dt.year()
        found = found.with_columns(
            pl.when(this_year).then(name).alias(name) for name in ("fulfilled_by", "fulfilled_on")
        )
    return found.drop("_place", "done_on")


# ---------------------------------------------------------------- due


def _due(period: Period | None, calendar: Calendar, rows: pl.DataFrame) -> pl.DataFrame:
    if "due_on" in rows.columns:
        return rows
    if period is None:
        return rows.with_columns(due_on=pl.lit(None, pl.Date), official=pl.lit(None, pl.Boolean))
    last = deadlines(calendar, period, rows["started_on"].to_numpy().astype("datetime64[D]"))
    days = pl.Series(last.due.astype(np.int32)).cast(pl.Date)
    return rows.with_columns(due_on=days, official=pl.Series(last.official))


def _standing(rule: Duty, rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """State and lateness on the day `on`."""
    day, done, due = pl.lit(on, pl.Date), pl.col("fulfilled_on"), pl.col("due_on")
    state = (
        pl.when(~pl.col("valid"))
        .then(pl.lit(State.VOID.value))
        .when(done.is_not_null() & due.is_null())
        .then(pl.lit(State.FULFILLED.value))
        .when(done.is_not_null() & (done <= due))
        .then(pl.lit(State.IN_TIME.value))
        .when(done.is_not_null())
        .then(pl.lit(State.LATE.value))
        .when(due.is_null())
        .then(pl.lit(State.OPEN.value))
        .when(day <= due)
        .then(pl.lit(State.DUE.value))
        .otherwise(pl.lit(State.OVERDUE.value))
    )
    after = (pl.coalesce(done, day) - due).dt.total_days().clip(0)
    return rows.select(
        pl.lit(rule.id).alias("duty"),
        pl.lit(rule.version).alias("version"),
        *("company", "event", "object", "started_on", "due_on", "official"),
        pl.lit(rule.weakest.value).alias("status"),
        *("fulfilled_by", "fulfilled_on"),
        state.cast(STATES).alias("state"),
        pl.when("valid").then(after).alias("late_days"),
    )


def recounted(law: Law, calendar: Calendar, duties: pl.DataFrame) -> pl.DataFrame:
    """The duties whose last day another calendar moves or makes official: both values side by side.

    Parameters
    ----------
    duties
        Columns `version`, `started_on`, `due_on`, `official` at least, under versions that `law` knows.

    Returns
    -------
    The rows that change, with `new_due_on` and `new_official`: the trace to keep when a year is published.
    """
    changed = []
    for (version,), rows in duties.partition_by("version", as_dict=True, maintain_order=True).items():
        rule = law.version(str(version))
        if not isinstance(rule, Duty) or rule.period is None:
            continue
        again = _due(rule.period, calendar, rows.drop("due_on", "official"))
        both = rows.with_columns(new_due_on=again["due_on"], new_official=again["official"])
        moved = pl.col("new_due_on") != pl.col("due_on")
        changed.append(both.filter(moved | (pl.col("new_official") != pl.col("official"))))
    if changed:
        return pl.concat(changed)
    return duties.clear().with_columns(new_due_on=pl.lit(None, pl.Date), new_official=pl.lit(None, pl.Boolean))


__all__ = ["COLUMNS", "STATES", "State", "arising", "compute", "recounted"]
