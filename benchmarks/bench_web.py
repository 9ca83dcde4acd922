"""How long the server works on the pages that anybody opens, with a million batteries stored, and on a thousand labels.

    python -m benchmarks.bench_web 1000000     with that many packs, each in a vehicle (the usual number)

The time is that of the whole request inside the server: middleware, queries, template, compression; no network.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from benchmarks.bench_trace import codes, figure, lot
from benchmarks.scratch import register_maker, scratch_server
from suyuan.events import records
from suyuan.events.vocabulary import vocabulary

PACKS_A_DAY = 10_000
OUTLETS = 10_127  # as many as were published in 2020
SAMPLES = 400
WARM = 50
LABELS = 1000
OWED = 100_000
OWED_FROM = date(2026, 6, 1)
FIRST = date(2020, 1, 1)
RECEIVED_MS = 1_780_000_000_000

_OUTLETS = """
WITH made AS (
    INSERT INTO registry_site (company, code, kind, name, division)
    SELECT %(company)s, 'B' || n, 'outlet_collection', 'B' || n, (%(divisions)s::text[])[1 + n %% %(many)s]
      FROM generate_series(1, %(outlets)s) AS n
    RETURNING number, name, division)
INSERT INTO registry_outlet (site, version, valid_from, recorded_at, author, kind, name, division, address, longitude,
       latitude, datum, week, brands)
SELECT number, 1, '2020-01-01', now(), 'bench', 'outlet_collection', name, division, name,
       75 + number * 7919 %% 5500 / 100.0, 20 + number * 10007 %% 2800 / 100.0, 'wgs84',
       '{[0,10080)}', CASE number %% 3 WHEN 0 THEN ARRAY['A', 'B'] WHEN 1 THEN ARRAY['*'] END FROM made
"""
_RULE = "INSERT INTO supervision_rule (version, duty, status) VALUES ('bench@2026', 'bench', 'inferred')"
_OWED = """
INSERT INTO supervision_duty (lot, serial, event, rule, company, started_on, due_on, official, void)
SELECT %s, n, gen_random_uuid(), (SELECT number FROM supervision_rule WHERE duty = 'bench'), %s,
       date '2026-05-01' + n %% 200, date '2026-06-01' + n %% 200, true, false FROM generate_series(1, %s) AS n
