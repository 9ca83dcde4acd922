"""Proofs, roots and entries from stored tiles, through a function that reads one by its path.

What is read is not trusted here: a proof made from a corrupt tile does not verify, and `audit` finds
which tile it was.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import EMPTY_ROOT, HASH_BYTES, parents
from suyuan.tlog.proofs import Proof, consistency_proof, inclusion_proof, range_root
from suyuan.tlog.tiles import ENTRIES, HEIGHT, WIDTH, Tile, decode_bundle, hashes_on

Read: TypeAlias = Callable[[str], bytes]
"""Path below the log's prefix -> content; raises LookupError or FileNotFoundError where there is none."""


@dataclass(frozen=True, slots=True)
class TileReader:
    """The tree of one size over stored tiles; reads every tile at most once."""

    read: Read
    size: int
    _kept: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def node(self, level: int, index: int) -> bytes:
        """The hash of the subtree `index` of 2**level leaves."""
        tile_level, height = divmod(level, HEIGHT)
        tile_index, place = divmod(index << height, WIDTH)
        content = self.content(tile_level, tile_index)
        hashes = content[place * HASH_BYTES : (place + (1 << height)) * HASH_BYTES]
        if len(hashes) != HASH_BYTES << height:
            raise IndexError(f"no subtree {index} on level {level} of {self.size} leaves")
        for _ in range(height):
            hashes = parents(hashes)
        return hashes

    def content(self, level: int, index: int) -> bytes:
        """The hashes of one tile, 32 bytes each, as many as a log of this size has there."""
        kept = self._kept.get((level, index))
        if kept is None:
            kept = self._kept[level, index] = read_tile(self.read, tile_at(level, index, self.size))
        return kept

    @property
    def root(self) -> bytes:
        """The root that the stored tiles lead to."""
        return range_root(self.node, 0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, index: int) -> Proof:
        """The inclusion proof of entry `index`."""
        return inclusion_proof(self.node, index, self.size)

    def consistency(self, old_size: int) -> Proof:
        """The consistency proof from `old_size` to this size."""
        return consistency_proof(self.node, old_size, self.size)

    def entry(self, index: int) -> bytes:
        """The entry `index`, from its bundle."""
        if not 0 <= index < self.size:
            raise TlogError("tlog.index_outside", index=index, size=self.size)
        return read_bundle(self.read, tile_at(ENTRIES, index // WIDTH, self.size))[index % WIDTH]


def tile_at(level: int, index: int, size: int) -> Tile:
    """The tile (or bundle) at a place, as wide as it is in a log of `size` entries; IndexError where none is."""
    width = min(WIDTH, hashes_on(level, size) - index * WIDTH)
    if width < 1:
        raise IndexError(f"no tile {index} on level {level} of {size} leaves")
    return Tile(level, index, width)


def read_tile(read: Read, tile: Tile) -> bytes:
    """The hashes of a tile; a partial one may have been replaced by the full one."""
    content = _read(read, tile)
    if len(content) != tile.width * HASH_BYTES:
        raise TlogError("tlog.tile_length", path=tile.path, length=len(content), expected=tile.width * HASH_BYTES)
    return content


def read_bundle(read: Read, bundle: Tile) -> list[bytes]:
    """The entries of a bundle; a partial one may have been replaced by the full one."""
    try:
        return decode_bundle(read(bundle.path), bundle.width)
    except (LookupError, FileNotFoundError):
        if bundle.is_full:
            raise
        return decode_bundle(read(bundle.full.path), WIDTH)[: bundle.width]


def _read(read: Read, tile: Tile) -> bytes:
    try:
        return read(tile.path)
    except (LookupError, FileNotFoundError):
        if tile.is_full:
            raise
        return read(tile.full.path)[: tile.width * HASH_BYTES]
