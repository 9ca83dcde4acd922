"""Which contradictions with the ledger refuse a record: the pack of the regime in force on a day, as a policy.

A law file says it in tables ``[[admission]]``. All tables of one instrument are its pack; the instrument that the
value ``traceability.regime`` names on the day decides which pack holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from suyuan.events.admission import CODES
from suyuan.events.policy import Policy
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Severity, Validity
from suyuan.rules.errors import LawRefused, RulesError
from suyuan.rules.sections import Section
from suyuan.rules.statuses import Status, weakest

REGIME = "traceability.regime"
JUDGED = CODES[:-1]
"""Contradictions that a pack answers; too many records of one object are refused under every law."""

_ANSWERS: Mapping[str, Severity] = {"refuse": Severity.REFUSE, "finding": Severity.FINDING}
_KEYS = ("contradiction", "answer", "kinds", "slot", "status", "source")


@dataclass(frozen=True, slots=True)
class Admission:
    """One answer of a pack: for all kinds of record, for some, or for one slot of them."""

    instrument: str
    contradiction: str
    answer: Severity
    kinds: tuple[str, ...]
    slot: str | None
    validity: Validity
    status: Status
    sources: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Pack:
    """The policy of a day, the instrument whose pack it is, and the least sure of its answers."""

    instrument: str
    policy: Policy
    status: Status


def read_admission(section: Section, instrument: str, validity: Validity) -> Admission:
    """One table ``[[admission]]``; what it cannot be is refused with its line."""
    section.only(*_KEYS)
    code, answer = section.text("contradiction"), section.text("answer")
    kinds, slot = section.texts("kinds"), section.optional_text("slot")
    _known(section, "contradiction", code, JUDGED)
    _known(section, "answer", answer, tuple(_ANSWERS))
    for kind in kinds:
        if kind not in vocabulary().kinds:
            raise section.refuse("rules.unknown_kind", "kinds", kind=kind)
        if slot is not None:
            _known(section, "slot", slot, [one.name for one in vocabulary().kinds[kind].slots])
    if slot is not None and not kinds:
        raise section.refuse("rules.missing_key", "slot", key="kinds", table=section.name)
    sources = section.texts("source")
    if not sources:
        raise section.refuse("rules.missing_key", key="source", table=section.name)
    status = section.word("status", Status)
    place = f"{section.file}:{section.line}"
    return Admission(instrument, code, _ANSWERS[answer], kinds, slot, validity, status, sources, place)


def _known(section: Section, key: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise section.refuse("rules.unknown_word", key, key=key, given=given, known=list(known))


def check_packs(several: Sequence[Admission]) -> None:
    """Every pack answers every contradiction once for all kinds, and nothing twice."""
    places: dict[tuple[str, str, str, str | None], str] = {}
    for one in several:
        for kind in one.kinds or ("",):
            name = (one.instrument, one.contradiction, kind, one.slot)
            if name in places:
                _refuse(one, "rules.twice", id=f"{one.contradiction} {kind}".strip(), first=places[name])
            places[name] = one.place
    firsts = {one.instrument: one for one in reversed(several)}
    for instrument, first in firsts.items():
        missing = [code for code in JUDGED if (instrument, code, "", None) not in places]
        if missing:
            _refuse(first, "rules.admission_incomplete", missing=missing)


def _refuse(one: Admission, code: str, **data: str | list[str]) -> None:
    file, _, line = one.place.rpartition(":")
    raise LawRefused(code, file, int(line), **data)


def pack_of(several: Sequence[Admission], regime: str, on: date) -> Pack:
    """The pack of an instrument, as a policy for `suyuan.events.admission.admit`.

    Raises
    ------
    RulesError
        ``rules.no_admission`` if the instrument has none on the day.
    """
    mine = [one for one in several if one.instrument == regime and on in one.validity]
    if not mine:
        raise RulesError("rules.no_admission", instrument=regime, day=str(on))
    return Pack(
        regime,
        Policy(
            general={one.contradiction: one.answer for one in mine if not one.kinds},
            by_kind={(kind, one.contradiction): one.answer for one in mine if one.slot is None for kind in one.kinds},
            by_slot={
                (kind, one.slot, one.contradiction): one.answer
                for one in mine
                if one.slot is not None
                for kind in one.kinds
            },
        ),
        weakest([one.status for one in mine]),
    )
