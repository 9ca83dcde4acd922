"""What is to be done, the most urgent first; each opens to exactly the rows that it counts."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

import psycopg
from django.urls import reverse

from suyuan.rules.duties import State
from suyuan.server.answers.queries import batteries as listed
from suyuan.server.cases.queries.cases import counts
from suyuan.server.cases.queries.procedure import CLOSED
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.names import names
from suyuan.server.submissions import queries
from suyuan.server.supervision.queries.feeds import notices
from suyuan.server.web.components.table import Status
from suyuan.server.web.pages.deadlines.agenda import list_address, soon

_UNREAD = 100


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: its sentence, how many, how urgent, and the button with where it leads."""

    name: str
    count: int
    status: Status
    address: str
    batches: int = 0
    exact: bool = True

    @property
    def about(self) -> str:
        """Code of the sentence."""
        return f"web_work.task_{self.name}" if self.exact else f"web_work.task_{self.name}_about"

    @property
    def button(self) -> str:
        """Code of the words of the button."""
        return f"web_work.do_{self.name}"


_NOW, _SOON, _WHEN_POSSIBLE = (
    Status("web_work.now", "bad"),
    Status("web_work.soon", "warn"),
    Status("web_work.when_possible", "info"),
)


def tasks(run: psycopg.Cursor[Row], scope: Scope, today: date, overdue: int, due_soon: int) -> list[Task]:
    """Everything that waits for this company; nothing stands for a count of zero."""
    first, last = soon(today)
    cases = counts(run, scope, today)
    open_cases = sum(there_are for state, (there_are, _) in cases.items() if state != CLOSED)
    late_cases = sum(late for state, (_, late) in cases.items() if state != CLOSED)
    unread = len(notices(run, scope, unread=True, limit=_UNREAD).rows)
    batches, refused = queries.to_mend(scope)
    found = [
        Task("overdue", overdue, _NOW, list_address(State.OVERDUE)),
        Task("soon", due_soon, _SOON, list_address(State.DUE, first, last)),
        Task("refused", refused, _SOON, f"{reverse('web-submissions')}?f.mend=yes", batches),
        Task("notices", unread, _WHEN_POSSIBLE, f"{reverse('web-notices')}?unread=1"),
    ]
    waiting = _waiting(run, scope, today)
    if waiting is not None:
        found.append(waiting)
    if open_cases:
        found.append(Task("cases", open_cases, _NOW if late_cases else _WHEN_POSSIBLE, reverse("web-w-cases")))
    order = {"bad": 0, "warn": 1, "info": 2}
    return sorted((task for task in found if task.count), key=lambda task: order[task.status.tone])


def _waiting(run: psycopg.Cursor[Row], scope: Scope, today: date) -> Task | None:
    """What the company has handed over and nobody has received yet."""
    if scope.company is None:
        return None
    code = names([scope.company])[scope.company].code
    sought = listed.Sought(holder=code, handover=listed.AWAITED)
    counted = listed.count_batteries(run, scope, sought, today)
    return Task("waiting", counted.number, _WHEN_POSSIBLE, batteries_address(code, listed.AWAITED), exact=counted.exact)


def batteries_address(code: str, attention: str) -> str:
    """The batteries that a company holds and that call for attention."""
    return f"{reverse('web-batteries')}?{urlencode({'f.attention': attention, 'f.holder': code})}"
