"""How long each answer takes on the folds of many batteries, and whether every number equals the rows that it opens to.

    python -m benchmarks.bench_answers 1000000     with a million packs (default: 100,000)

Each pack has up to nine records under its code and three under the VIN of its vehicle, over seven years, with companies
in every province and vehicles sold in 300 cities; some packs are handed over and never received, some are scrapped
with their vehicle unheard of. The records are written by SQL; folds and duties are computed by the rooms themselves.
"""

import argparse
import os
import time
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.figures import figure, peak_mib, timed
from benchmarks.scratch import scratch_server

if TYPE_CHECKING:
    import psycopg

    from suyuan.server.answers.queries.areas import Area
    from suyuan.server.answers.queries.periods import Period
    from suyuan.server.kit.connection import Row
    from suyuan.server.kit.scope import Scope

PACKS_A_DAY = 1000
TODAY = date(2026, 11, 22)
REPEATS = 20
PROVINCES = (11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
             61, 62, 63, 64, 65)  # fmt: skip
ROLES = {"battery_maker": 20, "carmaker": 40, "dealer": 31, "dismantler": 155, "outlet_operator": 310, "utiliser": 62}
LIFE = (  # kind, role of the reporter, role of the party, day after production, days until reported, under the VIN,
    # how many of a hundred packs have it
    ("pack_produced", "battery_maker", None, 0, 3, False, 100),
    ("stocked", "battery_maker", None, 1, 3, False, 100),
    ("transferred_out", "battery_maker", "carmaker", 5, 9, False, 100),
    ("vehicle_produced", "carmaker", None, 20, 9, True, 100),
    ("vehicle_certified", "carmaker", None, 25, 14, True, 100),
    ("vehicle_sold", "dealer", None, 60, 40, True, 95),
    ("vehicle_scrapped", "dismantler", None, 690, 9, True, 42),
    ("battery_removed", "dismantler", None, 700, 20, False, 40),
    ("outlet_received", "outlet_operator", None, 720, 30, False, 36),
    ("outlet_handed_over", "outlet_operator", "utiliser", 760, 30, False, 34),
    ("utiliser_received", "utiliser", None, 770, 50, False, 31),
)
REGISTER = """
INSERT INTO registry_company (code, name_zh, name_en, roles, division, simulated)
SELECT (900000000 + row_number() OVER ())::text, role || place, '', ARRAY[role],
       (%s::integer[])[1 + place %% 31]::text || lpad((1 + place / 31 %% 10)::text, 2, '0') || '00', true
  FROM unnest(%s::text[], %s::integer[]) AS o (role, number) CROSS JOIN LATERAL generate_series(0, number - 1) AS place
"""
FILED = """
INSERT INTO registry_code_filing (prefix, company, model, level, chemistry, rated_capacity_ah, nominal_voltage_v,
                                  mass_kg, details, filed_on, valid_from)
SELECT 'MBAPB000000100', min(number), 'bench', 'P', 'B', 150, 350, 380, '{}', '2018-01-01', '2018-01-01'
  FROM registry_company
"""
# ids carry the moment of receipt in their first 48 bits, as those of the ledger do
RECORDS = """
INSERT INTO ledger_event (lot, serial, id, slot, kind, reporter, party, record, submission, occurred_at, vehicle, body,
                          main_lot, main_serial)
SELECT CASE WHEN s.car THEN 'LBENCH' || lpad(n::text, 11, '0')
            ELSE 'MBAPB00000010' || lpad((n / %(a_day)s::integer)::text, 4, '0') END,
       CASE WHEN s.car THEN 0 ELSE 1 + n %% %(a_day)s::integer END,
       (lpad(to_hex((extract(epoch FROM at + %(late)s::integer * interval '1 day') * 1000)::bigint), 12, '0') || '7'
        || lpad(to_hex(%(kind)s::integer), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid,
       s.slot, %(kind)s::integer, (%(reporters)s::integer[])[1 + n * 7 %% cardinality(%(reporters)s::integer[])],
       (%(parties)s::integer[])[1 + n * 7 %% greatest(cardinality(%(parties)s::integer[]), 1)],
       1, %(submission)s::bigint + n / 10000, at,
       CASE WHEN %(bound)s::boolean THEN 'LBENCH' || lpad(n::text, 11, '0') END,
       CASE WHEN %(sold)s::boolean AND s.slot = 0 THEN jsonb_build_object('division',
            (%(provinces)s::integer[])[1 + n * 13 %% 31]::text || lpad((1 + n / 31 %% 10)::text, 2, '0') || '00') END,
       CASE WHEN s.slot = 1 THEN 'MBAPB00000010' || lpad((n / %(a_day)s::integer)::text, 4, '0') END,
       CASE WHEN s.slot = 1 THEN 1 + n %% %(a_day)s::integer END
  FROM generate_series(%(from)s::integer, %(upto)s::integer - 1) AS n
 CROSS JOIN LATERAL (
        SELECT timestamptz '2019-01-01 12:00+08' + (n %% 2500 + %(day)s::integer) * interval '1 day' AS at) AS t
 CROSS JOIN LATERAL unnest(%(cars)s::boolean[], %(slots)s::integer[]) AS s (car, slot)
 WHERE n * 31 %% 100 < %(share)s::integer AND at < timestamptz '2026-11-20 00:00+08'
"""


