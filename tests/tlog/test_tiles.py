"""Names of tiles, contents of bundles, and a published log read through them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.tlog import (
    ENTRIES,
    Tile,
    TileReader,
    TlogError,
    audit,
    decode_bundle,
    encode_bundle,
    leaf_hash,
    open_checkpoint,
    parse_path,
    parse_verifier_key,
    tiles_of,
    verify_consistency,
    verify_inclusion,
)
from suyuan.tlog.edge import Edge
from suyuan.tlog.reading import tile_at
from tests.tlog.cast import NOTHING, VECTORS, stored, tree

PUBLISHED = VECTORS / "tessera_log"
PUBLISHED_KEY = parse_verifier_key("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")


def read_published(path: str) -> bytes:
    return (PUBLISHED / path).read_bytes()


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 1234067), "tile/1/x001/x234/067"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Tile(ENTRIES, 999, 1), "tile/entries/999.p/1"),
        (Tile(ENTRIES, 10**18), "tile/entries/x001/x000/x000/x000/x000/x000/000"),
    ],
)
def test_names_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@given(st.integers(-1, 63), st.integers(0, 1 << 56), st.integers(1, 256))
def test_a_name_reads_back(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        *("", "tile", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile/0/000\n", "tile//000"),
        *("tile/00/000", "tile/64/000", "tile/-1/000", "tile/e/000", "tile/٣/000", "tile/0/0000", "tile/0/00"),
        *("tile/0/001/000", "tile/0/x000/000", "tile/0/x001/x000", "tile/0/x01/000", "tile/0/X001/000"),
        *(
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000.p/1000",
        ),
        *("tile/0/../000", "tile/entries/000.p/-1", "tile/0/x099/x999/x999/x999/x999/x999/x999/999"),
    ],
)
def test_other_spellings_are_no_names(path: str) -> None:
    with pytest.raises(TlogError, match="tile_name"):
        parse_path(path)


@pytest.mark.parametrize(("level", "index", "width"), [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_what_has_no_name_is_no_tile(level: int, index: int, width: int) -> None:
    with pytest.raises(TlogError, match="tile_name"):
        Tile(level, index, width)


def test_the_tiles_of_70000_entries_are_those_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    count = {level: sum(tile.is_full for tile in tiles if tile.level == level) for level in (ENTRIES, 0, 1, 2)}
    assert count == {ENTRIES: 273, 0: 273, 1: 1, 2: 0}
    partial = {tile.level: (tile.index, tile.width) for tile in tiles if not tile.is_full}
    assert partial == {ENTRIES: (273, 112), 0: (273, 112), 1: (1, 17), 2: (0, 1)}


def test_the_tiles_of_256_entries_are_those_of_the_specification() -> None:
    assert [tile.path for tile in tiles_of(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_of(0)) == []


def test_where_a_tile_begins() -> None:
    assert [Tile(ENTRIES, 3).start, Tile(0, 3).start, Tile(1, 3).start] == [768, 768, 3 * 65536]


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_reads_back(held: list[bytes]) -> None:
    content = encode_bundle(held)
    assert decode_bundle(content, len(held)) == held
    with pytest.raises(TlogError):
        decode_bundle(content, len(held) + 1)
    with pytest.raises(TlogError):
        decode_bundle(content + b"\x00", len(held))
    if held:
        with pytest.raises(TlogError):
            decode_bundle(content[:-1], len(held))


def test_an_entry_has_at_most_65535_bytes() -> None:
    assert decode_bundle(encode_bundle([b"x" * 65535]), 1) == [b"x" * 65535]
    with pytest.raises(TlogError, match="entry_size"):
        encode_bundle([b"x" * 65536])


@pytest.mark.parametrize("number", range(16))
def test_a_published_log(number: int) -> None:
    """Every checkpoint of it, every entry of each, every growth to each."""
    checkpoint, _ = open_checkpoint((PUBLISHED / f"checkpoint.{number}").read_bytes(), [PUBLISHED_KEY])
    reader = TileReader(read_published, checkpoint.size)
    assert reader.root == Edge.read(checkpoint.size, read_published).root == checkpoint.root
    assert audit(checkpoint.size, checkpoint.root, read_published) == ()
    for index in range(checkpoint.size):
        leaf = leaf_hash(reader.entry(index))
        verify_inclusion(leaf, index, checkpoint.size, checkpoint.root, reader.inclusion(index))
        old = TileReader(read_published, index + 1)
        proof = reader.consistency(index + 1)
        verify_consistency(index + 1, checkpoint.size, old.root, checkpoint.root, proof)


def test_the_published_tiles_are_the_ones_we_write() -> None:
    latest, _ = open_checkpoint((PUBLISHED / "checkpoint").read_bytes(), [PUBLISHED_KEY])
    everything = [TileReader(read_published, latest.size).entry(index) for index in range(latest.size)]
    edge = Edge()
    for entry in everything:
        growth = edge.grow([entry])
        for path, content in growth.files:
            assert Path(PUBLISHED / path).read_bytes() == content
        edge = growth.edge
    assert edge.root == latest.root


def test_proofs_from_tiles_are_those_of_the_tree() -> None:
    size, (_, files) = 66_000, stored(66_000)
    reader, whole = TileReader(files.__getitem__, size), tree(size)
    assert reader.root == whole.root
    for index in (0, 1, 255, 256, 40_000, 65_535, 65_536, 65_999):
        assert reader.inclusion(index) == whole.inclusion(index)
        assert reader.consistency(index) == whole.consistency(index)
    assert len(reader._kept) < 20  # one read a tile, few tiles a proof


def test_a_replaced_partial_tile_is_read_from_the_full_one() -> None:
    edge, files = stored(600, 300, 300)
    for path in [path for path in files if ".p/" in path and parse_path(path).index == 1]:
        del files[path]
    reader = TileReader(files.__getitem__, 300)
    assert reader.root == tree(300).root
    assert reader.entry(299) == TileReader(files.__getitem__, edge.size).entry(299)


def test_a_tile_of_another_length_is_refused() -> None:
    _, files = stored(300)
    files["tile/0/000"] = files["tile/0/000"][:-32]
    with pytest.raises(TlogError, match="tile_length"):
        _ = TileReader(files.__getitem__, 300).inclusion(0)


def test_outside_of_the_log_there_is_nothing_to_read() -> None:
    _, files = stored(300)
    reader = TileReader(files.__getitem__, 300)
    with pytest.raises(TlogError, match="index_outside"):
        reader.entry(300)
    with pytest.raises(TlogError, match="index_outside"):
        reader.inclusion(300)
    with pytest.raises(IndexError):
        reader.node(0, 300)
    with pytest.raises(IndexError):
        tile_at(0, 2, 300)
    with pytest.raises(KeyError):
        TileReader(NOTHING.__getitem__, 300).content(0, 0)
