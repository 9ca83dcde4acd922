"""Submission leaves, receipts, record proofs: the vectors of specs/, and what must not pass."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.kernel import Language, canonical_json, sentence
from suyuan.tlog import (
    EMPTY_ROOT,
    Checkpoint,
    MerkleTree,
    Outcome,
    Receipt,
    SubmissionLeaf,
    TlogError,
    TlogProof,
    Verdict,
    leaf_from,
    leaf_hash,
    parse_leaf,
    parse_receipt,
    parse_record_proof,
    prove_record,
    received_commitment,
    record_leaf_hash,
    record_leaf_hashes,
    record_salt,
    records_tree,
    submitter_pseudonym,
    verdict_json,
    verify_document,
    verify_receipt,
    verify_record_proof,
)
from tests.tlog.cast import LOG, NATION, NOW_S, SPECS, UNIVERSITY, read_json, tree

LEAF = read_json(SPECS / "submission-leaf.json")
RECEIPT = read_json(SPECS / "receipt.json")
SECRET = bytes.fromhex(LEAF["secret"])
RECORDS = [case["record"].encode() for case in LEAF["records"]]
FILE = LEAF["received"].encode()
GOOD = RECEIPT["receipts"][0]["receipt"]


def test_the_pages_name_their_vectors() -> None:
    for page, vectors in (("submission-leaf", "submission-leaf"), ("receipt", "receipt"), ("record-proof", "receipt")):
        text = (SPECS.parent / f"{page}.md").read_text(encoding="utf-8")
        assert f"vectors/{vectors}.json" in text


def test_salts_and_inner_tree_are_those_of_the_vectors() -> None:
    inner = records_tree(SECRET, RECORDS)
    for number, case in enumerate(LEAF["records"]):
        assert record_salt(SECRET, number).hex() == case["salt"]
        assert record_leaf_hash(record_salt(SECRET, number), RECORDS[number]).hex() == case["leaf_hash"]
        assert inner.node(0, number).hex() == case["leaf_hash"]
    assert inner.root.hex() == json.loads(LEAF["entry"])["records_root"]


def test_the_entry_is_that_of_the_vectors() -> None:
    leaf = parse_leaf(LEAF["entry"].encode())
    assert bytes(leaf) == LEAF["entry"].encode()
    assert leaf.hash.hex() == LEAF["entry_leaf_hash"]
    assert leaf.submitter == submitter_pseudonym(bytes.fromhex(LEAF["log_secret"]), LEAF["company"])
    assert leaf.received == received_commitment(SECRET, sha256(FILE).digest())


def test_the_commitment_is_the_hmac_of_the_page() -> None:
    label = b"suyuan-received-v1\n"
    assert f'"{label.decode()[:-1]}\\n"' in (SPECS.parent / "submission-leaf.md").read_text(encoding="utf-8")
    made = hmac.new(SECRET, label + sha256(FILE).digest(), sha256).hexdigest()
    assert json.loads(LEAF["entry"])["received"] == made


def test_a_guessed_file_is_not_confirmed_by_the_entry() -> None:
    digest = sha256(FILE).hexdigest()
    assert digest not in LEAF["entry"]
    assert json.loads(LEAF["entry"])["received"] not in (digest, sha256(FILE + SECRET).hexdigest())
    with pytest.raises(TlogError, match="leaf_form"):
        leaf_from({**json.loads(LEAF["entry"]), "received_sha256": digest})
    plain = {name: value for name, value in json.loads(LEAF["entry"]).items() if name != "received"}
    with pytest.raises(TlogError, match="leaf_form"):
        leaf_from({**plain, "received_sha256": digest})


@given(*[st.binary(min_size=32, max_size=32)] * 4)
def test_a_commitment_has_one_secret_and_one_digest(secret: bytes, other: bytes, digest: bytes, second: bytes) -> None:
    made = received_commitment(secret, digest)
    assert replace(parse_leaf(LEAF["entry"].encode()), received=made).received == made
    assert (received_commitment(other, digest) == made) is (other == secret)
    assert (received_commitment(secret, second) == made) is (second == digest)


@pytest.mark.parametrize("case", LEAF["refused"], ids=lambda case: case["why"])
def test_an_entry_that_is_no_leaf_is_refused(case: Mapping[str, str]) -> None:
    with pytest.raises(TlogError, match=r"leaf_(form|field)"):
        parse_leaf(case["entry"].encode())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("submission", value)
            for value in ("", "A", "04QCB76836300JBC40000903", "张三", "x" * 65, "-a", "a b", "a\n")
        ),
        *(("kind", value) for value in ("", "Battery", "1a", "a-b")),
        *(("regime", value) for value in ("", "-", "A", "x" * 33)),
        *(("received_at", value) for value in ("2027-01-05", "2027-01-05T08:30:00+08:00", "2027-13-05T08:30:00Z", "")),
        *(("submitter", value) for value in ("", "91110105MA009PJM56", "0" * 31, "G" * 32, "A" * 32)),
        *(("received", value) for value in ("", "0" * 63, "A" * 64)),
        *(("records", value) for value in (-1, 0, 1 << 63)),
        *(("records_root", value) for value in ("", EMPTY_ROOT.hex())),
    ],
)
def test_a_leaf_takes_no_name_and_no_code(field: str, value: Any) -> None:
    leaf = parse_leaf(LEAF["entry"].encode())
    with pytest.raises(TlogError, match="leaf_field"):
        replace(leaf, **{field: value})


@pytest.mark.parametrize("value", [None, [], "x", 5, {}, {"type": 1}])
def test_other_json_is_no_leaf(value: object) -> None:
    with pytest.raises(TlogError, match="leaf_form"):
        leaf_from(value)


@pytest.mark.parametrize("change", [{"records": True}, {"records": "5"}, {"version": True}, {"kind": 5}, {"type": "x"}])
def test_a_leaf_of_other_types_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TlogError):
        leaf_from({**json.loads(LEAF["entry"]), **change})


def test_a_submission_without_records_has_the_empty_root() -> None:
    leaf = replace(parse_leaf(LEAF["entry"].encode()), records=0, records_root=EMPTY_ROOT.hex())
    assert parse_leaf(bytes(leaf)) == leaf


@given(st.binary(min_size=32, max_size=32), st.lists(st.binary(max_size=80), max_size=20), st.integers(0, 1 << 40))
def test_the_batch_gives_the_single_hashes(secret: bytes, records: list[bytes], first: int) -> None:
    single = [record_leaf_hash(record_salt(secret, number), record) for number, record in enumerate(records, first)]
    assert record_leaf_hashes(secret, records, first) == b"".join(single)


def test_equal_records_have_different_leaves() -> None:
    hashes = record_leaf_hashes(SECRET, [b"{}"] * 100)
    assert len({hashes[at : at + 32] for at in range(0, len(hashes), 32)}) == 100
    assert leaf_hash(b"{}") not in hashes


def test_another_secret_gives_other_leaves() -> None:
    assert record_leaf_hashes(SECRET, RECORDS) != record_leaf_hashes(bytes(32), RECORDS)
    pseudonyms = {submitter_pseudonym(secret, company) for secret in (SECRET, bytes(32)) for company in ("A", "B")}
    assert len(pseudonyms) == 4


@pytest.mark.parametrize("length", [0, 31, 33])
def test_secrets_and_salts_have_32_bytes(length: int) -> None:
    with pytest.raises(TlogError, match="secret_length"):
        record_salt(bytes(length), 0)
    with pytest.raises(TlogError, match="secret_length"):
        record_leaf_hashes(bytes(length), [])
    with pytest.raises(TlogError, match="secret_length"):
        submitter_pseudonym(bytes(length), "A")
    with pytest.raises(TlogError, match="secret_length"):
        received_commitment(bytes(length), bytes(32))
    with pytest.raises(TlogError, match="hash_length"):
        received_commitment(SECRET, bytes(length))
    with pytest.raises(TlogError, match="salt_length"):
        record_leaf_hash(bytes(length), b"{}")


@pytest.mark.parametrize("case", RECEIPT["receipts"], ids=lambda case: case["why"])
def test_receipts_of_the_vectors(case: Mapping[str, Any]) -> None:
    verdict = verify_receipt(json.dumps(case["receipt"]), RECEIPT["policy"])
    assert verdict.outcome == case["verdict"]
    assert bool(verdict.findings) is (verdict.outcome is not Outcome.VALID)
    for finding in verdict.findings:
        for language in Language:
            text = sentence(finding.code, finding.data, language)
            assert text != finding.code
            assert "{" not in text


def test_a_valid_receipt_says_where_the_submission_stands() -> None:
    verdict = verify_receipt(json.dumps(GOOD), RECEIPT["policy"])
    assert verdict.index == 4
    assert verdict.leaf is not None
    assert verdict.leaf.submission == "44-2027-000017"
    assert verdict.judged is not None
    assert verdict.judged.cosigned == ("nation", "university")
    assert verdict.judged.checkpoint.size == 7


def test_a_receipt_reads_back() -> None:
    held = parse_receipt(json.dumps(GOOD))
    assert held.document() == GOOD
    assert parse_receipt(bytes(held)) == held
    assert held.secret == SECRET
    assert SECRET.hex() not in repr(held)
    shared = held.without_secret
    assert SECRET.hex().encode() not in bytes(shared)
    assert verify_receipt(bytes(shared), RECEIPT["policy"]).outcome is Outcome.VALID


def codes(verdict: Verdict) -> list[str]:
    return [finding.code.removeprefix("tlog.") for finding in verdict.findings]


def test_the_submitted_file_is_compared() -> None:
    receipt, policy = json.dumps(GOOD), RECEIPT["policy"]
    assert verify_receipt(receipt, policy, received=FILE).outcome is Outcome.VALID
    for other in (FILE + b"\n", b"", sha256(FILE).digest()):
        wrong = verify_receipt(receipt, policy, received=other)
        assert (wrong.outcome, codes(wrong)) == (Outcome.WRONG, ["received_differs"])


def test_only_the_secret_opens_the_commitment() -> None:
    held, policy = parse_receipt(json.dumps(GOOD)), RECEIPT["policy"]
    assert verify_receipt(held.without_secret, policy).outcome is Outcome.VALID
    for received in (FILE, FILE + b"\n"):
        shared = verify_receipt(held.without_secret, policy, received=received)
        assert (shared.outcome, codes(shared)) == (Outcome.WRONG, ["secret_missing"])
    guessed = verify_receipt(replace(held, secret=bytes(32)), policy, received=FILE)
    assert (guessed.outcome, codes(guessed)) == (Outcome.WRONG, ["received_differs"])


def test_a_missing_secret_is_said_once() -> None:
    shared = parse_receipt(json.dumps(GOOD)).without_secret
    assert codes(verify_receipt(shared, RECEIPT["policy"], received=FILE, records=RECORDS)) == ["secret_missing"]


def test_the_records_are_compared() -> None:
    receipt, policy = json.dumps(GOOD), RECEIPT["policy"]
    assert verify_receipt(receipt, policy, records=RECORDS).outcome is Outcome.VALID
    for records, code in (
        (RECORDS[:-1], "records_number"),
        ([*RECORDS[:-1], b"{}"], "records_differ"),
        ([RECORDS[1], RECORDS[0], *RECORDS[2:]], "records_differ"),
    ):
        assert codes(verify_receipt(receipt, policy, records=records)) == [code]
    assert codes(verify_receipt(bytes(parse_receipt(receipt).without_secret), policy, records=RECORDS)) == [
        "secret_missing"
    ]


def test_all_that_is_wrong_is_said() -> None:
    changed = {**GOOD, "leaf": {**GOOD["leaf"], "records": 6}}
    verdict = verify_receipt(json.dumps(changed), RECEIPT["policy"], received=b"", records=RECORDS)
    assert codes(verdict) == ["not_included", "received_differs", "records_number"]


def test_a_malformed_policy_is_no_verdict() -> None:
    with pytest.raises(TlogError, match="policy_quorum"):
        verify_receipt(json.dumps(GOOD), "")
    with pytest.raises(TlogError, match="policy_quorum"):
        verify_record_proof(json.dumps(RECEIPT["record_proof"]), "")


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\xff", b'"x"', b"{}", b'{"kind":"suyuan-record-proof"}', b"[" * 100_000),
        json.dumps(GOOD)[:-1] + ',"version":1}',
        json.dumps({**GOOD, "version": True}),
        json.dumps({**GOOD, "version": "1"}),
        json.dumps({**GOOD, "proof": 5}),
        json.dumps({**GOOD, "proof": "\ud800"}),
        json.dumps({**GOOD, "log": 5}),
        json.dumps({**GOOD, "secret": SECRET.hex().upper()}),
        json.dumps({**GOOD, "secret": None}),
        json.dumps({**GOOD, "leaf": [1]}),
        json.dumps({key: value for key, value in GOOD.items() if key != "proof"}),
        json.dumps({**GOOD, "log": "x" * 4_000_000}),
        json.dumps({**GOOD, "\ud800": 1}),
    ],
)
def test_a_malformed_receipt_is_wrong(content: bytes | str) -> None:
    verdict = verify_receipt(content, RECEIPT["policy"])
    assert (verdict.outcome, len(verdict.findings), verdict.judged) == (Outcome.WRONG, 1, None)
    assert sentence(verdict.findings[0].code, verdict.findings[0].data) != verdict.findings[0].code


def test_the_record_proof_of_the_vectors() -> None:
    document, policy = RECEIPT["record_proof"], RECEIPT["policy"]
    verdict = verify_record_proof(json.dumps(document), policy)
    assert (verdict.outcome, verdict.index) == (Outcome.VALID, 4)
    made = prove_record(parse_receipt(json.dumps(GOOD)), records_tree(SECRET, RECORDS), 2, RECORDS[2])
    assert made.document() == document
    assert parse_record_proof(bytes(made)) == made


@pytest.mark.parametrize("case", RECEIPT["refused_record_proofs"], ids=lambda case: case["why"])
def test_record_proofs_that_are_wrong(case: Mapping[str, Any]) -> None:
    assert verify_record_proof(json.dumps(case["proof"]), RECEIPT["policy"]).outcome is Outcome.WRONG


@pytest.mark.parametrize(
    "change",
    [
        *[{"number": value} for value in (True, "2", -1, 5, 2.5, None)],
        *[{"path": value} for value in (None, "x", [1], ["x"], ["A" * 43 + "="] * 64)],
        {"path": []},
        *[{"salt": value} for value in ("", None, "0" * 63)],
        *[{"record": value} for value in (None, 5, "", "\ud800", "{} ")],
    ],
)
def test_a_malformed_record_proof_is_wrong(change: dict[str, Any]) -> None:
    assert (
        verify_record_proof(json.dumps({**RECEIPT["record_proof"], **change}), RECEIPT["policy"]).outcome
        is Outcome.WRONG
    )


def test_a_document_says_itself_what_it_is() -> None:
    policy = RECEIPT["policy"]
    for document in (GOOD, RECEIPT["record_proof"]):
        assert verify_document(json.dumps(document).encode(), policy).outcome is Outcome.VALID
    for content in (b"", b"[]", b"{}", b"\xff", json.dumps({**GOOD, "kind": "suyuan-record-proof"}).encode()):
        assert verify_document(content, policy).outcome is Outcome.WRONG


def test_a_verdict_is_told_with_its_sentences() -> None:
    for case in RECEIPT["receipts"]:
        verdict = verify_receipt(json.dumps(case["receipt"]), RECEIPT["policy"])
        for language in Language:
            told: Any = verdict_json(verdict, language)
            assert told["outcome"] == case["verdict"]
            assert told["message"] != f"tlog.outcome_{case['verdict']}"
            assert [one["code"] for one in told["findings"]] == [finding.code for finding in verdict.findings]
            json.dumps(told)
    told = verdict_json(verify_receipt(json.dumps(GOOD), RECEIPT["policy"]), Language.EN)
    assert (told["index"], told["size"], told["cosigned"]) == (4, 7, ["nation", "university"])
    assert told["leaf"] == GOOD["leaf"]


def test_a_record_proof_holds_no_secret_and_no_other_salt() -> None:
    for number in range(5):
        made = bytes(
            prove_record(parse_receipt(json.dumps(GOOD)), records_tree(SECRET, RECORDS), number, RECORDS[number])
        )
        assert SECRET.hex().encode() not in made
        assert [record_salt(SECRET, other).hex().encode() in made for other in range(5)] == [
            other == number for other in range(5)
        ]
        assert verify_record_proof(made, RECEIPT["policy"]).outcome is Outcome.VALID


def test_a_record_proof_is_provisional_with_its_receipt() -> None:
    early = parse_receipt(json.dumps(RECEIPT["receipts"][1]["receipt"]))
    made = prove_record(early, records_tree(SECRET, RECORDS), 0, RECORDS[0])
    verdict = verify_record_proof(made, RECEIPT["policy"])
    assert (verdict.outcome, codes(verdict)) == (Outcome.PROVISIONAL, ["quorum_not_met"])


def test_only_the_records_of_the_receipt_are_proved() -> None:
    held, inner = parse_receipt(json.dumps(GOOD)), records_tree(SECRET, RECORDS)
    cases: list[tuple[Receipt, MerkleTree, int, str]] = [
        (held.without_secret, inner, 0, "secret_missing"),
        (held, records_tree(SECRET, RECORDS[:4]), 0, "records_number"),
        (held, inner, 1, "not_included"),
        (held, inner, 5, "index_outside"),
        (held, inner, -1, "index_outside"),
        (held, records_tree(bytes(32), RECORDS), 0, "not_included"),
    ]
    for receipt, grown, number, code in cases:
        with pytest.raises(TlogError, match=code):
            prove_record(receipt, grown, number, RECORDS[0])


@given(st.integers(1, 40), st.data())
def test_what_is_made_verifies(count: int, data: st.DataObject) -> None:
    records = [canonical_json({"id": number, "名称": "电池"}) for number in range(count)]
    number, secret = data.draw(st.integers(0, count - 1)), data.draw(st.binary(min_size=32, max_size=32))
    inner = records_tree(secret, records)
    leaf = replace(parse_leaf(LEAF["entry"].encode()), records=count, records_root=inner.root.hex())
    receipt = _logged(leaf, secret)
    assert verify_receipt(bytes(receipt), RECEIPT["policy"], records=records).outcome is Outcome.VALID
    made = prove_record(receipt, inner, number, records[number])
    assert verify_record_proof(bytes(made), RECEIPT["policy"]).outcome is Outcome.VALID


def _logged(leaf: SubmissionLeaf, secret: bytes) -> Receipt:
    """A receipt from a log of 10 entries, the leaf last."""
    whole = MerkleTree.of(tree(9).levels[0] + leaf.hash)
    note = Checkpoint(LOG.name, 10, whole.root).sign([LOG, NATION, UNIVERSITY], NOW_S)
    return Receipt(leaf, TlogProof(9, whole.inclusion(9), bytes(note)), secret)
