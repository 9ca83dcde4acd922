import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.server.witness.contradictions import Kind
from suyuan.server.witness.deciding import Witness
from suyuan.server.witness.errors import NotFound, WitnessError
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.trust import LOOK_AGAIN_S, Trust, read_trust
from suyuan.tlog import (
    AddCheckpoint,
    Checkpoint,
    KeyType,
    MerkleTree,
    SignerKey,
    TileReader,
    VerifierKey,
    add_cosignatures,
    leaf_hashes,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_note,
    parse_signatures,
    parse_verifier_key,
)
from tests.server.witness.watching import other_entries, recorded, request, trust_file, witness
from tests.tlog.cast import LOG, NATION, NOW_S, UNIVERSITY, VECTORS, read_json, signed, tree

TESSERA = VECTORS / "tessera_log"
TESSERA_KEY = parse_verifier_key("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")


ELSEWHERE = SignerKey("elsewhere.example", KeyType.ED25519, b"e" * 32)


def lying(size: int, signer: SignerKey = LOG) -> bytes:
    """A checkpoint of the log that changed its fourth entry."""
    root = MerkleTree.of(leaf_hashes(other_entries(size))).root
    return bytes(Checkpoint(LOG.name, size, root).sign([signer]))


def ask_for(old_size: int, note: bytes, proof: tuple[bytes, ...] = ()) -> bytes:
    parsed = parse_note(note)
    return bytes(AddCheckpoint(old_size, proof, parsed, parse_checkpoint(parsed.text)))


@pytest.fixture
def nation(tmp_path: Path) -> Iterator[Witness]:
    made = witness(tmp_path)
    yield made
    made.records.close()


def test_published_requests_get_their_published_status(tmp_path: Path) -> None:
    vectors = read_json(VECTORS / "witness.json")
    key = VerifierKey(vectors["origin"], KeyType.ED25519, bytes.fromhex(vectors["public_key"]))
    made = witness(tmp_path, key)
    for case in vectors["requests"]:
        answer = made.add_checkpoint(case["body"].encode())
        assert answer.status == case["status"], case["name"]
        assert answer.body.decode() == case.get("answer", answer.body.decode()), case["name"]


def test_every_checkpoint_of_a_published_log_is_cosigned(tmp_path: Path) -> None:
    """The log of transparency-dev/tessera, size after size, with proofs from its own tiles."""
    made = witness(tmp_path, TESSERA_KEY)
    for size in range(16):
        note = (TESSERA / f"checkpoint.{size}").read_bytes()
        proof = TileReader(LogFolder(TESSERA).read, size).consistency(max(size - 1, 0)) if size else ()
        answer = made.add_checkpoint(ask_for(max(size - 1, 0), note, proof))
        assert answer.status == 200
        cosigned = add_cosignatures(parse_note(note), parse_signatures(answer.body), [NATION.verifier])
        assert set(open_note(cosigned, [TESSERA_KEY, NATION.verifier]).keys) == {TESSERA_KEY, NATION.verifier}
    held = recorded(made, TESSERA_KEY.name)
    assert held is not None
    assert held.size == 15


def test_what_is_answered_is_on_record(nation: Witness) -> None:
    assert nation.add_checkpoint(request(0, signed(5))).status == 200
    held = recorded(nation)
    assert held is not None
    assert (held.size, held.root) == (5, tree(5).root)
    assert set(open_note(held.note, [LOG.verifier, NATION.verifier]).keys) == {LOG.verifier, NATION.verifier}


@pytest.mark.parametrize(
    ("old_size", "note", "status", "body"),
    [
        (5, signed(9, signer=ELSEWHERE), 404, b"tlog.origin_unknown\n"),
        (5, signed(9, signer=SignerKey(LOG.name, KeyType.ED25519, b"?" * 32)), 403, b"tlog.note_unsigned\n"),
        (9, signed(5), 400, b"tlog.sizes_disordered\n"),
        (4, signed(9), 409, b"5\n"),
        (0, signed(9), 409, b"5\n"),
        (0, signed(4), 409, b"5\n"),
    ],
)
def test_what_is_refused_changes_nothing(
    nation: Witness, old_size: int, note: object, status: int, body: bytes
) -> None:
    nation.add_checkpoint(request(0, signed(5)))
    before = recorded(nation)
    answer = nation.add_checkpoint(request(old_size, note))  # type: ignore[arg-type]  # a note of the cast
    assert (answer.status, answer.body) == (status, body)
    assert answer.content_type == ("text/x.tlog.size" if status == 409 else "text/plain; charset=utf-8")
    assert recorded(nation) == before
    assert nation.records.count() == 1


def test_a_wrong_proof_is_refused(nation: Witness) -> None:
    nation.add_checkpoint(request(0, signed(5)))
    wrong = tree(9).consistency(4)
    assert nation.add_checkpoint(ask_for(5, bytes(signed(9)), wrong)).status == 422
    assert nation.add_checkpoint(ask_for(5, lying(9), tree(9).consistency(5))).status == 422
    held = recorded(nation)
    assert held is not None
    assert held.size == 5


