"""The ledger of a small cast, watched."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.server.cast import Cast
from tests.server.supervision.watching import Watched


@pytest.fixture
def watched(cast: Cast) -> Watched:
    """An empty ledger that announces what enters it."""
    return Watched()


@pytest.fixture
def years(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where this installation keeps the calendars that it takes in."""
    monkeypatch.setattr(settings, "HOME", tmp_path)
    folder = tmp_path / "calendar"
    folder.mkdir()
    return folder
