"""What an audit finds: every record that was changed, taken away or put in behind the ledger's back."""

from collections.abc import Sequence

import pytest
from django.db import transaction

from suyuan.kernel import Finding
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.log.services.auditing import Audit
from suyuan.server.submissions import queries
from tests.server.cast import Cast
from tests.server.log.house import BASE, House, report

ORIGIN = f"{BASE}/prov/440000/2026"


def findings(house: House) -> list[Finding]:
    """What an audit says."""
    with transaction.atomic(), cursor() as run:
        return list(Audit(run, house.place, house.keys, queries).findings())


def codes(found: Sequence[Finding]) -> list[str]:
    return [one.code for one in found]


def tamper(statement: str, *values: object) -> None:
    """What somebody with the owner's password does, straight in the database."""
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        run.execute(statement, values)
        assert run.rowcount > 0


def ids() -> list[str]:
    with cursor() as run:
        return [str(row[0]) for row in run.execute("SELECT DISTINCT id FROM ledger_event ORDER BY id")]


@pytest.fixture
def logged(house: House, cast: Cast, clock: FixedClock) -> House:
    """Two submissions of two packs each, in the log."""
    report(cast, clock, 1, 2)
    report(cast, clock, 3, 4)
    house.keeper().once()
    return house


def test_nothing_is_found_where_nothing_was_done(logged: House, cast: Cast, clock: FixedClock) -> None:
    assert findings(logged) == []
    report(cast, clock, 5)  # waits for its place
    assert findings(logged) == []


@pytest.mark.parametrize(
    "change",
    [
        "parts = set_byte(parts, 3, get_byte(parts, 3) # 1)",
        "body = jsonb_set(coalesce(body, '{}'), '{model}', '\"x\"')",
        "reporter = reporter + 1",
        "occurred_at = occurred_at + interval '1 microsecond'",
        "record = record + 1",
    ],
)
def test_one_changed_byte_is_found(logged: House, change: str) -> None:
    victim = ids()[1]
    tamper(f"UPDATE ledger_event SET {change} WHERE id = %s", victim)
    (found,) = findings(logged)
    assert (found.code, found.data["record"]) == ("log.record_changed", victim)


def test_a_record_taken_away_is_found(logged: House) -> None:
    victim = ids()[0]
    tamper("DELETE FROM ledger_event WHERE id = %s", victim)
    (found,) = findings(logged)
    assert (found.code, found.data["record"]) == ("log.record_missing", victim)


def test_a_record_put_in_is_found(logged: House) -> None:
    new = "00000000-0000-7000-8000-000000000001"
    columns = "lot, serial, slot, kind, reporter, record, submission, occurred_at"
    tamper(
        f"INSERT INTO ledger_event (id, {columns}) SELECT %s, {columns} FROM ledger_event WHERE id = %s", new, ids()[0]
    )
    (found,) = findings(logged)
    assert (found.code, found.data["record"]) == ("log.record_extra", new)


def test_records_of_an_invented_submission_are_found(logged: House) -> None:
    tamper("UPDATE ledger_event SET submission = 999 WHERE id = %s", ids()[0])
    assert sorted(codes(findings(logged))) == ["log.record_extra", "log.record_missing"]


def test_a_whole_submission_taken_away_is_found(logged: House) -> None:
    with cursor() as run:
        ((number,),) = run.execute("SELECT min(submission) FROM log_entry").fetchall()
    tamper("DELETE FROM ledger_event WHERE submission = %s", number)
    found = findings(logged)
    assert codes(found) == ["log.record_missing"] * 2
    tamper("DELETE FROM log_record WHERE submission = %s", number)
    tamper("DELETE FROM log_entry WHERE submission = %s", number)
    (found_then,) = findings(logged)
    assert (found_then.code, found_then.data["submission"]) == ("log.entry_missing", number)


def test_a_changed_submission_is_found(logged: House) -> None:
    tamper("UPDATE submissions_submission SET received_at = received_at - interval '1 day'")
    found = findings(logged)
    assert codes(found) == ["log.submission_differs"] * 2
    assert found[0].data["fields"] == ["received_at"]


def test_another_file_under_a_submission_is_found(logged: House) -> None:
    digest = "0" * 64
    copied = "SELECT (jsonb_populate_record(r, jsonb_build_object('digest', %s::text))).* FROM submissions_received r"
    tamper(f"INSERT INTO submissions_received {copied} LIMIT 1", digest)
    first = "SELECT min(number) FROM submissions_submission"
    tamper(f"UPDATE submissions_submission SET digest = %s WHERE number = ({first})", digest)
    (found,) = findings(logged)
    assert (found.code, found.data["fields"]) == ("log.submission_differs", ["received"])


def test_an_entry_changed_to_fit_is_found(logged: House) -> None:
    """Who changes a record, its sealed hashes and its leaf alike still has the log against him."""
    tamper("UPDATE log_entry SET leaf = convert_to(replace(convert_from(leaf, 'utf8'), 'pack', 'back'), 'utf8')")
    assert set(codes(findings(logged))) >= {"log.entry_differs"}


def test_a_changed_tile_is_named(logged: House) -> None:
    tile = logged.place.files(ORIGIN).root / "tile/entries/000.p/2"
    tile.write_bytes(tile.read_bytes().replace(b"pack", b"back"))
    found = findings(logged)
    assert ("log.file_wrong", "tile/entries/000.p/2") in [(one.code, one.data.get("path")) for one in found]


def test_a_record_spoiled_beyond_reading_is_named_and_the_audit_goes_on(logged: House) -> None:
    victim, other = ids()[:2]
    tamper("UPDATE ledger_event SET body = '{\"n\": 1e400}' WHERE id = %s", victim)
    tamper("UPDATE ledger_event SET occurred_at = 'infinity', parts = NULL WHERE id = %s", other)
    found = findings(logged)
    assert {(one.code, one.data["record"]) for one in found} == {
        ("log.record_changed", victim),
        ("log.record_changed", other),
    }


def test_a_lost_secret_is_told(logged: House) -> None:
    tamper("UPDATE log_entry SET secret = NULL")
    assert "log.records_differ" in codes(findings(logged))


def test_an_accepted_submission_without_a_place_is_found(logged: House, cast: Cast, clock: FixedClock) -> None:
    done = report(cast, clock, 9)
    tamper("DELETE FROM ledger_outbox WHERE submission = %s", done.number)
    tamper("DELETE FROM ledger_event WHERE submission = %s", done.number)
    (found,) = findings(logged)
    assert (found.code, found.data["submission"]) == ("log.submission_unlogged", done.number)


def test_a_log_that_nobody_keeps_is_found(logged: House) -> None:
    import shutil

    from_there = logged.place.files(ORIGIN).root
    shutil.copytree(from_there, from_there.parent / "2031")
    assert "log.shard_unknown" in codes(findings(logged))


def test_a_log_whose_files_are_gone_is_found(logged: House) -> None:
    import shutil

    shutil.rmtree(logged.place.files(ORIGIN).root)
    tamper("UPDATE log_entry SET sealed_at = now()")
    assert findings(logged) == []  # just sealed: it may not be published yet
    tamper("UPDATE log_entry SET sealed_at = sealed_at - interval '1 year'")
    assert codes(findings(logged)) == ["log.checkpoint_missing"]


def test_a_log_that_grows_meanwhile_is_no_difference(logged: House, cast: Cast, clock: FixedClock) -> None:
    with transaction.atomic(), cursor() as run:
        audit = Audit(run, logged.place, logged.keys, queries)
        told = audit.findings()
        report(cast, clock, 8)
        logged.keeper().once()
        assert list(told) == []
