"""Duties and findings are listed at a server elsewhere as on this machine, with the rights of the key."""

from datetime import date

import httpx
import pytest

from suyuan.cli.exits import Exit
from suyuan.cli.remote import Remote
from suyuan.client import Client
from suyuan.server.kit.clock import FixedClock, SystemClock
from suyuan.server.supervision.jobs import Follower
from suyuan.server.wsgi import application
from tests.cli.runner import run
from tests.server.cast import NOW, Actor, Cast
from tests.server.ledger.acting import VIN, pack
from tests.server.supervision.watching import Watched, received

THERE = ("--server", "http://testserver", "-f", "json")


@pytest.fixture
def there(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, Actor]:
    """A late receipt and a vehicle without its pack, followed; who asks is named by his key."""
    monkeypatch.setattr("suyuan.cli.ring.enter", lambda: None)
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    monkeypatch.setattr(SystemClock, "today", lambda _: NOW.date())
    who = {"nation": cast.nation, "zhejiang": cast.zhejiang, "guangdong": cast.guangdong, "utiliser": cast.utiliser}

    def at(url: str, key: str) -> Remote:
        return Remote(Client(url, who[key].token, transport=httpx.WSGITransport(application)))

    monkeypatch.setattr(Remote, "at", at)
    watched = Watched()
    watched.report("utiliser_received", cast.utiliser, [received(pack(n), date(2026, 6, n)) for n in (1, 2)])
    row = {"vin": VIN, "scrapped_on": date(2026, 6, 1), "missing_reason": "lost"}
    watched.report("vehicle_scrapped", cast.dismantler, [row])
    follower = Follower(FixedClock(NOW))
    while follower.once().anything:
        pass
    return who


def test_duties_there_are_those_here(there: dict[str, Actor]) -> None:
    here = run("deadline", "list", "-f", "json").json
    assert here
    assert run("deadline", "list", *THERE, SUYUAN_KEY="nation").json == here
    assert run("deadline", "list", *THERE, SUYUAN_KEY="guangdong").json == []
    mine = run("deadline", "list", "--overdue", "--org", there["utiliser"].code, *THERE, SUYUAN_KEY="utiliser").json
    assert mine == [row for row in here if row["state"] == "overdue" and row["company"] == there["utiliser"].code]
    short = run("deadline", "list", "--limit", 1, *THERE, SUYUAN_KEY="nation")
    assert short.json == here[:1]


def test_findings_there_are_those_here(there: dict[str, Actor]) -> None:
    here = run("findings", "list", "-f", "json").json
    assert {row["finding"] for row in here} >= {"scrap.without_pack"}
    assert run("findings", "list", *THERE, SUYUAN_KEY="nation").json == here
    assert run("findings", "list", *THERE, SUYUAN_KEY="zhejiang").json == here
    assert run("findings", "list", *THERE, SUYUAN_KEY="guangdong").json == []
    assert run("findings", "list", *THERE, SUYUAN_KEY="utiliser").json == []
    (one,) = run("findings", "list", "--finding", "scrap.without_pack", *THERE, SUYUAN_KEY="nation").json
    assert run("findings", "list", "--severity", "low", *THERE, SUYUAN_KEY="nation").json == []
    shown = run("findings", "show", one["number"], *THERE, SUYUAN_KEY="zhejiang")
    assert shown.json == run("findings", "show", one["number"], "-f", "json").json
    assert shown.json["evidence"][0]["object"] == VIN
    assert run("findings", "show", one["number"], *THERE, SUYUAN_KEY="guangdong").code == Exit.NOT_FOUND


def test_false_positives_are_counted_here_and_there(there: dict[str, Actor]) -> None:
    (one,) = run("findings", "list", "--finding", "scrap.without_pack", "-f", "json").json
    assert run("findings", "judge", one["number"], "false_positive", "--note", "a swap model").code == Exit.OK
    here = run("findings", "detectors", "-f", "json").json
    assert run("findings", "detectors", *THERE, SUYUAN_KEY="nation").json == here
    assert {row["finding"]: row["false_positives"] for row in here}["scrap.without_pack"] == 1
    blind = run("findings", "detectors", *THERE, SUYUAN_KEY="utiliser").json
    assert {row["false_positives"] for row in blind} == {0}
    assert "scrap.without_pack" in run("findings", "detectors").out
