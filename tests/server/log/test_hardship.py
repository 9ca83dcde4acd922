"""A log whose clock, files, keys or witnesses go wrong: what is lost, doubled or held back, and that nothing is."""

from datetime import timedelta

import pytest
from django.db import transaction

from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.log.services import sealing
from suyuan.server.log.services.cosigning import ContradictedError, Witnesses
from suyuan.tlog import TileReader, audit, parse_leaf
from tests.server.cast import Actor, Cast
from tests.server.log.house import BASE, House, open_incidents, report

ORIGIN = f"{BASE}/prov/440000/2026"
OTHER = f"{BASE}/prov/330000/2026"


def waiting() -> int:
    with cursor() as run:
        ((number,),) = run.execute("SELECT count(*) FROM ledger_outbox").fetchall()
    return int(number)


def logged(house: House, origin: str = ORIGIN) -> list[str]:
    """The submissions of the published tree, in its order; the tree is whole."""
    checkpoint, files = house.checkpoint(origin), house.place.files(origin)
    assert audit(checkpoint.size, checkpoint.root, files.read) == ()
    reader = TileReader(files.read, checkpoint.size)
    entries = [reader.entry(index) for index in range(checkpoint.size)]
    return [parse_leaf(entry).submission for entry in entries if entry.startswith(b"{")]


def give(submission: int, company: Actor) -> None:
    """Let the log take a submission for another company's, of another province."""
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        run.execute("UPDATE ledger_outbox SET company = %s WHERE submission = %s", [company.number, submission])


def test_a_province_in_trouble_waits_and_keeps_no_other_back(house: House, cast: Cast, clock: FixedClock) -> None:
    keeper = house.keeper()
    first = report(cast, clock, 1)
    keeper.once()
    file = house.place.files(ORIGIN).root / "checkpoint"
    good = file.read_bytes()
    file.write_bytes(b"not a checkpoint")
    second = report(cast, clock, 2)
    assert keeper.once() == 0  # a round that did nothing is followed by a pause
    assert waiting() == 1
    other = report(cast, clock, 3)
    give(other.number, cast.carmaker)
    keeper.once()
    assert logged(house, OTHER) == [str(other.number)]
    assert open_incidents() == [(ORIGIN, "failed"), (ORIGIN, "files_differ")]
    file.write_bytes(good)
    while keeper.once():
        pass
    assert open_incidents() == []
    assert logged(house) == [str(one.number) for one in (first, second)]


def test_many_that_wait_keep_no_other_back(
    house: House, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = house.keeper()
    report(cast, clock, 1)
    keeper.once()
    (house.place.files(ORIGIN).root / "checkpoint").write_bytes(b"not a checkpoint")
    for serial in (2, 3, 4):
        last = report(cast, clock, serial)
    give(last.number, cast.carmaker)
    with transaction.atomic(), cursor() as run:
        keeper.sealer.published.clear()  # as after a round that found the one shard wrong
        assert keeper.sealer.seal(run, limit=2) == 1
    assert waiting() == 2


def test_an_altered_size_makes_no_gap(house: House, cast: Cast, clock: FixedClock) -> None:
    keeper = house.keeper()
    report(cast, clock, 1)
    keeper.once()
    file = house.place.files(ORIGIN).root / "checkpoint"
    good = file.read_bytes()
    file.write_bytes(good.replace(b"\n1\n", b"\n1000\n"))
    report(cast, clock, 2)
    keeper.once()
    file.write_bytes(good)
    keeper.once()
    assert len(logged(house)) == 2
    assert open_incidents() == []


def test_a_clock_that_goes_back_opens_no_closed_shard(house: House, cast: Cast, clock: FixedClock) -> None:
    keeper = house.keeper()
    report(cast, clock, 1)
    keeper.once()
    clock.advance(timedelta(days=60))
    report(cast, clock, 2)
    keeper.once()
    clock.advance(timedelta(days=-60))
    report(cast, clock, 3)
    keeper.once()
    assert len(logged(house)) == 1
    assert len(logged(house, f"{BASE}/prov/440000/2027")) == 2


def test_what_a_witness_contradicts_gets_no_places(
    house: House, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places given now would be others than those that the log has once its files are restored."""
    keeper = house.keeper()
    report(cast, clock, 1)
    keeper.once()
    report(cast, clock, 2)

    def contradict(*_: object) -> None:
        raise ContradictedError("log.contradicted", origin=ORIGIN, size=1, witness="w", seen=9)

    with monkeypatch.context() as patch:
        patch.setattr(Witnesses, "cosign", contradict)
        patch.setattr(Witnesses, "is_met", lambda *_: False)
        assert keeper.once() == 0
    assert waiting() == 1
    keeper.once()
    assert len(logged(house)) == 2


def test_a_restored_database_gives_no_submission_a_second_place(house: House, cast: Cast, clock: FixedClock) -> None:
    """The database is of the moment before submissions 2 and 3 got their places; the log's files are of today."""
    keeper = house.keeper()
    numbers = [str(report(cast, clock, 1).number)]
    keeper.once()
    numbers += [str(report(cast, clock, serial).number) for serial in (2, 3)]
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        kept = run.execute("SELECT * FROM ledger_outbox ORDER BY submission").fetchall()
    keeper.once()
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        for table in ("log_entry", "log_record"):
            run.execute(f"DELETE FROM {table} WHERE submission = ANY (%s)", [[row[0] for row in kept]])
        for row in kept:
            run.execute("INSERT INTO ledger_outbox VALUES (%s, %s, %s, %s, %s, %s)", row)
    numbers.append(str(report(cast, clock, 4).number))
    keeper = house.keeper()
    while keeper.once():
        pass
    assert logged(house) == numbers
    with cursor() as run:
        assert run.execute("SELECT count(*) FROM log_entry").fetchall() == [(4,)]


def test_a_year_does_not_begin_before_the_last_is_published(house: House, cast: Cast, clock: FixedClock) -> None:
    keeper = house.keeper()
    report(cast, clock, 1)
    keeper.once()
    file = house.place.files(ORIGIN).root / "checkpoint"
    good = file.read_bytes()
    clock.advance(timedelta(days=60))
    report(cast, clock, 2)
    file.unlink()
    file.mkdir()  # nothing can be published
    assert (keeper.once(), keeper.once()) == (0, 0)
    assert house.origins() == [ORIGIN]
    file.rmdir()
    while keeper.once():
        pass
    origin = f"{BASE}/prov/440000/2027"
    assert TileReader(house.place.files(origin).read, 2).entry(0) == good
    assert open_incidents() == []


def test_a_retired_key_is_not_replaced_unasked(house: House, cast: Cast, clock: FixedClock) -> None:
    keeper = house.keeper()
    report(cast, clock, 1)
    keeper.once()
    (key,) = house.keys.verifiers(ORIGIN)
    house.keys.retire(key)
    report(cast, clock, 2)
    keeper.once()
    assert house.keys.verifiers(ORIGIN) == [key]
    assert open_incidents() == [(ORIGIN, "failed")]
    house.keys.create(ORIGIN, key.type, "only for tests")
    while keeper.once():
        pass
    assert len(logged(house)) == 2


def test_large_submissions_go_one_after_the_other(
    house: House, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "RECORDS_AT_ONCE", 3)
    numbers = [str(report(cast, clock, *serials).number) for serials in ((1, 2), (3, 4), (5,), (6, 7, 8, 9))]
    keeper, rounds = house.keeper(), []
    while done := keeper.once():
        rounds.append(done)
    assert rounds == [2, 2]
    assert logged(house) == numbers
