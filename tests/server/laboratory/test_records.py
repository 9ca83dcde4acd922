"""Test records: attached to a battery, read in bounds, told in its life, seen by whom it concerns."""

import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from suyuan.kernel import Language, SuyuanError
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Missing, Refusal, TooLarge
from suyuan.server.kit.scope import Scope
from suyuan.server.laboratory.jobs import take_up_left_behind
from suyuan.server.laboratory.queries.records import LabRecord, record_of, records_of
from suyuan.server.laboratory.queries.reports import record_report, record_report_pdf
from suyuan.server.laboratory.services import attaching
from suyuan.server.laboratory.services.attaching import attach, read_test
from suyuan.server.laboratory.services.bounded import Bounds, Cancelled, bounded
from suyuan.server.ledger.queries.life import life
from suyuan.server.submissions.services.store import fetch
from tests.assessment.made import cycles_csv
from tests.server.api.face import Face, pack, pack_code
from tests.server.cast import NOW, Cast
from tests.server.laboratory.bench import PLATE, file

BEGAN = NOW - timedelta(days=2)
ORDER = replace(PLATE, tested_at=BEGAN)
WORDS = {**ORDER.wishes, "name": "x", "most_steps": 1}


@pytest.fixture
def battery(cast: Cast) -> str:
    assert Face(cast.maker).submit(pack(1)).json["admitted"] == 1
    return pack_code(1)


def one(scope: Scope, number: int) -> LabRecord:
    with cursor() as run:
        return record_of(run, scope, number)


def test_a_file_becomes_a_record_in_the_life_of_the_battery(battery: str, cast: Cast, clock: FixedClock) -> None:
    number = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    assert one(cast.laboratory.scope, number).state == "received"
    assert read_test(number, clock) == "read"
    found = one(cast.laboratory.scope, number)
    assert found.result is not None
    assert found.result["residual"]["capacity_ah"] == pytest.approx(10.0)
    assert fetch(found.digest) == file()
    assert (found.wishes["operator"], found.wishes["instrument"], found.company) == (
        "李工", "tester 4", cast.laboratory.code,
    )  # fmt: skip
    with cursor() as run:
        lived = life(run, cast.nation.scope, battery)
    assert lived is not None
    (told,) = [event for event in lived.events if event.kind == "assessed"]
    assert told.id == found.record
    assert told.body["residual_capacity_ah"] == pytest.approx(10.0)
    assert told.body["soh"] == pytest.approx(10 / 10.5, abs=1e-4)
    assert told.body["method"] == "one-cycle-1c@1"
    assert datetime.fromisoformat(told.occurred_at) == BEGAN


def test_attached_or_read_twice_is_attached_and_told_once(battery: str, cast: Cast, clock: FixedClock) -> None:
    number = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    assert attach(cast.laboratory.number, battery, file(), ORDER, clock) == number
    read_test(number, clock)
    read_test(number, clock)
    assert attach(cast.laboratory.number, battery, file(), ORDER, clock) == number
    other = attach(cast.laboratory.number, battery, file(), replace(ORDER, operator="王工"), clock)
    assert other != number
    read_test(other, clock)
    with cursor() as run:
        lived = life(run, cast.nation.scope, battery)
        assert len(records_of(run, cast.laboratory.scope, battery).rows) == 2
    assert lived is not None
    assert len([event for event in lived.events if event.kind == "assessed"]) == 1  # the same fact is one fact


def test_who_may_see_a_test_record(battery: str, cast: Cast, clock: FixedClock) -> None:
    number = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    read_test(number, clock)
    for actor, allowed in (
        (cast.laboratory, True),
        (cast.maker, True),  # whose battery it is
        (cast.guangdong, True),
        (cast.nation, True),
        (cast.utiliser, False),
        (cast.zhejiang, False),
    ):
        with cursor() as run:
            if allowed:
                assert record_of(run, actor.scope, number).number == number
                assert [row.number for row in records_of(run, actor.scope, battery).rows] == [number]
                continue
            with pytest.raises(Missing) as refused:
                record_of(run, actor.scope, number)
            assert refused.value.code == "laboratory.test_not_found"
            with pytest.raises(Missing) as refused:
                records_of(run, actor.scope, battery)
            assert refused.value.code == "laboratory.battery_not_found"


