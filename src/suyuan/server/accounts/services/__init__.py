"""Issue keys, invite people, have exports approved; note who read and who changed what."""

from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.accounts.services.keys import (
    OVERLAP,
    IssuedKey,
    KeyOrder,
    Reading,
    issue_key,
    log_reads,
    revoke_key,
    rotate_key,
)

__all__ = [
    "OVERLAP",
    "IssuedKey",
    "KeyOrder",
    "Reading",
    "issue_key",
    "log_reads",
    "note_deed",
    "revoke_key",
    "rotate_key",
]
