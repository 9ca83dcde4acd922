"""What somebody may do in a case now, and why not the rest."""

from dataclasses import dataclass

import psycopg

from suyuan.kernel import Finding, Language, sentence
from suyuan.kernel.findings import Value
from suyuan.server.cases.queries.actors import Actor, Standing, standing
from suyuan.server.cases.queries.cases import CaseRow, case, version_seen
from suyuan.server.cases.queries.procedure import Step, procedure
from suyuan.server.kit.connection import Row

_MARKS = {"zh": Language.ZH, "en": Language.EN}


@dataclass(frozen=True, slots=True)
class Allowed:
    """A step, and the reason why it cannot be taken now by this actor; None where it can."""

    step: Step
    reason: Finding | None


@dataclass(frozen=True, slots=True)
class Choices:
    """Every step of the procedure for one actor; `version` is what he names when he takes one."""

    standing: Standing
    version: int
    steps: tuple[Allowed, ...]


def allowed_steps(run: psycopg.Cursor[Row], number: int, actor: Actor) -> Choices:
    """What the actor may do in a case that he may see: raises `Missing` (``cases.not_found``)."""
    row = case(run, actor.scope, number)
    steps = tuple(Allowed(step, objection(row, step, actor)) for step in procedure().steps.values() if step.by)
    own = standing(actor.scope, row.fold.lead, row.fold.shares)
    return Choices(own, version_seen(run, actor.scope, number), steps)


def objection(row: CaseRow, step: Step, actor: Actor) -> Finding | None:
    """Why the actor cannot take the step in the case as it stands."""
    own = standing(actor.scope, row.fold.lead, row.fold.shares)
    if not actor.may_act:
        return Finding("cases.only_reads", {"name": actor.name})
    if own not in step.by:
        by = {f"by_{mark}": _listed(step.by, mark) for mark in _MARKS}
        own_is = {f"standing_{mark}": _said(f"cases.standing_{own}", mark) for mark in _MARKS}
        return Finding("cases.not_his_step", {**_step_named(step), **own_is, **by})
    if row.fold.state not in step.sources:
        states = procedure().states
        here, sources = states[row.fold.state], [states[name] for name in states if name in step.sources]
        return Finding(
            "cases.not_in_this_state",
            {
                "number": row.number,
                **_step_named(step),
                "state_zh": here.zh,
                "state_en": here.en,
                "states_zh": "、".join(one.zh for one in sources),
                "states_en": ", ".join(one.en for one in sources),
            },
        )
    if step.planned is not None and step.planned is not row.fold.planned:
        code = "cases.no_inspection_planned" if step.planned else "cases.inspection_planned"
        return Finding(code, {"number": row.number, **_step_named(step)})
    return None


def _step_named(step: Step) -> dict[str, Value]:
    return {"step_zh": step.title.zh, "step_en": step.title.en}


def _said(code: str, mark: str) -> str:
    return sentence(code, language=_MARKS[mark])


def _listed(names: frozenset[Standing], mark: str) -> str:
    return (", " if mark == "en" else "、").join(_said(f"cases.standing_{name}", mark) for name in sorted(names))
