"""The installation's secret, made once and kept in the data folder."""

import os
import secrets
from pathlib import Path
from typing import cast

from django.utils.functional import SimpleLazyObject


def secret_key(home: Path) -> str:
    """The key kept in `home`, read or made only when it is first used."""
    return cast(str, SimpleLazyObject(lambda: _read_or_make(home / "secret_key")))


def _read_or_make(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    draft = path.with_name(f"secret_key.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)  # whoever comes first; the other reads what the first wrote
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii")
