"""Writes of the room: follow the ledger, fold everything anew, keep reports."""

from suyuan.server.answers.services.following import Followed, follow
from suyuan.server.answers.services.rebuilding import Report, rebuild

__all__ = ["Followed", "Report", "follow", "rebuild"]
