import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.server.witness import sources, web
from suyuan.server.witness.contradictions import Kind
from suyuan.server.witness.errors import Conflict, NotFound, Unreachable, WitnessError
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.http_server import Site
from suyuan.server.witness.incidents import IncidentFolder
from suyuan.server.witness.mirror import PENDING, Copied, Mirror
from suyuan.server.witness.sources import FolderSource, Source, WebSource, open_source
from suyuan.tlog import Checkpoint, KeyType, SignerKey, audit, cosignature_time_s, open_checkpoint, parse_verifier_key
from suyuan.tlog.tiles import tiles_of
from tests.server.witness.watching import other_entries, serving, write_log
from tests.tlog.cast import LOG, NATION, NOW_S, VECTORS, tree

MIRROR = SignerKey("mirror.example/nation", KeyType.COSIGNATURE, b"M" * 32)
TESSERA_KEY = parse_verifier_key("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")


class Town:
    """A log and its mirror in two folders."""

    def __init__(self, root: Path) -> None:
        self.log, self.copy = LogFolder(root / "log"), LogFolder(root / "copy")
        self.incidents = IncidentFolder(root / "incidents", lambda: NOW_S)

    def mirror(self, source: Source | None = None, *, signed: bool = False) -> Mirror:
        place, signers = source or FolderSource(self.log), [MIRROR] if signed else []
        return Mirror(place, self.copy, [LOG.verifier], self.incidents, signers, lambda: NOW_S)

    def size(self) -> int:
        """Entries of the published copy, which is checked whole."""
        note = self.copy.checkpoint()
        assert note is not None
        checkpoint, _ = open_checkpoint(note, [LOG.verifier])
        assert audit(checkpoint.size, checkpoint.root, self.copy.read) == ()
        return checkpoint.size

    def kinds(self) -> list[Kind]:
        """What was found; a rollback alone proves nothing."""
        found = self.incidents.list()
        kinds = [incident.contradiction.kind for incident in found]
        assert [incident.is_proven for incident in found] == [kind is not Kind.ROLLBACK for kind in kinds]
        return kinds


@pytest.fixture
def town(tmp_path: Path) -> Town:
    write_log(tmp_path / "log", 300)
    return Town(tmp_path)


class Counted:
    """A source that tells what was read and may change it."""

    name = "counted"

    def __init__(self, folder: LogFolder, act: Callable[[str, bytes], bytes] = lambda _, content: content) -> None:
        self.folder, self.act, self.paths = folder, act, []  # type: ignore[var-annotated]

    def read(self, path: str) -> bytes:
        self.paths.append(path)
        return self.act(path, self.folder.read(path))

    def close(self) -> None: ...


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 700])
def test_a_copy_has_every_file_of_the_log(tmp_path: Path, size: int) -> None:
    write_log(tmp_path / "log", size)
    town = Town(tmp_path)
    assert town.mirror().update() == Copied(LOG.name, 0, size, len(list(tiles_of(size))))
    assert town.size() == size
    for tile in tiles_of(size):
        assert town.copy.read(tile.path) == town.log.read(tile.path)
    assert town.copy.checkpoint() == town.log.checkpoint()


def test_a_published_log_is_copied_over_http(tmp_path: Path) -> None:
    with serving(Site("/base", {"log": LogFolder(VECTORS / "tessera_log")})) as url:
        source = open_source(f"{url}/log/")
        folder = LogFolder(tmp_path / "copy")
        done = Mirror(source, folder, [TESSERA_KEY], IncidentFolder(tmp_path / "i")).update()
        source.close()
    stated = open_checkpoint((VECTORS / "tessera_log" / "checkpoint").read_bytes(), [TESSERA_KEY])[0]
    assert done.size == stated.size > 0
    assert audit(stated.size, stated.root, folder.read) == ()


def test_only_what_is_new_is_fetched(town: Town) -> None:
    town.mirror().update()
    write_log(town.log.root, 700)
    source = Counted(town.log)
    town.mirror(source).update()
    assert "tile/0/000" not in source.paths
    assert "tile/entries/000" not in source.paths
    assert town.size() == 700
    again = Counted(town.log)
    assert town.mirror(again).update().files == 0
    assert again.paths == ["checkpoint"] or set(again.paths) <= {"checkpoint", "tile/0/002.p/188", "tile/1/000.p/2"}


