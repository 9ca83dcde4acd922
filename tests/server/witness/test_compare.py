from contextlib import closing
from pathlib import Path

import pytest

from suyuan.server.witness.compare import Comparison, compare
from suyuan.server.witness.contradictions import Kind
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.http_server import Site
from suyuan.server.witness.incidents import IncidentFolder
from suyuan.server.witness.sources import FolderSource, Source, open_source
from suyuan.tlog import AddCheckpoint, Note, parse_checkpoint, verify_consistency
from tests.server.witness.test_witness_journal import journal
from tests.server.witness.watching import other_entries, post, request, serving, witness, write_log
from tests.tlog.cast import LOG, NOW_S, UNIVERSITY, signed


class World:
    """Places that show the log."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incidents = IncidentFolder(root / "incidents", lambda: NOW_S)

    def log(self, name: str, size: int, *, lies: bool = False) -> Source:
        if lies:
            write_log(self.root / name, size, made=other_entries)
        else:
            write_log(self.root / name, size)
        return FolderSource(LogFolder(self.root / name))

    def compare(self, *sources: Source, entries: int = 1000) -> Comparison:
        return compare(sources, [LOG.verifier], self.incidents, entries)

    def kinds(self) -> list[Kind]:
        assert all(incident.is_proven for incident in self.incidents.list())
        return [incident.contradiction.kind for incident in self.incidents.list()]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def first(note: Note) -> bytes:
    return bytes(AddCheckpoint(0, (), note, parse_checkpoint(note.text)))


def test_two_witnesses_that_were_given_different_checkpoints(world: World) -> None:
    """The split view of the issue: each half of the country is shown its own log, all signatures are right."""
    nation, university = witness(world.root / "n"), witness(world.root / "u", signers=(UNIVERSITY,))
    truth, lie = signed(5), write_log(world.root / "lie", 5, made=other_entries)
    own = [journal(world.root / "n", nation.records), journal(world.root / "u", university.records)]
    sites = [Site("", {"checkpoints": each.folder}, made) for each, made in zip(own, (nation, university), strict=True)]
    with serving(sites[0]) as one, serving(sites[1]) as other:
        assert post(one, first(truth)).status_code == 200
        assert post(other, first(lie)).status_code == 200
        for each in own:
            each.integrate()
        with closing(open_source(f"{one}/checkpoints")) as half, closing(open_source(f"{other}/checkpoints")) as rest:
            found = world.compare(half, rest)
    assert [seen.source for seen in found.seen] == [f"{one}/checkpoints#0", f"{other}/checkpoints#0"]
    assert world.kinds() == [Kind.SPLIT_VIEW]
    (incident,) = world.incidents.list()
    texts = {parse_checkpoint(note.text).root for note in (truth, lie)}
    assert {side.checkpoint.root for side in (incident.contradiction.first, incident.contradiction.second)} == texts


def test_places_that_agree_make_no_incident(world: World) -> None:
    made = witness(world.root / "n")
    for old, new in ((0, 3), (3, 300), (300, 400)):
        made.add_checkpoint(request(old, signed(new)))
    own = journal(world.root / "n", made.records)
    own.integrate()
    found = world.compare(world.log("log", 400), world.log("mirror", 300), FolderSource(own.folder))
    assert (found.found, found.troubles, found.unchecked) == ([], [], [])
    assert [seen.checkpoint.size for seen in found.seen] == [400, 300, 3, 300, 400]


def test_a_smaller_checkpoint_that_is_no_beginning_is_a_fork(world: World) -> None:
    found = world.compare(world.log("log", 400), world.log("mirror", 300, lies=True))
    assert world.kinds() == [Kind.FORK]
    ((contradiction, _),) = found.found
    old, new = contradiction.first.checkpoint, contradiction.second.checkpoint
    assert (old.size, new.size) == (300, 400)
    assert contradiction.derived_root is not None
    verify_consistency(300, 400, contradiction.derived_root, new.root, contradiction.proof)
    assert contradiction.derived_root != old.root


def test_a_lie_to_a_witness_is_found_by_the_tree_of_the_log(world: World) -> None:
    made = witness(world.root / "n")
    made.add_checkpoint(first(write_log(world.root / "lie", 5, made=other_entries)))
    own = journal(world.root / "n", made.records)
    own.integrate()
    world.compare(FolderSource(own.folder), world.log("log", 400))
    assert world.kinds() == [Kind.FORK]


def test_a_checkpoint_larger_than_every_tree_is_left_open(world: World) -> None:
    made = witness(world.root / "n")
    made.add_checkpoint(request(0, signed(400)))
    own = journal(world.root / "n", made.records)
    own.integrate()
    found = world.compare(FolderSource(own.folder), world.log("log", 300))
    assert [seen.checkpoint.size for seen in found.unchecked] == [400]
    assert found.found == []


def test_damage_is_no_contradiction(world: World) -> None:
    log, mirror = world.log("log", 400), world.log("mirror", 300)
    (world.root / "log" / "tile/0/001.p/144").write_bytes(bytes(144 * 32))
    found = world.compare(log, mirror)
    assert found.found == []
    assert [place for place, _ in found.troubles] == [log.name]
    assert [seen.checkpoint.size for seen in found.unchecked] == [400]  # held against nothing


def test_a_place_that_has_nothing_is_told_and_the_others_compared(world: World) -> None:
    (world.root / "empty").mkdir()
    found = world.compare(
        FolderSource(LogFolder(world.root / "empty")), world.log("a", 5), world.log("b", 5, lies=True)
    )
    assert [error.code for _, error in found.troubles] == ["witness.file_missing"]
    assert world.kinds() == [Kind.SPLIT_VIEW]


def test_a_log_of_another_key_shows_nothing_of_ours(world: World) -> None:
    from suyuan.tlog import KeyType, SignerKey

    stranger = SignerKey(LOG.name, KeyType.ED25519, b"?" * 32)
    write_log(world.root / "forged", 5, stranger, other_entries)
    found = world.compare(FolderSource(LogFolder(world.root / "forged")), world.log("log", 5))
    assert [error.code for _, error in found.troubles] == ["witness.checkpoint_refused"]
    assert (found.found, world.incidents.list()) == ([], ())


def test_only_the_newest_entries_of_a_witness_are_looked_through(world: World) -> None:
    made = witness(world.root / "n")
    with made.records.turn("x") as turn:
        for number in range(600):
            turn.keep(number, bytes(32), b"of another log")
    made.add_checkpoint(request(0, signed(3)))
    own = journal(world.root / "n", made.records)
    own.integrate()
    (world.root / "n/checkpoints/tile/entries/000").unlink()
    found = world.compare(FolderSource(own.folder), entries=10)
    assert [seen.checkpoint.size for seen in found.seen] == [3]
    assert found.troubles == []
