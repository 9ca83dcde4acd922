"""Everything of a case on one view: where it stands, its thread, and both kinds of evidence side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from suyuan.server.cases.queries.actors import Actor
from suyuan.server.cases.queries.allowed import Choices, allowed_steps
from suyuan.server.cases.queries.attachments import AttachmentRow, attachments
from suyuan.server.cases.queries.cases import CaseRow, case
from suyuan.server.cases.queries.subjects import Subject, of_case, subjects
from suyuan.server.cases.queries.thread import StepRow, thread
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope


@dataclass(frozen=True, slots=True)
class OnSite:
    """One inspection: its plan (None for who may not read it), and what was found, once it is entered."""

    plan: StepRow | None
    entered: StepRow | None

    @property
    def record(self) -> Mapping[str, Any] | None:
        """What was found: days, items, signatures."""
        return None if self.entered is None else dict(self.entered.body["record"])


@dataclass(frozen=True, slots=True)
class Whole:
    """A case for one reader.

    Parameters
    ----------
    online
        Findings and duties as they stand now; as they stood when they came into the case is in the steps.
    onsite
        Inspections in their order.
    choices
        What the reader may do.
    """

    case: CaseRow
    thread: Sequence[StepRow]
    online: Sequence[Subject]
    onsite: Sequence[OnSite]
    attachments: Sequence[AttachmentRow]
    choices: Choices


def whole(run: psycopg.Cursor[Row], actor: Actor, number: int, on: date) -> Whole:
    """Everything of a case that the actor may see.

    Raises
    ------
    Missing
        ``cases.not_found``.
    """
    row = case(run, actor.scope, number)
    steps = thread(run, actor.scope, number)
    about = subjects(run, _evidence_scope(actor.scope), of_case(run, number), on)
    files = attachments(run, actor.scope, number)
    return Whole(row, steps, about, inspections(steps), files, allowed_steps(run, number, actor))


def _evidence_scope(scope: Scope) -> Scope:
    """An authority that may see the case sees what it is about, wherever that lies; a company its own duties."""
    return scope if scope.company is not None else Scope.of_nation()


def inspections(steps: Sequence[StepRow]) -> list[OnSite]:
    """Plans and what was entered for each, in their order; one that was called off is left out."""
    found: list[OnSite] = []
    for step in steps:
        match step.kind:
            case "plan_inspection":
                found.append(OnSite(step, None))
            case "call_off_inspection" if found and found[-1].entered is None:
                found.pop()
            case "enter_inspection" if found and found[-1].entered is None:
                found[-1] = OnSite(found[-1].plan, step)
            case "enter_inspection":
                found.append(OnSite(None, step))
            case _:
                pass
    return found
