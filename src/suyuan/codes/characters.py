"""Columns of text as matrices of bytes, and finding numbers as columns: what every columnar check needs."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes.texts import FAULTS
from suyuan.codes.verdicts import SEVERITIES

Bytes: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.uint32]

FINDINGS = pl.Enum(list(SEVERITIES))
"""Type of the columns `finding` and `warning`."""
NOTHING = len(SEVERITIES)
"""The number of "nothing found"; the other numbers are those of `FINDINGS`."""
NUMBER = {code: number for number, code in enumerate(SEVERITIES)}
_ZERO, _A = np.uint8(ord("0")), np.uint8(ord("A"))
_NAMES = pl.Series([*SEVERITIES, None], dtype=FINDINGS)


def table(good: Iterable[str], otherwise: int, fine: int = NOTHING) -> Bytes:
    """A lookup by byte: `fine` for the characters in `good`, `otherwise` for every other."""
    lookup = np.full(256, otherwise, dtype=np.uint8)
    lookup[[ord(character) for character in good]] = fine
    return lookup


def matrix(codes: pl.Series, width: int) -> Bytes:
    """The bytes of texts that all have `width` bytes and none of which is null, shape (n, width)."""
    if codes.is_empty():
        return np.empty((0, width), dtype=np.uint8)
    column = codes.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, content = column.buffers()
    start = int(np.frombuffer(offsets, dtype=np.int64, count=1, offset=8 * column.offset)[0])
    flat = np.frombuffer(content, dtype=np.uint8, count=len(codes) * width, offset=start)
    return flat.reshape(len(codes), width)


def of_width(codes: pl.Series, width: int) -> tuple[Rows | None, pl.Series]:
    """The rows whose text has `width` bytes, and their texts; rows is None where that is all of them."""
    wanted = (codes.str.len_bytes() == width).fill_null(False)
    if wanted.all():
        return None, codes
    return wanted.arg_true().to_numpy(), codes.filter(wanted)


def outside(cells: Bytes, allowed: Collection[str]) -> Rows:
    """The rows of a matrix with a byte that is not one of the `allowed` characters."""
    return _rows(np.take(table(allowed, 1, 0), cells).view(np.bool_))


def not_plain(cells: Bytes) -> Rows:
    """The rows of a matrix with a byte that is not 0-9 or A-Z; as `outside`, by arithmetic and quicker."""
    return _rows(((cells - _ZERO) > 9) & ((cells - _A) > 25))


def _rows(strange: npt.NDArray[np.bool_]) -> Rows:
    return np.unique(np.flatnonzero(strange) // strange.shape[1]).astype(np.uint32)


def first_of(*numbers: Bytes) -> Bytes:
    """Row by row the first number that is not `NOTHING`."""
    answer = numbers[0].copy()
    for later in numbers[1:]:
        np.copyto(answer, later, where=answer == NOTHING)
    return answer


def frame(findings: Bytes, warnings: Bytes) -> pl.DataFrame:
    """The answer of a columnar check: `finding` and `warning`, null where there is none.

    A code that is refused carries no warning: what it would mean is not known.
    """
    warnings = np.where(findings == NOTHING, warnings, np.uint8(NOTHING))
    return pl.DataFrame({"finding": _named(findings), "warning": _named(warnings)})


def _named(numbers: Bytes) -> pl.Series:
    if len(numbers) == 0 or numbers.min() == NOTHING:
        return pl.repeat(None, len(numbers), dtype=FINDINGS, eager=True)
    return _NAMES.gather(numbers.astype(np.uint32))


def _number(code: str, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then(pl.lit(NUMBER[code], pl.UInt8))


def look_closer(
    codes: pl.Series, findings: Bytes, seen: Mask, wrong_length: str, characters: Mapping[int, tuple[str, str]]
) -> None:
    """Name the faults of the text itself, in place, where a code is refused or was not looked at.

    `FAULTS` come first, then a wrong length, then what was found before; a strange character is
    looked for where nothing was, since texts of more bytes than characters were not looked at.

    Parameters
    ----------
    codes, findings
        The column and what was found in it so far.
    seen
        The rows whose bytes were looked at, and the nulls, which have none.
    wrong_length
        The finding for a number of characters that is not a key of `characters`.
    characters
        By number of characters: the finding for a strange one, and the pattern that it matches.
    """
    rows = np.flatnonzero(~seen | (findings != NOTHING)).astype(np.uint32)
    if len(rows) == 0:
        return
    text = pl.col("text")
    length = text.str.len_chars()
    first = [_number(code, text.str.contains(pattern)) for code, pattern in FAULTS.items()]
    first.append(_number(wrong_length, ~length.is_in(list(characters))))
    last = [_number(code, (length == n) & text.str.contains(strange)) for n, (code, strange) in characters.items()]
    nothing = pl.lit(NOTHING, pl.UInt8)
    faults = (
        codes.gather(rows)
        .alias("text")
        .to_frame()
        .select(first=pl.coalesce(*first, nothing), last=pl.coalesce(*last, nothing))
    )
    findings[rows] = first_of(faults["first"].to_numpy(), findings[rows], faults["last"].to_numpy())
