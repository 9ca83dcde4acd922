"""How records are admitted: by the law of the day on which they arrive.

The day of reception decides, not that of each record: admission is what the authority's door does with a report, a
submission is judged whole, and the day is kept with it, so that the answer can be checked later. Duties go by the
day of the event (see `suyuan.rules`).
"""

from datetime import date, datetime
from functools import lru_cache

from suyuan import rules
from suyuan.events.policy import DEFAULT, Policy
from suyuan.server.kit.clock import CHINA


def policy_for(received_at: datetime) -> Policy:
    """The policy for records received at this moment."""
    return policy_on(received_at.astimezone(CHINA).date())


@lru_cache(maxsize=64)
def policy_on(day: date) -> Policy:
    """The policy of a day in China; before the first regime that of off-line use."""
    found = rules.law().admission(day)
    return DEFAULT if isinstance(found, rules.NotInForce) else found.policy
