"""Writes to the ledger, one public function a verb; each runs inside the caller's transaction."""

from suyuan.server.ledger.services.append import Appended, append
from suyuan.server.ledger.services.vocabulary import write_effects

__all__ = ["Appended", "append", "write_effects"]
