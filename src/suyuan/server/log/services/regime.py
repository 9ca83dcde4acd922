"""Under which rules a submission falls, by the dated law."""

from datetime import date

from suyuan import rules

RULE = "traceability.regime"
NONE = "none"


def regime_on(day: date) -> str:
    """The instrument whose rules on traceability are in force on a day; ``none`` before the first."""
    found = rules.value(RULE, on=day)
    return str(found.value.told) if isinstance(found, rules.InForce) else NONE
