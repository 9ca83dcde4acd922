"""Keys and signed notes, against those that golang.org/x/mod/sumdb/note and C2SP publish."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.tlog import (
    KeyType,
    Note,
    SignerKey,
    TlogError,
    VerifierKey,
    cosignature_time_s,
    open_checkpoint,
    open_note,
    parse_note,
    parse_signatures,
    parse_signer_key,
    parse_verifier_key,
    sign_note,
)
from suyuan.tlog.keys import LATEST_TIME_S
from tests.tlog.cast import LOG, NATION, NOW_S, VECTORS, checkpoint, read_json

PUBLISHED = read_json(VECTORS / "notes.json")
COSIGNED = read_json(VECTORS / "cosigned.json")
TEXT, PETER_LINE, ENOCH_LINE = PUBLISHED["text"], PUBLISHED["peter"], PUBLISHED["enoch"]
PETER = parse_verifier_key(PUBLISHED["verifier_keys"]["peter"])
ENOCH = parse_verifier_key(PUBLISHED["verifier_keys"]["enoch"])
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1)


def note_of(*lines: str, text: str = TEXT) -> bytes:
    return (text + "\n" + "".join(lines)).encode()


def every_mangling(text: str) -> set[str]:
    """Every part of a text, and the text with each character made the next one."""
    parts = {text[start:end] for start in range(len(text) + 1) for end in range(start, len(text) + 1)}
    moved = {text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :] for at in range(len(text))}
    return (parts | moved) - {text}


@pytest.mark.parametrize("key", [PETER, ENOCH], ids=["peter", "enoch"])
def test_a_published_verifier_key_reads_back(key: VerifierKey) -> None:
    assert str(key) in PUBLISHED["verifier_keys"].values()
    assert key.type is KeyType.ED25519


def test_a_published_signer_key_reads_back() -> None:
    key = parse_signer_key(PUBLISHED["signer_key"])
    assert key.secret_text == PUBLISHED["signer_key"]
    assert key.verifier == PETER


@pytest.mark.parametrize(
    ("parse", "text"),
    [(parse_verifier_key, str(PETER)), (parse_signer_key, PUBLISHED["signer_key"])],
    ids=["verifier", "signer"],
)
def test_a_mangled_key_is_refused(parse: Callable[[str], object], text: str) -> None:
    for mangled in every_mangling(text):
        with pytest.raises(TlogError):
            parse(mangled)


@pytest.mark.parametrize("text", PUBLISHED["bad_verifier_keys"])
def test_a_key_of_another_length_or_type_is_refused(text: str) -> None:
    with pytest.raises(TlogError):
        parse_verifier_key(text)


@given(NAMES, st.sampled_from(KeyType), st.binary(min_size=32, max_size=32))
def test_every_key_reads_back(name: str, kind: KeyType, seed: bytes) -> None:
    key = SignerKey(name, kind, seed)
    assert parse_signer_key(key.secret_text) == key
    assert parse_verifier_key(str(key.verifier)) == key.verifier
    assert repr(seed) not in repr(key)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u3000b", "a\u2028", "a\x01", "\ud800"])
def test_a_name_without_text_form_is_refused(name: str) -> None:
    with pytest.raises(TlogError, match="key_name"):
        SignerKey(name, KeyType.ED25519, bytes(32))
    with pytest.raises(TlogError, match="key_name"):
        VerifierKey(name, KeyType.ED25519, bytes(32))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(TlogError, match="key_length"):
        SignerKey("log.example", KeyType.ED25519, bytes(length))
    with pytest.raises(TlogError, match="key_length"):
        VerifierKey("log.example", KeyType.ED25519, bytes(length))


def test_the_key_id_depends_on_the_type() -> None:
    plain = VerifierKey("w", KeyType.ED25519, bytes(32))
    assert plain.id != VerifierKey("w", KeyType.COSIGNATURE, bytes(32)).id


def test_signing_gives_the_published_bytes() -> None:
    key = parse_signer_key(PUBLISHED["signer_key"])
    assert bytes(sign_note(TEXT, [key])) == note_of(PETER_LINE)
    again = parse_note(note_of(PETER_LINE))
    assert bytes(sign_note(TEXT, [key], earlier=again.signatures)) == note_of(PETER_LINE)
    other = parse_note(note_of(ENOCH_LINE))
    assert bytes(sign_note(TEXT, [key], earlier=other.signatures)) == note_of(ENOCH_LINE, PETER_LINE)


@pytest.mark.parametrize("text", ["abc", "", "a\x00b\n", "a\rb\n", "a\tb\n"])
def test_a_text_that_cannot_be_signed_is_refused(text: str) -> None:
    with pytest.raises(TlogError):
        sign_note(text, [LOG])


def test_known_keys_are_verified_and_others_ignored() -> None:
    opened = open_note(note_of(PETER_LINE, ENOCH_LINE), [PETER])
    assert opened.keys == (PETER,)
    assert [signature.line for signature in opened.unknown] == [ENOCH_LINE]
    assert opened.note.text == TEXT
    assert open_note(note_of(PETER_LINE, ENOCH_LINE), [PETER, ENOCH]).keys == (PETER, ENOCH)
    assert open_note(note_of(ENOCH_LINE, PETER_LINE), [PETER, ENOCH]).keys == (ENOCH, PETER)


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    with pytest.raises(TlogError, match="note_unsigned"):
        open_note(note_of(PETER_LINE, ENOCH_LINE), [])
    namesake = VerifierKey(PETER.name, PETER.type, ENOCH.public)
    with pytest.raises(TlogError, match="note_unsigned"):
        open_note(note_of(PETER_LINE), [namesake])


def test_repeated_signatures_count_once() -> None:
    broken = ENOCH_LINE[:60] + "ABCD" + ENOCH_LINE[60:]
    opened = open_note(note_of(PETER_LINE, PETER_LINE, ENOCH_LINE, ENOCH_LINE, broken), [PETER])
    assert opened.keys == (PETER,)
    assert [signature.line for signature in opened.unknown] == [ENOCH_LINE, broken]


def test_a_wrong_signature_of_a_known_key_fails_the_note() -> None:
    for line in (PETER_LINE[:60] + "ABCD" + PETER_LINE[60:], PETER_LINE.replace("JnAM=", "JnAQ=")):
        with pytest.raises(TlogError, match="signature_wrong"):
            open_note(note_of(line, ENOCH_LINE), [PETER, ENOCH])
    with pytest.raises(TlogError, match="signature_wrong"):
        open_note(note_of(PETER_LINE, text=TEXT + "more\n"), [PETER])


def test_two_keys_of_one_name_and_id_are_refused_when_used() -> None:
    with pytest.raises(TlogError, match="key_ambiguous"):
        open_note(note_of(ENOCH_LINE), [ENOCH, PETER, ENOCH])
    assert open_note(note_of(PETER_LINE), [ENOCH, PETER, ENOCH]).keys == (PETER,)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        note_of(),
        note_of(PETER_LINE)[:-1],
        b"\x01" + note_of(PETER_LINE),
        b"\xff" + note_of(PETER_LINE),
        note_of(
            "— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        ),
        note_of(PETER_LINE, "Unexpected line.\n"),
        note_of(PETER_LINE).replace(b"\n", b"\r\n"),
        note_of("— PeterNeumann x08gow==\n"),
        note_of("— PeterNeumann \n"),
        note_of("— PeterNeumann\n"),
        note_of("-- PeterNeumann x08goxxxxxxx\n"),
        note_of("— Peter+Neumann x08goxxxxxxx\n"),
        note_of("— PeterNeumann x08goxxxxxxx=\n"),
        b"",
        b"\n\n",
        note_of(*[PETER_LINE] * 101),
        note_of(PETER_LINE, text="x" * 1_000_000 + "\n"),
    ],
)
def test_a_malformed_note_is_refused(content: bytes) -> None:
    with pytest.raises(TlogError):
        open_note(content, [PETER])


def test_sixteen_and_a_hundred_signatures_are_read() -> None:
    for count in (16, 100):
        assert len(parse_note(note_of(*[PETER_LINE] * count)).signatures) == count


def test_the_text_may_have_empty_lines_and_reads_back_to_the_byte() -> None:
    text = "Ognuno sta solo\n\n\ned è subito sera.\n\n"
    content = bytes(sign_note(text, [LOG]))
    assert open_note(content, [LOG.verifier]).note.text == text
    loose = note_of(ENOCH_LINE.replace("+QQ=", "+QR="), PETER_LINE)
    assert bytes(parse_note(loose)) == loose


def test_the_example_of_signed_note_verifies() -> None:
    case = PUBLISHED["c2sp"]
    key = parse_verifier_key(case["verifier_key"])
    assert open_note(note_of(case["signature"], text=case["text"]), [key]).keys == (key,)


def test_a_public_checkpoint_with_its_witness() -> None:
    """A real log and a real witness; the same key without the cosignature type does not count."""
    content, log, witness = COSIGNED["note"].encode(), *map(parse_verifier_key, (COSIGNED["log"], COSIGNED["witness"]))
    found, opened = open_checkpoint(content, [log, witness])
    assert (found.origin, found.size) == (log.name, 1432088532)
    assert opened.keys == (log, witness)
    assert cosignature_time_s(opened.verified[1][1]) == COSIGNED["time_s"]
    assert bytes(opened.note) == content
    plain = VerifierKey(witness.name, KeyType.ED25519, witness.public)
    with pytest.raises(TlogError, match="note_unsigned"):
        open_note(content, [plain])
    with pytest.raises(TlogError, match="signature_wrong"):
        open_note(content.replace(b"1432088532", b"1432088533"), [witness])


def test_the_public_checkpoint_is_written_as_it_was_read() -> None:
    found, opened = open_checkpoint(COSIGNED["note"].encode(), [parse_verifier_key(COSIGNED["log"])])
    assert found.text == opened.note.text


def test_a_cosignature_needs_a_time_and_says_it() -> None:
    for time_s in (None, -1, LATEST_TIME_S + 1):
        with pytest.raises(TlogError, match="cosignature_time"):
            NATION.sign("text\n", time_s)
    for time_s in (0, NOW_S, LATEST_TIME_S):
        note = checkpoint(3).sign([NATION], time_s)
        assert open_note(note, [NATION.verifier]).keys == (NATION.verifier,)
        assert cosignature_time_s(note.signatures[0]) == time_s
    late = (1 << 63).to_bytes(8, "big") + note.signatures[0].content[8:]
    assert not NATION.verifier.is_signed(note.text, late)
    assert not NATION.verifier.is_signed(note.text, late[:40])
    with pytest.raises(TlogError, match="cosignature_form"):
        cosignature_time_s(checkpoint(3).sign([LOG]).signatures[0])


def test_a_changed_time_breaks_a_cosignature() -> None:
    note = checkpoint(3).sign([NATION], NOW_S)
    content = note.signatures[0].content
    moved = (NOW_S + 1).to_bytes(8, "big") + content[8:]
    assert NATION.verifier.is_signed(note.text, content)
    assert not NATION.verifier.is_signed(note.text, moved)


def test_extension_lines_are_signed() -> None:
    text = checkpoint(3).text + "extension 1\nextension 2\n"
    note = sign_note(text, [NATION], time_s=NOW_S)
    assert open_note(note, [NATION.verifier]).keys == (NATION.verifier,)
    with pytest.raises(TlogError, match="signature_wrong"):
        open_note(Note(text.replace("extension 2", "extension X"), note.signatures), [NATION.verifier])


def test_signature_lines_alone_are_read() -> None:
    assert [found.line for found in parse_signatures((PETER_LINE + ENOCH_LINE).encode())] == [PETER_LINE, ENOCH_LINE]
    for content in (b"", PETER_LINE[:-1].encode(), note_of(PETER_LINE), b"\xff\n", (PETER_LINE * 101).encode()):
        with pytest.raises(TlogError):
            parse_signatures(content)
