"""Make the font of printed labels: the Chinese signs that a name can have, out of a large font.

    python -m scripts.label_font DroidSansFallbackFull.ttf

The source is Droid Sans Fallback (Apache-2.0, copyright 2006-2010 Google Corp.; Debian: fonts-droid-fallback). Kept are
the signs of GBK: what the names of companies and products are written with.
"""

import sys
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]  # the library has no types

TARGET = Path(__file__).resolve().parent.parent / "src" / "suyuan" / "labels" / "font.ttf"


def signs() -> str:
    """Every sign of GBK from the Chinese punctuation on."""
    return "".join(sign for sign in map(chr, range(0x3000, 0xFFE7)) if sign.encode("gbk", "ignore"))


def main() -> None:
    """Write the font."""
    options = subset.Options(layout_features=[], name_IDs=[0, 1, 2, 13, 14], notdef_outline=True, hinting=False)
    font = subset.load_font(sys.argv[1], options)
    chosen = subset.Subsetter(options)
    chosen.populate(text=signs())
    chosen.subset(font)
    subset.save_font(font, str(TARGET), options)
    print(f"{TARGET.name}: {len(signs()):,} signs, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
