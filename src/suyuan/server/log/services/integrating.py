"""From entries in the database to tiles, a signed checkpoint, its cosignatures, and publication.

The database has the order of the entries, the folder the tree. A step that was interrupted is done
again and gives the same bytes: entries never change, and what is published is the last step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from suyuan.kernel import SuyuanError
from suyuan.kernel.findings import Value
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.log.queries.shards import ShardRow, leaves
from suyuan.server.log.services.cosigning import Witnesses
from suyuan.server.log.services.incidents import FILES_DIFFER, NO_QUORUM, close_incident, open_incident
from suyuan.server.witness.folder import LogFolder
from suyuan.tlog import (
    Checkpoint,
    Edge,
    Note,
    SignerKey,
    TileReader,
    TlogError,
    VerifierKey,
    open_checkpoint,
    parse_note,
)
from suyuan.tlog.tiles import ENTRIES, WIDTH, Tile, levels_of, tiles_on

BATCH = 8192
"""Entries integrated at once."""


class FilesDifferError(SuyuanError):
    """The published tree is not what its checkpoint says; nothing is added to it before it is restored."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an origin: those that sign now, and all that may have signed what is published."""

    signers: Sequence[SignerKey]
    known: Sequence[VerifierKey]


@dataclass(frozen=True, slots=True)
class Tree:
    """A published tree: its edge and checkpoint; no note where nothing is published yet."""

    edge: Edge
    note: Note | None

    @property
    def size(self) -> int:
        """Entries published."""
        return self.edge.size


@dataclass(frozen=True, slots=True)
class Integrator:
    """Grows the tree of one shard.

    Parameters
    ----------
    folder
        Its files; the caller holds their lock.
    keys
        Those of its origin; every active one signs.
    """

    shard: ShardRow
    folder: LogFolder
    keys: Keys
    witnesses: Witnesses
    clock: Clock

    def integrate(self, run: psycopg.Cursor[Row]) -> int:
        """Bring every entry that the database has into the tree and publish it; how many are published now.

        Where nothing is new but witnesses are missing, they are asked again.

        Raises
        ------
        FilesDifferError
            ``log.files_differ``.
        """
        published = self._published(run)
        tree = self._grow(run, published)
        if tree.note is None:
            return 0
        finished = tree.size == published.size and self.witnesses.is_met(tree.note)
        if not finished:
            self._publish(run, tree, published.size)
        return tree.size

    def _published(self, run: psycopg.Cursor[Row]) -> Tree:
        """The published tree, after its files were found to lead to its root."""
        content = self.folder.checkpoint()
        if content is None:
            return Tree(Edge(), None)
        try:
            note = parse_note(content)
            checkpoint, _ = open_checkpoint(note, self.keys.known)
            edge = Edge.read(checkpoint.size, self.folder.read)
            if (checkpoint.origin, edge.root) != (self.shard.origin, checkpoint.root):
                raise TlogError("tlog.root_differs", size=checkpoint.size)
        except (TlogError, OSError) as error:
            code = error.code if isinstance(error, TlogError) else "log.file_missing"
            data = {"origin": self.shard.origin, "folder": str(self.folder.root), "reason": code}
            open_incident(run, self.shard.origin, FILES_DIFFER, data, self.clock)
            raise FilesDifferError("log.files_differ", **data) from error
        close_incident(run, self.shard.origin, FILES_DIFFER, self.clock)
        return Tree(edge, note)

    def _grow(self, run: psycopg.Cursor[Row], published: Tree) -> Tree:
        edge = published.edge
        while batch := leaves(run, self.shard.number, edge.size, BATCH):
            if batch[0][0] != edge.size:
                raise FilesDifferError("log.entries_missing", origin=self.shard.origin, size=edge.size)
            growth = edge.grow([leaf for _, leaf in batch])
            self.folder.write(growth.files)
            edge = growth.edge
        if edge.size == published.size:
            return published
        return Tree(edge, Checkpoint(self.shard.origin, edge.size, edge.root).sign(self.keys.signers))

    def _publish(self, run: psycopg.Cursor[Row], tree: Tree, before: int) -> None:
        """Have the witnesses cosign, then publish; without a quorum the log goes on, and says so."""
        if tree.note is None:
            return
        reader = TileReader(self.folder.read, tree.size)
        note = self.witnesses.cosign(run, tree.note, reader)
        if bytes(note) != self.folder.checkpoint():
            self.folder.publish(bytes(note))
        self.folder.drop_partials(_filled(before, tree.size))
        if self.witnesses.is_met(note):
            close_incident(run, self.shard.origin, NO_QUORUM, self.clock)
        else:
            data: dict[str, Value] = {
                "origin": self.shard.origin,
                "size": tree.size,
                "missing": self.witnesses.missing(note),
            }
            open_incident(run, self.shard.origin, NO_QUORUM, data, self.clock)


def _filled(before: int, size: int) -> list[Tile]:
    """The tiles and bundles that were partial at the one size and are full at the other."""
    found = []
    for level in (ENTRIES, *levels_of(before)):
        tile = next(tiles_on(level, before, (before >> 8 * max(level, 0)) // WIDTH), None)
        if tile and not tile.is_full and (size >> 8 * max(level, 0)) >= (tile.index + 1) * WIDTH:
            found.append(tile)
    return found
