"""What goes wrong in reporting, injected at set rates; the truth is written down beside it.

Only records of the window go wrong. A record has at most one error.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from suyuan.events.vocabulary import FieldType, vocabulary
from suyuan.simulation.ending import Leaks
from suyuan.simulation.plan import ENOUGH_FOR_EVERY_KIND, ErrorRates
from suyuan.simulation.reporting import next_upload, upload_days
from suyuan.simulation.story import DAY_SECONDS, Story, column_type
from suyuan.simulation.texts import Ints, Mask

TRUTH = {
    "error": pl.String,
    "kind": pl.String,
    "record": pl.Int64,
    "object": pl.String,
    "company": pl.String,
    "occurred_on": pl.Date,
    "due_on": pl.Date,
    "reported_on": pl.Date,
    "field": pl.String,
    "true_value": pl.String,
    "reported_value": pl.String,
}
"""One row an error. `due_on` is the upload at which the record belonged, `reported_on` the one at which it came
(null: never). Leaks have no record: `kind` is what is missing or incomplete, `true_value` the battery."""

FOLLOW_UPS = {
    "kind": pl.String,
    "company": pl.String,
    "reported_on": pl.Date,
    "record": pl.Int64,
    "field": pl.String,
    "value": pl.String,
    "reason": pl.String,
}
"""Corrections and withdrawals that companies send later; `record` is the simulator's number of the record."""

ERRORS = (
    *("late", "missing", "duplicate", "mistyped", "wrong_order", "leaked", "vanished", "corrected", "withdrawn"),
    *("exchanged", "overfull", "misread", "misweighed", "overstated"),
)
_KIND_OF_LEAK = {
    "leaked": "battery_removed",
    "vanished": "outlet_received",
    "exchanged": "vehicle_scrapped",
    "overfull": "outlet_received",
}
_CODES = (FieldType.BATTERY_CODE, FieldType.VIN)


@dataclass(slots=True)
class Reports:
    """What is reported: `records` (see `reporting.schedule`), the rows of each kind, the truth and follow-ups."""

    records: pl.DataFrame
    told: dict[str, pl.DataFrame]
    truth: pl.DataFrame
    follow_ups: pl.DataFrame


def report(story: Story, told: dict[str, pl.DataFrame], records: pl.DataFrame, leaks: Leaks) -> Reports:
    """Inject the errors of the plan into a world that reports everything rightly."""
    rng = np.random.default_rng([story.plan.seed, 8])
    rates = story.plan.errors
    records = records.with_columns(_drawn(story, records, rates, rng))
    reports = Reports(records, dict(told), pl.DataFrame(schema=TRUTH), pl.DataFrame(schema=FOLLOW_UPS))
    _note_leaks(story, reports, leaks)
    _be_late(story, reports, rng)
    _mistype(story, reports, rng)
    _misdate(story, reports, rng)
    _repeat(story, reports, rng)
    _omit(story, reports)
    _correct(story, reports, rng)
    _withdraw(story, reports, rng)
    return reports


def _drawn(story: Story, records: pl.DataFrame, rates: ErrorRates, rng: np.random.Generator) -> pl.Series:
    """The error of each record, or null. Where an error is impossible for a record, another is drawn in its place."""
    n = records.height
    window = (records["at"] >= story.first_day * DAY_SECONDS).to_numpy()
    coded = {k.name for k in vocabulary().kinds.values() if k.slots and k.fields[k.main.field].type in _CODES}
    possible = {
        "late": window,
        "missing": window & ~_only_ones(story, records),
        "duplicate": window,
        "mistyped": window & records["kind"].is_in(coded).to_numpy(),
        "wrong_order": window & records["previous"].is_not_null().to_numpy(),
    }
    drawn = np.full(n, -1)
    for number, (error, where) in enumerate(possible.items()):
        free = where & (drawn < 0)
        drawn[free & (rng.random(n) < getattr(rates, error))] = number
    return pl.Series("error", drawn, dtype=pl.Int64).replace_strict(
        dict(enumerate(possible)) | {-1: None}, return_dtype=pl.String
    )


