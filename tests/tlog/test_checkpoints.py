"""Checkpoints and cosignatures on them."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.tlog import Checkpoint, TlogError, add_cosignatures, cosign, open_note, parse_checkpoint
from tests.tlog.cast import LOG, NATION, NOW_S, STRANGER, UNIVERSITY, signed, tree

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


def test_the_example_of_the_specification() -> None:
    text = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
    found = parse_checkpoint(text)
    assert (found.origin, found.size, found.extensions) == ("example.com/behind-the-sofa", 20852163, ())
    assert found.text == text


@given(LINES, st.integers(0, (1 << 63) - 1), st.binary(min_size=32, max_size=32), st.lists(LINES, max_size=3))
def test_a_checkpoint_reads_back(origin: str, size: int, root: bytes, extensions: Sequence[str]) -> None:
    found = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_checkpoint(found.text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "log\n", "log\n1\n", f"log\n1\n{ROOT}", f"\n1\n{ROOT}\n", f"log\n\n{ROOT}\n", "log\n1\n\n"),
        *(
            f"log\n{size}\n{ROOT}\n"
            for size in ("01", "00", "-1", "+1", "1.0", " 1", "１", "a", str(1 << 63), "9" * 30)
        ),
        *(f"log\n1\n{root}\n" for root in (ROOT[:-1], ROOT[:-4], "b" + ROOT, ROOT[:-2] + "J=", "YmFuYW5hcw==", "bad!")),
        *(f"log\n1\n{ROOT}\n\n", f"log\n1\n{ROOT}\n\nmore\n", f"log\n1\n{ROOT}\nmore"),
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(TlogError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 1, 32, ()),
        ("a\nb", 1, 32, ()),
        ("a\x00", 1, 32, ()),
        ("a", -1, 32, ()),
        ("a", 1, 31, ()),
        ("a", 1, 32, ("",)),
    ],
)
def test_what_has_no_text_is_no_checkpoint(origin: str, size: int, root: int, extensions: tuple[str, ...]) -> None:
    with pytest.raises(TlogError):
        Checkpoint(origin, size, bytes(root), extensions)


def test_only_cosignature_keys_cosign_and_only_checkpoints() -> None:
    with pytest.raises(TlogError, match="key_type"):
        cosign(signed(3), [LOG], NOW_S)
    with pytest.raises(TlogError, match="checkpoint_form"):
        cosign(type(signed(3))("a text\n", ()), [NATION], NOW_S)


def test_answers_of_witnesses_are_taken_over_when_they_verify() -> None:
    note = signed(3)
    answer = cosign(note, [NATION, STRANGER], NOW_S)
    known = [NATION.verifier, UNIVERSITY.verifier]
    merged = add_cosignatures(note, answer, known)
    assert [signature.name for signature in merged.signatures] == [LOG.name, NATION.name]
    assert open_note(merged, [LOG.verifier, *known]).keys == (LOG.verifier, NATION.verifier)
    later = add_cosignatures(merged, cosign(note, [NATION], NOW_S + 60), known)
    assert len(later.signatures) == 2
    assert later.signatures[1] == cosign(note, [NATION], NOW_S + 60)[0]
    with pytest.raises(TlogError, match="signature_wrong"):
        add_cosignatures(note, cosign(signed(4), [NATION], NOW_S), known)
    with pytest.raises(TlogError, match="note_unsigned"):
        add_cosignatures(note, cosign(note, [STRANGER], NOW_S), known)


def test_a_log_signs_size_zero() -> None:
    assert parse_checkpoint(signed(0).text).root == tree(0).root
