"""What a step is asked for with: plain records that every face can make."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from suyuan.rules import Period
from suyuan.server.cases.queries.actors import Authority
from suyuan.server.cases.queries.subjects import Subjects


@dataclass(frozen=True, slots=True)
class Signatory:
    """Somebody of one side, with his office or rank."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Plan:
    """An inspection: when, where, by which checklists, by whom."""

    on: date
    place: str
    checklists: Sequence[str]
    inspectors: Sequence[Signatory]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of one item of a checklist; `photos` are attachments by number."""

    item: str
    result: str
    remark: str = ""
    photos: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature: typed, drawn (an image) or on paper (a scan); `side` is authority or company."""

    side: str
    name: str
    role: str
    method: str
    at: datetime
    attachment: int | None = None


@dataclass(frozen=True, slots=True)
class InspectionRecord:
    """What was found on site; `refused` says why the company did not sign, where it did not."""

    on: date
    items: Sequence[Seen]
    signatures: Sequence[Signature]
    refused: str = ""
    on_paper: bool = False


@dataclass(frozen=True, slots=True)
class StepOrder:
    """A step wished for. `version` is the last step that its author had read.

    Parameters
    ----------
    seen
        Whether the company reads it; only for steps that ask.
    basis
        Provisions of the law room beside those of the letter and of what the case is about.
    attachments
        By number.
    """

    kind: str
    version: int
    note: str = ""
    seen: bool | None = None
    letter: str | None = None
    period: Period | None = None
    basis: Sequence[str] = ()
    outcome: str | None = None
    authority: Authority | None = None
    division: str | None = None
    subjects: Subjects | None = None
    plan: Plan | None = None
    record: InspectionRecord | None = None
    attachments: Sequence[int] = ()

    @property
    def given(self) -> set[str]:
        """The fields that say something."""
        besides = {"kind", "version", "seen"}
        return {one.name for one in fields(self) if one.name not in besides and getattr(self, one.name)}


@dataclass(frozen=True, slots=True)
class Opening:
    """A case wished for.

    Parameters
    ----------
    company
        Code of the company that it is about, where its subjects concern several.
    lead
        The authority that shall lead it; by the table of assignment if not named.
    """

    subjects: Subjects
    title: str = ""
    note: str = ""
    company: str | None = None
    lead: Authority | None = None
