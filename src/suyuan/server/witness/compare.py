"""Comparing what several places show of one log: the log itself, mirrors, and the logs of witnesses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from suyuan.kernel import SuyuanError
from suyuan.server.witness.contradictions import Contradiction, Seen, fork, split_view
from suyuan.server.witness.errors import NotFound, WitnessError
from suyuan.server.witness.folder import CHECKPOINT
from suyuan.server.witness.incidents import IncidentFolder
from suyuan.server.witness.sources import Source
from suyuan.tlog.checkpoints import Checkpoint, open_checkpoint, parse_checkpoint
from suyuan.tlog.errors import TlogError
from suyuan.tlog.keys import VerifierKey
from suyuan.tlog.notes import parse_note
from suyuan.tlog.reading import TileReader, read_bundle
from suyuan.tlog.tiles import ENTRIES, WIDTH, tiles_on

MOST_ENTRIES = 16_384
"""Newest entries of a witness's log that are looked through."""


@dataclass(slots=True)
class Comparison:
    """What was found.

    Parameters
    ----------
    seen
        Every checkpoint of the log, each with its place.
    found
        Contradictions, each with the name of its incident.
    unchecked
        Checkpoints for which no place had a tree that is large enough: they may be true.
    troubles
        (place, reason) where a place could not be read or its files are damaged.
    """

    origin: str
    seen: list[Seen] = field(default_factory=list)
    found: list[tuple[Contradiction, str]] = field(default_factory=list)
    unchecked: list[Seen] = field(default_factory=list)
    troubles: list[tuple[str, SuyuanError]] = field(default_factory=list)


def compare(
    sources: Sequence[Source], keys: Sequence[VerifierKey], incidents: IncidentFolder, entries: int = MOST_ENTRIES
) -> Comparison:
    """Fetch every place's checkpoints of the log of `keys`, and hold them against each other.

    Equal sizes must have equal roots, and every checkpoint must be the beginning of every larger tree
    that a place serves. What contradicts is written as an incident.
    """
    comparison = Comparison(keys[0].name)
    trees: list[tuple[Source, Seen]] = []
    for source in sources:
        try:
            for seen, is_tree in _checkpoints(source, keys, entries):
                comparison.seen.append(seen)
                if is_tree:
                    trees.append((source, seen))
        except (SuyuanError, FileNotFoundError) as error:
            comparison.troubles.append((source.name, _trouble(source, error)))
    distinct = list({(seen.checkpoint.size, seen.checkpoint.root): seen for seen in reversed(comparison.seen)}.values())
    distinct.sort(key=lambda seen: (seen.checkpoint.size, seen.checkpoint.root))
    contradictions = [*_of_one_size(distinct), *_of_trees(distinct, trees, comparison)]
    comparison.found = [(each, incidents.write(each, keys)) for each in contradictions]
    return comparison


def _checkpoints(source: Source, keys: Sequence[VerifierKey], entries: int) -> Iterator[tuple[Seen, bool]]:
    """The checkpoints of the log that a place shows, and whether it has the log's tree."""
    note = source.read(CHECKPOINT)
    stated = parse_checkpoint(parse_note(note).text)
    if stated.origin == keys[0].name:
        yield Seen(open_checkpoint(note, keys)[0], note, source.name), True
        return
    for index, entry in _newest_entries(source, stated, entries):
        try:
            checkpoint, _ = open_checkpoint(entry, keys)
        except TlogError:
            continue  # of another log, or no checkpoint at all
        if checkpoint.origin == keys[0].name:
            yield Seen(checkpoint, entry, f"{source.name}#{index}"), False


def _newest_entries(source: Source, stated: Checkpoint, entries: int) -> Iterator[tuple[int, bytes]]:
    """Index and content of the last entries of a log; what they say is signed by others, so it is not checked."""
    first = max(0, stated.size - entries) // WIDTH
    for bundle in tiles_on(ENTRIES, stated.size, first):
        for place, entry in enumerate(read_bundle(source.read, bundle)):
            yield bundle.start + place, entry


def _of_one_size(distinct: Sequence[Seen]) -> Iterator[Contradiction]:
    """The contradictions of neighbours of equal size."""
    for one, other in pairwise(distinct):
        found = split_view(one, other)
        if found is not None:
            yield found


def _of_trees(
    distinct: Sequence[Seen], trees: Sequence[tuple[Source, Seen]], comparison: Comparison
) -> Iterator[Contradiction]:
    """The contradictions of trees and smaller checkpoints; a tree that two places have is read once."""
    checked: set[Seen] = set()
    done: set[tuple[int, bytes]] = set()
    for source, new in trees:
        head = new.checkpoint.size, new.checkpoint.root
        if head in done:
            continue
        reader = TileReader(source.read, new.checkpoint.size)
        smaller = [old for old in distinct if old.checkpoint.size < new.checkpoint.size]
        try:
            if reader.root != new.checkpoint.root:
                raise TlogError("tlog.root_differs", size=new.checkpoint.size)
            found = [fork(old, new, reader) for old in smaller]
        except (SuyuanError, FileNotFoundError) as error:
            comparison.troubles.append((source.name, _trouble(source, error)))
            continue
        done.add(head)
        checked.update(smaller)
        yield from filter(None, found)
    known = {(seen.checkpoint.size, seen.checkpoint.root) for seen in checked} | done
    comparison.unchecked = [seen for seen in distinct if (seen.checkpoint.size, seen.checkpoint.root) not in known]


def _trouble(source: Source, error: Exception) -> SuyuanError:
    """Why a place could not be used, in our words."""
    if isinstance(error, FileNotFoundError):
        return NotFound("witness.file_missing", source=source.name, said=str(error)[:300])
    if isinstance(error, TlogError):
        return WitnessError("witness.checkpoint_refused", source=source.name, reason=error.code)
    assert isinstance(error, SuyuanError)  # noqa: S101
    return error