"""


def store(day: int, maker: int) -> None:
    """One day's packs, each built into a vehicle a month later, through the ledger's own door."""
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.ledger.services.append import append

    rng = np.random.default_rng(day)
    serials = np.arange(PACKS_A_DAY) + 1
    on = FIRST + timedelta(days=day)
    pack = codes("P", day, serials)
    vin = "LBENCH" + pl.Series(day * PACKS_A_DAY + serials).cast(pl.String).str.zfill(11)
    made = pl.DataFrame({"code": pack}).with_columns(stocked_on=pl.lit(on))
    bound = pl.DataFrame({"vin": vin, "pack_code": pack}).with_columns(produced_on=pl.lit(on + timedelta(days=30)))
    for number, (kind, rows) in enumerate((("after_sales_stocked", made), ("vehicle_produced", bound))):
        batch = records.build(vocabulary().kinds[kind], rows, np.arange(PACKS_A_DAY), maker)
        with transaction.atomic(), cursor() as run:
            append(run, batch, 2 * day + number + 1, RECEIVED_MS + day, rng=rng)


def store_outlets(company: int) -> None:
    """As many outlets as there are, over all divisions."""
    from suyuan.codes.divisions import national
    from suyuan.server.kit.connection import cursor

    day, known = date(2026, 1, 1), national()
    divisions = [city.code for province in known.provinces(day) for city in known.children(province.code, day)]
    with cursor() as run:
        given = {"company": company, "divisions": divisions, "many": len(divisions), "outlets": OUTLETS}
        run.execute(_OUTLETS, given)


def pages(days: int, stored: str) -> None:
    """The digital ID: of packs there are, of codes there are not, with outlets of a city, and as JSON."""
    from django.test import Client

    client = Client(headers={"host": "localhost", "accept-language": "zh", "accept-encoding": "gzip"})
    rng = np.random.default_rng(1)

    def asked(first: int) -> list[str]:
        pairs = zip(rng.integers(0, days, SAMPLES), rng.integers(first, first + PACKS_A_DAY, SAMPLES), strict=True)
        return [f"{lot('P', int(day))}{serial:07d}" for day, serial in pairs]

    size = 0

    def get(query: str, accept: str, status: int) -> Callable[[str], None]:
        def act(code: str) -> None:
            nonlocal size
            answer = client.get(f"/b/{code}{query}", headers={"accept": accept})
            if answer.status_code != status:
                raise ArithmeticError(f"{answer.status_code} for {code}")
            packed = answer.get("Content-Encoding") == "gzip"
            size = len(answer.content if packed else gzip.compress(answer.content))

        return act

    html = "text/html"
    for name, act, first in (
        ("digital ID", get("", html, 200), 1),
        ("digital ID with the outlets of a city", get("?city=440300", html, 200), 1),
        ("digital ID as JSON", get("", "application/json", 200), 1),
        ("digital ID of an unknown code", get("", html, 404), 1_000_001),
    ):
        wanted = asked(first)
        for code in wanted[:WARM]:
            act(code)
        spent = []
        for code in wanted:
            begin = time.perf_counter()
            act(code)
            spent.append((time.perf_counter() - begin) * 1000)
        figure(f"{name} at {stored} batteries, p95", float(np.percentile(spent, 95)), at_most=50)
        print(json.dumps({"what": f"{name}, compressed", "value": round(size / 1000, 1), "unit": "kB", "at_most": 60}))


def outlet_pages() -> None:
    """The public list of outlets, as it is first opened, near a place, with filters; an outlet; the front page."""
    from django.test import Client

    client = Client(headers={"host": "localhost", "accept-language": "zh", "accept-encoding": "gzip"})
    for name, address in (
        ("front page", "/"),
        ("list of outlets, first page", "/outlets"),
        ("list of outlets, nearest of a brand that are open", "/outlets?near=116.4,39.9&brand=A&open=1"),
        ("list of outlets, a brand that nobody takes", "/outlets?near=116.4,39.9&brand=none"),
        ("list of outlets of a city", "/outlets?city=440300"),
    ):
        spent = []
        for turn in range(WARM // 10 + SAMPLES // 10):
            begin = time.perf_counter()
            answer = client.get(address, headers={"accept": "text/html"})
            spent.append((time.perf_counter() - begin) * 1000)
            if answer.status_code != 200:
                raise ArithmeticError(f"{answer.status_code} for {address} at {turn}")
        figure(f"{name}, {OUTLETS:,} outlets, p95", float(np.percentile(spent[WARM // 10 :], 95)), at_most=300)


_LISTED = """
INSERT INTO answers_battery
SELECT '9SMPB010000001' || substr('789ABCDEFG', 1 + n %% 10, 1) || substr('123456789ABC', 1 + n %% 12, 1) || '5', n,
       (ARRAY[1, 5, 5, 5, 5, 5, 6, 7, 9, 13])[1 + n %% 10], date '2020-01-01' + n %% 2000, 1 + n %% 300, 0, 0, NULL,
       (%(divisions)s::text[])[1 + n %% %(many)s], 'pack', 'B', date '2018-01-01' + n %% 2500,
       CASE WHEN n %% 1000 = 0 THEN 1 ELSE 0 END, CASE WHEN n %% 500 = 0 THEN 1 ELSE 0 END,
       CASE WHEN n %% 7 = 0 THEN 0.6 + (n %% 40) / 100.0 END, CASE WHEN n %% 200 = 0 THEN date '2024-01-01' END,
       ARRAY[%(company)s, 100000 + n %% 300], ARRAY[substr((%(divisions)s::text[])[1 + n %% %(many)s], 1, 2),
       substr((%(divisions)s::text[])[1 + n %% %(many)s], 1, 4)]
  FROM generate_series(1, %(rows)s) AS n
