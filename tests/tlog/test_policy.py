"""Trust policies: the example and the rules of C2SP tlog-policy, and the proofs judged with them."""

from itertools import product

import pytest

from suyuan.tlog import (
    KeyType,
    Note,
    Policy,
    SignerKey,
    TlogError,
    TlogProof,
    VerifierKey,
    leaf_hash,
    parse_policy,
    parse_proof,
)
from suyuan.tlog.policy import Group
from tests.tlog.cast import LOG, NATION, NOW_S, ORIGIN, POLICY, STRANGER, UNIVERSITY, checkpoint, entries, tree

LOG_KEY = LOG.verifier
WITNESSES = [
    SignerKey(f"witness.example/{number}", KeyType.COSIGNATURE, bytes([number]) * 32) for number in range(1, 7)
]
W1, W2, W3 = (key.verifier for key in WITNESSES[:3])
X1, X2, X3, Y1, Y2, Y3 = WITNESSES
EXAMPLE = f"""log {LOG_KEY}

witness X1 {X1.verifier}
witness X2 {X2.verifier}
witness X3 {X3.verifier}
group X-witnesses 2 X1 X2 X3

witness Y1 {Y1.verifier}
witness Y2 {Y2.verifier}
witness Y3 {Y3.verifier}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""
PLAIN = VerifierKey("witness.example/plain", KeyType.ED25519, W1.public)
TWICE = VerifierKey("impostor.example", KeyType.COSIGNATURE, W1.public)


def test_the_example_of_the_specification() -> None:
    policy = parse_policy(EXAMPLE)
    assert policy.log_keys == (LOG_KEY,)
    assert list(policy.witnesses) == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert policy.groups == {
        "X-witnesses": Group(2, ("X1", "X2", "X3")),
        "Y-witnesses": Group(1, ("Y1", "Y2", "Y3")),
        "X-and-Y": Group(2, ("X-witnesses", "Y-witnesses")),
    }


def test_every_set_of_cosigners_is_judged_by_the_example() -> None:
    policy = parse_policy(EXAMPLE)
    for chosen in product((False, True), repeat=6):
        keys = [key.verifier for key, cosigned in zip(WITNESSES, chosen, strict=True) if cosigned]
        assert policy.is_met(keys) is (sum(chosen[:3]) >= 2 and any(chosen[3:]))
    assert not policy.is_met([STRANGER.verifier])


@pytest.mark.parametrize(
    ("text", "log", "witness", "quorum"),
    [
        ("quorum none\n", "", "", "none"),
        (f"\n# comment\n\t # another\n\twitness \t w1  {W1}   https://w1.example/  \n\n  quorum\tw1", "", "w1", "w1"),
        (f"log {LOG_KEY} https://log.example/\nquorum none\n", "https://log.example/", "", "none"),
        (f"witness all {W1}\nquorum all\n", "", "all", "all"),
        (f"quorum none\nlog {LOG_KEY} x\n", "x", "", "none"),
    ],
)
def test_other_forms_are_read(text: str, log: str, witness: str, quorum: str) -> None:
    policy = parse_policy(text)
    assert [address for _, address in policy.logs] == ([log] if log else [])
    assert list(policy.witnesses) == ([witness] if witness else [])
    assert policy.quorum == quorum


def test_names_are_opaque_octets() -> None:
    kelvin, letter = "\u212a".encode(), b"K"
    lines = [b"witness " + kelvin + b"\x80 " + str(W1).encode(), b"witness " + letter + b" " + str(W2).encode()]
    policy = parse_policy(b"\n".join([*lines, b"quorum " + kelvin + b"\x80"]))
    assert policy.is_met([W1])
    assert not policy.is_met([W2])
    policy.shown_quorum.encode()


def test_keywords_but_none_are_names() -> None:
    policy = parse_policy(f"witness all {W1}\nwitness any {W2}\ngroup group 2 all any\nquorum group\n")
    assert policy.is_met([W1, W2])
    assert not policy.is_met([W1])


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("policy_octet", "quorum none\n\x01"),
        ("policy_octet", "quorum none\r\n"),
        ("policy_octet", "quorum none\n\x7f"),
        ("policy_keyword", "quibble w1\nquorum none\n"),
        ("policy_keyword", "Quorum none\n"),
        ("policy_keyword", "\u00a0quorum none\n"),
        ("policy_line", f"witness w1 {W1} https://w1.example/ # comment\nquorum w1\n"),
        ("policy_line", "log\nquorum none\n"),
        ("key_form", "log garbage\nquorum none\n"),
        ("key_type", "log PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\nquorum none\n"),
        ("policy_key_type", f"log {W1}\nquorum none\n"),
        ("policy_key_twice", f"log {LOG_KEY}\nlog {LOG_KEY} https://log.example/\nquorum none\n"),
        ("policy_line", "witness w1\nquorum none\n"),
        ("policy_key_type", f"witness w1 {PLAIN}\nquorum w1\n"),
        ("policy_name_twice", f"witness none {W1}\nquorum none\n"),
        ("policy_name_twice", f"witness w1 {W1}\nwitness w1 {W2}\nquorum w1\n"),
        ("policy_name_twice", f"witness w1 {W1}\ngroup w1 any w1\nquorum w1\n"),
        ("policy_name_twice", f"witness w1 {W1}\ngroup none any w1\nquorum none\n"),
        ("policy_key_twice", f"witness w1 {W1}\nwitness w2 {TWICE}\nquorum w1\n"),
        ("policy_line", f"witness w1 {W1}\ngroup g1 1\nquorum w1\n"),
        *(
            ("policy_threshold", f"witness w1 {W1}\ngroup g1 {k} w1\nquorum g1\n")
            for k in ("0", "-1", "2", "+1", "01", "x", "ALL")
        ),
        ("policy_name_unknown", f"witness w1 {W1}\ngroup g1 any w2\nquorum g1\n"),
        ("policy_name_unknown", f"group g1 any w1\nwitness w1 {W1}\nquorum g1\n"),
        ("policy_name_unknown", f"witness w1 {W1}\ngroup g1 any none w1\nquorum g1\n"),
        ("policy_name_unknown", f"witness w1 {W1}\ngroup g1 any g1\nquorum g1\n"),
        ("policy_member_twice", f"witness w1 {W1}\ngroup g1 all w1 w1\nquorum g1\n"),
        ("policy_member_twice", f"witness w1 {W1}\nwitness w2 {W2}\ngroup g1 any w1 w2\ngroup g2 any w1\nquorum g1\n"),
        ("policy_quorum", f"witness w1 {W1}\n"),
        ("policy_quorum", f"witness w1 {W1}\nquorum w1\nquorum w1\n"),
        ("policy_quorum", ""),
        ("policy_name_unknown", "quorum unknown\n"),
        ("policy_name_unknown", f"quorum w1\nwitness w1 {W1}\n"),
        ("policy_line", "quorum\n"),
        ("policy_line", "quorum none none\n"),
        ("policy_size", "#" * 1_000_001),
    ],
)
def test_what_the_draft_forbids_is_refused(code: str, text: str) -> None:
    with pytest.raises(TlogError) as caught:
        parse_policy(text)
    assert caught.value.code == f"tlog.{code}"


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(TlogError) as caught:
        parse_policy(f"log {LOG_KEY}\n\nquorum w1\n")
    assert caught.value.data["line"] == 3


def test_32_logs_witnesses_and_groups_are_read() -> None:
    lines = [f"log {VerifierKey('log.example', KeyType.ED25519, bytes([n]) * 32)}" for n in range(32)]
    lines += [f"witness w{n} {VerifierKey('w', KeyType.COSIGNATURE, bytes([n]) * 32)}" for n in range(32)]
    lines += ["group g0 any w0", *(f"group g{n} all w{n} g{n - 1}" for n in range(1, 32)), "quorum g31"]
    policy = parse_policy("\n".join(lines))
    assert policy.is_met(policy.witness_keys)
    assert not policy.is_met(policy.witness_keys[:-1])


def judged(*signers: SignerKey, policy: str = POLICY) -> tuple[bool, tuple[str, ...]]:
    found = parse_policy(policy).judge(checkpoint(7).sign(signers, NOW_S))
    return found.is_final, found.cosigned


def test_a_checkpoint_is_final_with_a_quorum_only() -> None:
    assert judged(LOG, NATION, UNIVERSITY) == (True, ("nation", "university"))
    assert judged(LOG, UNIVERSITY, STRANGER) == (False, ("university",))
    assert judged(LOG) == (False, ())
    assert judged(LOG, policy=f"log {LOG_KEY}\nquorum none\n") == (True, ())


def test_a_checkpoint_of_a_log_that_is_not_trusted_is_refused() -> None:
    with pytest.raises(TlogError, match="log_signature_missing"):
        judged(NATION, UNIVERSITY)
    with pytest.raises(TlogError, match="note_unsigned"):
        judged(STRANGER)
    with pytest.raises(TlogError, match="log_not_in_policy"):
        judged(LOG, policy="quorum none\n")
    other = SignerKey("trace.example/prov/110000/2027", KeyType.ED25519, b"O" * 32)
    with pytest.raises(TlogError, match="log_signature_missing"):
        judged(other, NATION, policy=POLICY + f"log {other.verifier}\n")


def test_a_wrong_cosignature_of_a_trusted_witness_is_refused() -> None:
    good = checkpoint(7).sign([LOG, NATION, UNIVERSITY], NOW_S)
    foreign = checkpoint(6).sign([NATION], NOW_S).signatures[0]
    with pytest.raises(TlogError, match="signature_wrong"):
        parse_policy(POLICY).judge(Note(good.text, (good.signatures[0], foreign, good.signatures[2])))


def proof(index: int = 4, size: int = 7, *signers: SignerKey) -> TlogProof:
    note = checkpoint(size).sign(signers or (LOG, NATION, UNIVERSITY), NOW_S)
    return TlogProof(index, tree(size).inclusion(index), bytes(note))


def test_a_proof_is_verified_with_a_policy() -> None:
    trusted = parse_policy(POLICY)
    for index in range(7):
        found = parse_proof(bytes(proof(index))).verify(leaf_hash(entries(7)[index]), trusted)
        assert found.is_final
        assert found.checkpoint.origin == ORIGIN
    assert not proof(4, 7, LOG).verify(leaf_hash(entries(7)[4]), trusted).is_final
    with pytest.raises(TlogError, match="not_included"):
        proof().verify(leaf_hash(b"another"), trusted)
    with pytest.raises(TlogError, match="index_outside"):
        TlogProof(7, (), proof().checkpoint).verify(leaf_hash(b"another"), trusted)


@pytest.mark.parametrize("extra", [None, b"", b"extra information"])
def test_a_proof_file_reads_back(extra: bytes | None) -> None:
    made = TlogProof(4, tree(7).inclusion(4), b"any text\n\n\xff", extra)
    assert parse_proof(bytes(made)) == made


def test_a_proof_file_has_the_form_of_the_draft() -> None:
    first = bytes(TlogProof(5, (b"\x00" * 32,), b"checkpoint\n", b"extra")).decode()
    assert first == f"c2sp.org/tlog-proof@v1\nextra ZXh0cmE=\nindex 5\n{'A' * 43}=\n\ncheckpoint\n"
    assert bytes(TlogProof(0, (), b"checkpoint\n")) == b"c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n"


HEAD = b"c2sp.org/tlog-proof@v1\n"
HASH = b"A" * 43 + b"=\n"


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            HEAD,
            b"wrong\nindex 0\n\ncheckpoint\n",
            HEAD + b"\ncheckpoint\n",
            HEAD + b"index 0\n",
            HEAD + b"index 0\ncp\n",
        ),
        HEAD + b"extra !!\nindex 0\n\ncheckpoint\n",
        HEAD + b"extra AA==\n\ncheckpoint\n",
        HEAD + b"index 0\nextra AA==\n\ncheckpoint\n",
        *(
            HEAD + b"index " + number + b"\n\ncp\n"
            for number in (b"x", b"-5", b"05", b"", b" 5", b"9223372036854775808")
        ),
        *(
            HEAD + b"index 0\n" + line + b"\n\ncp\n"
            for line in (b"!!", b"AAAA", b"A" * 86 + b"==", b"A" * 42 + b"B=", b"\xff")
        ),
        HEAD + b"index 0\n" + HASH * 64 + b"\ncheckpoint\n",
        HEAD + b"index 0\n" + b"a" * 2_000_000 + b"\n\ncp\n",
        HEAD.replace(b"\n", b"\r\n") + b"index 0\r\n\r\ncp\r\n",
    ],
)
def test_a_malformed_proof_file_is_refused(content: bytes) -> None:
    with pytest.raises(TlogError):
        parse_proof(content)


def test_a_policy_without_logs_trusts_no_checkpoint() -> None:
    nothing = Policy((), {}, {}, "none")
    with pytest.raises(TlogError, match="log_not_in_policy"):
        proof().verify(leaf_hash(entries(7)[4]), nothing)
