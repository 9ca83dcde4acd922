"""Take a step in a case: who may, from where, with what, on what he had read; then it is written."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import psycopg
from psycopg.sql import SQL

from suyuan.kernel import Finding
from suyuan.server.cases.queries.actors import Actor
from suyuan.server.cases.queries.allowed import objection
from suyuan.server.cases.queries.attachments import AttachmentRow, attachments
from suyuan.server.cases.queries.cases import CaseRow, case
from suyuan.server.cases.queries.folding import applied
from suyuan.server.cases.queries.procedure import Step, procedure
from suyuan.server.cases.queries.visibility import visible_steps
from suyuan.server.cases.services.bodies import Making, body_of
from suyuan.server.cases.services.opening import keep_subjects
from suyuan.server.cases.services.orders import StepOrder
from suyuan.server.cases.services.texts import check_text
from suyuan.server.cases.services.writing import NewStep, taken, write_step
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal

MOST_ATTACHED: Final = 100
_SINCE: Final = SQL("""
SELECT s.version, s.kind, s.actor_name, s.at FROM cases_step s
 WHERE s.case_number = %s AND s.version > %s AND {visible} ORDER BY s.version
""")
_FORBIDDEN: Final = frozenset({"cases.only_reads", "cases.not_his_step"})


def take_step(
    run: psycopg.Cursor[Row], number: int, actor: Actor, order: StepOrder, clock: Clock = SYSTEM_CLOCK
) -> CaseRow:
    """Take a step inside the caller's transaction; the case after it.

    Raises
    ------
    Missing
        ``cases.not_found``, ``cases.attachment_not_found``, and what `open_case` raises for subjects.
    Conflict
        ``cases.changed`` if somebody took a step that the actor has not read, ``cases.not_in_this_state``.
    Forbidden
        ``cases.only_reads``, ``cases.not_his_step``, ``cases.authority_out_of_reach``.
    Refusal
        ``cases.no_such_step``, ``cases.version_unknown``, ``cases.field_missing``, ``cases.field_not_taken``,
        and those of the fields.
    """
    row = case(run, actor.scope, number, locked=True)
    step = procedure().steps.get(order.kind)
    if step is None or not step.by:
        raise Refusal("cases.no_such_step", step=order.kind, known=[one.name for one in _steps()])
    _check_read(run, row, actor, order.version)
    found = objection(row, step, actor)
    if found is not None:
        raise _refused(found)
    _check_fields(step, order)
    cited = _cited(run, number, actor, order)
    body = body_of(run, Making(row, actor, step, order, cited, clock))
    seen = order.seen if step.asks_visibility else step.seen == "company" or (step.seen == "told" and row.fold.told)
    now = max(clock.now(), row.fold.changed_at)
    new = NewStep(step.name, order.note, bool(seen), body, cited)
    after = applied(row.fold, taken(new, row.fold.version + 1, now))
    write_step(run, number, actor, new, after)
    if order.subjects is not None:
        keep_subjects(run, number, after.version, order.subjects)
    return replace(row, fold=after)


def _steps() -> list[Step]:
    return [one for one in procedure().steps.values() if one.by]


def _check_read(run: psycopg.Cursor[Row], row: CaseRow, actor: Actor, version: int) -> None:
    """Refuse who decides on an older state of the case than there is, and tell what he has missed."""
    if version > row.fold.version:
        raise Refusal("cases.version_unknown", number=row.number, version=version, current=row.fold.version)
    visible = visible_steps(actor.scope)
    statement = _SINCE.format(visible=visible.sql)
    since = run.execute(statement, [row.number, version, *visible.params]).fetchall()
    if since:
        told = [f"{number} {kind}, {name}, {at.isoformat(timespec='seconds')}" for number, kind, name, at in since]
        raise Conflict("cases.changed", number=row.number, known=version, current=since[-1][0], changes=told)


def _refused(found: Finding) -> Forbidden | Conflict:
    kind = Forbidden if found.code in _FORBIDDEN else Conflict
    return kind(found.code, **found.data)


def _check_fields(step: Step, order: StepOrder) -> None:
    given = order.given
    besides = sorted(given.difference(step.fields))
    missing = sorted(step.needed - given)
    if step.asks_visibility and order.seen is None:
        missing.append("seen")
    if not step.asks_visibility and order.seen is not None:
        besides.append("seen")
    if besides:
        raise Refusal("cases.field_not_taken", step=step.name, field=besides[0], fields=list(step.fields))
    if missing:
        raise Refusal("cases.field_missing", step=step.name, field=missing[0])
    check_text("note", order.note)


def _cited(run: psycopg.Cursor[Row], number: int, actor: Actor, order: StepOrder) -> Sequence[AttachmentRow]:
    """The attachments that a step cites, each of which the actor may have himself."""
    if not order.attachments:
        return ()
    wanted = sorted(set(order.attachments))
    if len(wanted) > MOST_ATTACHED:
        raise Refusal("cases.too_many_attachments", limit=MOST_ATTACHED)
    there = {one.number: one for one in attachments(run, actor.scope, number)}
    for which in wanted:
        if which not in there:
            raise Missing("cases.attachment_not_found", number=number, attachment=which)
    return [there[which] for which in wanted]
