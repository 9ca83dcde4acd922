"""Trust policies (C2SP tlog-policy, draft): which logs, which witnesses, and how many of them.

A policy is a small text file; with it a receipt is verified off line. Names are opaque octets: they
are kept as UTF-8 with surrogate escapes, which tells every sequence of octets from every other.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from suyuan.tlog.checkpoints import Checkpoint, parse_checkpoint
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import KeyType, VerifierKey, parse_verifier_key
from suyuan.tlog.notes import Note, OpenedNote, open_note, parse_note

LARGEST_POLICY_BYTES = 1_000_000
NONE = "none"
_SPACE = re.compile("[ \t]+")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Group:
    """Members (witnesses and groups) of which `least` have to cosign."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy.

    Parameters
    ----------
    logs
        Key of each log with its address, which may be empty.
    witnesses
        By their name in this file, the same.
    quorum
        The name of a witness or group, or ``none``.
    """

    logs: tuple[tuple[VerifierKey, str], ...]
    witnesses: Mapping[str, tuple[VerifierKey, str]]
    groups: Mapping[str, Group]
    quorum: str

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        """The keys of all logs."""
        return tuple(key for key, _ in self.logs)

    @property
    def witness_keys(self) -> tuple[VerifierKey, ...]:
        """The keys of all witnesses."""
        return tuple(key for key, _ in self.witnesses.values())

    @property
    def shown_quorum(self) -> str:
        """The quorum's name as a message can show it."""
        return _shown(self.quorum)

    def is_met(self, cosigned: Iterable[VerifierKey]) -> bool:
        """Whether the cosignatures of these keys are a quorum."""
        keys = set(cosigned)
        done = {NONE} | {name for name, (key, _) in self.witnesses.items() if key in keys}
        for name, group in self.groups.items():  # in the order of the file: members before their group
            if sum(member in done for member in group.members) >= group.least:
                done.add(name)
        return self.quorum in done

    def judge(self, content: bytes | Note) -> "Judged":
        """Verify a checkpoint; TlogError where no log of this policy signed it or a known signature is wrong."""
        note = content if isinstance(content, Note) else parse_note(content)
        checkpoint = parse_checkpoint(note.text)
        logs = [key for key in self.log_keys if key.name == checkpoint.origin]
        if not logs:
            raise TlogError("tlog.log_not_in_policy", origin=checkpoint.origin)
        opened = open_note(note, [*logs, *self.witness_keys])
        if not set(opened.keys) & set(logs):
            raise TlogError("tlog.log_signature_missing", origin=checkpoint.origin)
        cosigned = tuple(_shown(name) for name, (key, _) in self.witnesses.items() if key in opened.keys)
        return Judged(checkpoint, opened, cosigned, self.is_met(opened.keys))


@dataclass(frozen=True, slots=True)
class Judged:
    """A checkpoint that a log of the policy signed.

    Parameters
    ----------
    cosigned
        Names of the witnesses that cosigned it, in the order of the policy.
    is_final
        Whether they are a quorum.
    """

    checkpoint: Checkpoint
    opened: OpenedNote
    cosigned: tuple[str, ...]
    is_final: bool


@dataclass(slots=True)
class _Draft:
    """What the lines read so far have defined."""

    logs: list[tuple[VerifierKey, str]] = field(default_factory=list)
    witnesses: dict[str, tuple[VerifierKey, str]] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    quorums: list[str] = field(default_factory=list)

    def log(self, items: list[str]) -> None:
        if len(items) not in (1, 2):
            raise TlogError("tlog.policy_line", form="log <vkey> [<url>]")
        key = _key(items[0], KeyType.ED25519)
        if any(key.public == other.public for other, _ in self.logs):
            raise TlogError("tlog.policy_key_twice", name=key.name)
        self.logs.append((key, items[1] if len(items) > 1 else ""))

    def witness(self, items: list[str]) -> None:
        if len(items) not in (2, 3):
            raise TlogError("tlog.policy_line", form="witness <name> <vkey> [<url>]")
        key = _key(items[1], KeyType.COSIGNATURE)
        self.define(items[0])
        if any(key.public == other.public for other, _ in self.witnesses.values()):
            raise TlogError("tlog.policy_key_twice", name=key.name)
        self.witnesses[items[0]] = (key, items[2] if len(items) > 2 else "")

    def group(self, items: list[str]) -> None:
        if len(items) < 3:
            raise TlogError("tlog.policy_line", form="group <name> all|any|<k> <name>...")
        name, least, *members = items
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise TlogError("tlog.policy_name_unknown", name=member)
            if member in self.used:
                raise TlogError("tlog.policy_member_twice", name=member)
            self.used.add(member)
        self.define(name)
        self.groups[name] = Group(_least(least, len(members)), tuple(members))

    def quorum(self, items: list[str]) -> None:
        if len(items) != 1:
            raise TlogError("tlog.policy_line", form="quorum <name>")
        if items[0] not in {NONE, *self.witnesses, *self.groups}:
            raise TlogError("tlog.policy_name_unknown", name=items[0])
        self.quorums.append(items[0])

    def define(self, name: str) -> None:
        if name in {NONE, *self.witnesses, *self.groups}:
            raise TlogError("tlog.policy_name_twice", name=name)


def parse_policy(content: bytes | str) -> Policy:
    """The policy of a text; TlogError, with the line's number, for anything that the draft does not allow."""
    octets = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
    if len(octets) > LARGEST_POLICY_BYTES:
        raise TlogError("tlog.policy_size", size=len(octets), limit=LARGEST_POLICY_BYTES)
    bad = _FORBIDDEN.search(octets)
    if bad:
        raise TlogError("tlog.policy_octet", at=bad.start(), octet=bad[0][0])
    draft = _Draft()
    keywords: dict[str, Callable[[list[str]], None]] = {
        "log": draft.log,
        "witness": draft.witness,
        "group": draft.group,
        "quorum": draft.quorum,
    }
    for number, line in enumerate(octets.decode("utf-8", "surrogateescape").split("\n"), start=1):
        keyword, *items = _SPACE.split(line.strip(" \t"))
        if not keyword or keyword.startswith("#"):
            continue
        try:
            if keyword not in keywords:
                raise TlogError("tlog.policy_keyword", keyword=keyword)
            keywords[keyword](items)
        except TlogError as error:
            raise TlogError(error.code, **{**error.data, "line": number}) from None
    if len(draft.quorums) != 1:
        raise TlogError("tlog.policy_quorum", found=len(draft.quorums))
    return Policy(tuple(draft.logs), draft.witnesses, draft.groups, draft.quorums[0])


def _key(text: str, wanted: KeyType) -> VerifierKey:
    key = parse_verifier_key(text)
    if key.type is not wanted:
        raise TlogError("tlog.policy_key_type", name=key.name, type=int(key.type), wanted=int(wanted))
    return key


def _least(text: str, members: int) -> int:
    """The threshold of a group."""
    if text in ("all", "any"):
        return members if text == "all" else 1
    least = int(text) if re.fullmatch("[1-9][0-9]{0,8}", text, re.ASCII) else 0
    if not 1 <= least <= members:
        raise TlogError("tlog.policy_threshold", stated=text, members=members)
    return least


def _shown(name: str) -> str:
    """A name as a message can show it."""
    return name[:60].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
