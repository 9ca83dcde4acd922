"""Counters of requests that all worker processes of one web server add to, and any of them can read.

The parent makes one piece of shared memory before it forks. Each worker adds to a slot of its own, so that no
lock between processes is needed; the next worker in a slot goes on where the last one ended, so that no figure
ever falls while the server runs. A process that shares with nobody has a slot to itself.
"""

import mmap
import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Figures: TypeAlias = NDArray[np.int64]

ROUTES: Final = 512
METHODS: Final = ("GET", "POST", "other")
CLASSES: Final = ("2xx", "3xx", "4xx", "5xx")
BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes of duration; there is one more above the last."""

_ANSWERS: Final = len(METHODS) * len(CLASSES)
_TOTAL: Final = _ANSWERS + len(BOUNDS_S) + 1  # where the sum of durations stands, in microseconds
_CELLS: Final = _TOTAL + 1
_METHOD_PLACE: Final = {"GET": 0, "HEAD": 0, "POST": 1}
_CELL_BYTES: Final = 8


@dataclass(slots=True)
class Tally:
    """The counters of `slots` processes.

    Parameters
    ----------
    slot
        The one that this process adds to.
    """

    slots: int = 1
    slot: int = 0
    _memory: mmap.mmap = field(init=False)
    _cells: memoryview = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._memory = mmap.mmap(-1, self.slots * ROUTES * _CELLS * _CELL_BYTES)
        self._cells = memoryview(self._memory).cast("q")

    def add(self, route: int, method: str, status: int, seconds: float) -> None:
        """Count one answer.

        Parameters
        ----------
        route
            Number of the route, below `ROUTES`.
        """
        start = (self.slot * ROUTES + route) * _CELLS
        answer = start + _METHOD_PLACE.get(method, 2) * len(CLASSES) + min(max(status // 100 - 2, 0), 3)
        duration = start + _ANSWERS + bisect_left(BOUNDS_S, seconds)
        cells = self._cells
        with self._lock:
            cells[answer] += 1
            cells[duration] += 1
            cells[start + _TOTAL] += int(seconds * 1e6)

    def answers(self) -> Figures:
        """Answers of all processes by route, method and class of status."""
        return self._sum()[:, :_ANSWERS].reshape(ROUTES, len(METHODS), len(CLASSES))

    def durations(self) -> Figures:
        """Answers of all processes by route and class of duration."""
        return self._sum()[:, _ANSWERS:_TOTAL]

    def total_us(self) -> Figures:
        """Time taken by all processes for each route, microseconds."""
        summed: Figures = self._sum()[:, _TOTAL]
        return summed

    def _sum(self) -> Figures:
        cells = np.frombuffer(self._memory, np.int64)
        summed: Figures = cells.reshape(self.slots, ROUTES, _CELLS).sum(axis=0)
        return summed


class Seats:
    """Which worker has which slot; the parent of the workers keeps it."""

    def __init__(self, slots: int) -> None:
        self._free = list(range(slots))

    def take(self) -> int:
        """A slot that no living worker has."""
        return self._free.pop(0)

    def leave(self, slot: int) -> None:
        """The worker in this slot has ended."""
        self._free.append(slot)


_ours = Tally()


def tally() -> Tally:
    """The counters that this process adds to."""
    return _ours


def share(slots: int) -> Seats:
    """Make the memory that the workers forked from this process will share."""
    global _ours  # noqa: PLW0603  the one thing a process has for its whole life
    _ours = Tally(slots)
    return Seats(slots)


def sit(slot: int) -> None:
    """Let this process add to that slot."""
    _ours.slot = slot
