"""Writes of submissions, one public function a verb."""

from suyuan.server.submissions.services.receiving import Order, receive, work
from suyuan.server.submissions.services.undoing import confirm, undo

__all__ = ["Order", "confirm", "receive", "undo", "work"]
