"""Write the data of a release: a small backup, and what this version answers about it.

``python -m tests.upgrade.keep RELEASE`` starts a database of its own in a temporary folder.
"""

import json
import shutil
import sys
from operator import itemgetter
from pathlib import Path
from typing import Any

from tests.server.conftest import FAST, HOME  # isort: skip  # the environment goes first

from django.db import connections

from suyuan.server.kit import postgres, schema
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.ledger.queries.life import life
from suyuan.server.operation.backing_up import back_up
from suyuan.server.submissions.models import State
from suyuan.server.submissions.services import Order, receive, store, undo, work
from tests.server import cast as actors
from tests.server.submissions.files import cell, csv, document, module, pack, packs

RELEASES = Path(__file__).parent / "releases"
VIN = "LGWEEUA59JE003435"
CODES = (pack(1), pack(2), module(2), cell(9), VIN)
COUNTED = ("ledger_event", "ledger_state", "ledger_block", "ledger_span", "submissions_submission", "registry_company")


def play(clock: FixedClock) -> None:
    """A small history: packs, one in a vehicle, one stocked and set right; something refused, something undone."""
    cast = actors.assemble(clock)
    maker = cast.maker.number

    def send(company: int, content: bytes) -> int:
        done = work(receive(company, content, Order(name="records", channel="cli"), clock).number, clock)
        assert done.state == State.ACCEPTED, (done.state, done.groups)
        return done.number

    store.INLINE_BYTES = 1000  # so that one body stands as a file
    send(maker, csv(packs(range(1, 41))))
    send(cast.carmaker.number, document("vehicle_produced", _vehicle()))
    send(maker, document("stocked", {"code": pack(2), "stocked_on": "2026-01-09", "site": "W1"}))
    with cursor() as run:
        row = run.execute("SELECT id::text FROM ledger_event WHERE kind = 4").fetchone()
    told = {"record_id": str(row[0]) if row else "", "corrected_on": "2026-11-20", "reason": "typed wrong"}
    send(maker, document("correction", {**told, "field": "site", "value": "F1"}))
    undo(maker, send(maker, csv(packs([50]))), "a mistake", clock)
    assert receive(cast.repairer.number, csv(packs([60])), Order(), clock).state == State.REFUSED


def _vehicle() -> dict[str, object]:
    return {"vin": VIN, "pack_code": pack(1), "produced_on": "2026-02-01"}


def answers() -> dict[str, Any]:
    """What is true of the objects of the history, in words that no version may change."""
    from suyuan.kernel import Language
    from suyuan.server.api.traces import life_json

    found = {}
    with cursor() as run:
        for code in CODES:
            known = life(run, actors.NATION, code)
            assert known is not None, code
            found[code] = essence(life_json(known, Language.EN))
        counts = {name: (run.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,))[0] for name in COUNTED}
    return {"lives": found, "counts": counts}


def essence(told: Any) -> dict[str, Any]:
    """State, holder, place and events of a life, without texts for people."""
    kept = ("id", "kind", "occurred_at", "reporter", "party", "status", "corrects", "body")
    return {
        **{name: told[name] for name in ("code", "kind", "state", "holder", "vehicle", "inside")},
        "site": told["site"] and told["site"]["code"],
        "events": sorted(({name: event[name] for name in kept} for event in told["events"]), key=itemgetter("id")),
    }


def main(release: str) -> None:
    """Make the data of a release, in place of what was made for it before."""
    target = RELEASES / release
    RELEASES.mkdir(exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    with postgres.running(HOME, FAST):
        schema.migrate()
        clock = FixedClock(actors.NOW)
        play(clock)
        made = back_up(target, clock)
        assert made.missing == ()
        text = json.dumps(answers(), ensure_ascii=False, indent=1, default=str)
        target.with_suffix(f"{target.suffix}.json").write_text(text + "\n", encoding="utf-8")
        connections.close_all()
    print(f"{target}: {made.rows} rows, {made.size_bytes} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
