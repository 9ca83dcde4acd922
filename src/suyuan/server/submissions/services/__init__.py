"""Writes of submissions, one public function a verb."""

from suyuan.server.submissions.services.cancelling import cancel
from suyuan.server.submissions.services.receiving import Order, receive, work
from suyuan.server.submissions.services.trying import report, try_again, try_out
from suyuan.server.submissions.services.undoing import confirm, undo

__all__ = ["Order", "cancel", "confirm", "receive", "report", "try_again", "try_out", "undo", "work"]
