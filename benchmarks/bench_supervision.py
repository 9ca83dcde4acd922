"""How long it takes to compute every duty and finding anew, and to bring both up to date after 10,000 new rows.

    python -m benchmarks.bench_supervision 1000000     with a million packs (default: 100,000)

Each pack has ten records: seven under its code, three under the VIN of its vehicle, over seven years, so that both
regimes are met. The records are written by SQL in the order of their kinds: the life of one pack lies all over the
table. The bar of 60 s is for a million packs, for duties and findings together, on two cores; with `--grow` the same is
measured at a tenth first, and how much more than ten times as long the whole takes.
"""

import argparse
import os
import time
from pathlib import Path

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


STORED = [0]
POSTMASTER = [0]


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
        raise SystemExit(f"the tables are not what the records say: {report.duties} {report.findings}")
    return report.duties.duties


def follow_all() -> int:
    """Rounds of the worker until nothing waits; how many rows changed."""
    from suyuan.server.supervision.jobs import Follower

    follower, changed = Follower(), 0
    while (told := follower.once()).anything:
        changed += told.changed
    return changed


def postmaster() -> int:
    """The number of the process whose children serve this database."""
    from suyuan.server.kit.connection import cursor

    with cursor() as run:
        ((backend,),) = run.execute("SELECT pg_backend_pid()").fetchall()
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def cpu_s() -> float:
    """CPU seconds of this process, its threads, and every process of the database, the finished ones too."""
    own = time.process_time()
    ticks = os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == POSTMASTER[0] or int(folder.name) == POSTMASTER[0]:
                own += sum(map(int, fields[11:15])) / ticks
        except (OSError, ValueError):
            continue
    return own


def measure(packs: int) -> float:
    """Store, compute, compare, follow; the seconds that computing everything took."""
    from suyuan.server.kit.connection import cursor

    note = f"{packs:,} packs, ten records each; load {os.getloadavg()[0]:.1f}"
    store(STORED[0], packs, 1 + STORED[0])
    STORED[0] = packs
    with cursor("owner") as run:
        run.execute("VACUUM ANALYZE ledger_event")
        run.execute("TRUNCATE supervision_duty, supervision_finding CASCADE")
    before = cpu_s()
    seconds, duties = timed(lambda: rebuilt(check=False))
    spent = cpu_s() - before
    figure(
        "every duty and finding computed and written to empty tables",
        seconds,
        "s",
        at_most=60 * packs / 1e6,
        note=f"{note}; {duties:,} duties, {spent:.0f} s of CPU",
    )
    checked, _ = timed(lambda: rebuilt(check=True))
    figure("every duty and finding computed and compared", checked, "s", at_most=60 * packs / 1e6, note=note)
    figure("memory of the process at its peak", peak_mib(), "MiB", at_most=2048, note=note)
    return seconds


def arrive(packs: int) -> None:
    """Ten thousand more rows, and the worker after them."""
    from suyuan.server.kit.connection import cursor

    note = f"{packs:,} packs, ten records each; load {os.getloadavg()[0]:.1f}"
    follow_all()
    store(packs, packs + ROWS // len(LIFE), 20_000_000)
    with cursor() as run:
        for place in range(len(LIFE)):
            run.execute(ANNOUNCE, [20_000_000 + place * 1_000_000 + packs // 10_000])
    seconds, changed = timed(follow_all)
    what = f"duties and findings current after {ROWS:,} new rows"
    figure(what, seconds, "s", at_most=5, note=f"{note}; {changed:,} rows changed")


def measure_all(packs: int, *, grow: bool) -> None:
    """A tenth first, if wanted; then the whole, and what arrives after it."""
    from suyuan.server.kit.connection import cursor

    with cursor() as run:
        run.execute(REGISTER, [list(ROLES)])
    POSTMASTER[0] = postmaster()
    first = measure(packs // 10) if grow else None
    whole = measure(packs)
    if first is not None:
        what = "seconds for ten times as many packs, over ten times the seconds"
        figure(what, whole / (10 * first), "1", at_most=1.2, note=f"{packs // 10:,} and {packs:,} packs")
    arrive(packs)


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("packs", type=int, nargs="?", default=100_000)
    parser.add_argument("--grow", action="store_true")
    asked = parser.parse_args()
    with scratch_server():
        measure_all(asked.packs, grow=asked.grow)


if __name__ == "__main__":
    main()
