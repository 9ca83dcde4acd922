"""What a witness answers: published requests with their status codes, and every rule with its order."""

from base64 import b64encode

import pytest

from suyuan.tlog import (
    AddCheckpoint,
    Note,
    Recorded,
    TlogError,
    VerifierKey,
    WitnessAnswer,
    decide,
    open_note,
    parse_note,
    parse_signatures,
    read_request,
    refuse_request,
    verify_consistency,
)
from suyuan.tlog.keys import KeyType, SignerKey
from suyuan.tlog.witness import LARGEST_REQUEST_BYTES
from tests.tlog.cast import LOG, NATION, NOW_S, STRANGER, UNIVERSITY, VECTORS, checkpoint, read_json, signed, tree

PUBLISHED = read_json(VECTORS / "witness.json")
KEYS = (LOG.verifier,)
OTHER_ROOT = bytes(31) + b"\x01"


def recorded(size: int) -> Recorded:
    return Recorded(size, tree(size).root, bytes(signed(size)))


def request(old: int, size: int, *, root: bytes | None = None, proof: tuple[bytes, ...] | None = None) -> AddCheckpoint:
    """A request of the log, read back from its body."""
    steps = tree(max(size, old)).consistency(min(old, size), size) if proof is None else proof
    note = signed(size, root)
    return read_request(bytes(AddCheckpoint(old, steps, note, checkpoint(size, root=root))))


def ask(asked: AddCheckpoint, known: Recorded | None, *signers: SignerKey) -> WitnessAnswer:
    return decide(asked, KEYS, known, signers or (NATION,), NOW_S)


def test_published_requests_are_answered_with_their_status() -> None:
    key = VerifierKey(PUBLISHED["origin"], KeyType.ED25519, bytes.fromhex(PUBLISHED["public_key"]))
    known: Recorded | None = None
    for case in PUBLISHED["requests"]:
        try:
            asked = read_request(case["body"].encode())
        except TlogError as error:
            answer = refuse_request(error)
        else:
            trusted = {key.name: [key]}.get(asked.checkpoint.origin)
            answer = decide(asked, trusted, known, [NATION], NOW_S)
            assert bytes(asked) == case["body"].encode()
        assert (case["name"], answer.status) == (case["name"], case["status"])
        assert answer.body.decode() == case.get("answer", answer.body.decode())
        assert (answer.keep is not None) is (answer.status == 200)
        known = answer.keep or known


def test_first_contact_takes_any_size_with_an_empty_proof() -> None:
    for size in (0, 1, 7):
        answer = ask(request(0, size), None)
        assert (answer.status, answer.content_type) == (200, "text/plain; charset=utf-8")
        assert answer.keep == recorded(size)


def test_the_answer_is_one_line_for_each_key_of_the_witness() -> None:
    asked = request(3, 7)
    answer = ask(asked, recorded(3), NATION, UNIVERSITY)
    signatures = parse_signatures(answer.body)
    assert signatures == tuple(parse_note(bytes(asked.note) + answer.body).signatures[1:])
    opened = open_note(bytes(asked.note) + answer.body, [NATION.verifier, UNIVERSITY.verifier])
    assert opened.keys == (NATION.verifier, UNIVERSITY.verifier)
    assert LOG.name.encode() not in answer.body


def test_a_log_may_grow_from_size_zero_and_stay_as_it_is() -> None:
    assert ask(request(0, 5), recorded(0)).status == 200
    again = ask(request(5, 5), recorded(5))
    assert again.status == 200
    assert again.keep == recorded(5)


def test_what_is_kept_is_what_was_checked() -> None:
    answer = ask(request(3, 7), recorded(3))
    assert answer.keep is not None
    verify_consistency(3, 7, tree(3).root, answer.keep.root, tree(7).consistency(3))
    assert answer.keep.note == bytes(signed(7))


@pytest.mark.parametrize("keys", [None, (), []])
def test_an_unknown_origin_is_404_before_all(keys: list[VerifierKey] | None) -> None:
    answer = decide(request(9, 7), keys, recorded(3), [NATION], NOW_S)
    assert (answer.status, answer.keep, answer.signatures) == (404, None, ())


@pytest.mark.parametrize("signer", [STRANGER, SignerKey(LOG.name, KeyType.ED25519, b"M" * 32)])
def test_a_checkpoint_that_no_trusted_key_signed_is_403(signer: SignerKey) -> None:
    note = checkpoint(7).sign([signer], NOW_S)
    answer = ask(AddCheckpoint(9, (), note, checkpoint(7)), recorded(3))
    assert (answer.status, answer.keep) == (403, None)


def test_a_wrong_signature_of_the_log_is_403_even_beside_others() -> None:
    note = signed(7)
    other = signed(8).signatures[0]
    for signatures in ((other,), (other, *note.signatures)):
        broken = Note(note.text, signatures)
        assert ask(AddCheckpoint(3, tree(7).consistency(3), broken, checkpoint(7)), recorded(3)).status == 403


def test_an_old_size_above_the_new_one_is_400_before_409() -> None:
    for known in (None, recorded(3), recorded(9)):
        assert ask(request(9, 7), known).status == 400


