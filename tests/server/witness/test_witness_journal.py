from pathlib import Path

import pytest

from suyuan.server.witness.errors import Conflict, NotFound, NotTrusted, WitnessError
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.http_server import Site
from suyuan.server.witness.journal import Journal
from suyuan.server.witness.keys import KeyFolder
from suyuan.server.witness.process import KEYS, LOGS, Order, running
from suyuan.server.witness.records import Records
from suyuan.tlog import KeyType, SignerKey, TileReader, audit, open_checkpoint, open_note, parse_verifier_key
from tests.server.witness.watching import (
    PASSPHRASE,
    post,
    prepare,
    request,
    serving,
    trust_file,
    whole_witness,
    witness,
)
from tests.tlog.cast import LOG, NATION, UNIVERSITY, signed

OWN = SignerKey("witness.example/nation/checkpoints", KeyType.ED25519, b"J" * 32)
NAME = NATION.name


def journal(root: Path, records: Records, *, witnesses: tuple[tuple[object, str], ...] = ()) -> Journal:
    return Journal(LogFolder(root / "checkpoints"), records, [OWN], [OWN.verifier], witnesses)  # type: ignore[arg-type]


def published(root: Path) -> int:
    note = LogFolder(root / "checkpoints").checkpoint()
    assert note is not None
    return open_checkpoint(note, [OWN.verifier])[0].size


def test_every_cosigned_checkpoint_becomes_an_entry(tmp_path: Path) -> None:
    other = SignerKey("trace.example/prov/330000/2027", KeyType.ED25519, b"o" * 32)
    made = witness(tmp_path, LOG.verifier)
    (tmp_path / "logs" / "other.policy").write_text(f"log {other.verifier}\nquorum none\n")
    made = witness(tmp_path, LOG.verifier)
    own = journal(tmp_path, made.records)
    assert own.integrate() == 0
    assert published(tmp_path) == 0
    sent = [(0, signed(3)), (0, signed(2, signer=other)), (3, signed(5)), (5, signed(9))]
    for old, note in sent:
        assert made.add_checkpoint(request(old, note)).status == 200
    assert own.integrate() == 4
    reader = TileReader(own.folder.read, 4)
    for index, (_, note) in enumerate(sent):
        entry = reader.entry(index)
        checkpoint, opened = open_checkpoint(entry, [LOG.verifier, other.verifier, NATION.verifier])
        assert checkpoint.text == note.text
        assert NATION.verifier in opened.keys
    assert own.integrate() == 0


def test_the_log_grows_over_a_full_tile_and_stays_whole(tmp_path: Path) -> None:
    made = witness(tmp_path)
    own = journal(tmp_path, made.records)
    with made.records.turn("x") as turn:
        for size in range(300):
            turn.keep(size, b"r" * 32, b"entry %d" % size)
    assert own.integrate() == 300
    note = own.folder.checkpoint()
    assert note is not None
    checkpoint, _ = open_checkpoint(note, [OWN.verifier])
    assert audit(300, checkpoint.root, own.folder.read) == ()


def test_partial_tiles_go_when_they_are_full(tmp_path: Path) -> None:
    made = witness(tmp_path)
    own = journal(tmp_path, made.records)
    for start, end in ((0, 200), (200, 300)):
        with made.records.turn("x") as turn:
            for size in range(start, end):
                turn.keep(size, b"r" * 32, b"entry %d" % size)
        own.integrate()
    assert not (own.folder.root / "tile/0/000.p").exists()
    assert not (own.folder.root / "tile/entries/000.p").exists()
    assert (own.folder.root / "tile/0/001.p/44").exists()


def test_records_that_are_an_old_backup_stop_the_witness(tmp_path: Path) -> None:
    made = witness(tmp_path)
    own = journal(tmp_path, made.records)
    made.add_checkpoint(request(0, signed(3)))
    own.integrate()
    empty = Records(tmp_path / "other.sqlite3")
    with pytest.raises(Conflict) as refusal:
        journal(tmp_path, empty).integrate()
    assert refusal.value.code == "witness.records_behind"


def test_a_damaged_log_is_not_continued(tmp_path: Path) -> None:
    made = witness(tmp_path)
    own = journal(tmp_path, made.records)
    made.add_checkpoint(request(0, signed(3)))
    own.integrate()
    tile = own.folder.root / "tile/0/000.p/1"
    tile.write_bytes(bytes(32))
    with pytest.raises(WitnessError) as refusal:
        own.integrate()
    assert refusal.value.code == "witness.journal_damaged"
    tile.unlink()
    with pytest.raises(WitnessError):
        own.integrate()


def test_another_witness_cosigns_the_log(tmp_path: Path) -> None:
    third = witness(tmp_path / "third", OWN.verifier, signers=(UNIVERSITY,))
    made = witness(tmp_path)
    with serving(Site("", {}, third)) as url:
        own = journal(tmp_path, made.records, witnesses=((UNIVERSITY.verifier, url),))
        for old, new in ((0, 3), (3, 5)):
            made.add_checkpoint(request(old, signed(new)))
            own.integrate()
            note = own.folder.checkpoint() or b""
            assert set(open_note(note, [OWN.verifier, UNIVERSITY.verifier]).keys) == {OWN.verifier, UNIVERSITY.verifier}
    made.add_checkpoint(request(5, signed(9)))
    own.integrate()  # nobody there: published all the same
    assert published(tmp_path) == 3


def test_the_whole_process_cosigns_and_publishes(tmp_path: Path) -> None:
    cosigner, own = prepare(tmp_path, NAME)
    with whole_witness(tmp_path, NAME) as running_:
        answer = post(running_.address, request(0, signed(5)))
        assert (answer.status_code, answer.text.startswith(f"— {NAME} ")) == (200, True)
        running_.journal.integrate()
        note = (tmp_path / "checkpoints" / "checkpoint").read_bytes()
        assert open_checkpoint(note, [own])[0].origin == f"{NAME}/checkpoints"
    with whole_witness(tmp_path, NAME) as again:  # and goes on after a restart
        assert post(again.address, request(0, signed(9))).text == "5\n"
    assert parse_verifier_key(str(cosigner)) == cosigner


def test_a_taken_port_a_wrong_passphrase_and_missing_keys_are_said(tmp_path: Path) -> None:
    prepare(tmp_path, NAME)
    with whole_witness(tmp_path, NAME) as one:
        order = Order(tmp_path, NAME, port=one.server.server_port)
        with pytest.raises(Conflict) as taken, running(order, PASSPHRASE):
            pass
        assert taken.value.code == "witness.port_taken"
    with pytest.raises(NotTrusted), running(Order(tmp_path, NAME, port=0), "wrong"):
        pass
    with pytest.raises(NotFound), running(Order(tmp_path, "another", port=0), PASSPHRASE):
        pass
    KeyFolder(tmp_path / "bare" / KEYS, 10).create(NAME, KeyType.COSIGNATURE, PASSPHRASE)
    trust_file(tmp_path / "bare" / LOGS, LOG.verifier)
    with pytest.raises(NotFound), running(Order(tmp_path / "bare", NAME, port=0), PASSPHRASE):
        pass  # without a key for its own log
