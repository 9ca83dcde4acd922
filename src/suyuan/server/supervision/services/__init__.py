"""Writes of the room: follow the ledger, compute everything anew, count again under another calendar."""

from suyuan.server.supervision.services.following import Followed, follow
from suyuan.server.supervision.services.rebuilding import Report, rebuild
from suyuan.server.supervision.services.recounting import recount

__all__ = ["Followed", "Report", "follow", "rebuild", "recount"]
