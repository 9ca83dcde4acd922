"""What the law says, as records: instruments, dated values, dated definitions of duties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import NoReturn, TypeAlias

from suyuan.events.vocabulary import Label
from suyuan.kernel import Validity
from suyuan.rules.admission import REGIME, Admission, Pack, pack_of
from suyuan.rules.errors import RulesError
from suyuan.rules.periods import Period
from suyuan.rules.statuses import Status, weakest

Told: TypeAlias = float | bool | str | None


class Bound(StrEnum):
    """How a value binds what is measured against it."""

    EQUALS = "equals"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BELOW = "below"


class Owes(StrEnum):
    """Which company of an event owes the duty."""

    REPORTER = "reporter"  # who reports the event
    PARTY = "party"  # the other company that the event names
    PRINCIPAL = "principal"  # the company on whose behalf the reporter acts; the reporter itself if none is known


class Form(StrEnum):
    """What makes a duty arise."""

    EVENT = "event"  # an event, or a dated fact of the register
    FIXED = "fixed"  # a day written in the law
    YEARLY = "yearly"  # the same day of every year
    STANDING = "standing"  # always: a check over the register and the ledger


class Measured(StrEnum):
    """Which day of the fulfilling record counts."""

    RECEIVED = "received_on"  # when the report arrived
    OCCURRED = "occurred_on"  # when it was done


@dataclass(frozen=True, slots=True)
class Instrument:
    """A law, an announcement, a standard: its titles, number, the days it is in force, and how sure that is."""

    id: str
    title: Label
    number: Label
    validity: Validity
    status: Status
    sources: tuple[str, ...]
    doubts: Mapping[str, Status]
    repeals: tuple[str, ...]
    note: Label | None


@dataclass(frozen=True, slots=True)
class Value:
    """One version of a value. `told` is None where the law leaves it open or nobody could read it."""

    id: str
    title: Label
    unit: str
    told: Told
    bound: Bound
    validity: Validity
    instrument: str
    article: str
    status: Status
    sources: tuple[str, ...]
    doubts: Mapping[str, Status]
    note: Label | None
    place: str
    edition: int = 1
    past: bool = False

    @property
    def version(self) -> str:
        """The name that this version keeps for ever."""
        return version_of(self.id, self.validity, self.edition)

    @property
    def weakest(self) -> Status:
        """The least sure of its parts."""
        return weakest([self.status, *self.doubts.values()])


@dataclass(frozen=True, slots=True)
class Duty:
    """One version of a duty.

    It is owed by companies with a role of `owed_by` and none of `not_owed_by`. `kinds` are kinds of event,
    or facts of the register; `where` holds wanted values by column. With `fulfilled_by` empty the report of
    the event itself fulfils it. `period` is None where none was published. `starts` is the day of a fixed
    duty, `yearly` month and day of a yearly one.
    """

    id: str
    title: Label
    form: Form
    owed_by: tuple[str, ...]
    not_owed_by: tuple[str, ...]
    owes: Owes
    kinds: tuple[str, ...]
    where: Mapping[str, tuple[str, ...]]
    fulfilled_by: tuple[str, ...]
    measured: Measured
    by_owner: bool
    period: Period | None
    starts: date | None
    yearly: tuple[int, int] | None
    check: str | None
    validity: Validity
    instrument: str
    article: str
    status: Status
    sources: tuple[str, ...]
    doubts: Mapping[str, Status]
    note: Label | None
    place: str
    edition: int = 1
    past: bool = False
    draft: str = ""

    @property
    def version(self) -> str:
        """The name that this version keeps for ever."""
        return version_of(self.id, self.validity, self.edition) + (f"+{self.draft}" if self.draft else "")

    @property
    def weakest(self) -> Status:
        """The least sure of its parts: text, unit, trigger, first and last day."""
        return weakest([self.status, *self.doubts.values()])

    @property
    def published(self) -> bool:
        """Whether a period is known."""
        return self.period is not None or self.yearly is not None


@dataclass(frozen=True, slots=True)
class InForce:
    """The answer to a question about a day: the value, with its interval and source."""

    id: str
    on: date
    value: Value
    instrument: Instrument

    @property
    def told(self) -> Told:
        """What the law says; None where it is not known."""
        return self.value.told


@dataclass(frozen=True, slots=True)
class NotInForce:
    """The other answer: nothing on that day. `ended` and `begins` are the neighbours, if there are any."""

    id: str
    on: date
    ended: date | None
    begins: date | None


@dataclass(frozen=True)
class Law:
    """Everything read, checked and in order: versions of each value and duty by the day they begin.

    `past` are editions that a better reading has replaced, by version: nothing arises under them any more,
    but what arose keeps them. `facts` are the dated facts of the register that duties may name beside kinds
    of event; `digest` is the SHA-256 of the files it was read from; `admissions` are the packs by which records
    that contradict the ledger are refused or admitted.
    """

    instruments: Mapping[str, Instrument]
    values: Mapping[str, Sequence[Value]]
    duties: Mapping[str, Sequence[Duty]]
    past: Mapping[str, Value | Duty]
    facts: Mapping[str, Label]
    digest: str
    admissions: Sequence[Admission] = ()

    def value(self, name: str, on: date) -> InForce | NotInForce:
        """The value `name` on a day, or that none is in force; `RulesError` if there is no such value."""
        versions = self.values.get(name) or self._unknown(name)
        for one in versions:
            if on in one.validity:
                return InForce(name, on, one, self.instruments[one.instrument])
        return _nothing(name, on, [one.validity for one in versions])

    def duty(self, name: str, on: date) -> Duty | NotInForce:
        """The version of duty `name` on a day, or that none is in force; `RulesError` if there is no such duty."""
        versions = self.duties.get(name) or self._unknown(name)
        for one in versions:
            if on in one.validity:
                return one
        return _nothing(name, on, [one.validity for one in versions])

    def admission(self, on: date) -> Pack | NotInForce:
        """How records that arrive on a day are admitted: the pack of the regime in force, or that there is none."""
        regime = self.value(REGIME, on)
        return regime if isinstance(regime, NotInForce) else pack_of(self.admissions, str(regime.told), on)

    def in_force(self, on: date) -> tuple[list[Value], list[Duty]]:
        """Every value and duty in force on a day, by name."""
        values = [one for name in sorted(self.values) for one in self.values[name] if on in one.validity]
        duties = [one for name in sorted(self.duties) for one in self.duties[name] if on in one.validity]
        return values, duties

    def every_duty(self) -> list[Duty]:
        """Every version of every duty, by name and beginning."""
        return [one for name in sorted(self.duties) for one in self.duties[name]]

    def part(self, *forms: Form) -> "Law":
        """The same law with the duties of some forms only.

        Duties of `Form.EVENT` need whole histories of the objects concerned and nothing else; those of
        `Form.FIXED` and `Form.YEARLY` need every fact of the register, whatever the objects.
        """
        some = {name: [one for one in several if one.form in forms] for name, several in self.duties.items()}
        kept = {name: tuple(several) for name, several in some.items() if several}
        return replace(self, duties=MappingProxyType(kept))

    def version(self, version: str) -> Value | Duty:
        """The value or duty of which a version name is kept; `RulesError` if there is none."""
        name = version.partition("@")[0]
        if version in self.past:
            return self.past[version]
        several: list[Value | Duty] = [*self.values.get(name, ()), *self.duties.get(name, ())]
        for one in several:
            if one.version == version:
                return one
        raise RulesError("rules.unknown_version", version=version)

    def _unknown(self, name: str) -> NoReturn:
        near = get_close_matches(name, sorted({*self.values, *self.duties}), 3)
        raise RulesError("rules.unknown_rule_near" if near else "rules.unknown_rule", id=name, near=near)


def _nothing(name: str, on: date, known: Sequence[Validity]) -> NotInForce:
    ended = [one.end for one in known if one.end and one.end < on]
    begins = [one.start for one in known if one.start and one.start > on]
    return NotInForce(name, on, max(ended, default=None), min(begins, default=None))


def version_of(name: str, validity: Validity, edition: int) -> str:
    """Name, beginning, and edition from the second on: ``vehicle.sale@2018-08-01``, ``vehicle.sale@2018-08-01/2``."""
    return f"{name}@{validity.start or ''}" + (f"/{edition}" if edition > 1 else "")
