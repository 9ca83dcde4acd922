"""The integrator killed at every step goes on without a gap, a fork or a lost record."""

import os
import signal
import subprocess
import sys

from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.tlog import TileReader, audit, parse_leaf, verify_consistency
from tests.server.cast import Cast
from tests.server.log.house import BASE, House, open_incidents, report

ORIGIN = f"{BASE}/prov/440000/2026"
MOST_STEPS = 200


def logged(house: House, size: int) -> list[str]:
    """The submissions in the published tree, in its order; the tree is whole."""
    files, root = house.place.files(ORIGIN), house.checkpoint(ORIGIN).root
    assert audit(size, root, files.read) == ()
    reader = TileReader(files.read, size)
    return [parse_leaf(reader.entry(index)).submission for index in range(size)]


def test_every_step(house: House, cast: Cast, clock: FixedClock) -> None:
    command = [sys.executable, "-m", "tests.server.log.mortal", str(house.root), clock.now().isoformat()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
    submissions, before, killed = [], None, 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as mother:
        assert mother.stdin is not None
        assert mother.stdout is not None
        for step in range(1, MOST_STEPS):
            submissions.append(str(report(cast, clock, step).number))
            mother.stdin.write(f"{step}\n")
            mother.stdin.flush()
            end = int(mother.stdout.readline())
            assert end in (0, signal.SIGKILL), step
            killed += end == signal.SIGKILL
            house.keeper().once()  # whoever comes next
            after = house.checkpoint(ORIGIN)
            assert logged(house, after.size) == submissions, step
            if before is not None:
                proof = TileReader(house.place.files(ORIGIN).read, after.size).consistency(before.size)
                verify_consistency(before.size, after.size, before.root, after.root, proof)
            before = after
            if end == 0:
                break
        mother.stdin.close()
    assert end == 0, "the round has more steps than this test looks at"
    assert killed > 25
    assert open_incidents() == []
    with cursor() as run:
        assert run.execute("SELECT count(*) FROM ledger_outbox").fetchall() == [(0,)]
