"""A simulation from plan to files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from suyuan.simulation.birth import tell_births
from suyuan.simulation.ending import Leaks, tell_collection, tell_scrapping
from suyuan.simulation.errors import Reports, report
from suyuan.simulation.fleet import Fleet, build_fleet
from suyuan.simulation.misdeeds import tell_overfull
from suyuan.simulation.misreports import misreport
from suyuan.simulation.plan import Plan
from suyuan.simulation.register import registry_tables
from suyuan.simulation.reporting import schedule
from suyuan.simulation.service import tell_repairs, tell_swaps
from suyuan.simulation.story import Story
from suyuan.simulation.uploads import NOTE_EN, Sink, Upload, file_table, parquet, render
from suyuan.simulation.utilisation import tell_utilisation
from suyuan.simulation.world import World, build_world


@dataclass(frozen=True)
class Simulation:
    """What a plan leads to: the world, what truly happened, what is reported, and the files of it.

    Parameters
    ----------
    story
        True records by kind, each with its tracks (`suyuan.simulation.story.TRACKS`); for packs only
        the packs, whose modules and cells are made when a file is.
    reports
        The same after the errors of the plan, with upload dates.
    files, places
        See `suyuan.simulation.uploads.file_table`.
    """

    plan: Plan
    world: World
    fleet: Fleet
    story: dict[str, pl.DataFrame]
    reports: Reports
    files: pl.DataFrame
    places: pl.DataFrame

    @cached_property
    def truth(self) -> pl.DataFrame:
        """One row an injected error (see `suyuan.simulation.errors.TRUTH`), with `path` and `row` of the record."""
        return self._placed(self.reports.truth).sort("error", "occurred_on", "kind", "object", "record")

    @cached_property
    def follow_ups(self) -> pl.DataFrame:
        """Corrections and withdrawals, with `path` and `row` of the record they are about, by date."""
        return self._placed(self.reports.follow_ups).sort("reported_on", "kind", "record")

    def _placed(self, rows: pl.DataFrame) -> pl.DataFrame:
        places = self.places.join(self.files.select("order", "path"), on="order").select("record", "path", "row")
        return rows.join(places, on="record", how="left", maintain_order="left")

    def uploads(self) -> Iterator[Upload]:
        """The files in the order of submission, one after the other."""
        return render(self.world, self.fleet.packs, self.reports, self.files, self.places, self.plan.seed)

    def registry_tables(self) -> dict[str, pl.DataFrame]:
        """What has to be known before the first file: companies, sites, vendor codes, filings."""
        return registry_tables(self.world)


def simulate(plan: Plan) -> Simulation:
    """Carry out a plan; the same plan gives the same simulation."""
    world = build_world(plan)
    fleet = build_fleet(plan, world)
    story, leaks = Story(plan, world), Leaks()
    tell_births(story, fleet)
    repaired, exchanged = tell_repairs(story, fleet)
    moved_out, current = tell_swaps(story, fleet)
    removed = tell_scrapping(story, fleet, current, leaks)
    received = tell_collection(story, pl.concat([repaired, moved_out, removed]), leaks)
    tell_utilisation(story, fleet, received, exchanged)
    tell_overfull(story, leaks)
    told = story.finished()
    reports = report(story, told, schedule(told, world, story.first_day), leaks)
    misreport(story, reports)
    files, places = file_table(world, reports, plan.xlsx_rows)
    return Simulation(plan, world, fleet, told, reports, files, places)


def follow_up_table(rows: pl.DataFrame, record_ids: pl.Series) -> pl.DataFrame:
    """The columns of a correction or withdrawal, now that the ledger has given its records ids.

    Parameters
    ----------
    rows
        Rows of `Simulation.follow_ups`, all of one kind.
    record_ids
        For each row the ledger's id of the record that stands at `path`, `row`.
    """
    day, value = pl.col("reported_on"), record_ids.alias("record_id")
    if (rows["kind"] == "correction").all():
        return rows.select(value, day.alias("corrected_on"), "field", "value", "reason")
    if (rows["kind"] == "withdrawal").all():
        return rows.select(value, day.alias("withdrawn_on"), "reason")
    raise ValueError("follow-ups of one kind at a time")


def write(simulation: Simulation, sink: Sink) -> pl.DataFrame:
    """Hand every file to `sink` as (name, bytes); returns the manifest, which is written last.

    The manifest has one row an upload in the order of submission: `order`, `path`, `company`, `kind`,
    `reported_on`, `format`, `records`, `rows`, `bytes`, `sha256`.
    """
    for name, table in simulation.registry_tables().items():
        sink(f"registry/{name}_simulated.parquet", parquet(table, name))
    rows = []
    for upload in simulation.uploads():
        sink(upload.path, upload.data)
        rows.append(
            {
                "order": upload.order,
                "path": upload.path,
                "company": upload.company,
                "kind": upload.kind,
                "reported_on": upload.reported_on,
                "format": upload.format,
                "records": upload.records,
                "rows": upload.rows,
                "bytes": len(upload.data),
                "sha256": upload.sha256,
            }
        )
    manifest = pl.DataFrame(rows)
    sink("truth_simulated.parquet", parquet(simulation.truth, "truth"))
    sink("follow_ups_simulated.parquet", parquet(simulation.follow_ups, "follow_ups"))
    sink("manifest_simulated.parquet", parquet(manifest, "manifest"))
    summary = {
        "note": NOTE_EN,
        "seed": simulation.plan.seed,
        "vehicles": simulation.plan.vehicles,
        "start": simulation.plan.start.isoformat(),
        "end": simulation.plan.end.isoformat(),
        "provinces": list(simulation.plan.provinces),
        "files": manifest.height,
        "rows": int(manifest["rows"].sum()),
        "errors": dict(simulation.truth["error"].value_counts().sort("error").iter_rows()),
    }
    sink("simulated.json", (json.dumps(summary, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode())
    return manifest
