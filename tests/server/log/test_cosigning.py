"""The log and real witnesses over HTTP: quorum, provisional receipts, and a log that was put back."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.log.queries.policies import policy_text
from suyuan.server.log.queries.receipts import receipt
from suyuan.server.log.services.starting import keeper
from suyuan.tlog import KeyType, Outcome, VerifierKey, parse_note
from suyuan.tlog.verdicts import verify_receipt
from tests.server.cast import Cast
from tests.server.log.house import BASE, PASSPHRASE, House, open_incidents, report
from tests.server.witness.watching import prepare, whole_witness

ORIGIN = f"{BASE}/prov/440000/2026"
NAME = "witness.example/nation"
NO_QUORUM = [(ORIGIN, "no_quorum")]


@pytest.fixture
def log_key(house: House) -> VerifierKey:
    """The key of the log, made before it begins, as a witness has to know it."""
    return house.keys.create(ORIGIN, KeyType.ED25519, PASSPHRASE)


def ask(house: House, witness: VerifierKey, address: str) -> None:
    """Let this witness be the quorum."""
    house.place.folder.mkdir(parents=True, exist_ok=True)
    (house.place.folder / "policy").write_text(f"witness nation {witness} {address}\nquorum nation\n")


def outcome(house: House, number: int) -> Outcome:
    """What the receipt of a submission is worth now, verified from document and policy."""
    with cursor() as run:
        held = receipt(run, house.place, number)
    return verify_receipt(bytes(held), policy_text(house.place)).outcome


def test_a_quorum_makes_receipts_final(
    house: House, cast: Cast, clock: FixedClock, log_key: VerifierKey, tmp_path: Path
) -> None:
    cosigner, _ = prepare(tmp_path / "nation", NAME, log_key)
    with whole_witness(tmp_path / "nation", NAME) as nation:
        ask(house, cosigner, nation.address)
        keeper = house.keeper()
        for serial in (1, 2, 3):
            done = report(cast, clock, serial)
            keeper.once()
            assert outcome(house, done.number) is Outcome.VALID
    assert open_incidents() == []
    names = [signature.name for signature in parse_note(house.place.files(ORIGIN).read("checkpoint")).signatures]
    assert names == [ORIGIN, NAME]


def test_without_a_quorum_receipts_are_provisional_and_records_are_taken(
    house: House, cast: Cast, clock: FixedClock, log_key: VerifierKey, tmp_path: Path
) -> None:
    cosigner, _ = prepare(tmp_path / "nation", NAME, log_key)
    ask(house, cosigner, "http://127.0.0.1:9/")  # nobody listens there
    keeper = house.keeper()
    done = report(cast, clock, 1)
    keeper.once()
    assert outcome(house, done.number) is Outcome.PROVISIONAL
    assert open_incidents() == NO_QUORUM
    later = report(cast, clock, 2)
    keeper.once()
    assert outcome(house, later.number) is Outcome.PROVISIONAL
    with whole_witness(tmp_path / "nation", NAME) as nation:
        ask(house, cosigner, nation.address)
        clock.advance(timedelta(minutes=1))
        house.keeper().once()
        assert outcome(house, done.number) is Outcome.VALID
    assert open_incidents() == []


def test_a_rolled_back_log_is_not_published(
    house: House, cast: Cast, clock: FixedClock, log_key: VerifierKey, tmp_path: Path
) -> None:
    """An old copy of the folder and a database that lost its last entry: the witness has seen more."""
    from django.db import transaction

    from suyuan.server.kit.connection import OWNER_ALIAS

    cosigner, _ = prepare(tmp_path / "nation", NAME, log_key)
    with whole_witness(tmp_path / "nation", NAME) as nation:
        ask(house, cosigner, nation.address)
        keeper(house.place, house.keys, PASSPHRASE, clock).once()
        report(cast, clock, 1)
        house.keeper().once()
        shutil.copytree(house.place.files(ORIGIN).root, tmp_path / "backup")
        report(cast, clock, 2)
        house.keeper().once()
        assert house.checkpoint(ORIGIN).size == 2
        shutil.rmtree(house.place.files(ORIGIN).root)
        shutil.copytree(tmp_path / "backup", house.place.files(ORIGIN).root)
        with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
            run.execute("DELETE FROM log_entry WHERE index = 1")
        report(cast, clock, 3)
        house.keeper().once()
        assert (ORIGIN, "split_view") in open_incidents()
        assert house.checkpoint(ORIGIN).size == 1  # nothing was published over what the witness knows
