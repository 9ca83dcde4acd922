"""A rebuild finds every fold that was tampered with, finds nothing otherwise, and mends what it finds."""

from collections.abc import Iterator

import pytest

from suyuan.server.ledger.services import Differences, rebuild_blocks
from suyuan.server.ledger.services import rebuild as rebuilding
from suyuan.server.ledger.services.rebuild_blocks import rebuild_blocks as _  # noqa: F401  the module, by its name
from tests.events.examples import battery_code
from tests.server.ledger.book import Book
from tests.server.ledger.test_append import CARMAKER, D, OTHER_PACK, binding, life, tree