def test_partial_files_that_became_full_are_dropped(town: Town) -> None:
    town.mirror().update()
    write_log(town.log.root, 520)
    town.mirror().update()
    assert not (town.copy.root / "tile/0/001.p").exists()
    assert not (town.copy.root / "tile/entries/001.p").exists()
    assert (town.copy.root / "tile/0/002.p/8").exists()


def test_a_log_that_dropped_its_partial_tiles_is_copied(town: Town) -> None:
    old = town.log.checkpoint() or b""
    write_log(town.log.root, 600)
    for path in ("tile/0/001.p", "tile/entries/001.p"):
        for each in (town.log.root / path).iterdir():
            each.unlink()
    town.log.publish(old)  # a reader who holds the older checkpoint
    assert town.mirror().update().size == 300
    assert town.size() == 300


def damaged(path: str) -> Callable[[str, bytes], bytes]:
    """One byte of one file is another."""
    return lambda read, content: bytes([content[0] ^ 1]) + content[1:] if read == path else content


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"]
)
def test_a_damaged_file_of_the_source_is_not_copied(town: Town, path: str) -> None:
    with pytest.raises(WitnessError) as refusal:
        town.mirror(Counted(town.log, damaged(path))).update()
    assert refusal.value.code == "witness.file_damaged"
    assert town.copy.checkpoint() is None
    assert not (town.copy.root / path).exists()
    assert town.incidents.list() == ()
    assert town.mirror().update().size == 300  # and from a whole source it goes on
    assert town.size() == 300


def test_a_missing_file_of_the_source_is_said(town: Town) -> None:
    (town.log.root / "tile/entries/000").unlink()
    with pytest.raises(NotFound) as refusal:
        town.mirror().update()
    assert refusal.value.code == "witness.file_missing"
    assert town.copy.checkpoint() is None


def test_an_interrupted_copy_goes_on_where_it_was(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 256 * 70)
    town = Town(tmp_path)
    reads = 0

    def fail_late(_: str, content: bytes) -> bytes:
        nonlocal reads
        reads += 1
        if reads > 140:
            raise Unreachable("witness.no_answer", url="x", said="gone")
        return content

    with pytest.raises(Unreachable):
        town.mirror(Counted(town.log, fail_late)).update()
    assert town.copy.checkpoint() is None
    assert (town.copy.root / PENDING).exists()
    source = Counted(town.log)
    town.mirror(source).update()
    assert len([path for path in source.paths if path.startswith("tile/entries")]) < 70
    assert town.size() == 256 * 70
    assert not (town.copy.root / PENDING).exists()


class Died(BaseException):
    """Stands for the end of the process: nobody catches it."""


