"""Names and contents of tiles and entry bundles (C2SP tlog-tiles v0.1.0).

A tile has up to 256 hashes of one height; a bundle has the entries behind a tile of level 0. A full
one never changes; a partial one has its width in its name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import HASH_BYTES, LARGEST_SIZE, parents

WIDTH = 256
TILE_BYTES = WIDTH * HASH_BYTES
HEIGHT = 8  # a full tile stands for a subtree of 2**8 hashes
LAST_LEVEL = 63
ENTRIES = -1
"""The level under which a bundle is named."""
LARGEST_ENTRY_BYTES = 0xFFFF

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The name of a tile, or of a bundle where `level` is `ENTRIES`.

    >>> Tile(1, 1234067).path, Tile(ENTRIES, 0, 15).path
    ('tile/1/x001/x234/067', 'tile/entries/000.p/15')
    """

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        """Refuse what tlog-tiles has no name for."""
        if not (ENTRIES <= self.level <= LAST_LEVEL and 0 <= self.index <= LARGEST_SIZE and 1 <= self.width <= WIDTH):
            raise TlogError("tlog.tile_name", path=f"{self.level}/{self.index}.p/{self.width}")

    @property
    def path(self) -> str:
        """The path below the log's prefix, without a leading slash."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        kind = "entries" if self.level == ENTRIES else str(self.level)
        suffix = "" if self.is_full else f".p/{self.width}"
        return f"tile/{kind}/{'/'.join(groups)}{suffix}"

    @property
    def is_full(self) -> bool:
        """Whether it has all its 256 hashes or entries."""
        return self.width == WIDTH

    @property
    def full(self) -> "Tile":
        """The full tile that it becomes."""
        return Tile(self.level, self.index)

    @property
    def start(self) -> int:
        """Index of the first log entry below it."""
        return self.index << (HEIGHT * (max(self.level, 0) + 1))


def parse_path(path: str) -> Tile:
    """The tile or bundle of a path; TlogError unless it is written exactly as the specification says."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TlogError("tlog.tile_name", path=path)
    kind, groups, last, width = match.groups()
    tile = Tile(
        ENTRIES if kind == "entries" else int(kind),
        int(groups.replace("x", "").replace("/", "") + last),
        WIDTH if width is None else int(width) if int(width) < WIDTH else 0,
    )
    if tile.path != path:
        raise TlogError("tlog.tile_name", path=path)
    return tile


def hashes_on(level: int, size: int) -> int:
    """How many hashes level `level` of the tiles of a log of `size` entries has; as many entries on ENTRIES."""
    return size >> (HEIGHT * max(level, 0))


def levels_of(size: int) -> range:
    """The levels that a log of `size` entries has tiles on."""
    return range((size.bit_length() + HEIGHT - 1) // HEIGHT)


def tiles_on(level: int, size: int, start: int = 0) -> Iterator[Tile]:
    """The tiles of one level (or the bundles), left to right, from index `start`; a partial one is the last."""
    full, rest = divmod(hashes_on(level, size), WIDTH)
    for index in range(start, full):
        yield Tile(level, index)
    if rest and start <= full:
        yield Tile(level, full, rest)


def tiles_of(size: int) -> Iterator[Tile]:
    """Every bundle and tile of a log of `size` entries, level after level."""
    if size:
        for level in (ENTRIES, *levels_of(size)):
            yield from tiles_on(level, size)


def tile_roots(tiles: bytes) -> bytes:
    """One hash for each full tile, from their contents one after the other."""
    for _ in range(HEIGHT):
        tiles = parents(tiles)
    return tiles


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The content of a bundle: each entry after its length in two bytes; TlogError above 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > LARGEST_ENTRY_BYTES:
            raise TlogError("tlog.entry_size", size=len(entry), limit=LARGEST_ENTRY_BYTES)
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def decode_bundle(content: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle; TlogError where the content has more, fewer or a torn one."""
    entries: list[bytes] = []
    at = 0
    while at < len(content) and len(entries) <= width:
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if at + 2 > len(content) or end > len(content):
            raise TlogError("tlog.bundle_torn", at=at)
        entries.append(content[at + 2 : end])
        at = end
    if len(entries) != width or at != len(content):
        raise TlogError("tlog.bundle_width", width=width, found=len(entries))
    return entries
