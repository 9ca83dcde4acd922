"""Shards: one log a province and year, each beginning with the last checkpoint of the one it follows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from suyuan.tlog.checkpoints import Checkpoint, parse_checkpoint
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import VerifierKey
from suyuan.tlog.notes import Note, open_note, parse_note
from suyuan.tlog.tiles import LARGEST_ENTRY_BYTES

_BASE = re.compile(r"[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:/[a-z0-9._~-]+)*", re.ASCII)
SIMULATED = "simulated."
"""What the base of an installation begins with that holds nothing real; every checkpoint of it says so."""
_ORIGIN = re.compile(r"(.+)/prov/([0-9]{6})/([0-9]{4})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """The log of one province for the submissions received in one year.

    Parameters
    ----------
    base
        Host and path of the deployment, without scheme and closing slash: ``trace.example``.
    province
        Six digits of GB/T 2260, ending in 0000.
    year
        Calendar year in China, four digits.
    """

    base: str
    province: str
    year: int

    def __post_init__(self) -> None:
        """Refuse what makes no origin."""
        fits = re.fullmatch(r"[1-9][0-9]0000", self.province, re.ASCII) and 2000 <= self.year <= 9999
        if not (fits and _BASE.fullmatch(self.base)):
            raise TlogError("tlog.shard", base=self.base, province=self.province, year=self.year)

    @property
    def origin(self) -> str:
        """The origin of its checkpoints.

        >>> Shard("trace.example", "440000", 2027).origin
        'trace.example/prov/440000/2027'
        """
        return f"{self.base}/prov/{self.province}/{self.year}"

    @property
    def next(self) -> "Shard":
        """The shard that follows."""
        return Shard(self.base, self.province, self.year + 1)

    @property
    def previous(self) -> "Shard":
        """The shard before."""
        return Shard(self.base, self.province, self.year - 1)


def parse_origin(origin: str) -> Shard:
    """The shard of an origin; TlogError where it is not one of ours."""
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        raise TlogError("tlog.origin_form", origin=origin)
    return Shard(match[1], match[2], int(match[3]))


def is_simulated(origin: str) -> bool:
    """Whether a log says of itself that it holds simulated data.

    >>> is_simulated("simulated.suyuan/prov/330000/2026"), is_simulated("trace.example/prov/330000/2026")
    (True, False)
    """
    return origin.startswith(SIMULATED)


def first_entry(last_checkpoint: Note) -> bytes:
    """Entry 0 of the next shard: the signed last checkpoint of this one, with its cosignatures."""
    entry = bytes(last_checkpoint)
    if len(entry) > LARGEST_ENTRY_BYTES:
        raise TlogError("tlog.entry_size", size=len(entry), limit=LARGEST_ENTRY_BYTES)
    return entry


def verify_succession(shard: Shard, entry: bytes, old_keys: Iterable[VerifierKey]) -> Checkpoint:
    """The last checkpoint of the shard that `shard` follows, from its entry 0.

    TlogError unless it is of the same deployment and province and of an earlier year (usually the year
    before), and signed by a key that has its origin as name.
    """
    note = parse_note(entry)
    checkpoint = parse_checkpoint(note.text)
    old = parse_origin(checkpoint.origin)
    if (old.base, old.province) != (shard.base, shard.province) or old.year >= shard.year:
        raise TlogError("tlog.succession", origin=checkpoint.origin, wanted=shard.origin)
    open_note(note, [key for key in old_keys if key.name == checkpoint.origin])
    return checkpoint
