"""Canonical JSON, against the vectors of the RFC's author and against the full rules."""

from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from suyuan.kernel.canonical import canonical_json, read_json

VECTORS = Path(__file__).parent / "jcs"
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@pytest.mark.parametrize("name", sorted(path.name for path in (VECTORS / "input").iterdir()))
def test_published_vectors(name: str) -> None:
    given = read_json((VECTORS / "input" / name).read_bytes())
    assert canonical_json(given) == (VECTORS / "output" / name).read_bytes().strip()


@given(VALUES)
def test_the_quick_way_gives_the_same_bytes(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(VALUES)
def test_reading_it_back_gives_the_same_bytes(value: Any) -> None:
    assert canonical_json(read_json(canonical_json(value))) == canonical_json(value)


@pytest.mark.parametrize("value", [{"a": 2**53}, [float("nan")], {"a": [float("inf")]}, {"a": "\ud800"}])
def test_what_json_cannot_keep_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the library's own errors are below it
        canonical_json(value)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "NaN", '{"a":Infinity}', "{", ""])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_json(text)
