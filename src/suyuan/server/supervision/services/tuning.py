"""Try other limits of a detector on all that is recorded, and adopt them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import psycopg
from psycopg.errors import QueryCanceled
from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from suyuan.rules import law
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Forbidden, Refusal, Unavailable
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.supervision.queries.catalogue import Detector
from suyuan.server.supervision.queries.evidence import asked
from suyuan.server.supervision.queries.stored import looked_on
from suyuan.server.supervision.queries.tuning import with_limits
from suyuan.server.supervision.queries.visibility import visible_findings
from suyuan.server.supervision.services.detecting import parameters

LONGEST_TRIAL_S: Final = 20
LARGEST_LIMIT: Final = 10_000.0
LONGEST_REASON: Final = 1000
EXAMPLES: Final = 10

_TRY: Final = "CREATE TEMPORARY TABLE supervision_tried ON COMMIT DROP AS "
_THEN: Final = SQL("""
WITH n AS (SELECT key, min(company) AS company, min(party) AS party, min(site) AS site, min(division) AS division
             FROM supervision_tried GROUP BY key)
SELECT count(*), count(*) FILTER (WHERE f.number IS NULL)
  FROM n LEFT JOIN supervision_finding f ON f.detector = %s AND f.key = n.key AND f.gone_at IS NULL WHERE {visible}
""")
_NOW: Final = SQL("""
SELECT count(*), count(*) FILTER (WHERE v.gone), count(*) FILTER (WHERE v.gone AND n.judgement = 'false_positive'),
       count(*) FILTER (WHERE v.gone AND n.judgement = 'confirmed'),
       (array_agg(n.number ORDER BY n.number) FILTER (WHERE v.gone))[:%s]
  FROM supervision_finding n
 CROSS JOIN LATERAL (SELECT NOT EXISTS (SELECT FROM supervision_tried t WHERE t.key = n.key) AS gone) AS v
 WHERE n.detector = %s AND n.gone_at IS NULL AND {visible}
""")
_ADOPT: Final = """
INSERT INTO supervision_tuning (detector, limits, reason, tuned_by, tuned_at) VALUES (%s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """What other limits would find in a scope, beside what stands now.

    Parameters
    ----------
    now, then
        Findings that stand, and that there would be.
    appear, vanish
        Those that only one of the two has; `vanish_false` and `vanish_confirmed` are what people said of the latter.
    examples
        The first findings, by number, that would vanish.
    """

    now: int
    then: int
    appear: int
    vanish: int
    vanish_false: int
    vanish_confirmed: int
    examples: tuple[int, ...]


def try_limits(
    run: psycopg.Cursor[Row], scope: Scope, detector: Detector, limits: Mapping[str, float], on: date
) -> Tried:
    """Let a detector with other limits look at the whole ledger, on the day of the last look at everything.

    Nothing is kept: it works in a table that ends with the caller's transaction, which it needs.

    Raises
    ------
    Refusal
        ``supervision.limit_unknown``, ``supervision.limit_out_of_range``.
    Unavailable
        ``supervision.trial_too_long`` after `LONGEST_TRIAL_S`; the transaction is lost then.
    """
    check_limits(detector, limits)
    query = asked(detector.evidence)
    given = parameters(with_limits(detector, limits), query, law(), looked_on(run) or on)
    run.execute(f"SET LOCAL statement_timeout = '{LONGEST_TRIAL_S}s'")
    run.execute("SET LOCAL jit = off")
    try:
        psycopg.ClientCursor(run.connection).execute(SQL(_TRY) + SQL(query), given)
    except QueryCanceled:
        raise Unavailable("supervision.trial_too_long", seconds=LONGEST_TRIAL_S) from None
    visible = visible_findings(scope)
    then = run.execute(_THEN.format(visible=visible.sql), [detector.name, *visible.params]).fetchall()[0]
    now = run.execute(_NOW.format(visible=visible.sql), [EXAMPLES, detector.name, *visible.params]).fetchall()[0]
    there, vanish, false, confirmed, examples = now
    return Tried(there, then[0], then[1], vanish, false, confirmed, tuple(examples or ()))


def adopt_limits(
    run: psycopg.Cursor[Row],
    scope: Scope,
    detector: Detector,
    limits: Mapping[str, float],
    why: tuple[str, str],
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Let other limits hold from the next look at everything; `why` is the reason and who says so. Only the nation.

    Raises
    ------
    Forbidden
        ``supervision.nation_tunes``.
    Refusal
        ``supervision.limit_unknown``, ``supervision.limit_out_of_range``, ``supervision.reason_missing``.
    """
    if scope.level is not Level.NATION:
        raise Forbidden("supervision.nation_tunes", level=scope.level.value)
    check_limits(detector, limits)
    reason, by = why
    if not reason.strip() or len(reason) > LONGEST_REASON or "\0" in reason:
        raise Refusal("supervision.reason_missing", longest=LONGEST_REASON)
    run.execute(_ADOPT, [detector.name, Jsonb(dict(limits)), reason, by, clock.now()])


def check_limits(detector: Detector, limits: Mapping[str, float]) -> None:
    """Refuse limits that the detector has not, or that are no finite numbers above 0; shares end at 1."""
    for name, value in limits.items():
        known = detector.parameters.get(name)
        if known is None:
            raise Refusal("supervision.limit_unknown", name=name[:40], known=sorted(detector.parameters))
        largest = 1.0 if known.unit == "1" else LARGEST_LIMIT
        if not math.isfinite(value) or not 0 < value <= largest:
            raise Refusal("supervision.limit_out_of_range", name=name, value=str(value), largest=largest)
