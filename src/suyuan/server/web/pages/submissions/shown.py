"""How batches are told: kind, state, channel and sender in words, and until when one can be undone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, sentence
from suyuan.server.accounts.queries import keys
from suyuan.server.accounts.queries.people import names_of
from suyuan.server.kit.scope import Scope
from suyuan.server.submissions.models import State, Submission
from suyuan.server.submissions.services.undoing import UNDO_FOR
from suyuan.server.web.components.table import Status

CHANNELS: Final = ("web", "api", "cli", "phone")
_TONES: Final = {
    State.RECEIVED: "info",
    State.WORKING: "info",
    State.ACCEPTED: "good",
    State.PARTLY: "warn",
    State.REFUSED: "bad",
    State.TRIED: "info",
    State.UNDONE: "off",
    State.FAILED: "bad",
}
HOLDING: Final = (State.ACCEPTED.value, State.PARTLY.value)


def status_of(one: Submission) -> Status:
    """Where it stands."""
    return Status(f"api.state_{one.state}", _TONES[State(one.state)])


def kind_name(kind: str | None, language: Language) -> str:
    """A kind of record in words; the name itself for what the vocabulary has not, such as a correction."""
    known = vocabulary().kinds.get(kind or "")
    return known.label.in_language(language) if known else kind or ""


def channel_name(channel: str, language: Language) -> str:
    """By which way it came."""
    return sentence(f"web_submissions.channel_{channel}", language=language) if channel in CHANNELS else channel


def senders(scope: Scope, listed: Sequence[Submission]) -> dict[int, str]:
    """By number who sent it: a person, or the label of a key. Only a company is told of its own people."""
    if scope.company is None:
        return {}
    people = names_of(scope, sorted({one.person for one in listed if one.person is not None}))
    labels = {key.pk: key.label for key in keys(scope)} if any(one.key for one in listed) else {}
    told = {one.number: people.get(one.person or 0) or labels.get(one.key or 0, "") for one in listed}
    return {number: name for number, name in told.items() if name}


def undo_until(one: Submission, now: datetime) -> datetime | None:
    """Until when it can be undone as a whole; None if it cannot (any more)."""
    until = one.received_at + UNDO_FOR
    can = one.admitted and not one.dry and one.state in HOLDING and one.confirmed_at is None
    return until if can and now <= until else None


def waits_for_mending(one: Submission, again: int) -> bool:
    """Whether refused records of it wait to be brought again."""
    unmended = one.state in (State.PARTLY.value, State.REFUSED.value) and one.refused > 0 and not one.dry
    return unmended and one.confirmed_at is None and again == 0
