"""Tell the log of what entered the ledger, in the same transaction."""

from collections.abc import Sequence

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.ledger.services.outbox import Announcement, announce
from suyuan.server.submissions.models import Submission


def announce_all(run: psycopg.Cursor[Row], submissions: Sequence[Submission]) -> None:
    """Put into the outbox those that left records in the ledger."""
    entered = [one for one in submissions if one.admitted and not one.dry]
    if entered:
        announce(
            run,
            [
                Announcement(one.number, one.company, one.kind or "", bytes.fromhex(one.received_id), one.received_at)
                for one in entered
            ],
        )
