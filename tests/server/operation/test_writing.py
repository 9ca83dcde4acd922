"""Files with their checksums: what is written is what is read, or nothing is taken from it."""

import hashlib
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.server.operation.errors import Damaged
from suyuan.server.operation.writing import created, digest_of, make_folder, packed, unpacked


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=5000), max_size=20))
def test_what_is_packed_comes_out_again(portions: list[bytes]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a" / "rows.zst"
        with packed(path) as (stream, outer):
            for portion in portions:
                stream.write(portion)
        assert outer.hash.hexdigest() == digest_of(path)
        assert outer.size == path.stat().st_size
        with unpacked(path, outer.hash.hexdigest()) as source:
            assert source.read() == b"".join(portions)


@pytest.mark.parametrize("behind", [b"", b"more"])
def test_a_file_altered_after_it_was_examined_is_refused(tmp_path: Path, behind: bytes) -> None:
    path = tmp_path / "rows.zst"
    with packed(path) as (stream, _):
        stream.write(b"1\t2\n" * 1000)
    digest = digest_of(path) if behind else hashlib.sha256(b"another").hexdigest()
    path.write_bytes(path.read_bytes() + behind)
    with pytest.raises(Damaged) as caught, unpacked(path, digest) as source:
        source.read(10)
    assert caught.value.code == "operation.file_altered"


def test_a_file_is_never_written_over_and_has_its_rights_whatever_the_mask(tmp_path: Path) -> None:
    mask = os.umask(0o077)
    try:
        make_folder(tmp_path / "a" / "b", 0o755)
        with created(tmp_path / "a" / "b" / "c", 0o644) as stream:
            stream.write(b"x")
    finally:
        os.umask(mask)
    rights = [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b", "a/b/c")]
    assert rights == [0o755, 0o755, 0o644]
    with pytest.raises(FileExistsError), created(tmp_path / "a" / "b" / "c"):
        pytest.fail("it was opened")
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"x"
