"""The law of a day, composed for routes: the one place where the rooms of law and assessment meet."""

from datetime import date

from suyuan.assessment.routing import LAW_VALUES, LawOfDay, LawPoint
from suyuan.rules.of_day import of_day


def law_of(on: date) -> LawOfDay:
    """What the law says on a day of what matters for a route."""
    return LawOfDay(on, tuple(LawPoint(*point) for point in of_day(LAW_VALUES, on)))
