"""Labels for printers that speak ZPL II: the very dots that were proofed, as graphic fields.

The printer draws neither text nor symbols of its own, so that what was decoded is what is printed, Chinese
included. Compression of hexadecimal digits: ZPL II Programming Guide, "Alternative Data Compression Scheme".
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ONES: Final = "GHIJKLMNOPQRSTUVWXY"  # 1 to 19 times
_TWENTIES: Final = "ghijklmnopqrstuvwxyz"  # 20, 40 ... 400 times


def zpl(pictures: Iterable[NDArray[np.uint8]], copies: int = 1) -> Iterator[str]:
    """One ZPL format a label; pictures in grey, shape (rows, columns), 0 = black."""
    for picture in pictures:
        rows, columns = picture.shape
        packed = np.packbits(picture < 128, axis=1)
        in_row = packed.shape[1]
        field = "".join(_lines(packed))
        yield (
            f"^XA^PW{columns}^LL{rows}^LH0,0^FO0,0^GFA,{packed.size},{packed.size},{in_row},{field}^FS^PQ{copies}^XZ\n"
        )


def _lines(packed: NDArray[np.uint8]) -> Iterator[str]:
    """Each row of dots; a colon stands for the row before."""
    before = ""
    for row in packed:
        digits = row.tobytes().hex().upper()
        yield ":" if digits == before else _compressed(digits)
        before = digits


def _compressed(digits: str) -> str:
    """The digits of one row; a comma fills it with zeros, an exclamation mark with ones."""
    for filling, mark in (("0", ","), ("F", "!")):
        rest = digits.rstrip(filling)
        if len(rest) < len(digits):
            return _counted(rest) + mark
    return _counted(digits)


def _counted(digits: str) -> str:
    return "".join(_times(len(list(run))) + digit for digit, run in groupby(digits))


def _times(count: int) -> str:
    """How often the digit that follows stands there; nothing for once."""
    if count == 1:
        return ""
    whole, rest = divmod(count, 400)
    twenties, ones = divmod(rest, 20)
    return "z" * whole + (_TWENTIES[twenties - 1] if twenties else "") + (_ONES[ones - 1] if ones else "")