def _only_ones(story: Story, records: pl.DataFrame) -> Mask:
    """The first record of each kind, where every kind must occur; otherwise none."""
    return records["kind"].is_first_distinct().to_numpy() & (story.plan.vehicles >= ENOUGH_FOR_EVERY_KIND)


def _day(number: str) -> pl.Expr:
    return pl.col(number).cast(pl.Int32).cast(pl.Date)


def objects_of(reports: Reports, chosen: pl.DataFrame) -> pl.DataFrame:
    """`chosen` records with the code of their main object, `object`, and the name of its field, `field`."""
    parts = []
    for (kind,), group in chosen.group_by("kind", maintain_order=True):
        field = vocabulary().kinds[str(kind)].main.field
        rows = reports.told[str(kind)].select(pl.col("_record").alias("record"), pl.col(field).alias("object"))
        joined = group.join(
            rows.drop_nulls().unique("record", keep="first"), on="record", how="left", maintain_order="left"
        )
        parts.append(joined.with_columns(pl.lit(field).alias("field")))
    if not parts:
        return chosen.with_columns(pl.lit(None, pl.String).alias("object"), pl.lit(None, pl.String).alias("field"))
    return pl.concat(parts)


def _chosen(reports: Reports, error: str) -> pl.DataFrame:
    return objects_of(reports, reports.records.filter(pl.col("error") == error))