@pytest.mark.parametrize(("old", "known", "size"), [(0, 3, 7), (2, 3, 7), (5, 3, 7), (1, 0, 7), (0, 7, 7), (3, 7, 5)])
def test_another_old_size_is_409_with_the_recorded_one(old: int, known: int, size: int) -> None:
    answer = ask(request(old, size, proof=(OTHER_ROOT,)), recorded(known))
    assert (answer.status, answer.content_type, answer.body) == (409, "text/x.tlog.size", b"%d\n" % known)
    assert (answer.keep, answer.signatures, answer.split_view) == (None, (), None)


def test_an_old_size_other_than_zero_is_409_before_first_contact() -> None:
    assert ask(request(3, 7), None).body == b"0\n"


@pytest.mark.parametrize(
    ("old", "size", "proof"),
    [(3, 7, ()), (3, 7, (OTHER_ROOT,) * 4), (0, 7, (OTHER_ROOT,)), (7, 7, (OTHER_ROOT,)), (4, 7, (OTHER_ROOT,) * 3)],
)
def test_a_proof_that_does_not_verify_is_422(old: int, size: int, proof: tuple[bytes, ...]) -> None:
    answer = ask(request(old, size, proof=proof), recorded(old))
    assert (answer.status, answer.keep, answer.signatures) == (422, None, ())


def test_a_tree_that_was_rewritten_is_422() -> None:
    assert ask(request(3, 7, root=OTHER_ROOT), recorded(3)).status == 422


def test_the_same_size_with_another_root_is_409_and_a_split_view() -> None:
    answer = ask(request(7, 7, root=OTHER_ROOT), recorded(7))
    assert (answer.status, answer.content_type, answer.keep) == (409, "text/plain; charset=utf-8", None)
    split = answer.split_view
    assert split is not None
    assert (split.origin, split.size) == (LOG.name, 7)
    first, second = open_note(split.recorded, KEYS), open_note(split.received, KEYS)
    assert first.note.text != second.note.text


def test_a_split_view_is_seen_behind_other_refusals_too() -> None:
    stale = ask(request(3, 7, root=OTHER_ROOT, proof=()), recorded(7))
    assert (stale.status, stale.body) == (409, b"7\n")
    assert stale.split_view is not None
    unproved = ask(request(7, 7, root=OTHER_ROOT, proof=(OTHER_ROOT,)), recorded(7))
    assert unproved.status == 422
    assert unproved.split_view is not None


def test_nobody_can_plant_a_split_view_without_the_key_of_the_log() -> None:
    note = checkpoint(7, root=OTHER_ROOT).sign([STRANGER], NOW_S)
    answer = ask(AddCheckpoint(7, (), note, checkpoint(7, root=OTHER_ROOT)), recorded(7))
    assert (answer.status, answer.split_view) == (403, None)


def test_an_empty_tree_has_one_root() -> None:
    for known in (None, recorded(0)):
        assert ask(request(0, 0, root=OTHER_ROOT), known).status == 422


def test_extension_lines_are_cosigned() -> None:
    made = type(checkpoint(7))(LOG.name, 7, tree(7).root, ("an extension",))
    asked = read_request(bytes(AddCheckpoint(0, (), made.sign([LOG]), made)))
    answer = ask(asked, None)
    opened = open_note(bytes(asked.note) + answer.body, [NATION.verifier])
    assert opened.note.text.endswith("an extension\n")


def proof_lines(count: int) -> bytes:
    return b"".join(b64encode(bytes(32)) + b"\n" for _ in range(count))


@pytest.mark.parametrize(
    "head",
    [
        *(
            b"",
            b"old\n",
            b"old \n",
            b"old -1\n",
            b"old 01\n",
            b"old 1 \n",
            b"new 1\n",
            b"OLD 1\n",
            b"old 1\r\n",
            b"old\t1\n",
        ),
        *(b" old 1\n", b"old 9223372036854775808\n", b"old 1\n\xff\n", b"old 1\nAAAA\n", b"old 1\nnot base64\n"),
        *(b"old 1\n" + proof_lines(1)[:-3] + b"B=\n", b"old 1\n" + proof_lines(64), "old １\n".encode()),
    ],
)
def test_a_malformed_request_is_400(head: bytes) -> None:
    with pytest.raises(TlogError) as caught:
        read_request(head + b"\n" + bytes(signed(7)))
    answer = refuse_request(caught.value)
    assert (answer.status, answer.keep) == (400, None)


def test_63_proof_lines_are_read_and_the_body_has_a_limit() -> None:
    assert len(read_request(b"old 1\n" + proof_lines(63) + b"\n" + bytes(signed(7))).proof) == 63
    with pytest.raises(TlogError, match="request_size"):
        read_request(b"old 1\n\n" + bytes(signed(7)) + b"x" * LARGEST_REQUEST_BYTES)
    for body in (b"", b"\n\n", b"old 1\n\n", b"old 1\n\nlog\n", bytes(signed(7))):
        with pytest.raises(TlogError):
            read_request(body)
