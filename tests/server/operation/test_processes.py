"""Several web processes, one of them killed: the figures are those of all of them, and the lines tell no secrets."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.server.conftest import ADMIN_URL, DATABASE, HOME
from tests.server.operation.elsewhere import Elsewhere

HERE = Elsewhere(HOME, DATABASE if ADMIN_URL else None)
ASKED, ASKED_LATER = 24, 12
PATIENCE_S = 60.0


@contextmanager
def serving(errors: Path) -> Iterator[tuple[str, int]]:
    """Three processes on a port of their own; their address, and the number of their parent."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [sys.executable, "-m", "suyuan.cli", "http-server", "--port", str(port), "--workers", "3"]
    with errors.open("wb") as stream:
        parent = subprocess.Popen(command, env={**HERE.environment, "SUYUAN_LOG": "info"}, stderr=stream)
    try:
        _await(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}", parent.pid
    finally:
        parent.terminate()
        parent.wait(30)


def _await(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            httpx.get(url, timeout=PATIENCE_S)
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def counted(url: str) -> int:
    page = httpx.get(f"{url}/metrics", timeout=PATIENCE_S).text
    found = re.search(r'suyuan_http_requests_total\{route="api/v1/health",method="GET",status="2xx"\} (\d+)', page)
    return int(found[1]) if found else 0


def ask(url: str, times: int) -> None:
    for _ in range(times):  # each on a connection of its own, so that all processes get some
        httpx.get(f"{url}/api/v1/health?plate=secret", timeout=PATIENCE_S).raise_for_status()


def lines(errors: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in errors.read_text(encoding="utf-8").splitlines()]


@pytest.mark.usefixtures("clean_database")
def test_figures_are_those_of_all_processes_also_of_a_killed_one(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with serving(errors) as (url, parent):
        ask(url, ASKED)
        assert {counted(url) for _ in range(6)} == {ASKED}  # whichever process answers
        answered = [line["process"] for line in lines(errors) if line.get("route") == "api/v1/health"]
        victim = max(set(answered), key=answered.count)
        assert isinstance(victim, int)
        assert victim != parent
        os.kill(victim, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while not any("SIGKILL" in str(line["message"]) for line in lines(errors)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        ask(url, ASKED_LATER)
        assert {counted(url) for _ in range(6)} == {ASKED + ASKED_LATER}
    written = lines(errors)
    assert not any(word in errors.read_text() for word in ("secret", "127.0.0.1 -", "plate"))
    numbers = [line["request"] for line in written if line["logger"] == "suyuan.request"]
    assert len(numbers) == len(set(numbers)) >= ASKED + ASKED_LATER