def test_a_laboratory_sees_its_own_test_of_a_battery_that_is_not_open_to_it(
    battery: str, cast: Cast, clock: FixedClock
) -> None:
    own = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    others = attach(cast.maker.number, battery, file(), replace(ORDER, tested_at=BEGAN + timedelta(hours=3)), clock)
    with cursor() as run:
        assert [row.number for row in records_of(run, cast.laboratory.scope, battery).rows] == [own]
        assert [row.number for row in records_of(run, cast.maker.scope, battery).rows] == [others, own]
        with pytest.raises(Missing):
            record_of(run, cast.laboratory.scope, others)


def test_pages_of_test_records_follow_each_other(battery: str, cast: Cast, clock: FixedClock) -> None:
    numbers = [
        attach(cast.maker.number, battery, file(), replace(ORDER, operator=str(place)), clock) for place in range(5)
    ]
    with cursor() as run:
        first = records_of(run, cast.maker.scope, battery, limit=3)
        rest = records_of(run, cast.maker.scope, battery, limit=3, cursor=first.following)
    assert [row.number for row in (*first.rows, *rest.rows)] == numbers[::-1]
    assert rest.following is None


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"Dear colleague,\nplease find attached\n", "assessment.unknown_form"), (b"PK\x03\x04" + bytes(500), None)],
)
def test_a_file_that_is_no_test_is_refused_with_its_reason(
    battery: str, cast: Cast, clock: FixedClock, data: bytes, code: str | None
) -> None:
    number = attach(cast.laboratory.number, battery, data, ORDER, clock)
    assert read_test(number, clock) == "refused"
    found = one(cast.laboratory.scope, number)
    assert found.failure is not None
    assert found.failure["code"] == (code or found.failure["code"])
    assert (found.result, found.record) == (None, None)


def test_without_a_protocol_nothing_is_invented(battery: str, cast: Cast, clock: FixedClock) -> None:
    number = attach(cast.laboratory.number, battery, file(), replace(ORDER, protocol=None), clock)
    assert read_test(number, clock) == "read"
    found = one(cast.laboratory.scope, number)
    assert found.result is not None
    assert (found.result["residual"], found.record, found.tested_at) == (None, None, BEGAN)


def test_a_test_without_full_discharge_is_kept_with_its_reason(battery: str, cast: Cast, clock: FixedClock) -> None:
    half = b"Test Time (s),Current (A),Voltage (V)\n" + b"".join(b"%d,0,3.3\n" % moment for moment in range(50))
    number = attach(cast.laboratory.number, battery, half, ORDER, clock)
    assert read_test(number, clock) == "read"
    found = one(cast.laboratory.scope, number)
    assert found.result is not None
    assert found.result["residual_refused"]["code"] == "assessment.no_full_discharge"
    assert found.record is None


def test_without_a_time_nothing_is_told_in_the_life(battery: str, cast: Cast, clock: FixedClock) -> None:
    number = attach(cast.laboratory.number, battery, file(), PLATE, clock)
    assert read_test(number, clock) == "read"
    found = one(cast.laboratory.scope, number)
    assert (found.tested_at, found.submission, found.record) == (None, None, None)


@pytest.mark.parametrize(
    ("order", "battery_code", "data", "code"),
    [
        (ORDER, "nonsense", b"x", "laboratory.no_battery_code"),
        (ORDER, pack_code(1), b"", "laboratory.file_empty"),
        (replace(ORDER, tested_at=NOW + timedelta(days=1)), pack_code(1), b"x", "laboratory.tested_in_the_future"),
        (replace(ORDER, protocol="nobody's"), pack_code(1), b"x", "assessment.no_such_protocol"),
        (replace(ORDER, instrument_file="="), pack_code(1), b"x", "assessment.not_toml"),
    ],
)
def test_what_cannot_be_attached_is_refused_at_once(
    cast: Cast, order: attaching.Attachment, battery_code: str, data: bytes, code: str
) -> None:
    with pytest.raises(SuyuanError) as refused:
        attach(cast.laboratory.number, battery_code, data, order, FixedClock(NOW))
    assert refused.value.code == code


def test_too_large_a_file_is_not_kept(
    battery: str, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "LARGEST_BYTES", 100)
    with pytest.raises(TooLarge):
        attach(cast.laboratory.number, battery, file(), ORDER, clock)


