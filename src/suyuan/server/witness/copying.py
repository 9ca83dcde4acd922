"""Copying the files of a tree, each checked against the root before it is written."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import islice, product
from typing import TypeVar

from suyuan.server.witness.folder import LogFolder
from suyuan.tlog.edge import Edge, partial_tile
from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import HASH_BYTES, leaf_hashes
from suyuan.tlog.reading import Read, read_bundle, read_tile
from suyuan.tlog.tiles import ENTRIES, WIDTH, Tile, encode_bundle, hashes_on, levels_of, tile_roots, tiles_on

_AT_ONCE = 64
"""Tiles of one round, with their bundles: what is in memory."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Found:
    """A tile with its right content, and the files that the folder lacks."""

    tile: Tile
    content: bytes
    files: tuple[tuple[str, bytes], ...]


@dataclass(slots=True)
class Copying:
    """Completes a folder from a source up to a signed size and root.

    A file that the folder has is kept if it is right, so a copy that was interrupted goes on, and only
    what is missing or corrupt is fetched.
    """

    source: Read
    folder: LogFolder
    size: int
    root: bytes
    crew: Executor
    _edge: dict[int, bytes] = field(default_factory=dict)
    _above: dict[int, bytes] = field(default_factory=dict)

    def run(self, start: int = 0) -> int:
        """Complete every file that has an entry from `start` on, top level first; how many were written.

        TlogError where the source's files do not lead to the root, FileNotFoundError where it has them not.
        """
        written = 0
        self._read_edge()
        for level in reversed(levels_of(self.size)):
            here: dict[int, bytes] = {}
            for tiles in _portions(tiles_on(level, self.size, start >> 8 * (level + 1))):
                found = list(self.crew.map(self._complete, tiles))
                files = [file for each in found for file in each.files]
                self.folder.write(files)
                written += len(files)
                if level:
                    here.update((each.tile.index, each.content) for each in found)
            self._above = here
        return written

    def _read_edge(self) -> None:
        """The partial tiles, which lead to the root together; of each level the source's or the folder's."""
        choices = []
        for level in levels_of(self.size):
            last = partial_tile(level, self.size)
            found = [_stored(read, last) for read in (self.source, self.folder.read)] if last else [b""]
            choices.append(dict.fromkeys(content for content in found if content is not None))
        for contents in product(*choices):
            if Edge(self.size, contents).root == self.root:
                self._edge = dict(enumerate(contents))
                return
        raise TlogError("tlog.root_differs", size=self.size)

    def _complete(self, tile: Tile) -> _Found:
        """One tile, on level 0 with its bundle."""
        content, files = self._tile(tile)
        if tile.level == 0:
            files += self._bundle(Tile(ENTRIES, tile.index, tile.width), content)
        return _Found(tile, content, tuple(files))

    def _tile(self, tile: Tile) -> tuple[bytes, list[tuple[str, bytes]]]:
        own = _stored(self.folder.read, tile)
        if not tile.is_full:
            right = self._edge[tile.level]
            return right, [] if own == right else [(tile.path, right)]
        expected = self._expected(tile)
        if own is not None and tile_roots(own) == expected:
            return own, []
        content = read_tile(self.source, tile)
        if tile_roots(content) != expected:
            raise TlogError("tlog.file_corrupt", path=tile.path)
        return content, [(tile.path, content)]

    def _expected(self, tile: Tile) -> bytes:
        """The hash that the tile above has for a full tile."""
        parent, place = divmod(tile.index, WIDTH)
        return self._above[parent][place * HASH_BYTES : (place + 1) * HASH_BYTES]

    def _bundle(self, bundle: Tile, hashes: bytes) -> list[tuple[str, bytes]]:
        """The bundle behind a tile of level 0, unless the folder has it."""
        try:
            if leaf_hashes(read_bundle(self.folder.read, bundle)) == hashes:
                return []
        except (FileNotFoundError, TlogError):
            pass
        entries = read_bundle(self.source, bundle)
        if leaf_hashes(entries) != hashes:
            raise TlogError("tlog.file_corrupt", path=bundle.path)
        return [(bundle.path, encode_bundle(entries))]


def _stored(read: Read, tile: Tile) -> bytes | None:
    """A tile as it is stored, whole or not; None where there is none of its length."""
    try:
        return read_tile(read, tile)
    except (FileNotFoundError, TlogError):
        return None


def _portions(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in lists of a bounded length."""
    iterator = iter(items)
    while portion := list(islice(iterator, _AT_ONCE)):
        yield portion


def filled_tiles(old_size: int, size: int) -> list[Tile]:
    """The tiles and bundles that were partial in a log of `old_size` entries and are full with `size`."""
    lasts = [partial_tile(level, old_size) for level in (ENTRIES, *levels_of(old_size))]
    return [last.full for last in lasts if last and hashes_on(last.level, size) >= (last.index + 1) * WIDTH]
