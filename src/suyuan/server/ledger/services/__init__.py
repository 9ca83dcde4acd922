"""Writes to the ledger, one public function a verb; each runs inside the caller's transaction."""

from suyuan.server.ledger.services.amend import Amended, Filing, Objection, withdraw, withdraw_submission
from suyuan.server.ledger.services.append import Appended, append
from suyuan.server.ledger.services.correct import Correction, correct
from suyuan.server.ledger.services.differences import Differences, Report
from suyuan.server.ledger.services.rebuild import rebuild
from suyuan.server.ledger.services.vocabulary import write_effects

__all__ = [
    "Amended",
    "Appended",
    "Correction",
    "Differences",
    "Filing",
    "Objection",
    "Report",
    "append",
    "correct",
    "rebuild",
    "withdraw",
    "withdraw_submission",
    "write_effects",
]
