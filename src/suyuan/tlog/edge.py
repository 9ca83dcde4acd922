"""Growing a log: the right edge of the tree, new entries, and the files that have to be written.

An integrator reads the edge once, grows it batch by batch, writes the files of each batch (in their
order), and only then signs a checkpoint over the new root. Only what is on the edge is read; a batch
costs one hash a leaf, one a node, and at most 255 a level for the root.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import EMPTY_ROOT, HASH_BYTES, LARGEST_SIZE, leaf_hashes
from suyuan.tlog.reading import Read, read_bundle, read_tile
from suyuan.tlog.tiles import ENTRIES, TILE_BYTES, WIDTH, Tile, encode_bundle, levels_of, tile_roots, tiles_on
from suyuan.tlog.trees import MerkleTree


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a log: what its next entries are hashed together with.

    Parameters
    ----------
    size
        Number of entries.
    tiles
        Hashes of the partial tile of each level, level 0 first; empty bytes where the last tile is full.
    bundle
        Entries of the partial bundle.
    """

    size: int = 0
    tiles: tuple[bytes, ...] = ()
    bundle: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, size: int, read: Read, *, bundles: bool = True) -> "Edge":
        """The edge of a stored log; reads its partial tiles and, if `bundles`, its partial bundle."""
        tiles = []
        for level in levels_of(size):
            last = partial_tile(level, size)
            tiles.append(read_tile(read, last) if last else b"")
        last = partial_tile(ENTRIES, size) if bundles else None
        return cls(size, tuple(tiles), tuple(read_bundle(read, last)) if last else ())

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        below = b""
        for hashes in self.tiles:
            if hashes or below:
                below = MerkleTree.of(hashes + below).root
        return below or EMPTY_ROOT

    def grow(self, entries: Sequence[bytes]) -> "Growth":
        """The log with `entries` appended: bundles and tiles."""
        if self.size % WIDTH != len(self.bundle):
            raise TlogError("tlog.edge_without_entries", size=self.size)
        everything = [*self.bundle, *entries]
        first, files = self.size // WIDTH, []
        for at in range(0, len(everything) if entries else 0, WIDTH):
            held = everything[at : at + WIDTH]
            files.append((Tile(ENTRIES, first + at // WIDTH, len(held)).path, encode_bundle(held)))
        rest = len(everything) % WIDTH
        grown = self.grow_hashes(leaf_hashes(entries))
        edge = Edge(grown.edge.size, grown.edge.tiles, tuple(everything[len(everything) - rest :]))
        return Growth(edge, (*files, *grown.files))

    def grow_hashes(self, hashes: bytes) -> "Growth":
        """The log with leaf hashes (32 bytes each) appended: tiles only."""
        size = self.size + len(hashes) // HASH_BYTES
        if len(hashes) % HASH_BYTES or size > LARGEST_SIZE:
            raise TlogError("tlog.hash_length", length=len(hashes))
        files: list[tuple[str, bytes]] = []
        tiles: list[bytes] = []
        for level in levels_of(size):
            before = self.tiles[level] if level < len(self.tiles) else b""
            hashes, partial = _grow_level(Tile(level, self.size >> 8 * (level + 1)), before, hashes, files)
            tiles.append(partial)
        return Growth(Edge(size, tuple(tiles)), tuple(files))


@dataclass(frozen=True, slots=True)
class Growth:
    """What appending a batch leads to.

    Parameters
    ----------
    edge
        The new edge; its `root` and `size` go into the checkpoint.
    files
        (path, content) of each new bundle and tile, bundles first, full and partial. Contents are final:
        a path that exists already has the same bytes.
    """

    edge: Edge
    files: tuple[tuple[str, bytes], ...]


def grow_in_batches(edge: Edge, entries: Sequence[bytes], batch: int = 1 << 16) -> Iterator[Growth]:
    """Growth after growth of at most `batch` entries, so that memory stays bounded by a batch."""
    for at in range(0, len(entries), batch):
        growth = edge.grow(entries[at : at + batch])
        edge = growth.edge
        yield growth


def partial_tile(level: int, size: int) -> Tile | None:
    """The partial tile of a level, or the partial bundle."""
    return next(tiles_on(level, size, size >> 8 * (max(level, 0) + 1)), None)


def _grow_level(first: Tile, before: bytes, new: bytes, files: list[tuple[str, bytes]]) -> tuple[bytes, bytes]:
    """Name the new tiles of one level; the hashes for the level above, and the partial tile."""
    if not new:
        return b"", before
    hashes = before + new
    end = len(hashes) // TILE_BYTES * TILE_BYTES
    for at in range(0, end, TILE_BYTES):
        files.append((Tile(first.level, first.index + at // TILE_BYTES).path, hashes[at : at + TILE_BYTES]))
    partial = hashes[end:]
    if partial:
        width = len(partial) // HASH_BYTES
        files.append((Tile(first.level, first.index + end // TILE_BYTES, width).path, partial))
    return tile_roots(hashes[:end]), partial
