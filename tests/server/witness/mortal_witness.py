"""A process that makes children which serve one request and publish, and die by SIGKILL at a step.

A step is an act of the database or anything brought to the disk. For each number n on standard input a
child does its work until its n-th step, and the parent answers with the child's end and what it had
promised: ``<signal> <answered status or 0>``.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.server.witness.test_witness_journal import journal
from tests.server.witness.watching import recorded, request, witness
from tests.tlog.cast import signed


class Counting:
    """A database connection whose acts are steps."""

    def __init__(self, inner: Any, count: Any) -> None:
        self._inner, self._count = inner, count

    def execute(self, *args: Any) -> Any:
        self._count()
        done = self._inner.execute(*args)
        self._count()
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def live(root: Path, last: int, promised: int) -> None:
    """One request for the next size, and one round of the own log; killed at step `last`."""
    made = witness(root)
    own = journal(root, made.records)
    held = recorded(made)
    size = held.size if held else 0
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def mortal(act: Any) -> Any:
        def step(*args: Any, **named: Any) -> Any:
            count()
            return act(*args, **named)

        return step

    made.records._database = Counting(made.records._database, count)  # type: ignore[assignment]
    os.fsync = mortal(os.fsync)
    Path.replace = mortal(Path.replace)  # type: ignore[method-assign]
    body = request(size, signed(size + 2))
    answer = made.add_checkpoint(body)
    os.write(promised, b"%d\n" % answer.status)
    own.integrate()


def main() -> None:
    """Read numbers, answer ends."""
    root = Path(sys.argv[1])
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            code = 1
            try:
                live(root, int(line), writing)
                code = 0
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading) as stream:
            status = stream.read().strip() or "0"
        _, end = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(end), status, flush=True)


if __name__ == "__main__":
    main()
