"""Codes composed as whole columns: a matrix of bytes that becomes a column of text at once."""

from datetime import date
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped] # ships no types

from suyuan.codes.alphabets import DAY_LETTERS, FIRST_YEAR, MONTH_LETTERS, YEAR_CYCLE, YEAR_LETTERS
from suyuan.codes.uscc import organisation_check, uscc_check

Ints: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]

EPOCH = date(1970, 1, 1)
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
_VIN_WEIGHTS = np.array((8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2), dtype=np.int64)
_VIN_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def _bytes(text: str) -> Bytes:
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8)


@cache
def _four_digits() -> Bytes:
    return _bytes("".join(f"{number:04}" for number in range(10_000))).reshape(10_000, 4)


def write_digits(cells: Bytes, numbers: Ints | npt.NDArray[np.uint32]) -> None:
    """Fill `cells`, a view of shape (n, width ≤ 8), with decimal digits of `numbers`, zeros in front."""
    width = cells.shape[1]
    high, low = np.divmod(numbers.astype(np.uint32), np.uint32(10_000))
    table = _four_digits()
    if width > 4:
        cells[:, : width - 4] = table[high, 8 - width :]
        cells[:, width - 4 :] = table[low]
    else:
        cells[:] = table[low, 4 - width :]


def column(cells: Bytes) -> pl.Series:
    """The rows of a matrix of bytes as texts."""
    rows, width = cells.shape
    offsets = np.arange(0, width * (rows + 1), width, dtype=np.int64) if rows else np.zeros(1, dtype=np.int64)
    content = pa.py_buffer(np.ascontiguousarray(cells))
    return pl.Series("", pa.LargeStringArray.from_buffers(rows, pa.py_buffer(offsets), content), dtype=pl.String)


@cache
def _date_letters(first: int, last: int) -> Bytes:
    letters = []
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal + EPOCH.toordinal())
        year = YEAR_LETTERS[(day.year - FIRST_YEAR) % YEAR_CYCLE]
        letters.append(year + MONTH_LETTERS[day.month - 1] + DAY_LETTERS[day.day - 1])
    return _bytes("".join(letters)).reshape(-1, 3)


def date_cells(day: Ints) -> Bytes:
    """The three date letters of GB/T 34014 for days since 1970, shape (n, 3)."""
    if not len(day):
        return np.empty((0, 3), dtype=np.uint8)
    first = int(day.min())
    return _date_letters(first, int(day.max()))[day - first]


def battery_codes(prefixes: list[str], design: Ints, day: Ints, serial: Ints) -> pl.Series:
    """Codes of 24 characters: the prefix of each `design`, the day of production, the serial of that day."""
    cells = np.empty((len(serial), 24), dtype=np.uint8)
    table = _bytes("".join(prefixes)).reshape(len(prefixes), 14)
    cells[:, :14] = table[design]
    cells[:, 14:17] = date_cells(day)
    write_digits(cells[:, 17:], serial)
    return column(cells)


def lot_codes(prefix: str, day: int, serial: npt.NDArray[np.uint32]) -> pl.Series:
    """Codes of 24 characters of one prefix and one day."""
    cells = np.empty((len(serial), 24), dtype=np.uint8)
    cells[:, :14] = _bytes(prefix)
    cells[:, 14:17] = date_cells(np.array([day]))
    write_digits(cells[:, 17:], serial)
    return column(cells)


def product_codes(prefixes: list[str], maker: Ints, day: Ints, serial: Ints) -> pl.Series:
    """Codes of 19 characters for products of utilisers: prefix of 7, date, serial, `RP`."""
    cells = np.empty((len(serial), 19), dtype=np.uint8)
    cells[:, :7] = _bytes("".join(prefixes)).reshape(len(prefixes), 7)[maker]
    cells[:, 7:10] = date_cells(day)
    write_digits(cells[:, 10:17], serial)
    cells[:, 17:] = _bytes("RP")
    return column(cells)


def vins(heads: list[str], head: Ints, year: Ints, serial: Ints) -> pl.Series:
    """VINs with a right check digit: eight characters of the `head`, check, year, plant, serial of six digits.

    GB 16735-2019: the year letters begin with A = 2010 and return after 30 years.
    """
    cells = np.empty((len(serial), 17), dtype=np.uint8)
    cells[:, :8] = _bytes("".join(heads)).reshape(len(heads), 8)[head]
    cells[:, 8] = ord("0")
    cells[:, 9] = _bytes(_VIN_YEARS)[(year - 2010) % 30]
    cells[:, 10] = _bytes("ABCDEFGH")[serial // 1_000_000 % 8]
    write_digits(cells[:, 11:], serial % 1_000_000)
    values = np.zeros(256, dtype=np.int64)
    values[48:58] = np.arange(10)
    for letter, value in _VIN_VALUES.items():
        values[ord(letter)] = value
    cells[:, 8] = _bytes("0123456789X")[values[cells] @ _VIN_WEIGHTS % 11]
    return column(cells)


def uscc(division: str, number: str) -> str:
    """A unified social credit code with both check characters (GB 32100-2015, GB 11714).

    Parameters
    ----------
    division
        Six digits of GB/T 2260.
    number
        Eight characters of the organisation code without its check.

    >>> uscc("330800", "57534995")
    '91330800575349959F'
    """
    body = f"91{division}{number}{organisation_check(number)}"
    return body + uscc_check(body)


def numbered(text: str, numbers: Ints, width: int = 8) -> pl.Series:
    """`text` with each number behind it."""
    return pl.select(pl.concat_str(pl.lit(text), pl.Series(numbers).cast(pl.String).str.zfill(width))).to_series()
