"""Whatever bytes come from outside: an answer or a `TlogError`, never another exception."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.tlog import (
    Outcome,
    TlogError,
    decode_bundle,
    open_checkpoint,
    open_key,
    open_note,
    parse_checkpoint,
    parse_leaf,
    parse_note,
    parse_origin,
    parse_path,
    parse_policy,
    parse_proof,
    parse_receipt,
    parse_record_proof,
    parse_signatures,
    parse_signer_key,
    parse_verifier_key,
    read_request,
    verify_receipt,
    verify_record_proof,
)
from suyuan.tlog.cosignatures import cosignature_time_s
from suyuan.tlog.tiles import encode_bundle
from tests.tlog.cast import LOG, NATION, NOW_S, POLICY, SPECS, VECTORS, checkpoint, entries, read_json

RECEIPTS = read_json(SPECS / "receipt.json")
NOTE = bytes(checkpoint(7).sign([LOG, NATION], NOW_S))
KEYS = [LOG.verifier, NATION.verifier]


def of_text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """A parser of texts, fed with bytes as a text with every character there is."""
    return lambda content: parse(content.decode("utf-8", "surrogateescape"))


DOORS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "note": (parse_note, NOTE),
    "opened note": (lambda content: open_note(content, KEYS), NOTE),
    "opened checkpoint": (lambda content: open_checkpoint(content, KEYS), NOTE),
    "signatures": (lambda content: [cosignature_time_s(s) for s in parse_signatures(content)], NOTE.split(b"\n\n")[1]),
    "checkpoint": (of_text(parse_checkpoint), NOTE.split(b"\n\n")[0] + b"\n"),
    "verifier key": (of_text(parse_verifier_key), str(LOG.verifier).encode()),
    "signer key": (of_text(parse_signer_key), LOG.secret_text.encode()),
    "policy": (parse_policy, POLICY.encode()),
    "policy text": (of_text(parse_policy), POLICY.encode()),
    "proof": (parse_proof, RECEIPTS["receipts"][0]["receipt"]["proof"].encode()),
    "request": (read_request, read_json(VECTORS / "witness.json")["requests"][5]["body"].encode()),
    "leaf": (parse_leaf, read_json(SPECS / "submission-leaf.json")["entry"].encode()),
    "receipt": (parse_receipt, json.dumps(RECEIPTS["receipts"][0]["receipt"]).encode()),
    "record proof": (parse_record_proof, json.dumps(RECEIPTS["record_proof"]).encode()),
    "tile name": (of_text(parse_path), b"tile/1/x001/000.p/12"),
    "bundle": (lambda content: decode_bundle(content, 5), encode_bundle(entries(5))),
    "origin": (of_text(parse_origin), LOG.name.encode()),
    "key file": (of_text(lambda text: open_key(text, "x")), read_json(SPECS / "key-file.json")["file"].encode()),
}


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """Good bytes with a piece taken out, put in or put elsewhere."""
    start = draw(st.integers(0, len(good)))
    end = min(len(good), start + draw(st.integers(0, 40)))
    piece = draw(
        st.binary(max_size=8) | st.sampled_from([b"\n", b"\n\n", b" ", b"=", b"0", b"-", b"+", b'"', b"\xe2\x80\x94 "])
    )
    return good[:start] + piece + good[end:]


def only_refuses(door: Callable[[bytes], object], content: bytes) -> None:
    try:
        door(content)
    except TlogError as error:
        json.dumps(error.data, ensure_ascii=False).encode()  # can be stored and shown


@pytest.mark.parametrize("name", DOORS)
@settings(max_examples=60)
@given(data=st.data())
def test_no_door_breaks(name: str, data: st.DataObject) -> None:
    door, good = DOORS[name]
    only_refuses(door, data.draw(st.binary(max_size=200)))
    only_refuses(door, data.draw(damaged(good)))


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_receipt_is_never_taken_for_another_submission(data: st.DataObject) -> None:
    """Damage is seen, or it touched only what is not part of the statement."""
    good = json.dumps(RECEIPTS["receipts"][0]["receipt"]).encode()
    whole = verify_receipt(good, RECEIPTS["policy"])
    verdict = verify_receipt(data.draw(damaged(good)), RECEIPTS["policy"])
    if verdict.outcome is not Outcome.WRONG:
        assert (verdict.leaf, verdict.index) == (whole.leaf, whole.index)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_record_proof_is_never_taken_for_another_record(data: st.DataObject) -> None:
    good = json.dumps(RECEIPTS["record_proof"]).encode()
    content = data.draw(damaged(good))
    if verify_record_proof(content, RECEIPTS["policy"]).outcome is not Outcome.WRONG:
        found, whole = parse_record_proof(content), parse_record_proof(good)
        assert (found.record, found.number, found.leaf) == (whole.record, whole.number, whole.leaf)
