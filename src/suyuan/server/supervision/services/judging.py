"""What people say of a finding: confirmed, or a false positive. Every judgement stays; the last one counts."""

import psycopg

from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Missing

_KEEP = """
INSERT INTO supervision_judgement (finding, judgement, note, judged_by, judged_at)
SELECT n.number, %s, %s, %s, %s FROM supervision_finding n WHERE n.number = %s
"""
_COUNT = "UPDATE supervision_finding SET judgement = %s, judged_at = %s, note = %s WHERE number = %s"


def judge(
    run: psycopg.Cursor[Row], number: int, judgement: str, note: str, by: str, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Say of a finding that it is ``confirmed``, or a ``false_positive``; `by` names who says so.

    Raises
    ------
    Missing
        ``supervision.finding_not_found``.
    """
    now = clock.now()
    if not run.execute(_KEEP, [judgement, note, by, now, number]).rowcount:
        raise Missing("supervision.finding_not_found", number=number)
    run.execute(_COUNT, [judgement, now, note, number])
