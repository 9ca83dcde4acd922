"""The one place where a reader touches a disk: parsers of testers' files that take only a path.

The file stands in a folder of its own in the system's place for temporary files, readable to this
user only, and is gone when the reader returns, whatever happens.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def as_path(data: bytes, suffix: str) -> Iterator[str]:
    """A path that holds `data` while the block runs."""
    with tempfile.TemporaryDirectory(prefix="suyuan-") as folder:
        with tempfile.NamedTemporaryFile(dir=folder, suffix=suffix, delete=False) as stream:
            stream.write(data)
        yield stream.name
