"""A case is what its steps made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from suyuan.server.cases.queries.actors import Authority
from suyuan.server.cases.queries.procedure import CLOSED, Step, procedure
from suyuan.server.kit.scope import Level


@dataclass(frozen=True, slots=True)
class Fold:
    """Where a case stands after so many steps (`version`).

    Parameters
    ----------
    told
        Whether the company has been written to.
    planned
        Whether an inspection is planned and not yet entered.
    due_on, due_official
        Until when the company shall answer or put right, and whether official calendars decide that day.
    """

    version: int
    state: str
    lead: Authority
    shares: frozenset[str]
    told: bool
    planned: bool
    due_on: date | None
    due_official: bool | None
    outcome: str | None
    changed_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """A step as the fold needs it."""

    version: int
    kind: str
    at: datetime
    seen: bool
    body: Mapping[str, Any]


def opened(step: Taken) -> Fold:
    """The fold of the first step."""
    body = step.body
    return Fold(
        version=step.version,
        state=procedure().steps[step.kind].target or step.kind,
        lead=authority_in(body),
        shares=frozenset(body.get("shares", ())),
        told=False,
        planned=False,
        due_on=None,
        due_official=None,
        outcome=None,
        changed_at=step.at,
        closed_at=None,
    )


def applied(fold: Fold, step: Taken) -> Fold:
    """The fold after one more step."""
    kind, body = procedure().steps[step.kind], step.body
    state = kind.target or fold.state
    after = replace(
        fold,
        version=step.version,
        state=state,
        told=fold.told or step.seen,
        planned=_planned(fold, kind),
        changed_at=step.at,
        closed_at=step.at if state == CLOSED else None,
    )
    return _moved(_dated(after, kind, body), fold, body)


def folded(steps: Iterable[Taken]) -> Fold:
    """The fold of all steps of a case, in their order."""
    first, *rest = steps
    fold = opened(first)
    for step in rest:
        fold = applied(fold, step)
    return fold


def _planned(fold: Fold, kind: Step) -> bool:
    """A plan stands until it is entered or called off, or the outcome is decided."""
    if "outcome" in kind.needed:
        return False
    return fold.planned if kind.planned is None else not kind.planned


def _dated(fold: Fold, kind: Step, body: Mapping[str, Any]) -> Fold:
    """Deadline and outcome: a step that leads elsewhere ends the deadline, one that names a deadline sets it."""
    due = body.get("deadline")
    if due:
        fold = replace(fold, due_on=date.fromisoformat(due["due_on"]), due_official=due["official"])
    elif kind.target is not None:
        fold = replace(fold, due_on=None, due_official=None)
    if "outcome" in body:
        return replace(fold, outcome=body["outcome"])
    return replace(fold, outcome=None) if kind.name == "reopen" else fold


def _moved(fold: Fold, before: Fold, body: Mapping[str, Any]) -> Fold:
    """Who leads it, and whom it is shared with; who led it before keeps sight of it."""
    shares = (fold.shares | set(body.get("shared_with", ()))) - set(body.get("no_longer_with", ()))
    if "level" in body:
        lead = authority_in(body)
        kept = {before.lead.division} if before.lead.division else set()
        return replace(fold, lead=lead, shares=frozenset((shares | kept) - {lead.division}))
    return replace(fold, shares=frozenset(shares))


def authority_in(body: Mapping[str, Any]) -> Authority:
    """The authority that a step names."""
    return Authority(Level(body["level"]), body["division"])
