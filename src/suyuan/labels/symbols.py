"""QR and Data Matrix: a text as modules, and modules as a text again."""

from typing import Final, Literal

import numpy as np
import zxingcpp
from numpy.typing import NDArray

Carrier = Literal["qr", "data_matrix"]
Modules = NDArray[np.bool_]

QUIET: Final[dict[Carrier, int]] = {"qr": 4, "data_matrix": 1}
"""Modules of quiet zone around a symbol: ISO/IEC 18004 and ISO/IEC 16022."""

_FORMATS: Final[dict[Carrier, zxingcpp.BarcodeFormat]] = {
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "data_matrix": zxingcpp.BarcodeFormat.DataMatrix,
}


def modules_of(carrier: Carrier, text: str) -> Modules:
    """The dark modules of a symbol without its quiet zone, shape (rows, columns)."""
    if carrier == "qr":
        made = zxingcpp.create_barcode(text, _FORMATS[carrier], ec_level="M")
    else:
        made = zxingcpp.create_barcode(text, _FORMATS[carrier], force_square=True)
    picture = zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False)
    grey: NDArray[np.uint8] = np.asarray(picture)
    return np.equal(grey, 0)


def texts_in(picture: NDArray[np.uint8]) -> set[tuple[Carrier, str]]:
    """Every symbol that a reader finds in a grey picture, shape (rows, columns), 0 = black."""
    found = zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.BarcodeFormats(list(_FORMATS.values())),
        try_rotate=False,
        try_invert=False,
        try_downscale=False,
    )
    names: dict[zxingcpp.BarcodeFormat, Carrier] = {code: name for name, code in _FORMATS.items()}
    return {(names[one.format], one.text) for one in found if one.format in names}
