"""Foreign files are read in a process of their own, with bounds on time and memory; see `child`."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from suyuan.kernel import SuyuanError
from suyuan.server.kit.problems import Refusal

CHILD: Final = "suyuan.server.laboratory.services.child"
_LOOK_EVERY_S: Final = 0.5


class Cancelled(Exception):
    """Whoever ordered the work wants it no more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one file may cost."""

    memory_bytes: int = 4 << 30
    seconds: int = 120  # of the processor; twice that by the clock on the wall
    answer_bytes: int = 64 << 20


BOUNDS: Final = Bounds()


def bounded(
    what: str,
    parts: Sequence[bytes],
    told: Mapping[str, Any],
    bounds: Bounds = BOUNDS,
    wanted: Callable[[], bool] = lambda: True,
) -> dict[str, Any]:
    """The answer of the reading process for one task.

    Parameters
    ----------
    wanted
        Asked twice a second; when it says no, the process is ended and `Cancelled` is raised.

    Raises
    ------
    SuyuanError
        What the reading room refuses, with its code; ``laboratory.too_much_memory``, ``laboratory.too_slow`` or
        ``laboratory.reader_ended`` where the process did not come to an end by itself.
    """
    head = {**told, "what": what, "memory_bytes": bounds.memory_bytes, "seconds": bounds.seconds}
    line = json.dumps({**head, "lengths": [len(part) for part in parts]}).encode() + b"\n"
    with tempfile.TemporaryDirectory(prefix="suyuan-reading-") as folder, tempfile.TemporaryFile() as out:
        process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", CHILD],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.DEVNULL,
            env=_surroundings(folder),
            cwd=folder,
            start_new_session=True,
        )
        feeder = _feed(process, line, parts)
        try:
            _wait(process, 2 * bounds.seconds, wanted)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            feeder.join()  # whoever read is gone, so that nothing holds the writer
        out.seek(0)
        return _answer(process.returncode, out.read(bounds.answer_bytes + 1), bounds)


def _surroundings(folder: str) -> dict[str, str]:
    """What the process may know: where Python is, and nothing of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH") if name in os.environ}
    one = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {**kept, **one, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"}


def _feed(process: "subprocess.Popen[bytes]", line: bytes, parts: Sequence[bytes]) -> threading.Thread:
    """Write from a thread beside: a process that reads nothing must not hold us up."""

    def write() -> None:
        stream = process.stdin
        if stream is None:
            return
        with contextlib.suppress(OSError):  # it ended early; its end says why
            stream.writelines([line, *parts])
        with contextlib.suppress(OSError):
            stream.close()

    feeder = threading.Thread(target=write, daemon=True)
    feeder.start()
    return feeder


def _wait(process: "subprocess.Popen[bytes]", seconds: float, wanted: Callable[[], bool]) -> None:
    for _ in range(int(seconds / _LOOK_EVERY_S) + 1):
        if not wanted():
            raise Cancelled
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_EVERY_S)
            return
    raise Refusal("laboratory.too_slow", limit=int(seconds))


def _answer(code: int, said: bytes, bounds: Bounds) -> dict[str, Any]:
    if code == -24:  # SIGXCPU
        raise Refusal("laboratory.too_slow", limit=bounds.seconds)
    try:
        told = json.loads(said) if code == 0 and len(said) <= bounds.answer_bytes else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refusal("laboratory.reader_ended", ended=code)
    refused = told.get("refused")
    if refused is not None:
        raise SuyuanError(str(refused["code"]), **refused["data"])
    answer: dict[str, Any] = told["answer"]
    return answer
