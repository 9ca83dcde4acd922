"""Make the font of printed receipts: the few signs that their texts need, out of a large font.

    python -m scripts.receipt_font DroidSansFallbackFull.ttf

The source is Droid Sans Fallback (Apache-2.0, copyright 2006-2010 Google Corp.; Debian: fonts-droid-fallback).
"""

import sys
from pathlib import Path

from babel.messages.pofile import read_po
from fontTools import subset  # type: ignore[import-untyped]  # the library has no types

ROOT = Path(__file__).resolve().parent.parent / "src" / "suyuan"
TARGET = ROOT / "server" / "log" / "queries" / "receipt_font.ttf"
PREFIX = "log.pdf_"


def signs() -> str:
    """Every sign of the texts of a receipt in both languages that is not ASCII."""
    found = set("溯源")
    for path in ROOT.glob("locale/*/LC_MESSAGES/log.po"):
        with path.open("rb") as stream:
            found |= {sign for one in read_po(stream) if str(one.id).startswith(PREFIX) for sign in str(one.string)}
    return "".join(sorted(sign for sign in found if not sign.isascii()))


def main() -> None:
    """Write the font."""
    options = subset.Options(layout_features=[], name_IDs=[0, 1, 2, 13, 14], notdef_outline=True, hinting=False)
    font = subset.load_font(sys.argv[1], options)
    chosen = subset.Subsetter(options)
    chosen.populate(text=signs())
    chosen.subset(font)
    subset.save_font(font, str(TARGET), options)
    print(f"{TARGET.name}: {len(signs())} signs, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
