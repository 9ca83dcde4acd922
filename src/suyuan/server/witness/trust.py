"""The logs that a witness or mirror trusts: a folder of small files, looked at again when it changes.

A ``.toml`` file has one log (``origin``, ``keys``, and ``url`` where it is mirrored); a ``.policy`` file
has `log` lines of C2SP tlog-policy.
"""

import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from suyuan.server.witness.errors import NotFound, WitnessError
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import KeyType, VerifierKey, parse_verifier_key
from suyuan.tlog.policy import parse_policy

LOOK_AGAIN_S = 2.0
_FIELDS = {"origin", "keys", "url"}


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log with the keys that sign its checkpoints.

    Parameters
    ----------
    url
        Prefix under which it is read; empty where it is only witnessed.
    """

    origin: str
    keys: tuple[VerifierKey, ...]
    url: str = ""


def read_trust(folder: Path) -> dict[str, TrustedLog]:
    """The logs of a folder by their origin.

    Raises
    ------
    NotFound
        ``witness.no_such_folder``.
    WitnessError
        ``witness.trust_file`` with the file and the reason; ``witness.trust_twice``.
    """
    if not folder.is_dir():
        raise NotFound("witness.no_such_folder", folder=str(folder))
    logs: dict[str, TrustedLog] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".toml", ".policy"):
            continue
        for log in _read(path):
            if log.origin in logs:
                raise WitnessError("witness.trust_twice", file=str(path), origin=log.origin)
            logs[log.origin] = log
    return logs


@dataclass(slots=True)
class Trust:
    """The logs of a folder, as it is now; a change that cannot be read leaves what was trusted before."""

    folder: Path
    now_s: Callable[[], float] = field(default=time.monotonic)
    trouble: WitnessError | None = None
    _logs: Mapping[str, TrustedLog] = field(default_factory=dict)
    _stamp: object = None
    _looked_s: float = 0.0

    def __post_init__(self) -> None:
        """Read the folder; here an error is raised."""
        self._stamp = _stamp(self.folder)
        self._logs = read_trust(self.folder)
        self._looked_s = self.now_s()

    def log(self, origin: str) -> TrustedLog | None:
        """The log of an origin; None where it is not trusted."""
        if self.now_s() - self._looked_s >= LOOK_AGAIN_S:
            self._look_again()
        return self._logs.get(origin)

    def _look_again(self) -> None:
        self._looked_s = self.now_s()
        stamp = _stamp(self.folder)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._logs, self.trouble = read_trust(self.folder), None
        except WitnessError as error:
            self.trouble = error


def _stamp(folder: Path) -> object:
    """Something that changes with the files of a folder."""
    try:
        return sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.iterdir())
    except OSError:
        return None


def _read(path: Path) -> Iterator[TrustedLog]:
    try:
        yield from _of_policy(path) if path.suffix == ".policy" else [_of_toml(path)]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WitnessError("witness.trust_file", file=str(path), reason=str(error)) from None
    except TlogError as error:
        raise WitnessError("witness.trust_file", file=str(path), reason=error.code) from None


def _of_toml(path: Path) -> TrustedLog:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    origin, keys, url = document.get("origin"), document.get("keys"), document.get("url", "")
    listed = keys if isinstance(keys, list) else []
    right = isinstance(origin, str) and isinstance(url, str) and all(isinstance(key, str) for key in listed)
    if not (right and origin and listed) or set(document) - _FIELDS:
        raise WitnessError("witness.trust_file", file=str(path), reason="origin, keys, url?")
    return TrustedLog(str(origin), tuple(_log_key(str(key)) for key in listed), str(url))


def _of_policy(path: Path) -> Iterator[TrustedLog]:
    """The logs of a policy; two keys of one name are one log."""
    logs: dict[str, TrustedLog] = {}
    for key, url in parse_policy(path.read_bytes()).logs:
        known = logs.get(key.name, TrustedLog(key.name, ()))
        logs[key.name] = TrustedLog(key.name, (*known.keys, key), known.url or url)
    yield from logs.values()


def _log_key(text: str) -> VerifierKey:
    key = parse_verifier_key(text)
    if key.type is not KeyType.ED25519:
        raise TlogError("tlog.key_type", name=key.name, type=int(key.type))
    return key
