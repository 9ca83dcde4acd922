"""Several values of the law on one day, as plain rows for rooms that take the law as an argument."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from suyuan.rules.law_files import law
from suyuan.rules.records import InForce, Law, NotInForce, Told
from suyuan.rules.statuses import Status

_SURE = frozenset({Status.VERIFIED, Status.READ})


class ToldOnDay(NamedTuple):
    """What the law says on a day: `told` None where it leaves it open, `version` empty where nothing is in force.

    `sure` says whether the text was read; a limit from a report or from memory is shown but decides nothing.
    """

    id: str
    version: str
    told: Told
    sure: bool
    source: str


def of_day(names: Iterable[str], on: date, of: Law | None = None) -> tuple[ToldOnDay, ...]:
    """Each value of `names` on a day, in their order; `RulesError` for a name that no law has."""
    whole = of or law()
    return tuple(_told(whole.value(name, on)) for name in names)


def _told(answer: InForce | NotInForce) -> ToldOnDay:
    if isinstance(answer, NotInForce):
        return ToldOnDay(answer.id, "", None, False, "")
    value = answer.value
    source = " ".join(part for part in (answer.instrument.number.zh, value.article) if part)
    return ToldOnDay(answer.id, value.version, value.told, value.weakest in _SURE, source)
