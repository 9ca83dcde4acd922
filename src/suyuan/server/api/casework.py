"""Bodies of cases as the orders of the room, and who acts."""

from collections.abc import Sequence

from suyuan.rules import Period, Unit
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.api.schemas.cases import (
    AuthorityIn,
    DutyIn,
    OpeningIn,
    PeriodIn,
    PlanIn,
    RecordIn,
    StepIn,
)
from suyuan.server.cases.queries.actors import Actor, ActorKind, Authority
from suyuan.server.cases.queries.subjects import Subjects
from suyuan.server.cases.services.orders import (
    InspectionRecord,
    Opening,
    Plan,
    Seen,
    Signatory,
    Signature,
    StepOrder,
)
from suyuan.server.kit.problems import Refusal
from suyuan.server.kit.scope import Level, Scope


def actor_of(asker: Principal) -> Actor:
    """Who asks, as an actor. A company acts where it may report, an authority where it may administer."""
    needed = Permission.SUBMIT if asker.company is not None else Permission.ADMINISTER
    kind = ActorKind.KEY if asker.key is not None else ActorKind.PERSON
    identity = asker.prefix if kind is ActorKind.KEY else str(asker.person)
    return Actor(kind, identity, asker.prefix, asker.scope, needed in asker.permissions)


def opening_of(body: OpeningIn) -> Opening:
    """What shall be opened."""
    lead = authority_of(body.lead) if body.lead else None
    return Opening(subjects_of(body.findings, body.duties), body.title, body.note, body.company, lead)


def step_of(body: StepIn) -> StepOrder:
    """What shall be done."""
    return StepOrder(
        kind=body.kind,
        version=body.known,
        note=body.note,
        seen=body.company_reads,
        letter=body.letter,
        period=_period(body.period),
        basis=body.basis,
        outcome=body.outcome,
        authority=authority_of(body.authority) if body.authority else None,
        division=body.division,
        subjects=subjects_of(body.findings, body.duties) if body.findings or body.duties else None,
        plan=_plan(body.plan),
        record=_record(body.record),
        attachments=body.attachments,
    )


def subjects_of(findings: Sequence[int], duties: Sequence[DutyIn]) -> Subjects:
    """Findings and duties."""
    return Subjects(tuple(findings), tuple((one.record, one.duty) for one in duties))


def authority_of(body: AuthorityIn) -> Authority:
    """An authority; raises `Refusal` (``cases.authority_malformed``) where level and division do not agree."""
    try:
        return Authority.of(Scope(Level(body.level), body.division))
    except ValueError:
        raise Refusal("cases.authority_malformed", level=body.level, division=body.division) from None


def _period(body: PeriodIn | None) -> Period | None:
    return None if body is None else Period(body.count, Unit(body.unit))


def _plan(body: PlanIn | None) -> Plan | None:
    if body is None:
        return None
    return Plan(body.on, body.place, body.checklists, [Signatory(one.name, one.role) for one in body.inspectors])


def _record(body: RecordIn | None) -> InspectionRecord | None:
    if body is None:
        return None
    return InspectionRecord(
        on=body.on,
        items=[Seen(one.item, one.result, one.remark, one.photos) for one in body.items],
        signatures=[
            Signature(one.side, one.name, one.role, one.method, one.at, one.attachment) for one in body.signatures
        ],
        refused=body.refused,
        on_paper=body.on_paper,
    )
