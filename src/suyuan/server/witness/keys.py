"""Signing keys in a folder, each under a passphrase; never in a database, a log or an error.

A key of a name and type is active until it is retired. While two are active, both sign: that is how a
key is rotated. What is in a file is said in specs/key-file.md; the file's name is only for people.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from suyuan.server.witness.durable import make_folder, sync_folder, write_whole
from suyuan.server.witness.errors import NotFound, NotTrusted, WitnessError
from suyuan.tlog.errors import TlogError
from suyuan.tlog.key_files import LOG_COST, NONCE_BYTES, SALT_BYTES, open_key, seal_key, sealed_verifier
from suyuan.tlog.keys import KEY_BYTES, KeyType, SignerKey, VerifierKey

PASSPHRASE = "SUYUAN_KEY_PASSPHRASE"  # noqa: S105 - the variable's name
PASSPHRASE_FILE = "SUYUAN_KEY_PASSPHRASE_FILE"  # noqa: S105 - the variable's name
ACTIVE, RETIRED = ".key", ".retired"
_OTHERS = 0o077
_LARGEST_FILE_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class StoredKey:
    """The public half of a key in the folder."""

    verifier: VerifierKey
    is_active: bool


Signers: TypeAlias = list[SignerKey]
Verifiers: TypeAlias = list[VerifierKey]
StoredKeys: TypeAlias = list[StoredKey]


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """Keys in a folder that only its owner may read.

    Parameters
    ----------
    log_cost
        Logarithm of scrypt's cost for new keys, see `suyuan.tlog.key_files`.
    """

    root: Path
    log_cost: int = LOG_COST

    def create(self, name: str, kind: KeyType, passphrase: str) -> VerifierKey:
        """Make a key; its public half. Further keys of the name stay active beside it."""
        if not passphrase:
            raise NotTrusted("witness.passphrase_empty")
        signer = SignerKey(name, kind, secrets.token_bytes(KEY_BYTES))
        salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
        text = seal_key(signer, passphrase, salt, nonce, self.log_cost)
        make_folder(self.root, 0o700)
        self._check_mode(self.root)
        write_whole(self.root / f"{_label(signer.verifier)}{ACTIVE}", text.encode(), 0o600, replace=False)
        return signer.verifier

    def signers(self, name: str, kind: KeyType, passphrase: str) -> Signers:
        """The active keys of a name and type, oldest name first, ready to sign.

        Raises
        ------
        NotFound
            ``witness.key_missing``: there is none.
        NotTrusted
            ``witness.passphrase_wrong``, ``witness.key_mode``.
        """
        found = []
        for path, stored in self._files():
            if stored.is_active and (stored.verifier.name, stored.verifier.type) == (name, kind):
                found.append(self._open(path, passphrase))
        if not found:
            raise NotFound("witness.key_missing", name=name, type=kind_word(kind), folder=str(self.root))
        return found

    def verifiers(self, name: str) -> Verifiers:
        """The public halves of every key of a name, active and retired."""
        return [stored.verifier for stored in self.list() if stored.verifier.name == name]

    def retire(self, verifier: VerifierKey) -> None:
        """Let a key sign no more; it still verifies what it signed."""
        for path, stored in self._files():
            if stored.verifier == verifier:
                if stored.is_active:
                    path.rename(path.with_suffix(RETIRED))
                    sync_folder(self.root)
                return
        raise NotFound("witness.key_unknown", key=str(verifier), folder=str(self.root))

    def list(self) -> StoredKeys:
        """Every key, by name, type and id."""
        keys = (stored for _, stored in self._files())
        return sorted(keys, key=lambda key: (key.verifier.name, key.verifier.type, key.verifier.id))

    def _files(self) -> Iterator[tuple[Path, StoredKey]]:
        if not self.root.is_dir():
            return
        self._check_mode(self.root)
        for path in sorted(self.root.iterdir()):
            if path.suffix in (ACTIVE, RETIRED) and not path.name.startswith("."):
                try:
                    verifier = sealed_verifier(self._text(path))
                except TlogError:
                    raise WitnessError("witness.key_file", file=str(path)) from None
                yield path, StoredKey(verifier, path.suffix == ACTIVE)

    def _open(self, path: Path, passphrase: str) -> SignerKey:
        try:
            return open_key(self._text(path), passphrase)
        except TlogError as error:
            if error.code == "tlog.key_file_passphrase":
                raise NotTrusted("witness.passphrase_wrong", file=str(path)) from None
            raise WitnessError("witness.key_file", file=str(path)) from None

    def _text(self, path: Path) -> str:
        self._check_mode(path)
        with path.open("rb") as stream:
            return stream.read(_LARGEST_FILE_BYTES).decode("utf-8", "replace")

    def _check_mode(self, path: Path) -> None:
        if path.stat().st_mode & _OTHERS:
            raise NotTrusted("witness.key_mode", file=str(path))


def passphrase(environment: Mapping[str, str] = os.environ) -> str:
    """The passphrase of this process's keys: of the one variable, or in the file that the other names.

    Raises
    ------
    NotTrusted
        ``witness.passphrase_missing``, ``witness.passphrase_file`` or ``witness.passphrase_empty``.
    """
    file = environment.get(PASSPHRASE_FILE)
    if PASSPHRASE in environment:
        text = environment[PASSPHRASE]
    elif file:
        try:
            text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError):
            raise NotTrusted("witness.passphrase_file", file=file) from None
    else:
        raise NotTrusted("witness.passphrase_missing", variable=PASSPHRASE, file_variable=PASSPHRASE_FILE)
    if not text:
        raise NotTrusted("witness.passphrase_empty")
    return text


def kind_word(kind: KeyType) -> str:
    """What a key of this type is for: ``log`` or ``cosigner``."""
    return "log" if kind is KeyType.ED25519 else "cosigner"


def _label(verifier: VerifierKey) -> str:
    """A file name that people recognise: the name's letters and digits, type and key id."""
    plain = re.sub("[^A-Za-z0-9.-]+", "-", verifier.name).strip("-.")[:100]
    return f"{plain or 'key'}-{kind_word(verifier.type)}-{verifier.id.hex()}"
