"""Printing measured figures as `benchmarks/README.md` says, and small helpers of measuring."""

import json
import resource
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def figure(what: str, value: float, unit: str, **more: float | str) -> None:
    """Print one figure; `more` may hold at_least, at_most, aim and note."""
    print(json.dumps({"what": what, "value": float(f"{value:.4g}"), "unit": unit, **more}), flush=True)


def timed(act: Callable[[], T]) -> tuple[float, T]:
    """Seconds that `act` took, and what it gave."""
    start = time.perf_counter()
    result = act()
    return time.perf_counter() - start, result


def peak_mib() -> float:
    """The largest memory this process ever held, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