"""
LISTED = 1_000_000


def battery_list(company: int) -> None:
    """The list of batteries with a million rows in its fold, for a company that sees all and for a province."""

    from suyuan.codes.divisions import national
    from suyuan.server.accounts.models import Role
    from suyuan.server.kit.connection import OWNER_ALIAS, cursor
    from suyuan.server.kit.scope import Scope
    from tests.server.web.people import person

    day, known = date(2026, 1, 1), national()
    divisions = [city.code for province in known.provinces(day) for city in known.children(province.code, day)]
    with cursor(OWNER_ALIAS) as run:
        run.execute("TRUNCATE answers_battery")
        run.execute(_LISTED, {"divisions": divisions, "many": len(divisions), "rows": LISTED, "company": company})
        run.execute("VACUUM ANALYZE answers_battery")
    wide = person("list@example.com", Role.DATA_OFFICER, Scope.of_company(company)).client()
    province = person("province@example.com", Role.OFFICIAL, Scope.of_province("440000")).client()
    for name, query in (
        ("all", ""),
        ("a stage", "f.stage=collected"),
        ("in stock and overdue", "f.stage=in_stock&f.attention=overdue"),
        ("to be handed over", "f.stage=out_of_use&f.attention=to_hand_over"),
        ("no trace", "f.attention=lost"),
        ("SOH below 80%", "f.soh=80"),
        ("odd codes", "f.trouble=odd"),
        ("a city, a year, oldest stage first", "f.division=4403&f.made_on=2020&sort=since"),
        ("longest in its stage", "f.since=730&sort=since"),
        ("nothing found", "f.model=none"),
    ):
        for who, client, path in (("company", wide, "/w/batteries"), ("province", province, "/g/batteries")):
            spent = []
            for turn in range(SAMPLES // 10):
                begin = time.perf_counter()
                answer: Any = client.get(f"{path}?{query}", headers={"host": "localhost"})
                spent.append((time.perf_counter() - begin) * 1000)
                if answer.status_code != 200:
                    raise ArithmeticError(f"{answer.status_code} for {path}?{query} at {turn}")
            what = f"list of batteries, {name}, {who}, {LISTED:,} rows, p95"
            figure(what, float(np.percentile(spent[2:], 95)), at_most=300)


def send(company: int, days: int) -> None:
    """The batches that the packs came in, and a hundred thousand duties that the company still owes."""
    from suyuan.server.kit.connection import cursor
    from suyuan.server.submissions.models import Received, Submission

    Received.objects.create(digest="0" * 64, size=0, body=b"")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    same = {
        "company": company,
        "received_id": "0" * 64,
        "channel": "api",
        "kind": "vehicle_produced",
        "received_at": at,
    }
    counts = {"rows": PACKS_A_DAY, "records": PACKS_A_DAY, "admitted": PACKS_A_DAY - 1, "refused": 1}
    Submission.objects.bulk_create(
        Submission(**same, **counts, state="partly_accepted", wishes=str(turn)) for turn in range(2 * days)
    )
    with cursor() as run:
        run.execute(_RULE)
        run.execute(_OWED, [lot("P", 0), company, OWED])


def company_pages(company: int, stored: str) -> None:
    """What a data officer of the company opens every day: workbench, batches, deadlines."""
    from django.test import Client

    from suyuan.server.accounts.models import Role
    from suyuan.server.accounts.services.people import furnish
    from suyuan.server.kit.scope import Scope

    client = Client(headers={"host": "localhost", "accept-language": "zh", "accept": "text/html"})
    client.force_login(furnish("officer@example.com", "officer", Role.DATA_OFFICER, Scope.of_company(company)))
    for name, address in (
        ("workbench", "/w"),
        ("list of batches", "/w/submissions"),
        ("list of batches to correct", "/w/submissions?f.mend=yes"),
        ("deadlines of a month", "/w/deadlines"),
        ("scan page", "/w/scan"),
        ("hand-overs", "/w/transfers"),
        ("duties of a day", f"/w/deadlines/list?f.state=overdue&f.due_on={OWED_FROM}"),
    ):
        spent = []
        for _ in range(WARM // 10 + SAMPLES // 10):
            begin = time.perf_counter()
            answer = client.get(address)
            spent.append((time.perf_counter() - begin) * 1000)
            if answer.status_code != 200:
                raise ArithmeticError(f"{answer.status_code} for {address}")
        what = f"{name}, {stored} batteries, {OWED:,} open duties, p95"
        figure(what, float(np.percentile(spent[WARM // 10 :], 95)), at_most=300)


def labels() -> None:
    """A thousand labels drawn, painted as a printer would, and each symbol on them decoded."""
    from suyuan.kernel import Language
    from suyuan.labels import Facts, address_of, designs, print_labels

    day = date(2026, 11, 22)
    made = [f"{lot('P', 0)}{serial:07d}" for serial in range(1, LABELS + 1)]
    facts = [
        Facts(code, address_of("https://trace.example", code), "电池企业(模拟)", "P-1", "B", day, 150.0, 400.0, 420.0)
        for code in made
    ]
    for name in designs():
        begin = time.perf_counter()
        printed = print_labels(facts, designs()[name], Language.ZH)
        spent = time.perf_counter() - begin
        what = f"{LABELS} labels {name}, {printed.symbols} symbols decoded"
        print(json.dumps({"what": what, "value": round(spent, 2), "unit": "s", "at_most": 5}), flush=True)


def main() -> None:
    """Store, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="?", type=int, default=1_000_000)
    days = max(1, parser.parse_args().packs // PACKS_A_DAY)
    with scratch_server():
        from suyuan.server.kit.connection import OWNER_ALIAS, cursor

        begin = datetime.now(UTC)
        maker, _ = register_maker()
        for day in range(days):
            store(day, maker)
        store_outlets(maker)
        send(maker, days)
        with cursor(OWNER_ALIAS) as run:
            run.execute("ANALYZE")
        stored = f"{days * PACKS_A_DAY:,}"
        print(f"{stored} packs stored in {(datetime.now(UTC) - begin).total_seconds():.0f} s", flush=True)
        pages(days, stored)
        outlet_pages()
        company_pages(maker, stored)
        battery_list(maker)
    labels()


if __name__ == "__main__":
    main()
