"""The text of a key: ``sy_<prefix>_<secret>``, the secret being 256 random bits."""

import hashlib
import secrets
from dataclasses import dataclass, field

_MARK = "sy"
_PREFIX_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_PREFIX_LENGTH = 10
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Token:
    """A key's public prefix and its secret; printing it does not show the secret."""

    prefix: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """What the holder sends."""
        return f"{_MARK}_{self.prefix}_{self.secret}"

    @property
    def digest(self) -> bytes:
        """What we keep. The secret has 256 bits of its own, so that no slow hash is needed."""
        return hashlib.sha256(self.secret.encode()).digest()


def mint() -> Token:
    """A new key from the operating system's randomness."""
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(_PREFIX_LENGTH))
    return Token(prefix, secrets.token_urlsafe(_SECRET_BYTES))


def parse(text: str) -> Token | None:
    """The parts of a key's text; None if it is no such text."""
    mark, _, rest = text.strip().partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != _MARK or len(prefix) != _PREFIX_LENGTH or not secret or not text.isascii():
        return None
    return Token(prefix, secret)
