"""Origins and the succession of shards; key files."""

import pytest

from suyuan.tlog import (
    KeyType,
    Note,
    Shard,
    SignerKey,
    TlogError,
    add_cosignatures,
    cosign,
    first_entry,
    open_key,
    parse_origin,
    seal_key,
    sealed_verifier,
    verify_succession,
)
from tests.tlog.cast import LOG, NATION, NOW_S, ORIGIN, SPECS, STRANGER, checkpoint, read_json, signed

SHARD = Shard("trace.example", "440000", 2027)
OLD = SignerKey(SHARD.previous.origin, KeyType.ED25519, b"O" * 32)
KEY_FILE = read_json(SPECS / "key-file.json")


def test_an_origin_reads_back() -> None:
    assert SHARD.origin == ORIGIN
    for base in ("trace.example", "trace.example:8443/suyuan", "localhost:8000", "a/prov/440000/2026"):
        shard = Shard(base, "110000", 2026)
        assert parse_origin(shard.origin) == shard
    assert SHARD.next.previous == SHARD
    assert SHARD.next.origin == "trace.example/prov/440000/2028"


@pytest.mark.parametrize(
    "origin",
    [
        *("", "trace.example", "trace.example/prov/440100/2027", "trace.example/prov/44/2027", "/prov/440000/2027"),
        *("https://trace.example/prov/440000/2027", "trace.example/prov/440000/27", "trace.example/prov/440000/2027/"),
        *(
            "trace.example/prov/440000/1999",
            "TRACE.example/prov/440000/2027",
            "a b/prov/440000/2027",
            "a+b/prov/440000/2027",
        ),
    ],
)
def test_another_text_is_no_origin_of_ours(origin: str) -> None:
    with pytest.raises(TlogError):
        parse_origin(origin)


def test_a_log_begins_with_the_last_checkpoint_of_the_year_before() -> None:
    last = signed(70, signer=OLD)
    cosigned = add_cosignatures(last, cosign(last, [NATION], NOW_S), [NATION.verifier])
    entry = first_entry(cosigned)
    assert entry == bytes(cosigned)
    found = verify_succession(SHARD, entry, [OLD.verifier, LOG.verifier])
    assert (found.origin, found.size) == (OLD.name, 70)
    assert verify_succession(SHARD.next, entry, [OLD.verifier]) == found  # a year without submissions between


def test_another_checkpoint_does_not_begin_a_log() -> None:
    entry = first_entry(signed(70, signer=OLD))
    with pytest.raises(TlogError, match="note_unsigned"):
        verify_succession(SHARD, entry, [LOG.verifier, STRANGER.verifier])
    with pytest.raises(TlogError, match="signature_wrong"):
        verify_succession(SHARD, entry.replace(b"\n70\n", b"\n71\n"), [OLD.verifier])
    for shard in (SHARD.previous, SHARD.previous.previous, Shard("trace.example", "110000", 2027)):
        with pytest.raises(TlogError, match="succession"):
            verify_succession(shard, entry, [OLD.verifier])
    with pytest.raises(TlogError, match="succession"):
        verify_succession(Shard("other.example", "440000", 2027), entry, [OLD.verifier])
    with pytest.raises(TlogError, match="origin_form"):
        verify_succession(SHARD, bytes(checkpoint(70, "log.example").sign([OLD])), [OLD.verifier])
    foreign = checkpoint(70, "trace.example/prov/110000/2026").sign([OLD])
    with pytest.raises(TlogError, match="succession"):
        verify_succession(SHARD, bytes(foreign), [OLD.verifier])
    with pytest.raises(TlogError, match="note_form"):
        verify_succession(SHARD, b'{"type":"suyuan-submission"}', [OLD.verifier])


def test_a_checkpoint_that_no_bundle_can_hold_begins_no_log() -> None:
    last = signed(70, signer=OLD)
    with pytest.raises(TlogError, match="entry_size"):
        first_entry(Note(last.text, last.signatures * 600))


def test_the_key_file_of_the_vectors() -> None:
    signer = SignerKey("witness.example/nation", KeyType.COSIGNATURE, bytes.fromhex(KEY_FILE["seed"]))
    salt, nonce = bytes.fromhex(KEY_FILE["salt"]), bytes.fromhex(KEY_FILE["nonce"])
    assert seal_key(signer, KEY_FILE["passphrase"], salt, nonce, KEY_FILE["log2_cost"]) == KEY_FILE["file"]
    assert open_key(KEY_FILE["file"], KEY_FILE["passphrase"]) == signer
    assert str(sealed_verifier(KEY_FILE["file"])) == KEY_FILE["verifier_key"]


def test_a_wrong_passphrase_opens_nothing() -> None:
    for passphrase in ("", "x", KEY_FILE["passphrase"] + " "):
        with pytest.raises(TlogError, match="key_file_passphrase"):
            open_key(KEY_FILE["file"], passphrase)


def test_a_changed_key_file_opens_nothing() -> None:
    text, other = KEY_FILE["file"], str(STRANGER.verifier)
    changed = [
        text.replace(KEY_FILE["verifier_key"], other),
        text.replace("scrypt 10", "scrypt 11"),
        text.replace("scrypt 10", "scrypt 9"),
        text.replace("scrypt 10", "scrypt 21"),
        text.replace("scrypt 10", "scrypt 99999999"),
        text.replace("-v1", "-v2"),
        text.replace("AAECAwQFBgcICQoL ", "AAECAwQFBgcICQoM "),
        text.replace("AAECAwQFBgcICQoL ", "AAECAwQF "),
        text[:-1],
        text + "\n",
        text.replace("\n", "\r\n"),
        "",
        LOG.secret_text,
    ]
    for content in changed:
        assert content != text
        with pytest.raises(TlogError):
            open_key(content, KEY_FILE["passphrase"])


@pytest.mark.parametrize(
    ("passphrase", "salt", "nonce", "cost"), [("", 16, 12, 10), ("x", 15, 12, 10), ("x", 16, 11, 10), ("x", 16, 12, 9)]
)
def test_a_key_is_sealed_with_a_passphrase_a_salt_a_nonce_and_a_cost(
    passphrase: str, salt: int, nonce: int, cost: int
) -> None:
    with pytest.raises(TlogError):
        seal_key(LOG, passphrase, bytes(salt), bytes(nonce), cost)


def test_a_key_file_does_not_show_the_key() -> None:
    text = seal_key(LOG, "a passphrase", bytes(16), bytes(12), 10)
    assert LOG.secret_text.rpartition("+")[2] not in text
    assert open_key(text, "a passphrase") == LOG
