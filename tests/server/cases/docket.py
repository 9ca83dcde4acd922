"""A ledger in which something is wrong, and people who take it up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from suyuan.rules import Period, Unit
from suyuan.server.cases.queries.actors import Actor, ActorKind
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.cases import CaseRow
from suyuan.server.cases.queries.subjects import Subjects
from suyuan.server.cases.queries.view import Whole, whole
from suyuan.server.cases.services.acting import take_step
from suyuan.server.cases.services.attaching import attach
from suyuan.server.cases.services.opening import open_case
from suyuan.server.cases.services.orders import (
    InspectionRecord,
    Opening,
    Plan,
    Seen,
    Signatory,
    Signature,
    StepOrder,
)
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.findings import findings
from suyuan.server.supervision.services.detecting import detect
from tests.server.cast import Actor as Member
from tests.server.cast import Cast
from tests.server.supervision.test_detecting import handed, made
from tests.server.supervision.watching import Watched, following

PNG = bytes.fromhex("89504e470d0a1a0a") + b"a photo"
PDF = b"%PDF-1.7 a letter"
ITEMS = ("stock_agrees", "accounts_kept", "codes_legible", "handovers_documented")


def official(scope: Scope, *, may_act: bool = True) -> Actor:
    """Somebody of an authority."""
    return Actor(
        ActorKind.PERSON, scope.division or "0", f"official of {scope.division or 'the nation'}", scope, may_act
    )


def member(of: Member) -> Actor:
    """Somebody of a company."""
    return Actor(ActorKind.KEY, of.name, of.name, of.scope)


SHENZHEN = official(Scope.of_city("440300"))
GUANGZHOU = official(Scope.of_city("440100"))
GUANGDONG = official(Scope.of_province("440000"))
ZHEJIANG = official(Scope.of_province("330000"))
FUJIAN = official(Scope.of_province("350000"))
NATION = official(Scope.of_nation())


@dataclass
class Docket:
    """Findings by detector (hand-overs from Shenzhen's battery maker to Zhejiang's utiliser), and one late duty."""

    cast: Cast
    clock: FixedClock
    findings: dict[str, int] = field(default_factory=dict)

    @classmethod
    def with_trouble(cls, cast: Cast, clock: FixedClock) -> "Docket":
        watched = Watched()
        handed(watched, cast, made(watched, cast), cast.utiliser, date(2026, 9, 1))
        docket = cls(cast, clock)
        with transaction.atomic(), cursor() as run:
            detect(run, clock=clock)
        following(clock)
        with cursor() as run:
            docket.findings = {one.detector: one.number for one in findings(run, Scope.of_nation()).rows}
        return docket

    @property
    def finding(self) -> int:
        """The hand-over that nobody received."""
        return self.findings["handover.without_receipt"]

    def late_duty(self) -> tuple[UUID, str]:
        """A duty of the maker that was due last month and is not fulfilled, as the worker would have left it."""
        event = UUID("01900000-0000-7000-8000-000000000001")
        self.owner(
            "INSERT INTO supervision_rule (version, duty, status)"
            " VALUES ('outlet.handover@2026-04-01', 'outlet.handover', 'read') ON CONFLICT DO NOTHING"
        )
        self.owner(
            "INSERT INTO supervision_duty (lot, serial, event, rule, company, started_on, due_on, official, void)"
            " SELECT %s, 1, %s, number, %s, '2026-09-01', '2026-10-12', TRUE, FALSE FROM supervision_rule"
            " WHERE version = 'outlet.handover@2026-04-01'",
            f"#{self.cast.maker.number}",
            event,
            self.cast.maker.number,
        )
        return event, "outlet.handover"

    def owner(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        """What only somebody with the owner's rights can do."""
        with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
            asked = run.execute(statement, params)
            return asked.fetchall() if asked.description else []

    def open(self, actor: Actor = SHENZHEN, *numbers: int, **more: Any) -> int:
        """A case about the hand-over, or about the findings named."""
        about = more.pop("subjects", None) or Subjects(numbers or (self.finding,))
        with transaction.atomic(), cursor() as run:
            return open_case(run, actor, Opening(about, **more), self.clock)

    def step(self, number: int, actor: Actor, kind: str, **more: Any) -> CaseRow:
        """A step on what the actor sees now."""
        with transaction.atomic(), cursor() as run:
            version = more.pop("version", None)
            if version is None:
                version = whole(run, actor, number, self.clock.today()).choices.version
            return take_step(run, number, actor, StepOrder(kind, version, **more), self.clock)

    def attach(self, number: int, actor: Actor, name: str = "photo.png", content: bytes = PNG) -> AttachmentRow:
        with transaction.atomic(), cursor() as run:
            return attach(run, number, actor, name, content, self.clock)

    def whole(self, number: int, actor: Actor) -> Whole:
        with transaction.atomic(), cursor() as run:
            return whole(run, actor, number, self.clock.today())

    # ------------------------------------------------------------ into a state

    def told(self, **more: Any) -> int:
        """A case whose company has been asked to explain."""
        number = self.open(**more)
        self.step(number, SHENZHEN, "notice", letter="explanation")
        return number

    def inspected(self, number: int, photo: int, actor: Actor = SHENZHEN) -> CaseRow:
        """An inspection planned and entered."""
        self.step(number, actor, "plan_inspection", plan=plan(), seen=False)
        return self.step(number, actor, "enter_inspection", record=record(photo), attachments=[photo])

    def bring_to(self, state: str) -> int:
        """A case in a state, by the shortest way."""
        number = self.told()
        maker = member(self.cast.maker)
        ways: dict[str, list[Callable[[], object]]] = {
            "awaiting_answer": [],
            "answered": [lambda: self.step(number, maker, "answer", note="it was lost")],
            "inspecting": [lambda: self.step(number, SHENZHEN, "plan_inspection", plan=plan(), seen=False)],
            "inspected": [lambda: self.inspected(number, self.attach(number, SHENZHEN).number)],
            "rectifying": [lambda: self.step(number, SHENZHEN, "order", letter="rectification")],
            "decided": [
                lambda: self.step(number, SHENZHEN, "decide", outcome="warned", note="as said"),
            ],
        }
        ways["reviewing"] = [*ways["rectifying"], lambda: self.step(number, maker, "report_done", note="done")]
        ways["reviewed"] = [*ways["reviewing"], lambda: self.step(number, SHENZHEN, "pass_review", note="seen")]
        ways["closed"] = [*ways["decided"], lambda: self.step(number, SHENZHEN, "close")]
        ways["open"] = [*ways["decided"], lambda: self.step(number, SHENZHEN, "reopen", note="news")]
        for way in ways[state]:
            way()
        return number


def plan() -> Plan:
    return Plan(date(2026, 11, 20), "Longgang, store 3", ["records"], [Signatory("Chen", "inspector")])


def record(photo: int, **changes: Any) -> InspectionRecord:
    """All items met but one; both sides sign, the company on paper."""
    items = [Seen(f"records.{name}", "met") for name in ITEMS[:-1]]
    items.append(Seen(f"records.{ITEMS[-1]}", "not_met", "two receipts are missing", [photo]))
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    signed = [
        Signature("authority", "Chen", "inspector", "typed", at),
        Signature("company", "Lin", "store manager", "paper", at, photo),
    ]
    plain: dict[str, Any] = {"on": date(2026, 11, 20), "items": items, "signatures": signed, "on_paper": True}
    return InspectionRecord(**{**plain, **changes})


def days(count: int) -> Period:
    return Period(count, Unit.WORKING_DAY)
