"""A process that makes children which keep the log for one round and die by SIGKILL at a step.

For each number on its standard input it forks a child that is killed at its n-th step (a statement, a
commit, or anything brought to the disk), and answers with the child's end: the signal, or 0 if it had
fewer steps. It forks before any library has started threads.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import django


def mortal(act: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    """`act`, with a step before it; what comes before it is what comes behind the last one."""

    def step(*args: Any, **named: Any) -> Any:
        count()
        return act(*args, **named)

    return step


def live(root: Path, now: datetime, last: int) -> None:
    """One round; killed at step `last`."""
    import psycopg

    from suyuan.server.kit.clock import FixedClock
    from tests.server.log.house import House

    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    for owner, name in ((psycopg.Cursor, "execute"), (psycopg.Connection, "commit"), (os, "fsync"), (Path, "replace")):
        setattr(owner, name, mortal(getattr(owner, name), count))
    House(root, FixedClock(now)).keeper().once()


def main() -> None:
    """Read numbers, answer ends."""
    django.setup()
    root, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                live(root, now, int(line))
            finally:
                sys.stderr.flush()
                os._exit(0 if sys.exc_info()[0] is None else 1)
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), flush=True)


if __name__ == "__main__":
    main()
