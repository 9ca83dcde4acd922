"""Files that are whole or absent and survive a loss of power."""

import contextlib
import os
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AT_ONCE = 16
"""Files that are brought to the disk at the same moment."""
FEW = 16
"""So few files are written one after the other."""


def make_folder(folder: Path, mode: int = 0o755) -> None:
    """Make a folder and those above it, and bring their names to the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=mode)
    sync_folder(folder.parent)


def write_all(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write many files as `write_whole` does; a disk takes many at once more quickly than one by one."""
    listed = list(files)
    folders = sorted({path.parent for path, _ in listed})
    for folder in folders:
        make_folder(folder)
    if len(listed) < FEW:
        for path, content in listed:
            _place(path, content, 0o644, replace=True)
    else:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for done in [threads.submit(_place, path, content, 0o644, replace=True) for path, content in listed]:
                done.result()
    for folder in folders:
        sync_folder(folder)


def write_whole(path: Path, content: bytes, mode: int = 0o644, *, replace: bool = True) -> None:
    """Write a file beside its place, bring it to the disk and move it there.

    Raises
    ------
    FileExistsError
        Unless `replace`, where there is one already.
    """
    _place(path, content, mode, replace=replace)
    sync_folder(path.parent)


def _place(path: Path, content: bytes, mode: int, *, replace: bool) -> None:
    """Everything but the list of the folder's files."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring the list of a folder's files to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
