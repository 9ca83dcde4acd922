"""Codes on a photo: what a telephone took, whichever way it was held."""

from io import BytesIO
from typing import Final

import numpy as np
import zxingcpp
from PIL import Image, UnidentifiedImageError

from suyuan.labels.errors import LabelError

FORMS: Final = ("JPEG", "PNG", "WEBP")
MOST_PIXELS: Final = 50_000_000
SIDE_PX: Final = 2400  # a larger picture is made smaller first; a module of a label then still has several pixels


def codes_in(photo: bytes) -> list[str]:
    """The texts of the QR codes, Data Matrix and Code 128 on a photo, each once; none where none can be read.

    Raises
    ------
    LabelError
        ``labels.photo_form`` for what is no JPEG, PNG or WebP picture, ``labels.photo_too_large``.
    """
    try:
        with Image.open(BytesIO(photo), formats=FORMS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise LabelError("labels.photo_too_large", limit=MOST_PIXELS // 1_000_000)
            picture.draft("L", (SIDE_PX, SIDE_PX))
            grey = picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise LabelError("labels.photo_form") from None
    grey.thumbnail((SIDE_PX, SIDE_PX))
    found = zxingcpp.read_barcodes(
        np.asarray(grey),
        formats=zxingcpp.BarcodeFormats(
            [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128]
        ),
    )
    return list(dict.fromkeys(one.text.strip() for one in found if one.text.strip()))
