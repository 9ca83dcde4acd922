"""Child processes that end with their parent, however it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from suyuan.cli.speech import language

TETHER = "SUYUAN_TETHERED"
"""Set for children that hold the reading end of a pipe as standard input: its end is their end."""

PATIENCE_S = 20.0
_LOOK_S = 0.2


def follow_parent() -> None:
    """End this process, as if by SIGTERM, when its parent is gone; for children started by a `Crew`."""
    if os.environ.pop(TETHER, None) is None:
        return
    tether = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.set_inheritable(tether, False)

    def watch() -> None:
        while os.read(tether, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="tether", daemon=True).start()


@dataclass(slots=True)
class Crew:
    """Children that are started together and stopped together."""

    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `suyuan` with these arguments as a child."""
        child = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "suyuan.cli", *arguments],
            stdin=subprocess.PIPE,
            env={**os.environ, TETHER: "1", "SUYUAN_LANG": language().value},
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then stops the children in order
        )
        self.children.append(child)
        return child

    def watch(self) -> int:
        """Wait until a child ends by itself; its exit code."""
        while True:
            for child in self.children:
                code = child.poll()
                if code is not None:
                    return code
            time.sleep(_LOOK_S)

    def stop(self) -> None:
        """Ask every child to end, wait, and end what does not."""
        for child in self.children:
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + PATIENCE_S
        for child in self.children:
            try:
                child.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdin is not None:
                child.stdin.close()


class _Stopped(Exception):
    """Somebody asked us to stop."""


def _raise(*_: object) -> None:
    raise _Stopped


@contextlib.contextmanager
def tending() -> Iterator[Crew]:
    """A crew that is stopped at the end, also on Ctrl-C (which is let through) and SIGTERM (which is not)."""
    crew = Crew()
    before = signal.signal(signal.SIGTERM, _raise)
    try:
        yield crew
    except _Stopped:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        crew.stop()
        signal.signal(signal.SIGTERM, before)
