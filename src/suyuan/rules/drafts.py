"""Drafts tried on history: what would arise, vanish, move, and who would have been late.

Nothing recorded is touched: the law is put together anew with the draft in it, both laws are asked for
the duties of the same events, and the answers are compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import polars as pl

from suyuan.kernel import Validity
from suyuan.rules.duties import State, compute
from suyuan.rules.errors import LawRefused, RulesError
from suyuan.rules.periods import Period
from suyuan.rules.records import Duty, Form, Instrument, Law
from suyuan.rules.working_days import Calendar


@dataclass(frozen=True, slots=True)
class Change:
    """New attributes of a duty: `counting` those of its period, `others` all else."""

    duty: str
    counting: Mapping[str, Any]
    others: Mapping[str, Any]
    place: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as an instrument of its own, with what it changes, adds and removes while it is in force."""

    instrument: Instrument
    changes: tuple[Change, ...] = ()
    added: tuple[Duty, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def duties(self) -> list[str]:
        """The names of all duties it touches."""
        names = {change.duty for change in self.changes} | {one.id for one in self.added} | set(self.removed)
        return sorted(names)

    def during(self, start: date, end: date | None) -> "Draft":
        """The same draft for other days."""
        validity = Validity(start, end)
        added = tuple(replace(one, validity=validity) for one in self.added)
        return replace(self, instrument=replace(self.instrument, validity=validity), added=added)


def with_draft(law: Law, draft: Draft) -> Law:
    """The law with the draft in it.

    While the draft is in force its versions stand instead of those of the law; before and after, nothing
    changes. Raises `RulesError` for a duty that the law does not have, `LawRefused` for a change that
    leaves a period without count or unit.
    """
    duties: dict[str, Sequence[Duty]] = dict(law.duties)
    window = draft.instrument.validity
    for change in draft.changes:
        duties[change.duty] = _replaced(
            _known(duties, change.duty), window, lambda one, c=change: _changed(one, c, draft)
        )
    for name in draft.removed:
        duties[name] = _replaced(_known(duties, name), window, lambda _: None)
    for one in draft.added:
        if _inside(duties.get(one.id, ()), one.validity):
            raise RulesError("rules.draft_already_there", id=one.id)
        mine = replace(one, draft=draft.instrument.id)
        duties[one.id] = sorted([*duties.get(one.id, ()), mine], key=_beginning)
    instruments = {**law.instruments, draft.instrument.id: draft.instrument}
    return replace(law, instruments=MappingProxyType(instruments), duties=MappingProxyType(duties))


def _beginning(one: Duty) -> date:
    return one.validity.start or date.min


def _known(duties: Mapping[str, Sequence[Duty]], name: str) -> Sequence[Duty]:
    if name not in duties:
        raise RulesError("rules.unknown_rule", id=name)
    return duties[name]


def _inside(versions: Iterable[Duty], window: Validity) -> list[Duty]:
    """The versions that share a day with `window`."""
    start, end = window.start or date.min, window.end or date.max
    return [one for one in versions if _beginning(one) <= end and (one.validity.end or date.max) >= start]


def _replaced(versions: Sequence[Duty], window: Validity, new: "Any") -> list[Duty]:
    """Versions with the days of `window` cut out and filled with what `new` makes of each (None for nothing)."""
    start, end = window.start or date.min, window.end
    made: list[Duty] = []
    for one in versions:
        if not _inside([one], window):
            made.append(one)
            continue
        first, last = _beginning(one), one.validity.end
        if first < start:
            made.append(replace(one, validity=Validity(first, start - timedelta(days=1))))
        inner = Validity(max(first, start), end if last is None else last if end is None else min(last, end))
        changed = new(replace(one, validity=inner))
        made += [changed] if changed is not None else []
        if end is not None and (last is None or last > end):
            made.append(replace(one, validity=Validity(end + timedelta(days=1), last)))
    return made


def _changed(one: Duty, change: Change, draft: Draft) -> Duty:
    period = one.period
    if change.counting:
        counting = dict(change.counting)
        if period is None and not {"count", "unit"} <= counting.keys():
            file, _, line = change.place.rpartition(":")
            raise LawRefused("rules.draft_incomplete", file, int(line), duty=one.id)
        period = Period(**counting) if period is None else replace(period, **counting)
    return replace(one, period=period, draft=draft.instrument.id, **change.others)


# ---------------------------------------------------------------- trying


@dataclass(frozen=True, slots=True)
class Trial:
    """What a draft would have changed.

    `changes`: duty, change (``appears``, ``vanishes``, ``moves``, ``other_company``), count.
    `companies`: company, late_before, late_after: duties late or overdue, of those the draft touches.
    `rows`: the first changed duties with company and last day before and after.
    """

    changes: pl.DataFrame
    companies: pl.DataFrame
    rows: pl.DataFrame


def try_draft(  # noqa: PLR0913, PLR0917  what a question about history needs
    law: Law,
    draft: Draft,
    calendar: Calendar,
    batches: Iterable[pl.DataFrame],
    companies: pl.DataFrame,
    on: date,
    keep: int = 1000,
) -> Trial:
    """Run a draft over history.

    Parameters
    ----------
    batches
        Events (see `suyuan.rules.history`); everything about one object stands in one batch.
    on
        The day on which both laws are asked.
    keep
        How many changed duties are kept as rows.
    """
    laws = [_only(one, draft.duties) for one in (law, with_draft(law, draft))]
    changed: list[pl.DataFrame] = []
    late: list[pl.DataFrame] = []
    facts: list[pl.DataFrame] = []

    def compare(pair: Sequence[Law], events: pl.DataFrame) -> None:
        before, after = (compute(one, calendar, events, companies, on) for one in pair)
        late.extend(_late(table, name) for table, name in ((before, "late_before"), (after, "late_after")))
        changed.append(_compared(before, after))

    for events in batches:
        compare([one.part(Form.EVENT) for one in laws], events)
        facts.append(events.filter(pl.col("kind").cast(pl.String).is_in(list(law.facts))))
    if facts:
        compare([one.part(Form.FIXED, Form.YEARLY) for one in laws], pl.concat(facts))
    return _told(changed, late, keep)


def _only(law: Law, names: Iterable[str]) -> Law:
    return replace(law, duties=MappingProxyType({name: law.duties[name] for name in names if law.duties.get(name)}))


def _late(table: pl.DataFrame, name: str) -> pl.DataFrame:
    bad = table.filter(pl.col("state").is_in([State.LATE.value, State.OVERDUE.value]))
    return bad.group_by("company").len(name).with_columns(pl.col(name).cast(pl.Int64))


_KEY = ("duty", "event", "object", "_who")


def _compared(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    def keyed(table: pl.DataFrame) -> pl.DataFrame:
        live = table.filter(pl.col("state") != State.VOID.value)
        return live.select(
            pl.col("duty").cast(pl.String),
            *("event", "object"),
            pl.when(pl.col("event").is_null()).then("company").alias("_who"),
            *("company", "due_on", "started_on"),
        )

    both = keyed(before).join(keyed(after), on=_KEY, how="full", coalesce=True, nulls_equal=True, suffix="_after")
    there, then = pl.col("started_on").is_not_null(), pl.col("started_on_after").is_not_null()
    change = (
        pl.when(~there)
        .then(pl.lit("appears"))
        .when(~then)
        .then(pl.lit("vanishes"))
        .when(pl.col("company").ne_missing(pl.col("company_after")))
        .then(pl.lit("other_company"))
        .when(pl.col("due_on").ne_missing(pl.col("due_on_after")))
        .then(pl.lit("moves"))
    )
    told = both.with_columns(change=change).filter(pl.col("change").is_not_null())
    start = pl.coalesce("started_on", "started_on_after").alias("started_on")
    columns = ("duty", "change", "event", "object", "company", "company_after", start, "due_on", "due_on_after")
    return told.select(columns).sort("duty", "started_on", "change", "event", "object", "company")


def _told(changed: list[pl.DataFrame], late: list[pl.DataFrame], keep: int) -> Trial:
    if not changed:
        raise RulesError("rules.no_history")
    rows = pl.concat(changed, how="vertical_relaxed")
    counts = rows.group_by("duty", "change").len("count").sort("duty", "change")
    sums = pl.concat(late, how="diagonal").group_by("company").agg(pl.col("late_before", "late_after").sum())
    moved = sums.filter(pl.col("late_before") != pl.col("late_after")).sort("company")
    return Trial(counts, moved, rows.head(keep))
