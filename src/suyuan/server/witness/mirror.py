"""A mirror: a checked copy of a log's files, and what brings damaged files of a log back.

Trust runs from the signed root down: the right edge has to lead to it, each full tile to the hash that
the tile above has, each bundle to its tile. Nothing is written that was not checked so, and the
checkpoint is published last. Before anything is copied the accepted checkpoint is kept as pending, so
that a mirror which is killed goes on where it was, and a log cannot take back what it once showed.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from suyuan.server.witness.contradictions import Contradiction, Kind, Seen, fork, split_view
from suyuan.server.witness.copying import Copying, filled_tiles
from suyuan.server.witness.durable import make_folder, write_whole
from suyuan.server.witness.errors import Conflict, NotFound, WitnessError
from suyuan.server.witness.folder import CHECKPOINT, LogFolder
from suyuan.server.witness.incidents import IncidentFolder
from suyuan.server.witness.sources import Source
from suyuan.tlog.checkpoints import open_checkpoint, parse_checkpoint
from suyuan.tlog.cosignatures import cosign
from suyuan.tlog.errors import TlogError
from suyuan.tlog.hashing import HASH_BYTES
from suyuan.tlog.keys import SignerKey, VerifierKey
from suyuan.tlog.notes import Note, parse_note
from suyuan.tlog.reading import Read, TileReader, tile_at
from suyuan.tlog.tiles import ENTRIES, WIDTH, decode_bundle, encode_bundle, hashes_on, parse_path

PENDING = ".pending"
"""The checkpoint that is being copied."""
_FETCHERS = 8


@dataclass(frozen=True, slots=True)
class Copied:
    """What a run of a mirror did.

    Parameters
    ----------
    old_size, size
        Entries before and after.
    files
        Tiles and bundles written.
    """

    origin: str
    old_size: int
    size: int
    files: int


@dataclass(frozen=True, slots=True)
class Mirror:
    """Copies one log from a source into a folder.

    Parameters
    ----------
    keys
        The log's keys.
    origin
        The log's origin, where it is not the name of its keys.
    signers
        The mirror's own cosignature keys, not those of a witness; none for a mirror that signs nothing.
    """

    source: Source
    folder: LogFolder
    keys: Sequence[VerifierKey]
    incidents: IncidentFolder
    signers: Sequence[SignerKey] = ()
    now_s: Callable[[], float] = field(default=time.time)
    origin: str = ""

    def update(self, *, everything: bool = False) -> Copied:
        """Bring the copy to the log's newest checkpoint; with `everything`, check old files, too.

        Raises
        ------
        Conflict
            ``witness.split_view``, ``witness.fork`` or ``witness.rollback``: an incident was written and
            nothing was copied. ``witness.mirror_busy``: another process writes to the folder.
        NotFound, Unreachable
            The source has no checkpoint or does not answer.
        """
        with self._alone():
            published, pending = self._kept(CHECKPOINT), self._kept(PENDING)
            newest = self._newest()
            for old in filter(None, (published, pending)):
                self._check(old, newest)
            size, root = newest.checkpoint.size, newest.checkpoint.root
            if pending is None or pending.checkpoint.size < size:
                write_whole(self.folder.root / PENDING, newest.note)
            old_size = published.checkpoint.size if published else 0
            written = self._copy(size, root, 0 if everything else old_size)
            self._publish(newest)
            self.folder.drop_partials(filled_tiles(old_size, size))
            (self.folder.root / PENDING).unlink(missing_ok=True)
        return Copied(newest.checkpoint.origin, old_size, size, written)

    def restore(self) -> Copied:
        """Put back missing and corrupt files of the folder's own published checkpoint, which stays as it is.

        The folder's own signed root decides what is right, whatever checkpoint the source shows.

        Raises
        ------
        NotFound
            ``witness.no_checkpoint``: the folder has none, so it is not known what to restore.
        Conflict
            ``witness.mirror_busy``: another process writes to the folder.
        WitnessError
            ``witness.file_damaged`` or ``witness.file_missing``: the source has not what is needed, either.
        """
        with self._alone():
            own = self._kept(CHECKPOINT)
            if own is None:
                raise NotFound("witness.no_checkpoint", source=str(self.folder.root))
            size = own.checkpoint.size
            written = self._copy(size, own.checkpoint.root, 0, wider(self.source))
        return Copied(own.checkpoint.origin, size, size, written)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            make_folder(self.folder.root)
            with self.folder.locked(wait=False):
                yield
        except BlockingIOError:
            raise Conflict("witness.mirror_busy", folder=str(self.folder.root)) from None

    def _kept(self, name: str) -> Seen | None:
        """A checkpoint of ours."""
        path = self.folder.root / name
        if not path.exists():
            return None
        return self._opened(path.read_bytes(), str(path))

    def _newest(self) -> Seen:
        """The source's checkpoint."""
        try:
            note = self.source.read(CHECKPOINT)
        except FileNotFoundError:
            raise NotFound("witness.no_checkpoint", source=self.source.name) from None
        return self._opened(note, self.source.name)

    def _opened(self, note: bytes, source: str) -> Seen:
        try:
            checkpoint, opened = open_checkpoint(note, self.keys)
        except TlogError as error:
            raise WitnessError("witness.checkpoint_refused", source=source, reason=error.code) from error
        if checkpoint.origin not in ({self.origin} if self.origin else {key.name for key in opened.keys}):
            raise WitnessError("witness.origin_differs", source=source, origin=checkpoint.origin)
        return Seen(checkpoint, note, source)

    def _check(self, old: Seen, newest: Seen) -> None:
        """Raise Conflict, after writing an incident, unless the newest tree continues the old one."""
        found = split_view(old, newest)
        if newest.checkpoint.size < old.checkpoint.size:
            found = self._rolled_back(old, newest)
        elif newest.checkpoint.size > old.checkpoint.size:
            tree = TileReader(self.source.read, newest.checkpoint.size)
            with _damage_of(self.source):
                found = fork(old, newest, tree)
        if found is not None:
            self._refuse(found)

    def _rolled_back(self, old: Seen, newest: Seen) -> Contradiction:
        """What the smaller checkpoint of the source is, by our own tiles if they are whole: a fork, or a rollback."""
        with contextlib.suppress(TlogError, FileNotFoundError):
            found = fork(newest, old, TileReader(self.folder.read, old.checkpoint.size))
            if found is not None:
                return found
        return Contradiction(Kind.ROLLBACK, newest, old)

    def _refuse(self, found: Contradiction) -> None:
        name = self.incidents.write(found, self.keys)
        code = {
            Kind.SPLIT_VIEW: "witness.split_view",
            Kind.FORK: "witness.fork",
            Kind.ROLLBACK: "witness.rollback",
        }[found.kind]
        raise Conflict(
            code,
            origin=found.first.checkpoint.origin,
            first=found.first.checkpoint.size,
            second=found.second.checkpoint.size,
            incident=str(self.incidents.root / name),
        )

    def _copy(self, size: int, root: bytes, start: int, read: Read | None = None) -> int:
        with ThreadPoolExecutor(_FETCHERS) as crew, _damage_of(self.source):
            return Copying(read or self.source.read, self.folder, size, root, crew).run(start)

    def _publish(self, newest: Seen) -> None:
        """The source's checkpoint with our cosignature; signatures of others stay."""
        note = parse_note(newest.note)
        if self.signers:
            own = cosign(note, self.signers, int(self.now_s()))
            replaced = {(signature.name, signature.key_id) for signature in own}
            kept = [line for line in note.signatures if (line.name, line.key_id) not in replaced]
            note = Note(note.text, (*kept, *own))
        if bytes(note) != self.folder.checkpoint():
            self.folder.publish(bytes(note))


def wider(source: Source) -> Read:
    """Reads a partial tile or bundle that the source has not from the wider one that it has at its present size.

    What is read this way is checked like everything else, so the source's checkpoint need not be trusted.
    """
    try:
        size = parse_checkpoint(parse_note(source.read(CHECKPOINT)).text).size
    except FileNotFoundError:
        return source.read

    def read(path: str) -> bytes:
        try:
            return source.read(path)
        except FileNotFoundError:
            tile = parse_path(path)
            if tile.is_full or hashes_on(tile.level, size) < tile.index * WIDTH + tile.width:
                raise
            wide = tile_at(tile.level, tile.index, size)
            content = source.read(wide.path)
        if tile.level == ENTRIES:
            return encode_bundle(decode_bundle(content, wide.width)[: tile.width])
        return content[: tile.width * HASH_BYTES]

    return read


@contextlib.contextmanager
def _damage_of(source: Source) -> Iterator[None]:
    """What is wrong with a source's files, in our words."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("witness.file_missing", source=source.name, said=str(error)[:300]) from None
    except TlogError as error:
        path = str(error.data.get("path", ""))
        raise WitnessError("witness.file_damaged", source=source.name, path=path, reason=error.code) from error