def note(
    story: Story, reports: Reports, rows: pl.DataFrame, *, due: str = "reported", came: str | None = "reported"
) -> None:
    """Write errors into the truth; `rows` has `error`, `kind`, `record`, `object`, `by`, `at` and the rest if known."""
    for name in ("field", "true_value", "reported_value"):
        if name not in rows.columns:
            rows = rows.with_columns(pl.lit(None, pl.String).alias(name))
    truth = rows.select(
        "error",
        "kind",
        pl.col("record").cast(pl.Int64),
        "object",
        story.world.usccs.gather(rows["by"]).alias("company"),
        (pl.col("at") // DAY_SECONDS).cast(pl.Int32).cast(pl.Date).alias("occurred_on"),
        _day(due).alias("due_on"),
        (_day(came) if came else pl.lit(None, pl.Date)).alias("reported_on"),
        "field",
        "true_value",
        "reported_value",
    )
    reports.truth = pl.concat([reports.truth, truth])


def _note_leaks(story: Story, reports: Reports, leaks: Leaks) -> None:
    for rows in leaks.rows:
        kind = _KIND_OF_LEAK[str(rows["error"].first() or "leaked")]
        described = rows.select(
            "error",
            pl.lit(kind).alias("kind"),
            pl.lit(None, pl.Int64).alias("record"),
            "object",
            pl.col("holder").alias("by"),
            (pl.col("day") * DAY_SECONDS).alias("at"),
            pl.lit(None, pl.Int64).alias("reported"),
            pl.col("code").alias("true_value"),
        )
        note(story, reports, described, came=None)


def _replace_reported(reports: Reports, chosen: pl.DataFrame, reported: Ints) -> None:
    moved = chosen.select("record", pl.Series("moved", reported, dtype=pl.Int64))
    reports.records = (
        reports.records.join(moved, on="record", how="left", maintain_order="left")
        .with_columns(pl.coalesce("moved", "reported").alias("reported"))
        .drop("moved")
    )


def _be_late(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    """Late by one to four months, at one of the dates on which the company uploads anyway."""
    late = _chosen(reports, "late")
    day = late["reported"].to_numpy() + rng.integers(30, 120, late.height)
    came = upload_days(day, late["half"].to_numpy(), story.first_day)
    note(story, reports, late.with_columns(pl.Series("came", came, dtype=pl.Int64)).drop("field"), came="came")
    _replace_reported(reports, late, came)


def mistyped(code: str, rng: np.random.Generator) -> str:
    """A code with one wrong character among its serial: O for 0, or another digit."""
    end = 17 if len(code) in (17, 19) else 24
    places = [i for i in range(end - 6, min(end, len(code))) if code[i].isdigit()]
    zeros = [i for i in places if code[i] == "0"]
    if zeros and rng.random() < 0.5:
        place, letter = zeros[int(rng.integers(len(zeros)))], "O"
    else:
        place = places[int(rng.integers(len(places)))]
        letter = str((int(code[place]) + int(rng.integers(1, 10))) % 10)
    return code[:place] + letter + code[place + 1 :]


def _mistype(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    chosen = _chosen(reports, "mistyped").drop_nulls("object")
    wrong = [mistyped(code, rng) for code in chosen["object"]]
    chosen = chosen.with_columns(
        pl.col("object").alias("true_value"), pl.Series("reported_value", wrong, dtype=pl.String)
    )
    note(story, reports, chosen)
    for (kind,), group in chosen.group_by("kind", maintain_order=True):
        patch(
            reports,
            str(kind),
            group["field"][0],
            group.select("record", "true_value", pl.col("reported_value").alias("value")),
        )


def patch(reports: Reports, kind: str, field: str, values: pl.DataFrame) -> None:
    """Set `field` in the records of `values` (`record`, `value`), only in rows with `true_value` if that is given."""
    frame = reports.told[kind]
    joined = frame.join(values, left_on="_record", right_on="record", how="left", maintain_order="left")
    here = pl.col("value").is_not_null()
    if "true_value" in values.columns:
        here &= pl.col(field) == pl.col("true_value")
    patched = pl.when(here).then(pl.col("value")).otherwise(pl.col(field)).alias(field)
    reports.told[kind] = joined.with_columns(patched).select(frame.columns)


def _misdate(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    """Dated some days before the record that it builds on."""
    chosen = _chosen(reports, "wrong_order").drop("field")
    before = chosen.join(
        reports.records.select(pl.col("record").alias("previous"), pl.col("at").alias("previous_at")),
        on="previous",
        maintain_order="left",
    )
    day = before["previous_at"].to_numpy() // DAY_SECONDS - rng.integers(1, 10, before.height)
    stated = pl.Series("stated", day * DAY_SECONDS + DAY_SECONDS // 2, dtype=pl.Int64)
    before = before.with_columns(stated)
    for (kind,), group in before.group_by("kind", maintain_order=True):
        described = vocabulary().kinds[str(kind)]
        field, to = described.time, column_type(described, described.time)
        moment = (pl.col("stated") * 1_000_000).cast(pl.Datetime("us")).cast(to)
        true = (pl.col("at") * 1_000_000).cast(pl.Datetime("us")).cast(to)
        patch(reports, str(kind), field, group.select("record", moment.alias("value")))
        noted = group.with_columns(
            pl.lit(field).alias("field"),
            true.cast(pl.String).alias("true_value"),
            moment.cast(pl.String).alias("reported_value"),
        )
        note(story, reports, noted)


def _repeat(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    """The same record again: in the same file, or in the company's next one."""
    chosen = _chosen(reports, "duplicate").drop("field")
    again = next_upload(chosen["reported"].to_numpy(), chosen["half"].to_numpy(), story.first_day)
    came = np.where(rng.random(chosen.height) < 0.4, chosen["reported"].to_numpy(), again)
    note(story, reports, chosen.with_columns(pl.Series("came", came, dtype=pl.Int64)), came="came")
    first = int(reports.records["record"].max() or 0) + 1  # type: ignore[arg-type] # a column of integers
    copies = chosen.select("record", pl.Series("copy", np.arange(first, first + chosen.height), dtype=pl.Int64))
    for kind in chosen["kind"].unique(maintain_order=True):
        frame = reports.told[kind]
        rows = frame.join(copies, left_on="_record", right_on="record", maintain_order="left")
        rows = rows.with_columns(pl.col("copy").alias("_record")).drop("copy")
        reports.told[kind] = pl.concat([frame, rows.select(frame.columns)])
    added = chosen.with_columns(copies["copy"].alias("record"), pl.Series("reported", came, dtype=pl.Int64))
    reports.records = pl.concat([reports.records, added.select(reports.records.columns)])


def _omit(story: Story, reports: Reports) -> None:
    chosen = _chosen(reports, "missing")
    note(story, reports, chosen.drop("field"), came=None)
    reports.records = reports.records.filter(pl.col("error").ne_missing("missing"))
    for kind in chosen["kind"].unique(maintain_order=True):
        gone = chosen.filter(pl.col("kind") == kind)["record"]
        reports.told[kind] = reports.told[kind].filter(~pl.col("_record").is_in(gone.implode()))


def _some(story: Story, reports: Reports, kind: str, rate: float, rng: np.random.Generator) -> pl.DataFrame:
    """Faultless records of `kind` in the window, drawn at `rate`; one at least where every kind must occur."""
    window = (pl.col("kind") == kind) & pl.col("error").is_null() & (pl.col("at") >= story.first_day * DAY_SECONDS)
    fit = reports.records.filter(window)
    drawn = rng.random(fit.height) < rate
    if rate and story.plan.vehicles >= ENOUGH_FOR_EVERY_KIND and fit.height and not drawn.any():
        drawn[0] = True
    return objects_of(reports, fit.filter(pl.Series(drawn, dtype=pl.Boolean)))


def _correct(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    """Sales reported with a wrong use of the vehicle, and corrected a month later."""
    chosen = _some(story, reports, "vehicle_sold", story.plan.errors.corrected, rng)
    rows = reports.told.get("vehicle_sold")
    if rows is None or chosen.is_empty():
        return
    use = rows.select(pl.col("_record").alias("record"), pl.col("vehicle_use").alias("true_value"))
    wrong = pl.when(pl.col("true_value") == "other").then(pl.lit("official")).otherwise(pl.lit("other"))
    chosen = chosen.join(use, on="record", maintain_order="left").with_columns(
        pl.lit("corrected").alias("error"), pl.lit("vehicle_use").alias("field"), wrong.alias("reported_value")
    )
    note(story, reports, chosen)
    patch(reports, "vehicle_sold", "vehicle_use", chosen.select("record", pl.col("reported_value").alias("value")))
    _follow_up(story, reports, chosen, "correction", "vehicle_use", "车辆用途填报有误(模拟)")


def _withdraw(story: Story, reports: Reports, rng: np.random.Generator) -> None:
    """Assessments reported for the wrong battery: a record too many, withdrawn a month later."""
    chosen = _some(story, reports, "assessed", story.plan.errors.withdrawn, rng)
    if chosen.is_empty():
        return
    first = int(reports.records["record"].max() or 0) + 1  # type: ignore[arg-type] # a column of integers
    extra = chosen.with_columns(
        pl.Series("copy", np.arange(first, first + chosen.height), dtype=pl.Int64),
        (pl.col("at") + DAY_SECONDS).alias("at"),
    )
    frame = reports.told["assessed"]
    rows = frame.join(extra.select("record", "copy"), left_on="_record", right_on="record", maintain_order="left")
    rows = rows.with_columns(
        pl.col("copy").alias("_record"),
        pl.col("_at") + DAY_SECONDS,
        pl.col("tested_on") + pl.duration(days=1),
        (pl.col("soh") * 0.9).round(3).alias("soh"),
    )
    reports.told["assessed"] = pl.concat([frame, rows.select(frame.columns)])
    extra = extra.with_columns(pl.col("copy").alias("record"), pl.lit("withdrawn").alias("error")).drop("copy", "field")
    reports.records = pl.concat([reports.records, extra.select(reports.records.columns)])
    note(story, reports, extra)
    _follow_up(
        story,
        reports,
        extra.with_columns(pl.lit(None, pl.String).alias("true_value")),
        "withdrawal",
        None,
        "误报(模拟)",
    )


def _follow_up(story: Story, reports: Reports, chosen: pl.DataFrame, kind: str, field: str | None, reason: str) -> None:
    rows = chosen.select(
        pl.lit(kind).alias("kind"),
        story.world.usccs.gather(chosen["by"]).alias("company"),
        (pl.col("reported") + 30).cast(pl.Int32).cast(pl.Date).alias("reported_on"),
        "record",
        pl.lit(field, pl.String).alias("field"),
        pl.col("true_value").alias("value"),
        pl.lit(reason).alias("reason"),
    )
    reports.follow_ups = pl.concat([reports.follow_ups, rows])
