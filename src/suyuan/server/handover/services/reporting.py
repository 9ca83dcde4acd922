"""Send reports through the door that every reporter uses, and keep what became of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from suyuan.kernel import SuyuanError
from suyuan.server.handover.queries.notes import Outcome
from suyuan.server.kit.clock import Clock
from suyuan.server.submissions.models import Submission
from suyuan.server.submissions.services import Order, receive

CHANNEL: Final = "phone"
MOST_CAUSES: Final = 5
UNDER_WAY: Final = frozenset({"received", "working", "failed"})
"""States of a submission after which it is taken up again."""

Record: TypeAlias = Mapping[str, str | float]


@dataclass(frozen=True, slots=True)
class Report:
    """Records of one kind from one side; `person` is whoever confirmed them."""

    side: str
    kind: str
    company: int
    site: int | None
    person: int | None
    records: Sequence[Record]

    def told(self) -> dict[str, Any]:
        """As it is kept, before it is sent."""
        return {name: getattr(self, name) for name in self.__slots__}


def send_all(told: Sequence[Mapping[str, Any]], key: str, clock: Clock) -> list[Outcome]:
    """Send reports in their order until one is not taken whole; sent again, the same are found again.

    The idempotency keys follow from `key`, so whoever comes back after a crash makes no second record.
    """
    outcomes: list[Outcome] = []
    for place, one in enumerate(told):
        outcomes.append(_send(Report(**one), f"{key}-{place}", clock))
        if not outcomes[-1].good:
            break
    return outcomes


def _send(report: Report, key: str, clock: Clock) -> Outcome:
    body = json.dumps({"kind": report.kind, "records": report.records}, ensure_ascii=False, sort_keys=True).encode()
    order = Order(
        name=f"{key}.json",
        channel=CHANNEL,
        kind=report.kind,
        idempotency_key=key,
        site=report.site,
        person=report.person,
    )
    try:
        submission = receive(report.company, body, order, clock)
    except SuyuanError as error:  # who may not report at all is told so like one whose record is refused
        cause = {"code": error.code, "data": dict(error.data), "field": None}
        return Outcome(report.side, report.kind, None, "refused", 0, len(report.records), [cause])
    return _outcome(report, submission)


def _outcome(report: Report, submission: Submission) -> Outcome:
    causes = [group for group in submission.groups if group["severity"] == "refuse"][:MOST_CAUSES]
    if submission.failure:
        causes.append({"code": submission.failure["code"], "data": submission.failure["data"], "field": None})
    taken = submission.admitted + submission.duplicates
    number, state, refused = submission.number, submission.state, submission.refused
    return Outcome(report.side, report.kind, number, state, taken, refused, causes)
