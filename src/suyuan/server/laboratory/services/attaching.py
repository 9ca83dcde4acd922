"""Attach a test record to a battery: keep its bytes, read them in a bounded process, report the test to the ledger."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from suyuan.assessment import protocol, read_instrument
from suyuan.codes import CodeError, compose_code, parse, split_code
from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import CHINA, SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing, Refusal, TooLarge
from suyuan.server.laboratory.services.bounded import BOUNDS, Bounds, bounded
from suyuan.server.laboratory.services.working import LOCKS_OF_TESTS, alone, defer
from suyuan.server.submissions.services import store
from suyuan.server.submissions.services.receiving import Order, receive

LARGEST_BYTES: Final = 64 << 20
MOST_STEPS: Final = 500
TASK: Final = "read-test-record"
FINISHED: Final = frozenset({"read", "refused", "failed"})

_ATTACH = """
INSERT INTO laboratory_test (lot, serial, company, site, key, digest, name, wishes, attached_at, state)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'received')
    ON CONFLICT (company, lot, serial, digest, md5(wishes::text)) DO NOTHING RETURNING number
"""
_KNOWN = """
SELECT number, state FROM laboratory_test
 WHERE company = %s AND lot = %s AND serial = %s AND digest = %s AND wishes = %s::jsonb
"""
_ONE = """
SELECT t.state, t.lot, t.serial, t.company, t.site, t.key, t.digest, t.name, t.wishes::text FROM laboratory_test t
 WHERE t.number = %s
"""
_BEGIN = "UPDATE laboratory_test SET state = 'working', started_at = %s WHERE number = %s"
_READ = """
UPDATE laboratory_test
   SET state = 'read', finished_at = %s, tested_at = %s, result = %s, submission = %s, failure = NULL
 WHERE number = %s
"""
_FAILED = "UPDATE laboratory_test SET state = %s, finished_at = %s, failure = %s WHERE number = %s"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a laboratory says when it attaches a file.

    Parameters
    ----------
    protocol
        Id of a protocol that comes with the program; without one the file is only read.
    rated_ah, end_v
        From the type plate (Ah, V).
    instrument, instrument_file
        Name of the instrument; its limits of error as a TOML text.
    tested_at
        When the test began; without it the file's own clock is taken.
    """

    name: str = ""
    protocol: str | None = None
    rated_ah: float | None = None
    end_v: float | None = None
    instrument: str = ""
    instrument_file: str | None = None
    operator: str = ""
    tested_at: datetime | None = None
    mapping: Mapping[str, str] | None = None
    key: int | None = None
    site: int | None = None

    @property
    def wishes(self) -> dict[str, Any]:
        """What is kept of it beside the bytes."""
        return {
            "protocol": self.protocol,
            "rated_ah": self.rated_ah,
            "end_v": self.end_v,
            "instrument": self.instrument,
            "instrument_file": self.instrument_file,
            "operator": self.operator,
            "tested_at": self.tested_at.isoformat() if self.tested_at else None,
            "mapping": dict(self.mapping) if self.mapping else None,
        }


def attach(company: int, battery: str, source: bytes | Path, order: Attachment, clock: Clock = SYSTEM_CLOCK) -> int:
    """Keep the file with the battery and hand it to a worker; the number of the test record.

    The same bytes with the same words from the same company for the same battery are the same test record.

    Raises
    ------
    TooLarge
        ``laboratory.file_too_large``.
    Refusal
        ``laboratory.no_battery_code``, ``laboratory.file_empty``, ``laboratory.tested_in_the_future``; and what the
        assessment refuses of protocol or instrument.
    """
    body = store.Body.of(source)
    _check(battery, body, order, clock)
    lot, serial = split_code(battery)
    wishes = json.dumps(order.wishes, ensure_ascii=False, sort_keys=True)
    same = [company, lot, serial, body.digest, wishes]
    with transaction.atomic(), cursor() as run:
        store.keep(body)
        values = [lot, serial, company, order.site, order.key, body.digest, order.name[:200], wishes, clock.now()]
        row = run.execute(_ATTACH, values).fetchone()
        if row is not None:
            defer(TASK, row[0])
            return int(row[0])
        known = run.execute(_KNOWN, same).fetchone()
        if known is None:  # its twin was entered and is not yet committed
            raise Refusal("laboratory.attached_at_once", battery=battery)
        if known[1] not in FINISHED or known[1] == "failed":
            defer(TASK, known[0])
        return int(known[0])


