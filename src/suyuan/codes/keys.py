"""The key of an object in the ledger: its lot and its serial, and the way back to the code.

Serials of one lot lie close together, so the ledger keeps a lot once and serials as integers. A
code is split only where the serial is a number from 1; everything else is its own lot with serial 0:

========  ===================================  ========================
code      lot                                  serial
========  ===================================  ========================
24        characters 1-17                      the last seven digits
26        1-17 and the suffix: 19 characters   the seven digits between
19        1-10 and the suffix: 12 characters   the seven digits between
the rest  the whole text                       0
========  ===================================  ========================

A serial of seven zeros stays in the lot, since (lot, 0) with a lot of 17 characters is a VIN. So
serial 0 always means "the lot is the code", and the length of the lot tells the form otherwise.

A batch of material has no code of a standard: its maker gives it any text, and another maker may give
the same. Its code here is the code of the company whose batch it is, a colon, and that text. No code of
a battery or vehicle has a colon.
"""

import re

from suyuan.codes.alphabets import DAY_LETTERS, MONTH_LETTERS, YEAR_LETTERS

_BEGIN = "[0-9A-Z]{3}[PMC][A-GZ][0-9A-Z]{2}"
_DATE = f"[{YEAR_LETTERS}][{MONTH_LETTERS}][{DAY_LETTERS}]"
_LONG = re.compile(rf"({_BEGIN}[0-9A-Z]{{7}}{_DATE})([0-9]{{7}})(R[PMC])?", re.ASCII)
_SHORT = re.compile(rf"({_BEGIN}{_DATE})([0-9]{{7}})(R[PMC])", re.ASCII)

_BATCH = re.compile(r"([0-9A-Z]{18}|[0-9]{9}):(.+)", re.ASCII | re.DOTALL)

OF_COMPANY = ":"
"""Stands between the company and its text in the code of a batch of material."""

LARGEST_SERIAL = 9_999_999
HEAD_OF_LOT = {17: 17, 19: 17, 12: 10}
"""Characters before the serial, by the length of the lot."""


def split_code(code: str) -> tuple[str, int]:
    """The (lot, serial) of an accepted code.

    >>> split_code("04QCB76836300JBC40000903"), split_code("LGWEEUA59JE003435")
    (('04QCB76836300JBC4', 903), ('LGWEEUA59JE003435', 0))
    """
    match = _LONG.fullmatch(code) or _SHORT.fullmatch(code)
    if match is None or match[2] == "0000000":
        return code, 0
    return match[1] + (match[3] or ""), int(match[2])


def compose_code(lot: str, serial: int) -> str:
    """The code of a (lot, serial); the inverse of `split_code`.

    >>> compose_code("04QCB76836300JBC4", 903)
    '04QCB76836300JBC40000903'
    """
    if serial == 0:
        return lot
    head = HEAD_OF_LOT.get(len(lot))
    if head is None or not 0 < serial <= LARGEST_SERIAL:
        raise ValueError(f"no code has lot {lot!r} and serial {serial}")
    return f"{lot[:head]}{serial:07d}{lot[head:]}"


def batch_code(company: str, text: str) -> str:
    """The code of a company's batch of material.

    >>> batch_code("91350900587527783P", "LI-2026/07")
    '91350900587527783P:LI-2026/07'
    """
    return f"{company}{OF_COMPANY}{text}"


def split_batch(code: str) -> tuple[str, str] | None:
    """The company and its text; None for what is no code of a batch. The inverse of `batch_code`.

    >>> split_batch("91350900587527783P:LI-2026/07"), split_batch("LI-2026/07")
    (('91350900587527783P', 'LI-2026/07'), None)
    """
    match = _BATCH.fullmatch(code)
    return None if match is None else (match[1], match[2])
