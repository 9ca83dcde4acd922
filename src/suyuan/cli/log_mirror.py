"""`suyuan log mirror`: checked copies of logs, once or again and again, and what they bring back."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from suyuan.cli.commands import argument, command, option
from suyuan.cli.exits import Exit, exit_of
from suyuan.cli.output import note
from suyuan.cli.speech import count, language, say
from suyuan.cli.usage import Misuse, folder, number

if TYPE_CHECKING:
    from suyuan.server.witness.mirror import Copied
    from suyuan.server.witness.trust import TrustedLog
    from suyuan.tlog.keys import SignerKey, VerifierKey

again_option = option("--every", type=number(1), metavar="SECONDS", text="cli.opt_every")
check_option = option("--check", is_flag=True, text="cli.opt_mirror_check")
sign_option = option("--sign", metavar="NAME", text="cli.opt_mirror_sign")
keys_option = option("--keys", type=folder(), metavar="FOLDER", text="cli.opt_log_keys")


@command("mirror", "cli.help_log_mirror")
@argument("source", metavar="URL", text="cli.arg_log_source")
@argument("place", metavar="DIR", type=folder(), text="cli.arg_mirror_folder")
@option("--key", "verifiers", multiple=True, required=True, metavar="VERIFIER", text="cli.opt_log_key")
@again_option
@check_option
@option("--restore", is_flag=True, text="cli.opt_mirror_restore")
@sign_option
@keys_option
def mirror(  # noqa: PLR0913 - one parameter an option
    *,
    source: str,
    place: Path,
    verifiers: tuple[str, ...],
    every: int | None,
    check: bool,
    restore: bool,
    sign: str | None,
    keys: Path | None,
) -> int:
    """Copy a log and check it, or bring a log's damaged files back from a copy."""
    if restore and (every or check or sign):
        raise Misuse("cli.restore_alone")
    from suyuan.server.witness.trust import TrustedLog

    trusted, signers = log_keys(verifiers), mirror_signers(sign, keys)
    log = TrustedLog(trusted[0].name, tuple(trusted), source)

    def act() -> Exit:
        note(_told(_update(log, place, signers, check=check, restore=restore)))
        return Exit.OK

    return act() if every is None else _again(every, act)


@command("mirror-all", "cli.help_log_mirror_all")
@argument("logs", metavar="LOGS", type=folder(), text="cli.arg_logs_folder")
@argument("place", metavar="DIR", type=folder(), text="cli.arg_mirrors_folder")
@again_option
@check_option
@sign_option
@keys_option
def mirror_all(*, logs: Path, place: Path, every: int | None, check: bool, sign: str | None, keys: Path | None) -> int:
    """Copy every trusted log that has an address, each into a folder named by the digest of its origin."""
    from suyuan.server.witness.trust import read_trust

    signers = mirror_signers(sign, keys)

    def act() -> Exit:
        worst = Exit.OK
        for _, log in sorted(read_trust(logs).items()):
            if log.url:
                worst = max(worst, _one_of_many(log, place, signers, check=check))
        return worst

    return act() if every is None else _again(every, act)


def mirror_folder(place: Path, origin: str) -> Path:
    """The folder of one log among many: SHA-256 of its origin in hexadecimal, as C2SP tlog-mirror names it."""
    from hashlib import sha256

    return place / sha256(origin.encode()).hexdigest()


def log_keys(verifiers: Sequence[str]) -> "list[VerifierKey]":
    """The keys of one log; all have its origin as their name.

    Raises
    ------
    Misuse
        ``cli.keys_of_two_logs``.
    """
    from suyuan.tlog.keys import parse_verifier_key

    trusted = [parse_verifier_key(text) for text in verifiers]
    if len({key.name for key in trusted}) > 1:
        raise Misuse("cli.keys_of_two_logs", names=sorted({key.name for key in trusted}))
    return trusted


def mirror_signers(sign: str | None, keys: Path | None) -> "list[SignerKey]":
    """The mirror's own keys; none unless it is to sign."""
    if sign is None:
        return []
    if keys is None:
        raise Misuse("cli.sign_needs_keys")
    from suyuan.server.witness.keys import KeyFolder, passphrase
    from suyuan.tlog.keys import KeyType

    return list(KeyFolder(keys).signers(sign, KeyType.COSIGNATURE, passphrase()))


def _update(
    log: "TrustedLog", place: Path, signers: "Sequence[SignerKey]", *, check: bool = False, restore: bool = False
) -> "Copied":
    from suyuan.server.witness.folder import LogFolder
    from suyuan.server.witness.incidents import IncidentFolder
    from suyuan.server.witness.mirror import Mirror
    from suyuan.server.witness.sources import open_source

    source = open_source(log.url)
    try:
        evidence = IncidentFolder(place / "incidents")
        copy = Mirror(source, LogFolder(place), log.keys, evidence, signers, origin=log.origin)
        return copy.restore() if restore else copy.update(everything=check)
    finally:
        source.close()


def _one_of_many(log: "TrustedLog", place: Path, signers: "Sequence[SignerKey]", *, check: bool) -> Exit:
    """Copy one log; what stops it does not stop the others."""
    from suyuan.kernel import SuyuanError, sentence

    try:
        note(_told(_update(log, mirror_folder(place, log.origin), signers, check=check)))
    except SuyuanError as error:
        warn(f"{log.origin}: {sentence(error.code, error.data, language())}")
        return exit_of(error)
    return Exit.OK


def _again(seconds: int, once: Callable[[], Exit]) -> int:
    """Act now and after each pause until stopped; what fails now may work the next time, and is told."""
    from suyuan.kernel import SuyuanError, sentence
    from suyuan.server.witness.process import every, stop_on_signal

    def act() -> None:
        try:
            once()
        except SuyuanError as error:
            warn(sentence(error.code, error.data, language()))

    every(seconds, stop_on_signal(), act)
    return Exit.OK


def warn(text: str) -> None:
    """Tell what went wrong, also with ``--quiet``."""
    click.echo(f"suyuan: {text}", err=True)


def _told(copied: "Copied") -> str:
    return say(
        "cli.log_mirrored",
        origin=copied.origin,
        old=count(copied.old_size),
        size=count(copied.size),
        files=count(copied.files),
    )
