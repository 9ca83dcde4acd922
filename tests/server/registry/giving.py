"""A process whose children give out codes and are killed at a step.

For each line ``step request`` on its standard input it forks a child that gives out ten codes for a request and dies by
SIGKILL at its n-th step (a statement or a commit); it answers with the child's end: the signal, or 0 if it lived.
"""

import os
import signal
import sys
from datetime import date, datetime
from typing import Any

import django

DAY = date(2026, 11, 22)


def live(company: int, now: datetime, last: int, request: str) -> None:
    """Give out ten codes; killed at step `last`."""
    import psycopg

    from suyuan.server.kit.clock import FixedClock
    from suyuan.server.kit.scope import Scope
    from suyuan.server.ledger.queries import serials
    from suyuan.server.registry.services.allocating import CodeOrder, allocate
    from tests.server.cast import PACK_PREFIX

    steps = 0

    def mortal(owner: Any, name: str) -> None:
        act = getattr(owner, name)

        def step(*args: Any, **named: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*args, **named)

        setattr(owner, name, step)

    mortal(psycopg.Cursor, "execute")
    mortal(psycopg.Connection, "commit")
    order = CodeOrder(PACK_PREFIX, DAY, 10, request=request)
    allocate(Scope.of_company(company), order, serials, "test", FixedClock(now))


def main() -> None:
    """Read steps, answer ends."""
    django.setup()
    company, now = int(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    for line in sys.stdin:
        last, request = line.split()
        child = os.fork()
        if not child:
            try:
                live(company, now, int(last), request)
            finally:
                sys.stderr.flush()
                os._exit(0 if sys.exc_info()[0] is None else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
