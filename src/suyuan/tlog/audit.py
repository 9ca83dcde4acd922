"""Checking a whole log against a root, and naming the files that are corrupt.

Trust runs from the root down: the partial tiles on the right edge lead to the root; a full tile has to
hash to the hash that the tile above has for it; a bundle has to hash to its tile of level 0. What does
not is named, and where the files below it lead to what was expected, the check goes on from there, so
that one corrupt file is one finding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from suyuan.kernel import Finding
from suyuan.tlog.edge import Edge, partial_tile
from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import HASH_BYTES, leaf_hashes
from suyuan.tlog.reading import Read, read_bundle, read_tile
from suyuan.tlog.tiles import ENTRIES, WIDTH, Tile, levels_of, tile_roots, tiles_on


def audit(size: int, root: bytes, read: Read, *, bundles: bool = True) -> tuple[Finding, ...]:
    """What is wrong with the stored files of a log; empty where all lead to `root`.

    Reads every file of an intact log once, those on the edge twice, and keeps a 256th of the hashes.
    Findings: a file is missing (`tlog.file_missing`) or corrupt (`tlog.file_corrupt`); or neither the
    partial tiles nor what is below them lead to the root (`tlog.root_differs`): then no file can be told
    to be right, and only the files are named that were looked for and are missing.
    """
    return tuple(_Audit(size, root, read, bundles).findings())


@dataclass(slots=True)
class _Audit:
    size: int
    root: bytes
    read: Read
    bundles: bool
    missing: set[Tile] = field(default_factory=set)

    def findings(self) -> Iterator[Finding]:
        """One finding a file, from the top level down, each bundle behind its tile."""
        edge = self._edge()
        if edge is None:
            yield Finding("tlog.root_differs", {"size": self.size})
            yield from map(self._finding, sorted(self.missing))
            return
        above: list[bytes | None] = []
        for level in reversed(levels_of(self.size)):
            trusted: list[bytes | None] = []
            for tile in tiles_on(level, self.size):
                stored = self._stored(tile)
                right = self._trusted(tile, stored, _expected(tile, above)) if tile.is_full else edge[level]
                if stored is None or stored != right:
                    yield self._finding(tile)
                if level:
                    trusted.append(right)
                elif self.bundles:
                    yield from self._check_bundle(Tile(ENTRIES, tile.index, tile.width), right)
            above = trusted

    def _check_bundle(self, bundle: Tile, right: bytes | None) -> Iterator[Finding]:
        stored = self._bundle_hashes(bundle)
        if stored is None or stored != right:
            yield self._finding(bundle)

    def _edge(self) -> list[bytes] | None:
        """Contents of the partial tiles that lead to the root, as few as possible rebuilt from below."""
        lasts = [partial_tile(level, self.size) for level in levels_of(self.size)]
        stored = [(self._stored(last) or bytes(last.width * HASH_BYTES)) if last else b"" for last in lasts]
        if Edge(self.size, tuple(stored)).root == self.root:
            return stored
        choices = [
            dict.fromkeys([hashes, *(self._rebuilt(last) if last else ())])
            for hashes, last in zip(stored, lasts, strict=True)
        ]
        for tried in sorted(product(*choices), key=lambda tried: _differences(tried, stored)):
            if Edge(self.size, tried).root == self.root:
                return list(tried)
        return None

    def _trusted(self, tile: Tile, stored: bytes | None, expected: bytes | None) -> bytes | None:
        """The right content of a full tile; None where neither it nor what is below it leads to `expected`."""
        if expected is not None and stored is not None and tile_roots(stored) == expected:
            return stored
        for rebuilt in self._rebuilt(tile):
            if rebuilt == stored if expected is None else tile_roots(rebuilt) == expected:
                return rebuilt
        return None

    def _rebuilt(self, tile: Tile) -> Iterator[bytes]:
        """The content of a tile as the tiles below it say, then as the entries say."""
        for from_entries in (False, True) if tile.level else (True,):
            found = self._from_below(tile, from_entries)
            if found is not None:
                yield found

    def _from_below(self, tile: Tile, from_entries: bool) -> bytes | None:
        if tile.level == 0:
            return self._bundle_hashes(Tile(ENTRIES, tile.index, tile.width)) if self.bundles else None
        hashes = []
        for place in range(tile.width):
            child = Tile(tile.level - 1, tile.index * WIDTH + place)
            content = self._from_below(child, True) if from_entries else self._stored(child)
            if content is None:
                return None
            hashes.append(tile_roots(content))
        return b"".join(hashes)

    def _stored(self, tile: Tile) -> bytes | None:
        try:
            return read_tile(self.read, tile)
        except (LookupError, FileNotFoundError):
            self.missing.add(tile)
        except TlogError:
            pass
        return None

    def _bundle_hashes(self, bundle: Tile) -> bytes | None:
        try:
            return leaf_hashes(read_bundle(self.read, bundle))
        except (LookupError, FileNotFoundError):
            self.missing.add(bundle)
        except TlogError:
            pass
        return None

    def _finding(self, tile: Tile) -> Finding:
        return Finding("tlog.file_missing" if tile in self.missing else "tlog.file_corrupt", {"path": tile.path})


def _differences(first: Sequence[bytes], second: Sequence[bytes]) -> int:
    return sum(one != other for one, other in zip(first, second, strict=True))


def _expected(tile: Tile, above: list[bytes | None]) -> bytes | None:
    """The hash of a full tile in the tile above it, where that is trusted."""
    parent, place = divmod(tile.index, WIDTH)
    hashes = above[parent]
    return None if hashes is None else hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]
