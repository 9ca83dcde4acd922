"""A private key under a passphrase, as a small text (specs/key-file.md).

scrypt (RFC 7914) makes a key of the passphrase, ChaCha20-Poly1305 (RFC 8439) seals the seed; every line
before the sealed one is authenticated with it.
"""

import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from suyuan.tlog.encoding import base64_text, read_base64
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import KEY_BYTES, SignerKey, VerifierKey, parse_verifier_key

HEADER = "suyuan-key-v1"
SALT_BYTES = 16
NONCE_BYTES = 12
LOG_COST = 17
"""2**17 blocks of 1 KiB: 128 MiB, the scrypt cost that OWASP recommends for r = 8, p = 1."""
LEAST_LOG_COST, MOST_LOG_COST = 10, 20
_BLOCK, _PARALLEL = 8, 1
_FORM = re.compile(
    rf"({HEADER}\nkey ([^\n]+)\nscrypt ([0-9]+) ([^\n ]+)\n)chacha20-poly1305 ([^\n ]+) ([^\n ]+)\n", re.ASCII
)


def seal_key(signer: SignerKey, passphrase: str, salt: bytes, nonce: bytes, log_cost: int = LOG_COST) -> str:
    """The key file's text.

    Parameters
    ----------
    passphrase
        Not empty; its UTF-8 bytes count.
    salt, nonce
        16 and 12 random bytes, new for every file.
    log_cost
        Logarithm of scrypt's cost, 10 to 20; each step doubles time and memory.
    """
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES or not passphrase:
        raise TlogError("tlog.key_file_form")
    head = f"{HEADER}\nkey {signer.verifier}\nscrypt {log_cost} {base64_text(salt)}\n"
    sealed = ChaCha20Poly1305(_stretch(passphrase, salt, log_cost)).encrypt(nonce, signer.seed, head.encode())
    return f"{head}chacha20-poly1305 {base64_text(nonce)} {base64_text(sealed)}\n"


def sealed_verifier(text: str) -> VerifierKey:
    """The public half that a key file names; readable without the passphrase, so not authenticated."""
    return parse_verifier_key(_parts(text)[2])


def open_key(text: str, passphrase: str) -> SignerKey:
    """The key in a key file; TlogError for a wrong passphrase, a changed file or one of another form."""
    _, head, verifier_text, log_cost, salt, nonce, sealed = _parts(text)
    verifier = parse_verifier_key(verifier_text)
    if len(log_cost) > 2 or len(read_base64(salt)) != SALT_BYTES or len(read_base64(nonce)) != NONCE_BYTES:
        raise TlogError("tlog.key_file_form")
    key = _stretch(passphrase, read_base64(salt), int(log_cost))
    try:
        seed = ChaCha20Poly1305(key).decrypt(read_base64(nonce), read_base64(sealed), head.encode())
    except InvalidTag:
        raise TlogError("tlog.key_file_passphrase", name=verifier.name) from None
    signer = SignerKey(verifier.name, verifier.type, seed)
    if signer.verifier != verifier:
        raise TlogError("tlog.key_file_form")
    return signer


def _parts(text: str) -> tuple[str, ...]:
    match = _FORM.fullmatch(text)
    if match is None:
        raise TlogError("tlog.key_file_form")
    return (match[0], *match.groups())


def _stretch(passphrase: str, salt: bytes, log_cost: int) -> bytes:
    if not LEAST_LOG_COST <= log_cost <= MOST_LOG_COST:
        raise TlogError("tlog.key_file_cost", cost=log_cost, least=LEAST_LOG_COST, most=MOST_LOG_COST)
    return Scrypt(salt=salt, length=KEY_BYTES, n=1 << log_cost, r=_BLOCK, p=_PARALLEL).derive(passphrase.encode())
