"""The ledger of a small cast, watched and folded."""

import pytest

from tests.server.answers.folding import Folded
from tests.server.cast import Cast


@pytest.fixture
def folded(cast: Cast) -> Folded:
    """An empty ledger that announces what enters it."""
    return Folded(cast)
