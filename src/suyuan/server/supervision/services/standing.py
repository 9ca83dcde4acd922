"""Keep standing duties current: check them, open what is not met, end what is met again."""

from dataclasses import dataclass

import psycopg

from suyuan.rules import Law, check_standing
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.standing import register_of
from suyuan.server.supervision.queries.stored import reckoned, rule_numbers

_STIRRED = "DELETE FROM supervision_stirred"
_FOUND = """
CREATE TEMPORARY TABLE supervision_gap ON COMMIT DROP AS
SELECT * FROM unnest(%s::smallint[], %s::integer[], %s::text[], %s::date[]) AS g (rule, company, division, since)
"""
_OPEN = """
INSERT INTO supervision_standing AS t (rule, company, division, since, found_at)
SELECT g.rule, g.company, g.division, g.since, %s FROM supervision_gap g ORDER BY 1, 2, 3
    ON CONFLICT (rule, company, division) WHERE ended_at IS NULL
    DO UPDATE SET since = excluded.since WHERE t.since <> excluded.since
"""
_END = """
UPDATE supervision_standing t SET ended_on = greatest(%s::date, t.since), ended_at = %s
 WHERE t.ended_at IS NULL AND NOT EXISTS (SELECT FROM supervision_gap g
       WHERE g.rule = t.rule AND g.company = t.company AND g.division = t.division)
"""
_DROP = "DROP TABLE supervision_gap"
_MARK = """
INSERT INTO supervision_reckoned (name, digest) VALUES ('standing', %s)
    ON CONFLICT (name) DO UPDATE SET digest = excluded.digest
"""


@dataclass(frozen=True, slots=True)
class Stood:
    """What one check changed: gaps opened, or with another first day, and ended."""

    opened: int = 0
    ended: int = 0


def keep_standing(run: psycopg.Cursor[Row], law: Law, clock: Clock, *, stirred: bool = False) -> Stood | None:
    """Check the standing duties where the day, the law, the register or the sales have changed; None if nothing has.

    A gap belongs to one version of its rule and ends with it. Call it inside a transaction that holds the room's
    lock, after the versions of the law were entered.
    """
    asked = bool(run.execute(_STIRRED).rowcount)
    today = clock.today()
    state = f"{today} {law.digest}"
    if not (stirred or asked) and reckoned(run).get("standing") == state:
        return None
    gaps = check_standing(law, register_of(run), today)
    numbers = rule_numbers(run)
    run.execute(
        _FOUND,
        [
            [numbers[gap.version] for gap in gaps],
            [gap.company for gap in gaps],
            [gap.division for gap in gaps],
            [gap.since for gap in gaps],
        ],
    )
    now = clock.now()
    ended = run.execute(_END, [today, now]).rowcount
    opened = run.execute(_OPEN, [now]).rowcount
    run.execute(_DROP)
    run.execute(_MARK, [state])
    return Stood(opened, ended)
