"""The demo from an empty folder to the served API, as processes of their own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from suyuan.cli.exits import Exit

VEHICLES = 50  # from this number on every kind of event occurs
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Home:
    """A demo that was played to its end: its folder and what it printed."""

    folder: Path
    shown: str

    @property
    def traced(self) -> str:
        """The code of the battery that was traced."""
        found = re.search(r"One battery traced: (\S+)", self.shown)
        assert found is not None
        return found[1]


def environment(home: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "DJANGO_"))}
    return {**clean, "SUYUAN_HOME": str(home), "SUYUAN_LANG": "en"}


def suyuan(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "suyuan.cli", *arguments]
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def played() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="suyuan-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the account that PostgreSQL runs under must pass through
        done = suyuan(folder, "demo", "--no-serve", "--vehicles", str(VEHICLES), "--home", str(folder / "home"))
        assert done.returncode == Exit.OK, done.stdout + done.stderr
        yield Home(folder / "home", done.stdout)


def test_the_demo_reports_and_traces_and_says_that_nothing_is_real(played: Home) -> None:
    assert "SIMULATED 模拟" in played.shown
    shown = dict(re.findall(r"^([A-Z][a-z ]+?) +([\d,]+)\b", played.shown, re.M))
    counts = {name: int(figure.replace(",", "")) for name, figure in shown.items()}
    assert counts["Files"] > 100
    assert counts["Admitted"] > 500
    assert counts["Cells among them"] > 5_000
    # What the simulator did wrong on purpose is found, and nothing else is refused.
    assert 0 < counts["Refused"] < counts["Records"] / 20
    assert re.search(r"records/s; .* [\d,]+ cells/s", played.shown)
    assert "What it was made of" in played.shown


def test_the_traced_battery_has_a_long_life_and_a_tree(played: Home) -> None:
    life = json.loads(suyuan(played.folder, "battery", "trace", played.traced, "-f", "json").stdout)
    assert len({event["kind"] for event in life["events"]}) >= 6
    born = life["events"][0]["occurred_at"][:10]
    tree = json.loads(suyuan(played.folder, "battery", "tree", played.traced, "--at", born, "-f", "json").stdout)
    assert tree["children"]


def test_the_folds_of_the_demo_agree_with_its_records(played: Home) -> None:
    assert suyuan(played.folder, "ledger", "rebuild", "--check").returncode == Exit.OK


def test_a_folder_that_is_not_ours_is_never_emptied(tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("keep me")
    done = suyuan(tmp_path, "demo", "--no-serve", "--home", str(tmp_path))
    assert done.returncode == Exit.CONFLICT
    assert precious.read_text() == "keep me"


def test_serving_needs_an_installation(tmp_path: Path) -> None:
    done = suyuan(tmp_path, "serve")
    assert done.returncode == Exit.UNAVAILABLE
    assert "suyuan init" in done.stderr


# ---------------------------------------------------------------- serving


@dataclass(frozen=True, slots=True)
class Served:
    """A running `suyuan serve` and its address."""

    process: subprocess.Popen[str]
    url: str

    @property
    def children(self) -> list[int]:
        """The processes it started, and theirs."""
        return descendants(self.process.pid)


def descendants(pid: int) -> list[int]:
    """Children of a process and their children, from /proc."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def ours(pids: list[int]) -> list[int]:
    """Those that still run our program (a number may be used again, an ended one may wait to be noticed)."""
    alive = []
    for pid in pids:
        try:
            if b"suyuan.cli" in Path(f"/proc/{pid}/cmdline").read_bytes():
                alive.append(pid)
        except OSError:
            continue
    return alive


def await_that(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/ready", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """`suyuan serve` on a free port, answering."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "suyuan.cli", "serve", "--port", str(port), "--workers", "1"]
    with subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        there = Served(process, f"http://127.0.0.1:{port}")
        try:
            await_that(lambda: answers(there.url) or process.poll() is not None)
            assert process.poll() is None, process.communicate()[0]
            yield there
        finally:
            process.kill()


def ends_in_order(there: Served, sign: signal.Signals) -> None:
    """The server ends without complaint, and so do all its children."""
    children = there.children
    assert len(ours(children)) >= 3  # the web server, its worker process, the worker for large files
    there.process.send_signal(sign)
    assert there.process.wait(PATIENCE_S) == Exit.OK
    await_that(lambda: not ours(children))


@pytest.fixture(scope="module")
def served(played: Home) -> Iterator[Served]:
    with serving(played.folder) as there:
        yield there
        ends_in_order(there, signal.SIGTERM)


def test_ctrl_c_ends_serving_in_order(played: Home) -> None:
    with serving(played.folder) as there:
        ends_in_order(there, signal.SIGINT)


def test_children_end_with_a_parent_that_was_killed(played: Home) -> None:
    with serving(played.folder) as there:
        children = there.children
        there.process.kill()
        await_that(lambda: not ours(children))


def test_the_api_has_its_page_and_guards_its_door(served: Served) -> None:
    assert httpx.get(f"{served.url}/api/docs", trust_env=False).status_code == 200
    assert httpx.get(f"{served.url}/api/v1/submissions", trust_env=False).status_code == 401


def test_one_signs_in_with_a_click_as_somebody_simulated(served: Served) -> None:
    with httpx.Client(base_url=served.url, trust_env=False, headers={"Accept": "text/html"}) as browser:
        page = browser.get("/account/sign-in").text
        logins = re.findall(r'data-demo="([^"]+)"', page)
        assert {"nation@simulated.example", "battery_maker@simulated.example"} <= set(logins)
        mark = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert mark is not None
        told = {"csrfmiddlewaretoken": mark[1], "login": "nation@simulated.example"}
        assert browser.post("/account/demo", data=told).status_code == 302
        home = browser.get("/g")
        assert home.status_code == 200
        assert "simulated" in home.text.lower() or "模拟" in home.text


def test_a_port_that_is_taken_is_told_before_anything_starts(served: Served, played: Home) -> None:
    port = served.url.rpartition(":")[2]
    done = suyuan(played.folder, "serve", "--port", port)
    assert done.returncode == Exit.UNAVAILABLE
    assert port in done.stderr


def test_the_commands_work_against_the_served_api(served: Served, played: Home) -> None:
    key = json.loads(suyuan(played.folder, "key", "create", "--label", "t", "--nation", "-f", "json").stdout)["key"]
    away = {**environment(played.folder), "SUYUAN_KEY": key, "SUYUAN_SERVER": served.url}

    def remote(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "suyuan.cli", *arguments]
        return subprocess.run(command, env=away, capture_output=True, text=True, check=False)

    for arguments in (("battery", "trace", played.traced), ("battery", "tree", played.traced), ("submissions", "list")):
        here = suyuan(played.folder, *arguments, "-f", "json")
        there = remote(*arguments, "-f", "json")
        assert there.returncode == Exit.OK, there.stderr
        assert json.loads(there.stdout) == json.loads(here.stdout)
    assert remote("battery", "show", "UNKNOWN").returncode == Exit.NOT_FOUND
    away["SUYUAN_KEY"] = f"{key[:-1]}{'A' if key[-1] != 'A' else 'B'}"
    assert remote("submissions", "list").returncode == Exit.NOT_PERMITTED
    away["SUYUAN_SERVER"] = "http://127.0.0.1:9"
    assert remote("submissions", "list").returncode == Exit.UNAVAILABLE
