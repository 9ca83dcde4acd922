"""Keys of notes: verifier keys and signer keys as golang.org/x/mod/sumdb/note writes them.

A verifier key is ``<name>+<key id>+<base64 of type and public key>``, a signer key the same behind
``PRIVATE+KEY+`` with the Ed25519 seed. Two types are known: Ed25519 over the note text (0x01), and
timestamped cosignatures (0x04, C2SP tlog-cosignature v1.0.1).
"""

from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from suyuan.tlog.encoding import base64_text, read_base64
from suyuan.tlog.errors import TlogError

KEY_BYTES = 32
SIGNATURE_BYTES = 64
TIME_BYTES = 8
LATEST_TIME_S = (1 << 63) - 1
_PRIVATE = "PRIVATE+KEY+"


class KeyType(IntEnum):
    """Signature types of C2SP signed-note that this room speaks."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


def check_name(name: str) -> None:
    """Raise TlogError unless this can be a key's name: not empty, no Unicode space, no plus."""
    bad = not name or "+" in name or any(sign.isspace() or sign < " " for sign in name)
    if bad or any("\ud800" <= sign <= "\udfff" for sign in name):
        raise TlogError("tlog.key_name", name=name)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under.

    Parameters
    ----------
    public
        Ed25519 public key, 32 bytes (RFC 8032).
    """

    name: str
    type: KeyType
    public: bytes

    def __post_init__(self) -> None:
        """Refuse a name or length that has no text form."""
        check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise TlogError("tlog.key_length", length=len(self.public))

    @property
    def id(self) -> bytes:
        """The key id, 4 bytes: the beginning of the SHA-256 of name, newline, type and public key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """The verifier key as text."""
        return f"{self.name}+{self.id.hex()}+{base64_text(bytes([self.type]) + self.public)}"

    def is_signed(self, text: str, signature: bytes) -> bool:
        """Whether this key signed the note text; `signature` is without the key id."""
        time_s, message = _message(self.type, text, signature)
        if time_s is not None and time_s > LATEST_TIME_S:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature[-SIGNATURE_BYTES:], message)
        except (InvalidSignature, ValueError):
            return False
        return len(signature) == SIGNATURE_BYTES + (0 if time_s is None else TIME_BYTES)


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key with its name; never printed.

    Parameters
    ----------
    seed
        Ed25519 seed, 32 bytes (RFC 8032), from a source of randomness that the caller has.
    """

    name: str
    type: KeyType
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a name or length that has no text form."""
        check_name(self.name)
        if len(self.seed) != KEY_BYTES:
            raise TlogError("tlog.key_length", length=len(self.seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.type, public)

    @property
    def secret_text(self) -> str:
        """The signer key as text: as secret as the key."""
        seed = base64_text(bytes([self.type]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{seed}"

    def sign(self, text: str, time_s: int | None = None) -> bytes:
        """The signature of a note text, without key id; a cosignature needs its time (seconds since 1970)."""
        time = b""
        if self.type is KeyType.COSIGNATURE:
            if time_s is None or not 0 <= time_s <= LATEST_TIME_S:
                raise TlogError("tlog.cosignature_time")
            time = time_s.to_bytes(TIME_BYTES, "big")
        _, message = _message(self.type, text, time)
        return time + Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


def _message(kind: KeyType, text: str, signature: bytes) -> tuple[int | None, bytes]:
    """The time and the bytes that are signed under a note text."""
    if kind is KeyType.ED25519:
        return None, text.encode()
    time_s = int.from_bytes(signature[:TIME_BYTES], "big")
    return time_s, f"cosignature/v1\ntime {time_s}\n{text}".encode()


def parse_verifier_key(text: str) -> VerifierKey:
    """The verifier key of a text; TlogError unless form, type and key id are right.

    >>> parse_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").name
    'PeterNeumann'
    """
    name, key_id, kind, content = _parse(text)
    key = VerifierKey(name, kind, content)
    if key.id.hex() != key_id:
        raise TlogError("tlog.key_id", name=name, stated=key_id, computed=key.id.hex())
    return key


def parse_signer_key(text: str) -> SignerKey:
    """The signer key of a text; TlogError unless form, type and key id are right."""
    if not text.startswith(_PRIVATE):
        raise TlogError("tlog.key_form")
    name, key_id, kind, content = _parse(text.removeprefix(_PRIVATE))
    key = SignerKey(name, kind, content)
    if key.verifier.id.hex() != key_id:
        raise TlogError("tlog.key_id", name=name, stated=key_id, computed=key.verifier.id.hex())
    return key


def _parse(text: str) -> tuple[str, str, KeyType, bytes]:
    """Name, key id (lower-case hex), type and key bytes."""
    name, _, rest = text.partition("+")
    key_id, _, content = rest.partition("+")
    if len(key_id) != 8 or set(key_id) - set("0123456789abcdefABCDEF"):
        raise TlogError("tlog.key_form")
    check_name(name)
    key = read_base64(content)
    if not key:
        raise TlogError("tlog.key_form")
    if key[0] not in list(KeyType):
        raise TlogError("tlog.key_type", name=name, type=key[0])
    return name, key_id.lower(), KeyType(key[0]), key[1:]
