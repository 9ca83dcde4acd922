"""Small submissions through the HTTP API, eight clients at once, beside eight clients doing bare commits.

A request is one pack with ten modules and 160 cells as JSON; when it is answered, it is committed with
synchronous_commit on. The reference inserts one row a transaction into a bare table of the same server.
"""

import http.client
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import polars as pl

from benchmarks.figures import figure
from benchmarks.scratch import register_maker, scratch_server

CLIENTS = 8
REQUESTS = 150  # of each client and round
COMMITS = 1500
ROUNDS = 3
WORKERS = os.environ.get("SUYUAN_BENCH_WORKERS", "2")


def bodies(count: int) -> list[bytes]:
    """Packs with their trees, one a document."""
    from suyuan.simulation.production import pack_files

    frame = next(pack_files(count, count * 160))
    modules = frame.group_by("pack_code", "produced_on", "module_code", maintain_order=True).agg(cells="cell_code")
    packs = modules.group_by("pack_code", "produced_on", maintain_order=True).agg(
        modules=pl.struct("module_code", "cells")
    )
    rows = packs.with_columns(pl.col("produced_on").cast(pl.String)).iter_rows(named=True)
    return [json.dumps({"kind": "pack_produced", "records": [row]}).encode() for row in rows]


def send(port: int, key: str, work: list[bytes], times: "multiprocessing.Queue[list[float]]") -> None:
    """One client: post each body on one connection and see that it was accepted."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    took = []
    for body in work:
        start = time.perf_counter()
        connection.request("POST", "/api/v1/submissions", body, headers)
        answer = connection.getresponse()
        told = answer.read()
        took.append(time.perf_counter() - start)
        if answer.status != 200 or b'"accepted"' not in told:
            raise SystemExit(f"{answer.status}: {told[:300]!r}")
    times.put(took)


def commit(dsn: str, times: "multiprocessing.Queue[list[float]]") -> None:
    """One client of the reference."""
    import psycopg

    took = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for _ in range(COMMITS):
            start = time.perf_counter()
            connection.execute("INSERT INTO bench_commit (told) VALUES (%s)", ["x" * 200])
            took.append(time.perf_counter() - start)
    times.put(took)


def rate(targets: list[tuple[object, ...]], each: int) -> tuple[float, list[float]]:
    """Acts a second of all clients together, and how long each act took."""
    context = multiprocessing.get_context("fork")
    times: multiprocessing.Queue[list[float]] = context.Queue()
    clients = [context.Process(target=target, args=(*rest, times)) for target, *rest in targets]  # type: ignore[arg-type]
    start = time.perf_counter()
    for client in clients:
        client.start()
    took = [one for _ in clients for one in times.get(timeout=600)]
    seconds = time.perf_counter() - start
    for client in clients:
        client.join()
    return len(clients) * each / seconds, took


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_answer(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/api/v1/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


def main() -> None:
    """Measure in turns and print the ratio."""
    with scratch_server() as home:
        maker, _ = register_maker()
        from django.db import connections

        from suyuan.server.accounts.models import Permission
        from suyuan.server.accounts.services import KeyOrder, issue_key
        from suyuan.server.kit import postgres
        from suyuan.server.kit.connection import OWNER_ALIAS, cursor
        from suyuan.server.kit.roles import OWNER
        from suyuan.server.kit.scope import Scope

        scope = Scope.of_company(maker)
        key = issue_key(Scope.of_nation(), KeyOrder("bench", scope, frozenset({Permission.SUBMIT, Permission.READ})))
        with cursor(OWNER_ALIAS) as run:
            run.execute("CREATE TABLE bench_commit (id bigserial PRIMARY KEY, told text)")
        connections.close_all()
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "suyuan.cli",
            "serve",
            "--port",
            str(port),
            "--workers",
            WORKERS,
            "--no-worker",
        ]
        work = bodies(CLIENTS * (REQUESTS * ROUNDS + 20))
        with subprocess.Popen(command, cwd=Path(home), env={**os.environ, "SUYUAN_HOME": str(home)}) as server:
            try:
                await_answer(port)
                run_rounds(port, key.token.text, work, postgres.dsn(home, OWNER))
            finally:
                server.terminate()


def run_rounds(port: int, key: str, work: list[bytes], dsn: str) -> None:
    """Requests and commits in turns."""
    rate([(send, port, key, work[n * 20 : n * 20 + 20]) for n in range(CLIENTS)], 20)  # warm up
    work = work[CLIENTS * 20 :]
    ratios, rates, took = [], [], []
    for turn in range(ROUNDS):
        mine = work[turn * CLIENTS * REQUESTS :]
        sent, times = rate(
            [(send, port, key, mine[n * REQUESTS : (n + 1) * REQUESTS]) for n in range(CLIENTS)], REQUESTS
        )
        bare, _ = rate([(commit, dsn) for _ in range(CLIENTS)], COMMITS)
        print(f"{sent:,.0f} submissions/s, {bare:,.0f} bare commits/s", flush=True)
        ratios.append(sent / bare)
        rates.append(sent)
        took += times
    note = f"median of {ROUNDS} rounds in turns, {WORKERS} server processes, clients on the same two cores"
    what = "one pack with its tree through the HTTP API, 8 clients"
    figure(f"{what}, beside bare commits", statistics.median(ratios), "ratio", at_least=0.15, aim=0.4, note=note)
    figure(what, statistics.median(rates), "submissions/s")
    figure(f"{what}, time to the answer, median", statistics.median(took) * 1e3, "ms")


if __name__ == "__main__":
    main()
