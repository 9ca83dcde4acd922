"""Vendor codes: who stands behind the first three characters. There is no public list; one is handed in."""

import csv
import io
import re

from suyuan.kernel import SuyuanError

_VENDOR = re.compile("[0-9A-Z]{3}")


def read_vendors(text: str) -> dict[str, str]:
    """Names by vendor code, from csv text with the columns code and name.

    Raises
    ------
    SuyuanError
        ``codes.vendor_list`` with the line, if a code is not three characters 0-9 or A-Z, stands
        there twice, or a column is missing.

    Examples
    --------
    >>> read_vendors("code,name\\n04Q,EVE\\n")
    {'04Q': 'EVE'}
    """
    vendors: dict[str, str] = {}
    for line, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        code, name = row.get("code"), row.get("name")
        if code is None or name is None or not _VENDOR.fullmatch(code) or code in vendors:
            raise SuyuanError("codes.vendor_list", line=line, vendor=code or "")
        vendors[code] = name
    return vendors