def test_the_same_checkpoint_again_is_cosigned_and_recorded_once(nation: Witness) -> None:
    nation.add_checkpoint(request(0, signed(5)))
    assert nation.add_checkpoint(request(5, signed(5))).status == 200
    assert nation.records.count() == 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"old 0\n\n{text}\n1\n".encode()))
def test_anything_else_is_a_bad_request(body: bytes) -> None:
    made = Witness("w", (NATION,), None, None, None)  # type: ignore[arg-type]  # neither trust nor records are asked
    assert made.add_checkpoint(body).status == 400


def test_equal_size_with_another_root_is_an_incident(nation: Witness) -> None:
    nation.add_checkpoint(request(0, signed(5)))
    answer = nation.add_checkpoint(ask_for(5, lying(5)))
    assert answer.status == 409
    (incident,) = nation.incidents.list()
    assert incident.is_proven
    contradiction = incident.contradiction
    assert contradiction.kind is Kind.SPLIT_VIEW
    assert contradiction.second.note == lying(5)
    assert open_checkpoint(contradiction.first.note, [LOG.verifier])[0] == parse_checkpoint(signed(5).text)
    nation.add_checkpoint(ask_for(5, lying(5)))  # the same evidence is kept once
    assert len(nation.incidents.list()) == 1


def test_a_lie_about_an_older_size_is_found_too(nation: Witness) -> None:
    for old, new in ((0, 5), (5, 7), (7, 9)):
        nation.add_checkpoint(request(old, signed(new)))
    assert nation.add_checkpoint(ask_for(5, lying(7), ())).status == 409
    (incident,) = nation.incidents.list()
    assert (incident.contradiction.first.checkpoint.size, incident.is_proven) == (7, True)


def test_a_stranger_cannot_make_an_incident(nation: Witness) -> None:
    nation.add_checkpoint(request(0, signed(5)))
    stranger = SignerKey(LOG.name, KeyType.ED25519, b"?" * 32)
    assert nation.add_checkpoint(ask_for(5, lying(5, stranger))).status == 403
    assert nation.incidents.list() == ()


def test_the_evidence_is_three_files(nation: Witness) -> None:
    nation.add_checkpoint(request(0, signed(5)))
    nation.add_checkpoint(ask_for(5, lying(5)))
    (place,) = nation.incidents.root.iterdir()
    document = json.loads((place / "incident.json").read_text())
    assert document["kind"] == "split_view"
    assert document["log_keys"] == [str(LOG.verifier)]
    assert (document["first"]["size"], document["second"]["size"]) == (5, 5)
    assert document["first"]["root"] != document["second"]["root"]
    assert (place / document["second"]["file"]).read_bytes() == lying(5)


def test_altered_evidence_proves_nothing(nation: Witness) -> None:
    nation.add_checkpoint(request(0, signed(5)))
    nation.add_checkpoint(ask_for(5, lying(5)))
    (place,) = nation.incidents.root.iterdir()
    stranger = SignerKey(LOG.name, KeyType.ED25519, b"?" * 32)
    (place / "second.note").write_bytes(lying(5, stranger))
    assert [incident.is_proven for incident in nation.incidents.list()] == [False]
    (place / "second.note").write_bytes(b"nonsense")
    with pytest.raises(WitnessError):
        nation.incidents.list()


def test_two_witnesses_with_keys_of_their_own_and_two_keys_of_one(tmp_path: Path) -> None:
    other = SignerKey(NATION.name, KeyType.COSIGNATURE, b"9" * 32)
    rotating = witness(tmp_path / "a", signers=(NATION, other))
    answer = rotating.add_checkpoint(request(0, signed(5)))
    cosigned = add_cosignatures(signed(5), parse_signatures(answer.body), [NATION.verifier, other.verifier])
    assert len(cosigned.signatures) == 3
    university = witness(tmp_path / "b", signers=(UNIVERSITY,))
    assert university.add_checkpoint(request(0, signed(5))).body != answer.body


def test_a_log_may_sign_with_two_keys_while_it_changes_them(tmp_path: Path) -> None:
    new = SignerKey(LOG.name, KeyType.ED25519, b"N" * 32)
    made = witness(tmp_path, LOG.verifier, new.verifier)
    assert made.add_checkpoint(request(0, signed(5))).status == 200
    both = Checkpoint(LOG.name, 7, tree(7).root).sign([LOG, new])
    assert made.add_checkpoint(request(5, both)).status == 200
    assert made.add_checkpoint(request(7, signed(9, tree(9).root, new))).status == 200


