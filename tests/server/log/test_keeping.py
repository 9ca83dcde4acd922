"""One integrator at a time: a second one waits until the first has gone."""

import threading
import time

import psycopg
from django.db import connections

from suyuan.server.kit.clock import FixedClock
from suyuan.server.log.services.keeping import _LOCK as LOCK
from tests.server.cast import Cast
from tests.server.log.house import BASE, House, report

ORIGIN = f"{BASE}/prov/440000/2026"
PATIENCE_S = 20.0


def test_a_second_integrator_waits(house: House, cast: Cast, clock: FixedClock, database: str) -> None:
    report(cast, clock, 1)
    second = house.keeper()

    def run() -> None:
        second.run()
        connections.close_all()

    thread = threading.Thread(target=run)
    with psycopg.connect(database, autocommit=True) as first:
        first.execute(LOCK)
        thread.start()
        time.sleep(1.0)
        assert house.place.files(ORIGIN).checkpoint() is None
    until = time.monotonic() + PATIENCE_S
    while house.place.files(ORIGIN).checkpoint() is None and time.monotonic() < until:
        time.sleep(0.05)
    second.stopped.set()
    thread.join()
    assert house.checkpoint(ORIGIN).size == 1


def test_the_public_keys_stand_beside_the_log(house: House, cast: Cast, clock: FixedClock) -> None:
    report(cast, clock, 1)
    house.keeper().once()
    told = (house.place.files(ORIGIN).root / "keys").read_text()
    assert told == "".join(f"{key}\n" for key in house.keys.verifiers(ORIGIN))
    assert "PRIVATE" not in told
