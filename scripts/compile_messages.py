"""Compile every message catalogue (.po) into the form that the program reads (.mo)."""

import os
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "src" / "suyuan" / "locale"
SAME_EVERY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def compiled(source: Path) -> bytes:
    """The .mo for one .po: equal bytes for equal texts, on any day."""
    with source.open("rb") as stream:
        catalogue = read_po(stream, domain=source.stem, abort_invalid=True)
    catalogue.creation_date = catalogue.revision_date = SAME_EVERY_TIME
    target = BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def compile_all(root: Path = LOCALE) -> list[Path]:
    """Bring the .mo beside each .po below `root` up to date; returns the files that changed.

    A file is replaced in one step, because a running program may be reading it.
    """
    changed = []
    for source in sorted(root.rglob("*.po")):
        target = source.with_suffix(".mo")
        content = compiled(source)
        if target.is_file() and target.read_bytes() == content:
            continue
        fresh = target.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_bytes(content)
        fresh.replace(target)
        changed.append(target)
    return changed


if __name__ == "__main__":
    for path in compile_all():
        print(path.relative_to(LOCALE.parent.parent.parent))