def store(packs: int) -> None:
    """The lives of so many packs."""
    from suyuan.events.vocabulary import vocabulary
    from suyuan.server.kit.connection import cursor

    with cursor() as run:
        run.execute(REGISTER, [list(PROVINCES), list(ROLES), list(ROLES.values())])
        run.execute(FILED)
        numbers: dict[str, list[int]] = {
            role: run.execute(
                "SELECT array_agg(number) FROM registry_company WHERE roles = ARRAY[%s]", [role]
            ).fetchall()[0][0]
            for role in ROLES
        }
        for place, (kind, role, party, day, late, car, share) in enumerate(LIFE):
            binds = kind == "vehicle_produced"  # the pack comes first among its objects
            told = {
                "a_day": PACKS_A_DAY,
                "late": late,
                "day": day,
                "from": 0,
                "upto": packs,
                "kind": vocabulary().kinds[kind].no,
                "reporters": numbers[role],
                "parties": numbers[party] if party else [],
                "submission": 1 + place * 1_000_000,
                "bound": binds or kind == "battery_removed",
                "sold": kind == "vehicle_sold",
                "provinces": list(PROVINCES),
                "cars": [False, True] if binds else [car],
                "slots": [0, 1] if binds else [0],
                "share": share,
            }
            run.execute(RECORDS, told)
    with cursor("owner") as run:
        run.execute("ANALYZE ledger_event")


def fold() -> None:
    """Compute the duties, then the folds of this room."""
    from django.db import transaction

    from suyuan.server.answers.services import rebuild
    from suyuan.server.kit.clock import CHINA, FixedClock
    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.services import rebuild as rebuild_duties

    clock = FixedClock(datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=CHINA))
    for name, act in (("duties", rebuild_duties), ("answers", rebuild)):
        with transaction.atomic(), cursor() as run:
            begin = time.perf_counter()
            act(run, check=False, clock=clock)
            seconds = time.perf_counter() - begin
        figure(f"{name} computed anew", seconds, "s", note=load())
    with transaction.atomic(), cursor() as run:
        seconds, report = timed(lambda: rebuild(run, check=True, clock=clock))
    if not report.clean:
        raise SystemExit(f"the folds are not what the records say: {report}")
    figure("answers compared with the records", seconds, "s", note=load())
    with cursor("owner") as run:
        for table in ("answers_stay", "answers_flow", "answers_route", "answers_duty", "supervision_duty"):
            run.execute(f"VACUUM ANALYZE {table}")


def load() -> str:
    """The machine's load."""
    return f"load {os.getloadavg()[0]:.1f}"


def p95_ms(act: Callable[[], object]) -> float:
    """The 95th percentile of so many runs; the first warms up."""
    act()
    taken = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begin) * 1000)
    return sorted(taken)[int(REPEATS * 0.95) - 1]


def measure() -> None:
    """Every answer, for the nation, a province, a city and a company."""
    from suyuan.server.answers.queries.areas import area_of
    from suyuan.server.answers.queries.periods import parse_period
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope

    scope, bars = Scope.of_nation(), {"overview": 200.0}
    with cursor() as run:
        ((company,),) = run.execute("SELECT code FROM registry_company WHERE name_zh = 'carmaker3'").fetchall()
        areas = {
            "nation": area_of(scope),
            "province": area_of(scope, division="440000"),
            "city": area_of(scope, division="440300"),
            "company": area_of(scope, company=company),
        }
        for name in ("2025", "all"):
            for level, area in areas.items():
                for what, act in questions(run, scope, area, parse_period(name, TODAY)).items():
                    bar = bars.get(what, 300.0)
                    figure(f"{what}, {level}, {name}", p95_ms(act), "ms", at_most=bar, note=load())


