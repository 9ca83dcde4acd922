"""How well the detectors find what a simulated year hides: precision and recall by rule.

    python -m benchmarks.bench_findings 1000     with a thousand vehicles (default: 400)

The simulation writes what went wrong beside its files; the detectors see the files alone. What is compared are
objects, or companies or sites for what is added up: a finding is right about one if anything that was injected concerns
it, and a rule has found an error if it names it. What was refused at the door counts as not found here: it stands with
its submission. Rules of which the simulation injects no errors are left out. The year is 2026, in which the rule on
scrapping with the battery begins.
"""

import argparse
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import polars as pl

from benchmarks.figures import figure, timed
from benchmarks.scratch import scratch_server

RULE_OF_2026 = date(2026, 4, 1)
RECEIPTS = ("transferred_in", "outlet_received", "utiliser_received")
HANDOVERS = ("transferred_out", "outlet_handed_over", "retired")


@dataclass(frozen=True)
class Sought:
    """Which injected errors a rule is there to find."""

    errors: tuple[str, ...]
    kinds: tuple[str, ...] | None = None
    since: date = date.min
    by: str = "object"


SOUGHT = {
    "life.broken_order": Sought(("wrong_order",)),
    "scrap.without_pack": Sought(("leaked",), since=RULE_OF_2026),
    "handover.without_receipt": Sought(("missing",), RECEIPTS),
    "receipt.without_handover": Sought(("missing",), HANDOVERS),
    "scrap.pack_changed": Sought(("exchanged",)),
    "code.near_duplicate": Sought(("misread", "mistyped"), RECEIPTS),
    "handover.mass_differs": Sought(("misweighed",)),
    "recycler.mass_balance": Sought(("overstated",), by="company"),
    "outlet.over_limit": Sought(("overfull",), by="site"),
}
RATES = {"exchanged": 0.1, "overfull": 0.5, "misread": 0.05, "misweighed": 0.05, "overstated": 1.0}
"""How often what the usual plan leaves out goes wrong here."""


ABOUT = {
    place: f"""
    SELECT DISTINCT t.code FROM supervision_finding n JOIN registry_{place} t ON t.number = n.{place}
     WHERE n.detector = %s AND n.gone_at IS NULL
    """  # noqa: S608  constants
    for place in ("company", "site")
}


def wanted(truth: pl.DataFrame, sought: Sought) -> set[str]:
    """The objects of the errors that a rule should find."""
    rows = truth.filter(pl.col("error").is_in(sought.errors), pl.col("occurred_on") >= sought.since)
    if sought.kinds is not None:
        rows = rows.filter(pl.col("kind").is_in(sought.kinds))
    return set(rows["object"].drop_nulls())


def named(detector: str, by: str = "object") -> set[str]:
    """The objects that speak for the findings of a rule, or the companies or sites that these are about."""
    from suyuan.codes.keys import compose_code
    from suyuan.server.kit.connection import cursor

    statement = """
    SELECT DISTINCT v.lot, v.serial FROM supervision_evidence v JOIN supervision_finding n ON n.number = v.finding
     WHERE n.detector = %s AND n.gone_at IS NULL
    """
    with cursor() as run:
        if by != "object":
            return {str(code) for (code,) in run.execute(ABOUT[by], [detector])}
        return {compose_code(lot, serial) for lot, serial in run.execute(statement, [detector])}


def compare(detector: str, told: set[str], sought: set[str], touched: Collection[str], note: str) -> None:
    """Print precision and recall."""
    right = len(told & set(touched))
    by = SOUGHT[detector].by
    counts = f"{note}; {len(told)} of kind {by} named, {right} of them touched by an error; {len(sought)} to be found"
    if told:
        figure(f"precision of {detector}", right / len(told), "1", note=counts)
    if sought:
        figure(f"recall of {detector}", len(told & sought) / len(sought), "1", note=counts)


def measure(vehicles: int) -> None:
    """Simulate, report, detect, compare."""
    from django.db import transaction

    from suyuan.cli.demo.reporting import register, report
    from suyuan.server.kit.clock import CHINA, FixedClock
    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.queries.catalogue import detectors
    from suyuan.server.supervision.services.detecting import detect
    from suyuan.simulation import ErrorRates, Plan, simulate

    simulation = simulate(
        replace(Plan.province_year(1, vehicles), start=date(2026, 1, 1), errors=replace(ErrorRates(), **RATES))
    )
    register(simulation)
    report(simulation, quiet=True)
    last = simulation.files["reported_on"].max()
    assert isinstance(last, date)  # noqa: S101  there are files
    clock = FixedClock(datetime.combine(last + timedelta(days=90), time(12), CHINA))

    def look() -> None:
        with transaction.atomic(), cursor() as run:
            detect(run, clock=clock)

    seconds, _ = timed(look)
    note = f"{vehicles:,} vehicles, seed 1"
    figure("all detectors over the simulated year", seconds, "s", note=note)
    told_of = ("object", "true_value", "reported_value")
    touched = set[str]().union(*(simulation.truth[name].drop_nulls() for name in told_of))
    every = set[str]().union(*map(named, detectors()))
    for error in ("wrong_order", "missing", "leaked", "mistyped", "vanished", "misread", "misweighed", "exchanged"):
        objects = wanted(simulation.truth, Sought((error,), since=RULE_OF_2026 if error == "leaked" else date.min))
        if objects:
            share = len(objects & every) / len(objects)
            figure(
                f"share of {error} objects that some finding names", share, "1", note=f"{note}; {len(objects)} of them"
            )
    for detector, sought in SOUGHT.items():
        compare(detector, named(detector, sought.by), wanted(simulation.truth, sought), touched, note)


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("vehicles", type=int, nargs="?", default=400)
    vehicles: int = parser.parse_args().vehicles
    with scratch_server():
        measure(vehicles)


if __name__ == "__main__":
    main()
