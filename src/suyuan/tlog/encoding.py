"""The text forms that all C2SP documents share: strict base64, hashes, and decimal numbers."""

from base64 import b64decode, b64encode

from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import HASH_BYTES, LARGEST_SIZE


def base64_text(content: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return b64encode(content).decode("ascii")


def read_base64(text: str) -> bytes:
    """The bytes of standard base64; TlogError for any other spelling of them, so that none has two."""
    content = read_loose_base64(text)
    if base64_text(content) != text:
        raise TlogError("tlog.base64", text=text)
    return content


def read_loose_base64(text: str) -> bytes:
    """The same, but the bits behind the last byte may be anything, as signed notes allow in practice."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise TlogError("tlog.base64", text=text) from None


def read_hash(text: str) -> bytes:
    """A SHA-256 hash in base64."""
    content = read_base64(text)
    if len(content) != HASH_BYTES:
        raise TlogError("tlog.hash_length", length=len(content))
    return content


def read_number(text: str) -> int:
    """A size or an index: decimal digits without leading zeroes, below 2**63."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or (text[0] == "0" and text != "0"):
        raise TlogError("tlog.number", text=text)
    number = int(text)
    if number > LARGEST_SIZE:
        raise TlogError("tlog.number", text=text)
    return number
