"""Growing a log: the same files and roots, whatever the steps; damage is found by name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.tlog import EMPTY_ROOT, Edge, TlogError, audit, grow_in_batches, leaf_hash, leaf_hashes, tiles_of
from tests.tlog.cast import NOTHING, entries, stored, tree


@settings(max_examples=30)
@given(st.lists(st.integers(0, 600), max_size=8))
def test_growth_in_any_steps_gives_the_tree(steps: list[int]) -> None:
    edge, files, size = Edge(), dict[str, bytes](), 0
    everything, whole = entries(sum(steps)), tree(sum(steps))
    for step in steps:
        growth = edge.grow(everything[size : size + step])
        size += step
        for path, content in growth.files:
            assert files.setdefault(path, content) == content
        edge = growth.edge
        assert edge.size == size
        assert edge.root == whole.root_at(size)
        assert {tile.path for tile in tiles_of(size)} <= set(files)
        assert Edge.read(size, files.__getitem__) == edge
    assert audit(size, whole.root, files.__getitem__) == ()


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 66_049])
def test_growth_over_the_third_level(size: int) -> None:
    edge, files = stored(size, 65_000, 300, 236)
    assert edge.root == tree(size).root
    assert Edge.read(size, files.__getitem__) == edge
    assert audit(size, edge.root, files.__getitem__) == ()


def test_only_what_changed_is_written() -> None:
    edge, _ = stored(600)
    assert [path for path, _ in edge.grow([b"one"]).files] == ["tile/entries/002.p/89", "tile/0/002.p/89"]
    assert edge.grow([]).files == ()
    assert edge.grow([]).edge == edge


def test_batches_lead_to_the_same_edge() -> None:
    everything = entries(1000)
    growths = list(grow_in_batches(Edge(), everything, 300))
    assert len(growths) == 4
    assert growths[-1].edge == Edge().grow(everything).edge


def test_hashes_alone_give_the_tiles_alone() -> None:
    edge, files = stored(700)
    grown = Edge().grow_hashes(leaf_hashes(entries(700)))
    assert grown.edge.root == edge.root
    assert dict(grown.files) == {path: content for path, content in files.items() if "entries" not in path}
    with pytest.raises(TlogError, match="edge_without_entries"):
        grown.edge.grow([b"one"])
    with pytest.raises(TlogError, match="hash_length"):
        grown.edge.grow_hashes(b"x" * 31)


def test_an_empty_log_has_the_root_of_the_empty_tree() -> None:
    assert Edge().root == Edge.read(0, NOTHING.__getitem__).root == EMPTY_ROOT


def test_an_entry_that_is_too_long_is_refused() -> None:
    with pytest.raises(TlogError, match="entry_size"):
        Edge().grow([b"x" * 65_536])


@pytest.mark.parametrize("size", [300, 600, 512, 66_000])
def test_every_corrupt_file_is_named(size: int) -> None:
    edge, files = stored(size)
    paths = sorted(files)
    for path in paths if size < 1000 else [*paths[:3], *paths[-3:], "tile/1/000", "tile/2/000.p/1", "tile/0/255"]:
        content = bytearray(files[path])
        content[len(content) // 2] ^= 1
        found = audit(size, edge.root, {**files, path: bytes(content)}.__getitem__)
        assert [(finding.code, finding.data["path"]) for finding in found] == [("tlog.file_corrupt", path)]


def test_every_missing_or_torn_file_is_named() -> None:
    edge, files = stored(600)
    for path in sorted(files):
        rest = {name: content for name, content in files.items() if name != path}
        found = audit(600, edge.root, rest.__getitem__)
        assert [(finding.code, finding.data["path"]) for finding in found] == [("tlog.file_missing", path)]
        torn = audit(600, edge.root, {**files, path: files[path][:-1]}.__getitem__)
        assert [(finding.code, finding.data["path"]) for finding in torn] == [("tlog.file_corrupt", path)]


def test_several_corrupt_files_are_named() -> None:
    edge, files = stored(1500)
    for bad in (["tile/1/000.p/5", "tile/0/001"], ["tile/0/001", "tile/entries/003", "tile/entries/005.p/220"]):
        damaged = {**files, **{path: bytes(len(files[path])) for path in bad}}
        found = audit(1500, edge.root, damaged.__getitem__)
        assert [finding.data["path"] for finding in found] == bad


def test_damage_above_and_below_each_other_is_not_blamed_on_one_file() -> None:
    edge, files = stored(1500)
    for path in ("tile/1/000.p/5", "tile/0/001", "tile/entries/001"):
        files[path] = bytes(len(files[path]))
    assert [finding.code for finding in audit(1500, edge.root, files.__getitem__)] == ["tlog.root_differs"]


def test_a_tile_with_its_bundle_exchanged_does_not_pass() -> None:
    """A consistent forgery below the edge: tile and bundle agree with each other, not with the root."""
    edge, files = stored(600)
    _, forged = Edge(), dict(files)
    held = [b"forged", *entries(600)[1:256]]
    forged.update(Edge().grow(held).files)
    found = audit(600, edge.root, forged.__getitem__)
    assert {finding.data["path"] for finding in found} == {"tile/entries/000", "tile/0/000"}


def test_another_root_is_not_reached() -> None:
    _, files = stored(600)
    assert [finding.code for finding in audit(600, leaf_hash(b""), files.__getitem__)] == ["tlog.root_differs"]
    lost = audit(600, leaf_hash(b""), NOTHING.__getitem__)
    assert [finding.code for finding in lost[:2]] == ["tlog.root_differs", "tlog.file_missing"]
    assert {finding.data["path"] for finding in lost[1:]} >= {"tile/0/002.p/88", "tile/1/000.p/2"}
    assert audit(0, EMPTY_ROOT, NOTHING.__getitem__) == ()
    assert [finding.code for finding in audit(0, leaf_hash(b""), NOTHING.__getitem__)] == ["tlog.root_differs"]


def test_tiles_are_audited_without_bundles() -> None:
    edge, files = stored(600)
    tiles = {path: content for path, content in files.items() if "entries" not in path}
    assert audit(600, edge.root, tiles.__getitem__, bundles=False) == ()
    tiles["tile/0/001"] = bytes(8192)
    assert [finding.data["path"] for finding in audit(600, edge.root, tiles.__getitem__, bundles=False)] == [
        "tile/0/001"
    ]
