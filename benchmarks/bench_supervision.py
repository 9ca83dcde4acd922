"""How long it takes to compute every duty anew, and to bring duties up to date after a submission of 10,000 rows.

    python -m benchmarks.bench_supervision 1000000     with a million packs (default: 100,000)

Each pack has ten records: seven under its code, three under the VIN of its vehicle, spread over seven years, so that
both regimes are met. The records are written by SQL in the order of their kinds: the life of one pack lies all over
the table. The aim of 60 s is for a million packs.
"""

import argparse
import os

from benchmarks.figures import figure, peak_mib, timed
from benchmarks.scratch import scratch_server

PACKS_A_DAY = 1000
ROWS = 10_000
ROLES = ("battery_maker", "carmaker", "dealer", "dismantler", "outlet_operator", "utiliser")
LIFE = (  # kind, role of the reporter, day after production, days until it is reported, under the vehicle?
    ("pack_produced", "battery_maker", 0, 3, False),
    ("stocked", "battery_maker", 1, 3, False),
    ("transferred_out", "battery_maker", 5, 9, False),
    ("vehicle_produced", "carmaker", 20, 9, True),
    ("vehicle_certified", "carmaker", 25, 14, True),
    ("vehicle_sold", "carmaker", 60, 40, True),
    ("battery_removed", "dismantler", 700, 20, False),
    ("outlet_received", "outlet_operator", 720, 30, False),
    ("outlet_handed_over", "outlet_operator", 760, 30, False),
    ("utiliser_received", "utiliser", 770, 50, False),
)
REGISTER = """
INSERT INTO registry_company (code, name_zh, name_en, roles, simulated)
SELECT (900000000 + place)::text, role, '', ARRAY[role], true FROM unnest(%s::text[]) WITH ORDINALITY AS o (role, place)
"""
# ids carry the moment of receipt in their first 48 bits, as those of the ledger do
RECORDS = """
INSERT INTO ledger_event (lot, serial, id, slot, kind, reporter, record, submission, occurred_at)
SELECT CASE WHEN %(car)s::boolean THEN 'LBENCH' || lpad(n::text, 11, '0')
            ELSE 'MBAPB0000001' || lpad((n / %(a_day)s::integer)::text, 5, '0') END,
       CASE WHEN %(car)s::boolean THEN 0 ELSE n %% %(a_day)s::integer END,
       (lpad(to_hex((extract(epoch FROM at + %(late)s::integer * interval '1 day') * 1000)::bigint), 12, '0') || '7'
        || lpad(to_hex(%(kind)s::integer), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid,
       0, %(kind)s::integer, %(reporter)s::integer, 1, %(submission)s::bigint + n / 10000, at
  FROM generate_series(%(from)s::integer, %(upto)s::integer - 1) AS n
 CROSS JOIN LATERAL (
        SELECT timestamptz '2019-01-01 12:00+08' + (n %% 2500 + %(day)s::integer) * interval '1 day' AS at) AS t
"""
ANNOUNCE = """
INSERT INTO ledger_outbox (submission, company, kind, digest, received_at, secret) VALUES (%s, 1, '', '', now(), '')
"""


def store(first: int, upto: int, submission: int) -> None:
    """The lives of packs `first` to `upto` - 1."""
    from suyuan.events.vocabulary import vocabulary
    from suyuan.server.kit.connection import cursor

    with cursor() as run:
        numbers: dict[str, int] = dict(run.execute("SELECT name_zh, number FROM registry_company").fetchall())
        for place, (kind, role, day, late, car) in enumerate(LIFE):
            wanted = {"car": car, "a_day": PACKS_A_DAY, "late": late, "day": day, "from": first, "upto": upto}
            more = {"kind": vocabulary().kinds[kind].no, "reporter": numbers[role]}
            run.execute(RECORDS, {**wanted, **more, "submission": submission + place * 1_000_000})


def rebuilt(*, check: bool) -> int:
    """Compute everything; how many duties there are."""
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.services import rebuild

    with transaction.atomic(), cursor() as run:
        report = rebuild(run, check=check)
    if check and not report.clean:
        raise SystemExit(f"the table is not what the records say: {report.duties}")
    return report.duties.duties


def follow_all() -> int:
    """Rounds of the worker until nothing waits; how many rows changed."""
    from suyuan.server.supervision.jobs import Follower

    follower, changed = Follower(), 0
    while (told := follower.once()).anything:
        changed += told.changed
    return changed


def measure(packs: int) -> None:
    """Store, compute, compare, follow."""
    from suyuan.server.kit.connection import cursor

    note = f"{packs:,} packs, ten records each; load {os.getloadavg()[0]:.1f}"
    with cursor() as run:
        run.execute(REGISTER, [list(ROLES)])
    store(0, packs, 1)
    with cursor("owner") as run:
        run.execute("ANALYZE ledger_event")
    seconds, duties = timed(lambda: rebuilt(check=False))
    figure(
        "every duty computed and written to an empty table",
        seconds,
        "s",
        aim=60 * packs / 1e6,
        note=f"{note}; {duties:,} duties",
    )
    seconds, _ = timed(lambda: rebuilt(check=True))
    figure("every duty computed and compared", seconds, "s", at_most=60 * packs / 1e6, note=note)
    figure("memory of the process at its peak", peak_mib(), "MiB", at_most=2048, note=note)
    store(packs, packs + ROWS // len(LIFE), 20_000_000)
    with cursor() as run:
        for place in range(len(LIFE)):
            run.execute(ANNOUNCE, [20_000_000 + place * 1_000_000 + packs // 10_000])
    seconds, changed = timed(follow_all)
    figure(f"duties current after {ROWS:,} new rows", seconds, "s", at_most=5, note=f"{note}; {changed:,} rows changed")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("packs", type=int, nargs="?", default=100_000)
    packs: int = parser.parse_args().packs
    with scratch_server():
        measure(packs)


if __name__ == "__main__":
    main()
