"""The log's own files against its root, and the database's entries against the files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from suyuan.kernel import Finding
from suyuan.kernel.findings import Value
from suyuan.server.kit.connection import Row
from suyuan.server.log.queries.place import Place
from suyuan.server.log.queries.shards import ShardRow, leaves
from suyuan.server.log.services.inner import submission_in
from suyuan.server.witness.folder import LogFolder
from suyuan.tlog import Checkpoint, TlogError, VerifierKey, audit, open_checkpoint
from suyuan.tlog.reading import read_bundle
from suyuan.tlog.tiles import ENTRIES, WIDTH, tiles_on

_LONG_SEALED = """
SELECT EXISTS (SELECT FROM log_entry WHERE shard = %s AND sealed_at < now() - interval '10 minutes')
"""


@dataclass(frozen=True, slots=True)
class Logged:
    """A shard's published tree; no checkpoint where nothing is published or the checkpoint is not the log's."""

    shard: ShardRow
    folder: LogFolder
    checkpoint: Checkpoint | None

    @property
    def size(self) -> int:
        """Entries published."""
        return self.checkpoint.size if self.checkpoint else 0


def open_logged(
    run: psycopg.Cursor[Row],
    shard: ShardRow,
    place: Place,
    known: Sequence[VerifierKey],
    published: Mapping[str, bytes],
) -> tuple[Logged, list[Finding]]:
    """The published tree of a shard, and what is wrong with its files; `published` are the checkpoints by origin."""
    folder, content = place.files(shard.origin), published.get(shard.origin)
    if content is None:
        gone = run.execute(_LONG_SEALED, [shard.number]).fetchone() == (True,)
        missing = [Finding("log.checkpoint_missing", {"origin": shard.origin, "folder": str(folder.root)})]
        return Logged(shard, folder, None), missing if gone else []
    try:
        checkpoint, _ = open_checkpoint(content, known)
    except TlogError as error:
        found = Finding("log.checkpoint_wrong", {"origin": shard.origin, "reason": error.code})
        return Logged(shard, folder, None), [found]
    wrong = audit(checkpoint.size, checkpoint.root, folder.read)
    findings = [
        Finding("log.file_wrong", {"origin": shard.origin, "reason": one.code, "path": str(one.data.get("path", ""))})
        for one in wrong
    ]
    return Logged(shard, folder, checkpoint), findings


def compare_entries(run: psycopg.Cursor[Row], logged: Logged) -> Iterator[tuple[Finding, int | None, bytes]]:
    """Entries that database and tree have differently: (finding, submission as the log has it, the log's leaf)."""
    for bundle in tiles_on(ENTRIES, logged.size):
        first = bundle.index * WIDTH
        held = dict(leaves(run, logged.shard.number, first, bundle.width))
        try:
            entries = read_bundle(logged.folder.read, bundle)
        except (TlogError, OSError):
            continue  # named already, as a file
        for index, entry in enumerate(entries, start=first):
            if held.get(index) == entry:
                continue
            number = submission_in(entry)
            code = "log.entry_differs" if index in held else "log.entry_missing"
            told: dict[str, Value] = {"origin": logged.shard.origin, "index": index, "submission": number}
            yield Finding(code, told), number, entry
