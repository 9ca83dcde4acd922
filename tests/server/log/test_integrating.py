"""From a submission to its place in a published tree."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict
from suyuan.server.log.queries.receipts import receipt, record_proof
from suyuan.server.submissions.services import undo
from suyuan.tlog import (
    Outcome,
    TileReader,
    audit,
    leaf_hash,
    parse_leaf,
    parse_note,
    parse_policy,
    received_commitment,
    verify_inclusion,
)
from suyuan.tlog.shards import verify_succession
from suyuan.tlog.verdicts import verify_receipt, verify_record_proof
from tests.server.cast import Cast
from tests.server.log.house import BASE, House, open_incidents, report
from tests.server.submissions.files import csv, packs

ORIGIN = f"{BASE}/prov/440000/2026"


def test_a_submission_gets_its_place(house: House, cast: Cast, clock: FixedClock) -> None:
    done = report(cast, clock, 1, 2)
    house.keeper().once()
    checkpoint = house.checkpoint(ORIGIN)
    assert checkpoint.size == 1
    files = house.place.files(ORIGIN)
    reader = TileReader(files.read, 1)
    leaf = parse_leaf(reader.entry(0))
    assert (leaf.submission, leaf.kind, leaf.records, leaf.regime) == (str(done.number), "pack_produced", 2, "order_73")
    with cursor() as run:
        secret = receipt(run, house.place, done.number).secret
    assert secret is not None
    assert done.received_id == sha256(csv(packs([1, 2]))).hexdigest()
    assert leaf.received == received_commitment(secret, bytes.fromhex(done.received_id))
    verify_inclusion(leaf_hash(bytes(leaf)), 0, 1, checkpoint.root, reader.inclusion(0))


def test_the_leaf_says_nothing_about_batteries_or_companies(house: House, cast: Cast, clock: FixedClock) -> None:
    done = report(cast, clock, 1)
    house.keeper().once()
    entry = TileReader(house.place.files(ORIGIN).read, 1).entry(0).decode()
    assert cast.maker.code not in entry
    assert "9SM" not in entry
    assert done.received_id not in entry  # whoever guessed the file could confirm it


def test_what_left_nothing_in_the_ledger_is_not_logged(house: House, cast: Cast, clock: FixedClock) -> None:
    report(cast, clock, 1)
    with pytest.raises(AssertionError):
        report(cast, clock, 1, 1)  # refused: twice in one file
    house.keeper().once()
    house.keeper().once()
    assert house.checkpoint(ORIGIN).size == 1


def test_an_undone_submission_leaves_two_entries(house: House, cast: Cast, clock: FixedClock) -> None:
    done = report(cast, clock, 1)
    undo(cast.maker.number, done.number, "wrong file", clock)
    house.keeper().once()
    reader = TileReader(house.place.files(ORIGIN).read, 2)
    assert [parse_leaf(reader.entry(n)).kind for n in range(2)] == ["pack_produced", "withdrawal"]


def test_the_tree_grows_and_stays_whole(house: House, cast: Cast, clock: FixedClock) -> None:
    keeper = house.keeper()
    for serial in range(1, 8):
        report(cast, clock, serial)
        if serial % 3 == 0:
            keeper.once()
    house.keeper().once()  # another process goes on
    checkpoint = house.checkpoint(ORIGIN)
    assert checkpoint.size == 7
    assert audit(7, checkpoint.root, house.place.files(ORIGIN).read) == ()
    assert open_incidents() == []


def test_a_receipt_verifies_off_line(house: House, cast: Cast, clock: FixedClock) -> None:
    done = report(cast, clock, 1, 2, 3)
    with cursor() as run, pytest.raises(Conflict):
        receipt(run, house.place, done.number)
    house.keeper().once()
    with cursor() as run:
        held = receipt(run, house.place, done.number)
    policy = parse_policy(f"log {house.keys.verifiers(ORIGIN)[0]}\nquorum none\n")
    assert verify_receipt(bytes(held), policy).outcome is Outcome.VALID
    other = parse_policy(
        f"log {house.keys.create('elsewhere', house.keys.verifiers(ORIGIN)[0].type, 'x')}\nquorum none\n"
    )
    assert verify_receipt(bytes(held), other).outcome is Outcome.WRONG
    altered = bytes(held).replace(b'"records": 3', b'"records": 2')
    assert verify_receipt(altered, policy).outcome is Outcome.WRONG


def test_the_secret_opens_the_leaf_to_the_file_that_was_sent(house: House, cast: Cast, clock: FixedClock) -> None:
    done = report(cast, clock, 1)
    house.keeper().once()
    with cursor() as run:
        held = receipt(run, house.place, done.number)
    policy = parse_policy(f"log {house.keys.verifiers(ORIGIN)[0]}\nquorum none\n")
    sent, other = csv(packs([1])), csv(packs([2]))
    assert verify_receipt(held, policy, received=sent).outcome is Outcome.VALID
    assert verify_receipt(held, policy, received=other).outcome is Outcome.WRONG
    assert verify_receipt(held.without_secret, policy).outcome is Outcome.VALID
    assert verify_receipt(held.without_secret, policy, received=sent).outcome is Outcome.WRONG


def test_each_record_can_be_proved(house: House, cast: Cast, clock: FixedClock) -> None:
    report(cast, clock, 1, 2, 3)
    house.keeper().once()
    policy = parse_policy(f"log {house.keys.verifiers(ORIGIN)[0]}\nquorum none\n")
    with cursor() as run:
        ids = [str(row[0]) for row in run.execute("SELECT DISTINCT id FROM ledger_event")]
        proofs = [record_proof(run, house.place, identity) for identity in ids]
    assert {proof.number for proof in proofs} == {0, 1, 2}
    for proof in proofs:
        assert verify_record_proof(bytes(proof), policy).outcome is Outcome.VALID
        altered = bytes(proof).replace(b"9SMPB", b"9SMPC")
        assert verify_record_proof(altered, policy).outcome is Outcome.WRONG


def test_the_next_year_begins_with_the_last_checkpoint(house: House, cast: Cast, clock: FixedClock) -> None:
    report(cast, clock, 1)
    keeper = house.keeper()
    keeper.once()
    last = house.place.files(ORIGIN).checkpoint()
    clock.advance(timedelta(days=60))
    report(cast, clock, 2)
    keeper.once()
    origin = f"{BASE}/prov/440000/2027"
    assert house.origins() == [ORIGIN, origin]
    entry = TileReader(house.place.files(origin).read, 2).entry(0)
    assert entry == last
    succeeded = verify_succession(house.place.shard("440000", 2027), entry, house.keys.verifiers(ORIGIN))
    assert succeeded == house.checkpoint(ORIGIN)
    assert parse_leaf(TileReader(house.place.files(origin).read, 2).entry(1)).received_at.startswith("2027")


def test_provinces_have_logs_of_their_own(house: House, cast: Cast, clock: FixedClock) -> None:
    report(cast, clock, 1)
    house.keeper().once()
    assert house.origins() == [ORIGIN]
    assert parse_note(house.place.files(ORIGIN).read("checkpoint")).text.startswith(ORIGIN)


def test_a_changed_tile_stops_the_log_and_is_said(house: House, cast: Cast, clock: FixedClock) -> None:
    keeper = house.keeper()
    report(cast, clock, 1)
    keeper.once()
    tile = house.place.files(ORIGIN).root / "tile/0/000.p/1"
    good = tile.read_bytes()
    tile.write_bytes(bytes(32))
    report(cast, clock, 2)
    keeper.once()
    assert (ORIGIN, "files_differ") in open_incidents()
    assert house.checkpoint(ORIGIN).size == 1
    tile.write_bytes(good)
    keeper.once()
    assert open_incidents() == []
    assert house.checkpoint(ORIGIN).size == 2


def test_lost_files_are_made_again_alike(house: House, cast: Cast, clock: FixedClock) -> None:
    import shutil

    keeper = house.keeper()
    for serial in (1, 2, 3):
        report(cast, clock, serial)
    keeper.once()
    before = house.checkpoint(ORIGIN)
    shutil.rmtree(house.place.files(ORIGIN).root)
    keeper.once()
    assert house.checkpoint(ORIGIN) == before


def test_a_rotated_key_signs_beside_the_old_one(house: House, cast: Cast, clock: FixedClock) -> None:
    keeper = house.keeper()
    report(cast, clock, 1)
    keeper.once()
    (old,) = house.keys.verifiers(ORIGIN)
    new = house.keys.create(ORIGIN, old.type, "only for tests")
    report(cast, clock, 2)
    keeper.once()
    names = {signature.key_id for signature in parse_note(house.place.files(ORIGIN).read("checkpoint")).signatures}
    assert names == {old.id, new.id}
    house.keys.retire(old)
    report(cast, clock, 3)
    keeper.once()
    note = parse_note(house.place.files(ORIGIN).read("checkpoint"))
    assert [signature.key_id for signature in note.signatures] == [new.id]
    assert open_incidents() == []


def test_a_record_among_many_is_proved_from_a_few_tiles(house: House, cast: Cast, clock: FixedClock) -> None:
    report(cast, clock, *range(1, 601))  # more than two tiles of 256
    house.keeper().once()
    policy = parse_policy(f"log {house.keys.verifiers(ORIGIN)[0]}\nquorum none\n")
    with cursor() as run:
        ids = [str(row[0]) for row in run.execute("SELECT id FROM ledger_event WHERE main_lot IS NULL ORDER BY id")]
        for number in (0, 255, 256, 511, 512, 599):
            proof = record_proof(run, house.place, ids[number])
            assert (proof.number, verify_record_proof(bytes(proof), policy).outcome) == (number, Outcome.VALID)


def test_an_installation_may_keep_one_log_for_all(house: House, cast: Cast, clock: FixedClock) -> None:
    house.place = replace(house.place, seat="330000", is_one=True)
    report(cast, clock, 1)  # a company of Guangdong
    house.keeper().once()
    assert house.origins() == [f"{BASE}/prov/330000/2026"]
