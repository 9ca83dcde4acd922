"""Text files as people make them on any machine."""

import codecs


def decode(data: bytes) -> str:
    """The text: UTF-16 and UTF-8 by their marks, else UTF-8, else GB18030; what cannot be read is marked."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")