def _check(battery: str, body: store.Body, order: Attachment, clock: Clock) -> None:
    if body.size > LARGEST_BYTES:
        raise TooLarge("laboratory.file_too_large", size=body.size, most=LARGEST_BYTES)
    if not body.size:
        raise Refusal("laboratory.file_empty")
    try:
        parse(battery, clock.today())
    except CodeError as error:
        raise Refusal("laboratory.no_battery_code", battery=battery[:80], why=error.code) from error
    if order.tested_at is not None and order.tested_at > clock.now():
        raise Refusal("laboratory.tested_in_the_future", at=order.tested_at.isoformat(timespec="seconds"))
    if order.protocol is not None:
        protocol(order.protocol)
    if order.instrument_file is not None:
        read_instrument(order.instrument_file)


def read_test(number: int, clock: Clock = SYSTEM_CLOCK, bounds: Bounds = BOUNDS) -> str:
    """Read an attached file and report the test; the state it ends in. One that is finished stays as it is."""
    with alone(LOCKS_OF_TESTS, number) as mine:
        with cursor() as run:
            row = run.execute(_ONE, [number]).fetchone()
        if row is None:
            raise Missing("laboratory.test_not_found", number=number)
        if not mine or row[0] in ("read", "refused"):
            return str(row[0])
        with cursor() as run:
            run.execute(_BEGIN, [clock.now(), number])
        try:
            return _read(number, row, clock, bounds)
        except SuyuanError as error:
            return _failed(number, "refused", error.code, dict(error.data), clock)
        except Exception:
            log.exception("test record %s failed", number)
            _failed(number, "failed", "laboratory.failed", {"number": number}, clock)
            raise


def _failed(number: int, state: str, code: str, data: dict[str, Any], clock: Clock) -> str:
    with cursor() as run:
        run.execute(_FAILED, [state, clock.now(), json.dumps({"code": code, "data": data}), number])
    return state


def _read(number: int, row: tuple[Any, ...], clock: Clock, bounds: Bounds) -> str:
    _, lot, serial, company, site, key, digest, name, wishes_text = row
    wishes = json.loads(wishes_text)
    result = bounded("test", [store.fetch(digest)], {**wishes, "name": name, "most_steps": MOST_STEPS}, bounds)
    tested_at = _tested_at(wishes, result, clock)
    submission = None
    if tested_at is not None and result["residual"]:  # a record of the ledger needs a time and a figure
        report = _report(compose_code(lot, serial), tested_at, wishes, result)
        order = Order(name=f"test-{number}.json", channel="api", kind="assessed", key=key, site=site)
        submission = receive(company, report, order, clock).number
    with cursor() as run:
        run.execute(_READ, [clock.now(), tested_at, json.dumps(result, ensure_ascii=False), submission, number])
    return "read"


def _tested_at(wishes: Mapping[str, Any], result: Mapping[str, Any], clock: Clock) -> datetime | None:
    """When the test began: as it was said, else by the file's clock if that is no later than now."""
    if wishes["tested_at"]:
        return datetime.fromisoformat(wishes["tested_at"])
    began = result["began_unix_s"]
    if began is None or not 0 < began <= clock.now().timestamp():
        return None
    return datetime.fromtimestamp(int(began), UTC)


def _report(battery: str, tested_at: datetime, wishes: Mapping[str, Any], result: Mapping[str, Any]) -> bytes:
    """The record `assessed` that says in the ledger what the file says."""
    residual = result["residual"]
    accepted = {True: "pass", False: "fail", None: "undecided"}[residual["accepted"]]
    method = f"{residual['protocol']}@{residual['protocol_version']}"
    record: dict[str, Any] = {
        "code": battery,
        "tested_on": tested_at.astimezone(CHINA).replace(tzinfo=None).isoformat(timespec="seconds"),
        "method": method,
        "result": accepted,
    }
    for field, name, digits in (
        ("residual_capacity_ah", "capacity_ah", 4),
        ("residual_energy_wh", "energy_wh", 3),
        ("soh", "soh", 4),
    ):
        if residual.get(name) is not None:
            record[field] = round(residual[name], digits)
    return json.dumps({"kind": "assessed", "records": [record]}, ensure_ascii=False).encode()


def attached_and_unread() -> list[int]:
    """Test records that a crash left behind."""
    with cursor() as run:
        rows = run.execute("SELECT number FROM laboratory_test WHERE state IN ('received', 'working') ORDER BY 1")
        return [number for (number,) in rows]
