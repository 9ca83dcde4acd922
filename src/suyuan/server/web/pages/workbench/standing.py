"""How the company stands: its batteries by stage, and the figures behind the score of its data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

import psycopg
from django.urls import reverse

from suyuan.kernel import Language
from suyuan.rules.duties import State
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.duties import duties_of
from suyuan.server.answers.queries.periods import Period, next_month, parse_period
from suyuan.server.answers.queries.steps import Steps, steps_of
from suyuan.server.kit.clock import CHINA
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.names import names
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import Submission
from suyuan.server.web.pages.deadlines.agenda import OwedOn, list_address, own_area, soon
from suyuan.server.web.pages.workbench.quality import Quality, Share, Step, cheapest, gain
from suyuan.server.web.pages.workbench.today import batteries_address

MONTHS: Final = 3
_MENDABLE: Final = 10
_REFUSES: Final = "refuse"


@dataclass(frozen=True, slots=True)
class Held:
    """Packs at one stage, as the answers count them."""

    stage: str
    packs: int
    unaccounted: bool


def months_back(today: date, months: int = MONTHS) -> Period:
    """The month of today and those before it, together."""
    first = today.replace(day=1)
    for _ in range(months - 1):
        first = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    return Period(f"{first:%Y-%m}", first, next_month(today), today)


def stock(run: psycopg.Cursor[Row], scope: Scope, language: Language, today: date) -> list[Held]:
    """The packs of a company today, by stage in the order of a battery's life; stages without any are left out."""
    key = f"#{scope.company}"
    balance = steps_of(run, [key], parse_period(None, today)).get(key, Steps()).balance()
    return [
        Held(stage.label.in_language(language), balance[stage.no].closing.packs, stage.no == at.UNACCOUNTED)
        for stage in at.stages().every
        if stage.no != at.OUTSIDE and balance[stage.no].closing.packs
    ]


def quality(
    run: psycopg.Cursor[Row], scope: Scope, today: date, held: Sequence[Held], ahead: Sequence[OwedOn]
) -> Quality:
    """The three shares, and what would better them."""
    period = months_back(today)
    since = datetime.combine(period.start, time(), CHINA)
    sent, taken = queries.sent_since(scope, since)
    kept = duties_of(run, scope, own_area(scope), period)
    packs, lost = sum(one.packs for one in held), sum(one.packs for one in held if one.unaccounted)
    shares = [
        Share("taken", taken, sent),
        Share("in_time", kept.in_time, kept.decided),
        Share("found", packs - lost, packs),
    ]
    mendable = queries.batches(scope, queries.Sought(to_mend=True), None, _MENDABLE)
    steps = [_mend(shares, one) for one in mendable if one.received_at >= since]
    return Quality(shares, cheapest([*steps, *_keep(shares, ahead, today), *_find(shares, scope, lost)]))


def _mend(shares: Sequence[Share], one: Submission) -> Step:
    """Correct the refused records of a batch and bring them again: one cause is one thing to look at."""
    causes = sum(group.get("severity") == _REFUSES for group in one.groups) or 1
    points = gain(shares, "taken", good=one.refused)
    address = reverse("web-submission", args=[one.number])
    return Step("mend", points, causes, address, {"number": str(one.number), "rows": one.refused, "causes": causes})


def _keep(shares: Sequence[Share], ahead: Sequence[OwedOn], today: date) -> list[Step]:
    """Fulfil what comes due now: what is missed counts against the company for three months."""
    first, last = soon(today)
    owed = [line for one in ahead if first <= one.day <= last for line in one.owed]
    found = []
    for duty in sorted({line.duty for line in owed}):
        mine = [line for line in owed if line.duty == duty]
        count = sum(line.count for line in mine)
        points = -gain(shares, "in_time", of=count)
        address = list_address(State.DUE, first, last, duty)
        found.append(Step("keep", points, len(mine), address, {"title": mine[0].title, "count": count}))
    return found


def _find(shares: Sequence[Share], scope: Scope, lost: int) -> list[Step]:
    """Report where batteries went of which nothing was heard: each is one thing to look at."""
    if not lost or scope.company is None:
        return []
    address = batteries_address(names([scope.company])[scope.company].code, "lost")
    return [Step("find", gain(shares, "found", good=lost), lost, address, {"count": lost})]