def test_a_mirror_that_dies_at_any_step_shows_only_whole_trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each replaced file is a step; before and after it the published copy leads to its root."""
    write_log(tmp_path / "log", 250)
    Town(tmp_path).mirror().update()
    write_log(tmp_path / "log", 520)
    real, alive = Path.replace, False
    for last in range(1, 100):
        town = Town(tmp_path)
        town.copy = LogFolder(shutil.copytree(tmp_path / "copy", tmp_path / f"copy-{last}"))
        steps = iter(range(1, 1000))

        def mortal(path: Path, target: Path, steps: Iterator[int] = steps, last: int = last) -> Path:
            if next(steps) == last:
                raise Died
            return real(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", mortal)
            try:
                town.mirror().update()
                alive = True
            except Died:
                assert town.size() in (250, 520)
        town.mirror().update()
        assert town.size() == 520
        if alive:
            break
    assert last > 8


@settings(max_examples=12)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=5))
def test_a_copy_in_any_steps_is_the_copy_in_one(steps: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town, size = Town(Path(folder)), 0
        for step in steps:
            size += step
            write_log(town.log.root, size)
            town.mirror().update()
            assert town.size() == size


def replace_log(town: Town, size: int) -> None:
    """The log changes its fourth entry and signs again."""
    shutil.rmtree(town.log.root)
    write_log(town.log.root, size, made=other_entries)


def test_a_fork_is_not_followed_and_kept_as_evidence(town: Town) -> None:
    town.mirror().update()
    replace_log(town, 400)
    with pytest.raises(Conflict) as refusal:
        town.mirror().update()
    assert refusal.value.code == "witness.fork"
    assert town.size() == 300
    assert town.kinds() == [Kind.FORK]
    with pytest.raises(Conflict):
        town.mirror().update()
    assert town.kinds() == [Kind.FORK]


def test_a_fork_to_a_smaller_log_is_a_fork_as_well(town: Town) -> None:
    town.mirror().update()
    replace_log(town, 200)
    with pytest.raises(Conflict) as refusal:
        town.mirror().update()
    assert refusal.value.code == "witness.fork"
    assert town.kinds() == [Kind.FORK]


def test_another_root_of_the_same_size_is_a_split_view(town: Town) -> None:
    town.mirror().update()
    replace_log(town, 300)
    with pytest.raises(Conflict) as refusal:
        town.mirror().update()
    assert refusal.value.code == "witness.split_view"
    assert town.kinds() == [Kind.SPLIT_VIEW]
    assert town.size() == 300


def test_a_log_that_shows_less_is_not_followed(town: Town, tmp_path: Path) -> None:
    town.mirror().update()
    write_log(tmp_path / "older", 200)
    with pytest.raises(Conflict) as refusal:
        town.mirror(FolderSource(LogFolder(tmp_path / "older"))).update()
    assert refusal.value.code == "witness.rollback"
    assert town.size() == 300
    assert town.kinds() == [Kind.ROLLBACK]


def test_what_was_once_accepted_cannot_be_taken_back_even_if_it_was_never_copied(town: Town) -> None:
    (town.log.root / "tile/entries/000").unlink()
    with pytest.raises(NotFound):
        town.mirror().update()
    replace_log(town, 400)
    with pytest.raises(Conflict):
        town.mirror().update()
    assert town.kinds() == [Kind.FORK]


def test_a_damaged_source_is_not_taken_for_a_fork(town: Town) -> None:
    town.mirror().update()
    write_log(town.log.root, 400)
    with pytest.raises(WitnessError) as refusal:
        town.mirror(Counted(town.log, damaged("tile/0/001.p/144"))).update()
    assert refusal.value.code == "witness.file_damaged"
    assert town.kinds() == []


@pytest.mark.parametrize(
    "signer", [SignerKey(LOG.name, KeyType.ED25519, b"?" * 32), SignerKey("other", KeyType.ED25519, b"L" * 32)]
)
def test_a_checkpoint_of_another_key_is_refused(town: Town, signer: SignerKey) -> None:
    town.log.publish(bytes(Checkpoint(LOG.name, 300, tree(300).root).sign([signer])))
    with pytest.raises(WitnessError) as refusal:
        town.mirror().update()
    assert refusal.value.code == "witness.checkpoint_refused"
    assert not (town.copy.root / "tile").exists()


def test_another_log_of_the_same_key_is_refused(town: Town) -> None:
    town.log.publish(bytes(Checkpoint("trace.example/prov/110000/2027", 300, tree(300).root).sign([LOG])))
    with pytest.raises(WitnessError) as refusal:
        town.mirror().update()
    assert refusal.value.code == "witness.origin_differs"


def test_the_mirror_signs_with_its_own_key_and_keeps_the_others(town: Town) -> None:
    from suyuan.tlog import Note, cosign, parse_note

    note = parse_note(town.log.checkpoint() or b"")
    town.log.publish(bytes(Note(note.text, (*note.signatures, *cosign(note, [NATION], NOW_S - 5)))))
    town.mirror(signed=True).update()
    town.mirror(signed=True).update()
    _, opened = open_checkpoint(town.copy.checkpoint() or b"", [LOG.verifier, NATION.verifier, MIRROR.verifier])
    assert opened.keys == (LOG.verifier, NATION.verifier, MIRROR.verifier)
    assert cosignature_time_s(opened.verified[2][1]) == NOW_S


def test_a_log_whose_keys_have_another_name_is_copied_by_its_origin(town: Town) -> None:
    signer = SignerKey("other", KeyType.ED25519, b"a" * 32)
    town.log.publish(bytes(Checkpoint(LOG.name, 300, tree(300).root).sign([signer])))
    named = Mirror(FolderSource(town.log), town.copy, [signer.verifier], town.incidents, origin=LOG.name)
    assert named.update().size == 300
    wrong = Mirror(FolderSource(town.log), town.copy, [signer.verifier], town.incidents)
    with pytest.raises(WitnessError):
        wrong.update()


def test_two_mirrors_do_not_write_one_folder(town: Town) -> None:
    with town.copy.locked(), pytest.raises(Conflict) as refusal:
        town.mirror().update()
    assert refusal.value.code == "witness.mirror_busy"


def test_a_check_finds_and_mends_what_broke_in_the_copy(town: Town) -> None:
    town.mirror().update()
    (town.copy.root / "tile/entries/000").write_bytes(b"damaged")
    (town.copy.root / "tile/0/000").unlink()
    assert town.mirror().update().files == 0
    assert town.mirror().update(everything=True).files == 2
    assert town.size() == 300


# ---------------------------------------------------------------- bringing back


ALL = ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"]


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("gone", [True, False])
def test_one_lost_or_damaged_file_comes_back(town: Town, path: str, gone: bool) -> None:
    town.mirror().update()
    good = town.log.read(path)
    file = town.log.root / path
    file.unlink() if gone else file.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    note = town.log.checkpoint()
    done = Mirror(FolderSource(town.copy), town.log, [LOG.verifier], town.incidents).restore()
    assert (done.files, done.size) == (1, 300)
    assert town.log.read(path) == good
    assert town.log.checkpoint() == note
    assert Mirror(FolderSource(town.copy), town.log, [LOG.verifier], town.incidents).restore().files == 0


def test_everything_lost_comes_back_from_a_mirror_that_is_ahead_or_behind(town: Town, tmp_path: Path) -> None:
    ahead, behind = LogFolder(tmp_path / "ahead"), LogFolder(tmp_path / "behind")
    write_log(ahead.root, 600)
    write_log(behind.root, 299)
    town.mirror().update()
    (town.log.root / "tile/entries/000").unlink()  # the mirror that is behind has this one
    assert Mirror(FolderSource(behind), town.log, [LOG.verifier], town.incidents).restore().files == 1
    shutil.rmtree(town.log.root / "tile")
    done = Mirror(FolderSource(ahead), town.log, [LOG.verifier], town.incidents).restore()
    assert done.files == len(list(tiles_of(300)))
    checkpoint, _ = open_checkpoint(town.log.checkpoint() or b"", [LOG.verifier])
    assert audit(300, checkpoint.root, town.log.read) == ()


def test_a_mirror_with_other_entries_restores_nothing(town: Town, tmp_path: Path) -> None:
    write_log(tmp_path / "liar", 300, made=other_entries)
    (town.log.root / "tile/entries/000").unlink()
    liar = FolderSource(LogFolder(tmp_path / "liar"))
    with pytest.raises(WitnessError) as refusal:
        Mirror(liar, town.log, [LOG.verifier], town.incidents).restore()
    assert refusal.value.code == "witness.file_damaged"
    assert not (town.log.root / "tile/entries/000").exists()


def test_without_a_checkpoint_it_is_not_known_what_to_restore(town: Town) -> None:
    town.mirror().update()
    (town.log.root / "checkpoint").unlink()
    with pytest.raises(NotFound) as refusal:
        Mirror(FolderSource(town.copy), town.log, [LOG.verifier], town.incidents).restore()
    assert refusal.value.code == "witness.no_checkpoint"


# ---------------------------------------------------------------- places


def test_folders_and_file_urls_are_places(town: Town) -> None:
    for place in (str(town.log.root), f"file://{town.log.root}", f"file://localhost{town.log.root}"):
        assert open_source(place).read("checkpoint") == town.log.checkpoint()


@pytest.mark.parametrize("place", ["ftp://x/y", "file://elsewhere/x", "gopher:x"])
def test_other_places_are_refused(place: str) -> None:
    with pytest.raises(Unreachable):
        open_source(place)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_source(str(tmp_path / "none"))


@pytest.mark.parametrize("place", ["folder", "web"])
def test_no_path_leads_out_of_a_place(town: Town, place: str) -> None:
    from suyuan.tlog import TlogError

    source = open_source(str(town.log.root) if place == "folder" else "http://127.0.0.1:9")
    with pytest.raises(TlogError):
        source.read("../copy/checkpoint")
    source.close()


def web_source(act: Callable[[httpx.Request], httpx.Response]) -> WebSource:
    return WebSource("http://log.example", httpx.Client(transport=httpx.MockTransport(act)))


def test_an_answer_is_asked_for_again_and_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "patient", lambda act: web.patient(act, pause=lambda _: None))
    asked: list[str] = []

    def act(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(503) if len(asked) < 3 else httpx.Response(200, content=b"x" * 8192)

    assert len(web_source(act).read("tile/0/000")) == 8192
    assert len(asked) == 3
    with pytest.raises(FileNotFoundError):
        web_source(lambda _: httpx.Response(404)).read("tile/0/000")
    with pytest.raises(Unreachable) as refusal:
        web_source(lambda _: httpx.Response(200, content=b"x" * 8193)).read("tile/0/000")
    assert refusal.value.code == "witness.answer_size"
