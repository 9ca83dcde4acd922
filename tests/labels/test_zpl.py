"""ZPL: what a printer unpacks is the picture that was proofed."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from suyuan.kernel import Language
from suyuan.labels import designs, print_labels
from suyuan.labels.symbols import texts_in
from suyuan.labels.zpl import zpl
from tests.labels.test_print import facts

LETTERS = {chr(ord("G") + n): n + 1 for n in range(19)} | {chr(ord("g") + n): 20 * (n + 1) for n in range(20)}


def unpacked(field: str, in_row: int) -> bytes:
    """The bytes of a graphic field, by the manual's rules, written apart from the room's own."""
    rows: list[str] = []
    row, times = "", 0
    for sign in field:
        if sign in LETTERS:
            times += LETTERS[sign]
            continue
        if sign == ":":
            rows.append(rows[-1] if rows else "0" * 2 * in_row)
            continue
        filling = {",": "0", "!": "F"}.get(sign)
        row += sign * max(times, 1) if filling is None else filling * (2 * in_row - len(row))
        times = 0
        if len(row) == 2 * in_row:
            rows.append(row)
            row = ""
    assert (row, times) == ("", 0)
    return bytes.fromhex("".join(rows))


def picture_of(text: str) -> NDArray[np.uint8]:
    match = re.fullmatch(r"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0\^FO0,0\^GFA,(\d+),\3,(\d+),(.*)\^FS\^PQ1\^XZ\n", text)
    assert match is not None
    columns, rows, size, in_row = map(int, match.groups()[:4])
    content = unpacked(match[5], in_row)
    assert len(content) == size == rows * in_row
    bits = np.unpackbits(np.frombuffer(content, np.uint8).reshape(rows, in_row), axis=1)[:, :columns]
    return np.where(bits == 1, 0, 255).astype(np.uint8)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 900)), elements=st.sampled_from([0, 255])))
def test_any_picture_comes_back(picture: NDArray[np.uint8]) -> None:
    (text,) = zpl([picture])
    assert (picture_of(text) == picture).all()


def test_long_runs_and_repeated_rows_are_short() -> None:
    picture = np.full((400, 8000), 255, np.uint8)
    picture[:, 4:7000] = 0
    (text,) = zpl([picture])
    assert (picture_of(text) == picture).all()
    assert len(text) < 600


def test_a_printed_label_reads() -> None:
    labels = [facts(1), facts(2)]
    printed = print_labels(labels, designs()["60x40"], Language.ZH, "zpl")
    texts = printed.content.decode("ascii").splitlines(keepends=True)
    assert [texts_in(picture_of(text)) for text in texts] == [
        {("qr", one.address), ("data_matrix", one.code)} for one in labels
    ]
