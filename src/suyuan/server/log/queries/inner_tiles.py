"""The inner tree of a submission as tiles in the database: a proof reads a few, however many records there are."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from uuid import UUID

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.tlog import TileReader, parse_path
from suyuan.tlog.hashing import HASH_BYTES
from suyuan.tlog.tiles import WIDTH

ID_BYTES = 16
LEVELS = ("leaves", "level_1", "level_2")
"""The columns that have the hashes of each level of tiles."""

_PIECE = "SELECT substring({column} FROM %s FOR %s) FROM log_record WHERE submission = %s"
_PIECES = tuple(_PIECE.replace("{column}", column) for column in LEVELS)
_ID = _PIECE.replace("{column}", "ids")
BLOCK = 4096
"""Ids that are looked through at once."""
_HEADS = """
SELECT substring(ids FROM n::integer * %s + 1 FOR 16) FROM log_record, generate_series(0, (%s - 1) / %s) AS n
 WHERE submission = %s ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class InnerTiles:
    """The sealed records of one submission."""

    run: psycopg.Cursor[Row]
    submission: int
    size: int

    @property
    def tree(self) -> TileReader:
        """The inner tree; reads what a proof needs."""
        return TileReader(self._read, self.size)

    def number_of(self, record: str) -> int | None:
        """The number of a record, by its id; None where it is not among them."""
        wanted = UUID(record).bytes
        asked = [BLOCK * ID_BYTES, self.size, BLOCK, self.submission]
        heads = [bytes(head) for (head,) in self.run.execute(_HEADS, asked)]
        start = max(bisect_right(heads, wanted) - 1, 0) * BLOCK
        block = self._piece(_ID, start * ID_BYTES, BLOCK * ID_BYTES)
        ids = [block[at : at + ID_BYTES] for at in range(0, len(block), ID_BYTES)]
        place = bisect_left(ids, wanted)
        return start + place if place < len(ids) and ids[place] == wanted else None

    def _read(self, path: str) -> bytes:
        tile = parse_path(path)
        return self._piece(_PIECES[tile.level], tile.index * WIDTH * HASH_BYTES, tile.width * HASH_BYTES)

    def _piece(self, statement: str, start: int, length: int) -> bytes:
        row = self.run.execute(statement, [start + 1, length, self.submission]).fetchone()
        return bytes(row[0]) if row and row[0] is not None else b""
