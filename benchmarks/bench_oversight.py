"""How long the server works on the pages of supervision, on the folds of many batteries.

    python -m benchmarks.bench_oversight 1000000     with a million packs (default: 100,000)

The batteries are those of `benchmarks.bench_answers`. The time is that of the whole request inside the server: session,
queries, template, compression; no network.
"""

import argparse

from benchmarks.bench_answers import fold, load, p95_ms, store
from benchmarks.figures import figure, timed
from benchmarks.scratch import scratch_server

LIST_MS = 300.0
BARS = {
    "/g?period=2025": 200.0,
    "/g?area=440000&period=2025": 200.0,
    "/g?area=440300&period=2025": 200.0,
    "/g/wall?period=2025": 200.0,
    "/g/flows?period=2025": LIST_MS,
    "/g/rows?of=unaccounted": LIST_MS,
    "/g/rows?of=in_service": LIST_MS,
    "/g/rows?of=overdue": LIST_MS,
    "/g/enterprises": LIST_MS,
    "/g/calendar": LIST_MS,
    "/g/reports/compare": LIST_MS,
}


def pages(packs: int) -> None:
    """Every page, as an official of the nation opens it."""
    from django.test import Client

    from suyuan.server.accounts.models import Role
    from suyuan.server.accounts.services.people import Invitation, accept, invite
    from suyuan.server.kit.scope import Scope

    sent = invite(None, Invitation("bench@example.com", "bench", Role.OFFICIAL, Scope.of_nation()))
    client = Client(headers={"host": "localhost", "accept-language": "zh", "accept-encoding": "gzip"})
    client.force_login(accept(sent.token, "a wall of seven lanterns", "zh_Hans"))

    def get(address: str) -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{answer.status_code} for {address}")

    for address, bar in BARS.items():
        spent = p95_ms(lambda address=address: get(address))  # type: ignore[misc]  # the address of this round
        figure(f"page {address} at {packs:,} packs, p95", spent, "ms", at_most=bar, note=load())


def main() -> None:
    """Store, fold, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", type=int, nargs="?", default=100_000)
    packs: int = parser.parse_args().packs
    with scratch_server():
        seconds, _ = timed(lambda: store(packs))
        figure("records written", seconds, "s", note=f"{packs:,} packs; {load()}")
        fold()
        pages(packs)


if __name__ == "__main__":
    main()
