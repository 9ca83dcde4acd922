"""What a version of a duty rests on, and whether its last days can still move."""

from datetime import date

from suyuan.kernel import Language
from suyuan.rules import Calendar, Duty, RulesError, law
from suyuan.rules.periods import LastDay, Unit


def basis_of(version: str, language: Language) -> str:
    """Instrument and article; empty where this program's law has the version no more."""
    rule = _duty(version)
    if rule is None:
        return ""
    instrument = law().instruments[rule.instrument]
    return f"{instrument.title.in_language(language)} {rule.article}".strip()


def may_move(version: str, day: date, known: Calendar) -> bool:
    """Whether working days decide this last day, and nobody has published those of its year."""
    rule = _duty(version)
    if rule is None or rule.period is None:
        return False
    counted = rule.period.unit is Unit.WORKING_DAY or rule.period.last_day is LastDay.NEXT_WORKING_DAY
    return counted and day.year not in known.official_years()


def _duty(version: str) -> Duty | None:
    try:
        found = law().version(version)
    except RulesError:
        return None
    return found if isinstance(found, Duty) else None