def questions(
    run: "psycopg.Cursor[Row]", scope: "Scope", area: "Area", period: "Period"
) -> dict[str, Callable[[], object]]:
    """What is asked about an area."""
    from suyuan.server.answers.queries import asking
    from suyuan.server.answers.queries.rows import Wanted, duty_rows, stay_rows

    page = partial(stay_rows, run, scope, area, period, limit=100)
    ranked = partial(asking.ranking, run, scope, area, period, limit=100)
    return {
        "overview": partial(asking.overview, run, scope, area, period),
        "flows": partial(asking.flows, run, area, period),
        "trend": partial(asking.trend, run, scope, area, period),
        "ranking by company": partial(ranked, "overdue", by="company"),
        "ranking by company, unaccounted": partial(ranked, "unaccounted", by="company"),
        "ranking by division": partial(ranked, "collection_rate", by="division"),
        "rows unaccounted": partial(page, Wanted("unaccounted")),
        "rows in use": partial(page, Wanted("in_service")),
        "rows collected": partial(page, Wanted("collected")),
        "rows overdue": partial(duty_rows, run, scope, area, period, Wanted("overdue"), limit=100),
    }


def check() -> None:
    """Every number of some areas beside the rows that it opens to."""
    from suyuan.server.answers.queries import asking
    from suyuan.server.answers.queries.areas import area_of
    from suyuan.server.answers.queries.periods import parse_period
    from suyuan.server.answers.queries.rows import Wanted, total
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope

    scope, compared, wrong = Scope.of_nation(), 0, list[str]()
    with cursor() as run:
        for name in ("2025", "all"):
            period = parse_period(name, TODAY)
            for division in (None, "440000", "440300"):
                area = area_of(scope, division=division)
                figures = {one.name: one.value for one in asking.overview(run, scope, area, period)}
                wanted = {one: Wanted(one) for one in ("in_service", "retired", "collected", "overdue", "unaccounted")}
                told = asking.flows(run, area, period)
                pairs = [(one, figures[one], total(run, scope, area, period, what)[0]) for one, what in wanted.items()]
                pairs += [
                    (
                        f"stage {stage}",
                        balance.closing.packs,
                        total(run, scope, area, period, Wanted("stock", stage))[0],
                    )
                    for stage, balance in told.balance.items()
                ]
                pairs += [
                    (str(step), amount.packs, total(run, scope, area, period, Wanted("step", *step))[0])
                    for step, amount in told.ribbons.items()
                ]
                compared += len(pairs)
                wrong += [f"{area.code} {name} {one}: {value} {rows}" for one, value, rows in pairs if value != rows]
    if wrong:
        print("\n".join(wrong))
    figure("numbers that differ from their rows", len(wrong), "1", at_most=0, note=f"{compared} numbers compared")


def paper() -> None:
    """A report with its workbook and its pages."""
    from django.db import transaction

    from suyuan.kernel import Language
    from suyuan.server.answers.queries.areas import area_of
    from suyuan.server.answers.queries.papers import report_file
    from suyuan.server.answers.services.reporting import Order, make_report
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope

    scope = Scope.of_nation()
    with transaction.atomic(), cursor() as run:
        seconds, kept = timed(lambda: make_report(run, scope, area_of(scope), Order("monthly", "2026-10", "bench")))
    rows = len(kept.content["unaccounted"])
    figure("monthly report of the nation made", seconds, "s", note=f"{rows:,} batteries listed; {load()}")
    for form, bar in (("xlsx", 15.0), ("pdf", 3.0)):
        begin = time.process_time()
        content = report_file(kept, form, Language.ZH)
        taken = time.process_time() - begin
        figure(f"report as {form}", taken, "CPU-s", at_most=bar, note=f"{rows:,} batteries; {len(content):,} bytes")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("packs", type=int, nargs="?", default=100_000)
    packs: int = parser.parse_args().packs
    with scratch_server():
        seconds, _ = timed(lambda: store(packs))
        figure("records written", seconds, "s", note=f"{packs:,} packs; {load()}")
        fold()
        check()
        measure()
        paper()
        figure("memory of the process at its peak", peak_mib(), "MiB", note=f"{packs:,} packs")


if __name__ == "__main__":
    main()