def test_one_of_many_at_once_is_cosigned(nation: Witness) -> None:
    nation.add_checkpoint(request(0, signed(1)))
    statuses: list[int] = []
    barrier = threading.Barrier(8)

    def race(size: int) -> None:
        body = request(1, signed(size))
        barrier.wait()
        statuses.append(nation.add_checkpoint(body).status)

    crew = [threading.Thread(target=race, args=(size,)) for size in range(2, 10)]
    for each in crew:
        each.start()
    for each in crew:
        each.join()
    assert sorted(statuses) == [200, *[409] * 7]
    assert nation.records.count() == 2


def test_two_processes_worth_of_witnesses_share_one_record(tmp_path: Path) -> None:
    """Two sets of records over one file stand for two processes: each sees what the other kept."""
    one, two = witness(tmp_path), witness(tmp_path)
    assert one.add_checkpoint(request(0, signed(5))).status == 200
    assert two.add_checkpoint(request(0, signed(7))).body == b"5\n"
    assert two.add_checkpoint(request(5, signed(7))).status == 200
    assert one.add_checkpoint(request(5, signed(9))).body == b"7\n"


def test_a_failure_while_keeping_leaves_the_old_record(nation: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    nation.add_checkpoint(request(0, signed(5)))
    body = request(5, signed(7))

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("suyuan.server.witness.deciding._split_view", fail)
        patch.setattr("suyuan.server.witness.deciding._AFTER_SIGNATURE", {200})
        with pytest.raises(OSError, match="disk full"):
            nation.add_checkpoint(body)
    held = recorded(nation)
    assert held is not None
    assert held.size == 5
    assert nation.add_checkpoint(body).status == 200


def test_a_commit_is_on_the_disk_when_it_returns(nation: Witness) -> None:
    asked = [
        nation.records._database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
    ]
    assert asked == [2, "wal"]  # FULL: each commit is synchronised


def test_records_of_a_later_version_are_not_touched(tmp_path: Path) -> None:
    made = witness(tmp_path)
    made.records._database.execute("PRAGMA user_version = 9")
    with pytest.raises(WitnessError) as refusal:
        witness(tmp_path)
    assert refusal.value.code == "witness.records_version"


def test_trusted_logs_are_read_from_toml_and_policies(tmp_path: Path) -> None:
    trust_file(tmp_path, LOG.verifier, url="https://trace.example/prov/440000/2027")
    other = SignerKey("other.example", KeyType.ED25519, b"o" * 32)
    newer = SignerKey("other.example", KeyType.ED25519, b"p" * 32)
    (tmp_path / "b.policy").write_text(
        f"log {other.verifier} https://other.example\nlog {newer.verifier}\nquorum none\n"
    )
    logs = read_trust(tmp_path)
    assert logs[LOG.name].url == "https://trace.example/prov/440000/2027"
    assert logs["other.example"].keys == (other.verifier, newer.verifier)
    assert logs["other.example"].url == "https://other.example"


@pytest.mark.parametrize(
    "text",
    [
        "origin = 1\nkeys = []\n",
        'origin = "x"\nkeys = []\n',
        'origin = "x"\nkeys = ["nonsense"]\n',
        f'origin = "x"\nkeys = ["{NATION.verifier}"]\n',
        f'origin = "x"\nkeys = ["{LOG.verifier}"]\nkey = 1\n',
        "origin = ",
        "\xff",
    ],
)
def test_a_file_that_names_no_log_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "log.toml").write_text(text, encoding="latin-1")
    with pytest.raises(WitnessError) as refusal:
        read_trust(tmp_path)
    assert refusal.value.code == "witness.trust_file"


def test_a_log_stands_in_one_file(tmp_path: Path) -> None:
    trust_file(tmp_path, LOG.verifier)
    (tmp_path / "z.policy").write_text(f"log {LOG.verifier}\nquorum none\n")
    with pytest.raises(WitnessError) as refusal:
        read_trust(tmp_path)
    assert refusal.value.code == "witness.trust_twice"


def test_without_a_folder_nothing_is_trusted(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_trust(tmp_path / "none")


def test_a_new_log_is_trusted_without_a_restart_and_a_broken_file_changes_nothing(tmp_path: Path) -> None:
    clock = iter(float(second) for second in range(0, 1000, int(LOOK_AGAIN_S) + 1))
    trust = Trust(trust_file(tmp_path, LOG.verifier), lambda: next(clock))
    assert trust.log("other.example") is None
    other = SignerKey("other.example", KeyType.ED25519, b"o" * 32)
    (tmp_path / "b.policy").write_text(f"log {other.verifier}\nquorum none\n")
    assert trust.log("other.example") is not None
    (tmp_path / "b.policy").write_text("nonsense\n")
    assert trust.log("other.example") is not None
    assert trust.trouble is not None
    (tmp_path / "b.policy").unlink()
    assert trust.log("other.example") is None
    assert trust.trouble is None


def test_the_time_of_the_cosignature_is_that_of_the_clock(nation: Witness) -> None:
    (signature,) = parse_signatures(nation.add_checkpoint(request(0, signed(5))).body)
    assert int.from_bytes(signature.content[:8], "big") == NOW_S
