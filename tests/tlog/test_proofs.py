"""Inclusion and consistency proofs: published vectors, RFC 6962 word by word, and forgeries."""

from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.tlog import (
    EMPTY_ROOT,
    MerkleTree,
    TlogError,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from suyuan.tlog.proofs import LARGEST_PROOF, consistency_proof, inclusion_proof
from tests.tlog.cast import VECTORS, entries, naive_root, read_json, tree

PROOFS = VECTORS / "rfc6962_proofs"
SIZES = st.integers(1, 700)


def name_of(path: Path) -> str:
    return "/".join(path.relative_to(PROOFS).parts)


def decoded(texts: Sequence[str] | None) -> list[bytes]:
    return [b64decode(text) for text in texts or ()]


def is_accepted(verify: Any, *arguments: object) -> bool:
    try:
        verify(*arguments)
    except TlogError:
        return False
    return True


@pytest.mark.parametrize("path", sorted((PROOFS / "inclusion").rglob("*.json")), ids=name_of)
def test_published_inclusion_proofs(path: Path) -> None:
    case = read_json(path)
    leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
    good = is_accepted(verify_inclusion, leaf, case["leafIdx"], case["treeSize"], root, decoded(case["proof"]))
    assert good is not case["wantErr"]


@pytest.mark.parametrize("path", sorted((PROOFS / "consistency").rglob("*.json")), ids=name_of)
def test_published_consistency_proofs(path: Path) -> None:
    case = read_json(path)
    roots = b64decode(case["root1"]), b64decode(case["root2"])
    good = is_accepted(verify_consistency, case["size1"], case["size2"], *roots, decoded(case["proof"]))
    assert good is not case["wantErr"]


def test_hashes_of_the_rfc() -> None:
    assert sha256(b"").digest() == EMPTY_ROOT
    assert leaf_hash(b"abc") == sha256(b"\x00abc").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()
    assert leaf_hashes([b"", b"abc"]) == leaf_hash(b"") + leaf_hash(b"abc")
    assert leaf_hashes([]) == b""


@pytest.mark.parametrize("size", [*range(35), 63, 64, 65, 255, 256, 257, 511])
def test_the_root_is_that_of_the_rfc(size: int) -> None:
    hashes = [leaf_hash(entry) for entry in entries(size)]
    assert tree(size).root == naive_root(hashes)
    assert tree(600).root_at(size) == naive_root(hashes)


@given(st.data())
def test_every_leaf_is_proved_in_every_size(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    whole, leaf = tree(700), leaf_hash(entries(size)[index])
    proof = whole.inclusion(index, size)
    verify_inclusion(leaf, index, size, whole.root_at(size), proof)
    assert len(proof) <= (size - 1).bit_length()
    for other in {0, size - 1, index ^ 1, index // 2} - {index}:
        if other < size:
            assert not is_accepted(verify_inclusion, leaf, other, size, whole.root_at(size), proof)
    forged = (*proof, leaf), proof[:-1]
    assert not any(
        is_accepted(verify_inclusion, leaf, index, size, whole.root_at(size), path) for path in forged[: 1 + (size > 1)]
    )


@given(SIZES, SIZES)
def test_every_size_continues_every_smaller_one(first: int, second: int) -> None:
    old, new, whole = min(first, second), max(first, second), tree(700)
    proof = whole.consistency(old, new)
    roots = whole.root_at(old), whole.root_at(new)
    verify_consistency(old, new, *roots, proof)
    assert not is_accepted(verify_consistency, old, new, *roots, (*proof, roots[0]))
    assert not is_accepted(verify_consistency, old, new, leaf_hash(b"forged"), roots[1], proof)
    if old < new:
        assert not is_accepted(verify_consistency, old, new, roots[0], leaf_hash(b"forged"), proof)
        assert not is_accepted(verify_consistency, old, new, *roots, proof[:-1])
        assert not is_accepted(verify_consistency, new, old, *reversed(roots), proof)


@given(st.integers(2, 300), st.data())
def test_one_changed_bit_breaks_a_proof(size: int, data: st.DataObject) -> None:
    index, whole = data.draw(st.integers(0, size - 1)), tree(size)
    proof = list(whole.inclusion(index))
    place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    changed = int.from_bytes(proof[place], "big") ^ (1 << bit)
    proof[place] = changed.to_bytes(32, "big")
    assert not is_accepted(verify_inclusion, leaf_hash(entries(size)[index]), index, size, whole.root, proof)


def test_nothing_is_proved_about_size_zero() -> None:
    assert not is_accepted(verify_consistency, 0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not is_accepted(verify_consistency, 0, 5, EMPTY_ROOT, tree(5).root, [])
    assert tree(5).consistency(0) == ()


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (5, 4), (0, 1 << 63)])
def test_an_index_outside_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(TlogError, match="index_outside"):
        root_from_inclusion(leaf_hash(b""), index, size, [])
    with pytest.raises(TlogError, match="index_outside"):
        inclusion_proof(lambda level, place: bytes(32), index, size)


@pytest.mark.parametrize(("old", "size"), [(3, 2), (-1, 2), (1, 1 << 63)])
def test_sizes_that_cannot_be_have_no_proof(old: int, size: int) -> None:
    with pytest.raises(TlogError, match="sizes_disordered"):
        consistency_proof(lambda level, place: bytes(32), old, size)
    with pytest.raises(TlogError, match="sizes_disordered"):
        verify_consistency(old, size, bytes(32), bytes(32), [])


@pytest.mark.parametrize("size", [(1 << 63) - 1, (1 << 62) + 1, 10**18])
def test_the_largest_trees_have_short_proofs(size: int) -> None:
    """The nodes say where they are, so that a wrong node would show."""
    asked: list[tuple[int, int]] = []

    def node(level: int, index: int) -> bytes:
        asked.append((level, index))
        assert (index + 1) << level <= size
        return sha256(f"{level} {index}".encode()).digest()

    for old in (1, size // 3, size - 1):
        assert len(inclusion_proof(node, old, size)) <= LARGEST_PROOF
        assert len(consistency_proof(node, old, size)) <= LARGEST_PROOF + 1
    assert len(asked) < 12 * 64


def test_a_tree_has_no_node_where_there_are_no_leaves() -> None:
    with pytest.raises(IndexError):
        tree(6).node(2, 1)
    with pytest.raises(TlogError, match="sizes_disordered"):
        tree(6).inclusion(0, 7)
    with pytest.raises(TlogError, match="sizes_disordered"):
        tree(6).root_at(7)
    with pytest.raises(TlogError, match="hash_length"):
        MerkleTree.of(b"x" * 33)


def test_each_level_has_half_the_hashes() -> None:
    sizes = [len(level) // 32 for level in tree(100).levels]
    assert sizes[0] == 100
    assert all(upper == lower // 2 for lower, upper in pairwise(sizes))