def test_what_a_crash_left_is_taken_up(battery: str, cast: Cast, clock: FixedClock) -> None:
    number = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    with transaction.atomic(), cursor() as run:
        run.execute("UPDATE laboratory_test SET state = 'working' WHERE number = %s", [number])
    assert take_up_left_behind() == 1
    assert one(cast.laboratory.scope, number).state == "read"


def test_a_worker_is_told_once(battery: str, cast: Cast, clock: FixedClock) -> None:
    from procrastinate.contrib.django import app

    number = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    attach(cast.laboratory.number, battery, file(), ORDER, clock)
    with cursor() as run:
        waiting = run.execute("SELECT queue_name, task_name, args->>'number' FROM procrastinate_jobs").fetchall()
    assert waiting == [("laboratory", attaching.TASK, str(number))]
    assert {attaching.TASK, "assess-lot"} <= set(app.tasks)


def test_nothing_of_a_test_record_can_be_deleted_or_rewritten(battery: str, cast: Cast, clock: FixedClock) -> None:
    from psycopg.errors import InsufficientPrivilege

    number = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    for statement in (
        "DELETE FROM laboratory_test WHERE number = %s",
        "UPDATE laboratory_test SET digest = '' WHERE number = %s",
        "UPDATE laboratory_test SET company = 1 WHERE number = %s",
    ):
        with pytest.raises(InsufficientPrivilege), transaction.atomic(), cursor() as run:
            run.execute(statement, [number])


# ---------------------------------------------------------------- the process that reads


def test_reading_is_bounded_in_memory() -> None:
    with pytest.raises(Refusal) as refused:
        bounded("test", [file()], WORDS, Bounds(memory_bytes=64 << 20, seconds=20))
    assert refused.value.code in ("laboratory.too_much_memory", "laboratory.reader_ended")


def test_reading_is_bounded_in_time() -> None:
    start = time.monotonic()
    with pytest.raises(Refusal) as refused:
        bounded("lot", [b"cell\n" * 2_000_000, b""], {"name": "x", "most_cells": 1}, Bounds(seconds=0))
    assert refused.value.code in ("laboratory.too_slow", "laboratory.reader_ended")
    assert time.monotonic() - start < 10


def test_reading_ends_when_nobody_wants_it_any_more() -> None:
    with pytest.raises(Cancelled):
        bounded("test", [cycles_csv(30, step_s=1.0)], WORDS, wanted=lambda: False)


def test_the_process_knows_neither_database_nor_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    from suyuan.server.laboratory.services.bounded import _surroundings

    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    assert not {name for name in _surroundings("/nowhere") if "SUYUAN" in name or "DATABASE" in name}
    assert "SUYUAN_SECRET_KEY" in os.environ


def test_the_process_loads_no_framework() -> None:
    import subprocess
    import sys

    code = (
        "import sys, suyuan.server.laboratory.services.child\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'django', 'psycopg', 'ninja', 'procrastinate'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- reports


@pytest.mark.parametrize("language", list(Language))
def test_a_report_has_every_figure_and_its_curves(
    battery: str, cast: Cast, clock: FixedClock, language: Language, tmp_path: Path
) -> None:
    number = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    with cursor() as run, pytest.raises(Conflict):
        record_report(run, cast.laboratory.scope, number, language)
    read_test(number, clock)
    with cursor() as run:
        told = record_report(run, cast.laboratory.scope, number, language)
        paper = record_report_pdf(run, cast.laboratory.scope, number, language)
        with pytest.raises(Missing):
            record_report_pdf(run, cast.utiliser.scope, number, language)
    assert told["result"]["residual"]["capacity_ah"] == pytest.approx(10.0)
    assert all(isinstance(check["message"], str) for check in told["result"]["residual"]["requirements"])
    assert set(told["result"]["curves"]) == {"time_s", "voltage_v", "current_a", "temperature_c"}
    assert paper.startswith(b"%PDF")
    assert len(paper) > 5000
    out = os.environ.get("SUYUAN_KEEP_REPORTS")
    if out:
        (Path(out) / f"record-{language.value}.pdf").write_bytes(paper)


def test_a_report_of_equal_content_is_equal_bytes(battery: str, cast: Cast, clock: FixedClock) -> None:
    number = attach(cast.laboratory.number, battery, file(), ORDER, clock)
    read_test(number, clock)
    with cursor() as run:
        papers = {record_report_pdf(run, cast.nation.scope, number, Language.ZH) for _ in range(2)}
    assert len(papers) == 1
