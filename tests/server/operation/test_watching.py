"""Alive, ready, and how it is doing: for machines on this machine, and for officials."""

import re
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from suyuan.server.kit import tally as counters
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.kit.tally import Tally
from suyuan.server.operation import exposition, figures, readiness
from suyuan.server.operation.backing_up import LAST, back_up
from suyuan.server.operation.exposition import Family, Sample
from tests.server.api.face import Face, pack
from tests.server.cast import Cast

LINE = re.compile(r'[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? -?[0-9.e+-]+')
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "_ours", Tally())


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def cursor_(*_: object, **__: object) -> None:
        raise OperationalError("nobody answers")

    for room in (readiness, figures):
        monkeypatch.setattr(room, "cursor", cursor_)


def asked(**headers: str) -> dict[str, float]:
    """The figures, by the text before the value."""
    response = Client().get("/metrics", headers=headers)
    assert response.status_code == 200
    assert response["Content-Type"] == exposition.CONTENT_TYPE
    lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_alive_and_ready(clean_database: str) -> None:
    assert Client().get("/health").json()["status"] == "ok"
    ready = Client().get("/ready")
    assert (ready.status_code, ready["Cache-Control"]) == (200, "no-store")
    assert ready.json() == {
        "status": "ready",
        "checks": dict.fromkeys(("database", "migrations", "disk", "work"), "ok"),
    }
    assert Client().post("/health").status_code == 405
    assert [Face().get(path).status for path in ("/health", "/ready")] == [200, 200]  # where they always were


def test_not_ready_without_a_database_but_alive(no_database: None) -> None:
    answer = Client().get("/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "bad", "migrations": "bad", "disk": "ok", "work": "bad"}
    assert Client().get("/health").status_code == 200
    assert asked()["suyuan_database_up"] == 0


def test_not_ready_on_a_full_disk(clean_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 1 << 40, 1 << 20))
    answer = Client().get("/ready")
    assert (answer.status_code, answer.json()["checks"]["disk"]) == (503, "bad")


def test_not_ready_before_the_tables_are_up_to_date(clean_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_migrated", set())
    monkeypatch.setattr(readiness, "pending", lambda: ["ledger.9999_later"])
    assert Client().get("/ready").json()["checks"]["migrations"] == "bad"
    monkeypatch.setattr(readiness, "pending", list)
    assert Client().get("/ready").status_code == 200
    monkeypatch.setattr(readiness, "pending", pytest.fail)  # asked no more
    assert Client().get("/ready").status_code == 200


def _wait(minutes: int) -> None:
    with cursor(OWNER_ALIAS) as run:
        run.execute("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('submissions', 'trial')")
        run.execute("UPDATE procrastinate_events SET at = now() - make_interval(mins => %s)", [minutes])


def test_work_that_waits_too_long_is_told_but_requests_are_served(clean_database: str) -> None:
    _wait(5)
    assert Client().get("/ready").json()["checks"]["work"] == "ok"
    _wait(20)
    answer = Client().get("/ready")
    assert (answer.status_code, answer.json()["checks"]["work"]) == (200, "late")
    found = asked()
    assert found['suyuan_jobs{state="waiting"}'] == 2
    assert 1200 <= found["suyuan_jobs_oldest_seconds"] < 1300


def test_figures_of_the_installation(cast: Cast) -> None:
    Face(cast.maker).submit(pack(1))
    number = Face(cast.maker).submit(pack(2)).json["number"]
    found = asked()
    assert found["suyuan_database_up"] == 1
    assert found["suyuan_submissions_total"] == number
    assert found["suyuan_database_size_bytes"] > 1_000_000
    assert found["suyuan_disk_free_bytes"] > 0
    assert found["suyuan_log_incidents"] == 0
    post = 'suyuan_http_requests_total{route="api/v1/submissions",method="POST",status="2xx"}'
    assert found[post] == 2
    assert found['suyuan_http_request_seconds_count{route="api/v1/submissions"}'] == 2
    assert found['suyuan_http_request_seconds_bucket{route="api/v1/submissions",le="+Inf"}'] == 2
    assert asked()['suyuan_http_requests_total{route="metrics",method="GET",status="2xx"}'] == 1


def test_an_incident_of_a_log_is_a_figure(clean_database: str) -> None:
    with cursor(OWNER_ALIAS) as run:
        run.execute(
            "INSERT INTO log_incident (origin, kind, data, opened_at) VALUES ('a', 'no_quorum', '{}', now()),"
            " ('b', 'no_quorum', '{}', now())"
        )
    assert asked()['suyuan_log_incidents{kind="no_quorum"}'] == 2


@pytest.fixture
def _no_last_backup() -> Iterator[None]:
    yield
    (settings.HOME / LAST).unlink(missing_ok=True)


@pytest.mark.usefixtures("_no_last_backup")
def test_the_last_whole_backup_is_a_figure(clean_database: str, tmp_path: Path, clock: FixedClock) -> None:
    (settings.HOME / LAST).unlink(missing_ok=True)
    assert "suyuan_backup_timestamp_seconds" not in asked()
    made = back_up(tmp_path / "backup", clock)
    found = asked()
    assert found["suyuan_backup_timestamp_seconds"] == clock.now().timestamp()
    assert found["suyuan_backup_size_bytes"] == made.size_bytes


def test_figures_are_for_this_machine_and_for_officials(cast: Cast) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    nobody = Client().get("/metrics", headers=forwarded)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "accounts.key_missing")
    assert nobody["WWW-Authenticate"].startswith("Bearer")
    assert Client().get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 401
    assert Client().get("/metrics", REMOTE_ADDR="").status_code == 401
    company = Client().get("/metrics", headers={**forwarded, "Authorization": cast.maker.header})
    assert (company.status_code, company.json()["code"]) == (403, "operation.officials_only")
    assert asked(**forwarded, Authorization=cast.nation.header)
    assert Client().get("/metrics", REMOTE_ADDR="::1").status_code == 200


def test_a_page_is_written_as_the_format_says() -> None:
    page = exposition.write(
        [
            Family("a_total", "counter", "Back\\slash\nline", [Sample(3, {"x": 'say "so"\\\n'}), Sample(0.25, {})]),
            Family("nothing", "gauge", "Without samples.", []),
        ]
    )
    assert page.decode().splitlines() == [
        r"# HELP a_total Back\\slash\nline",
        "# TYPE a_total counter",
        r'a_total{x="say \"so\"\\\n"} 3',
        "a_total 0.25",
    ]
