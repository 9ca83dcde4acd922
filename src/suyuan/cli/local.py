"""The counter of this machine: the server's own services, in this process."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from suyuan.cli.counter import Json, Targets, Wish
from suyuan.cli.ring import NotThere, enter
from suyuan.cli.speech import language
from suyuan.cli.usage import Misuse

if TYPE_CHECKING:
    import polars as pl

    from suyuan.server.kit.scope import Scope
    from suyuan.server.submissions.models import Submission

OPERATOR = "operator"
"""Who acts, in what is kept of commands of this machine."""


@dataclass(frozen=True, slots=True)
class Local:
    """Acts for a company, or for the operator, who sees everything."""

    scope: "Scope"

    @classmethod
    def of(cls, company: str | None) -> "Local":
        """The counter, with its rooms open; `company` is a credit code or DUNS number."""
        enter()
        from suyuan.server.kit.scope import Scope
        from suyuan.server.registry.queries import company_number

        nation = Scope.of_nation()
        return cls(nation if company is None else Scope.of_company(company_number(nation, company)))

    # ------------------------------------------------------------ submissions

    def submit(self, path: Path, wish: Wish) -> tuple[Json, bool]:
        """Receive the file and see it through before this returns."""
        from suyuan.server.submissions import services
        from suyuan.server.submissions.models import FINISHED, Mode

        if self.scope.company is None:
            raise Misuse("cli.as_needed")
        order = services.Order(
            name=path.name,
            channel="cli",
            kind=wish.kind,
            mode=Mode.ALL_OR_NOTHING if wish.all_or_nothing else Mode.GOOD_ROWS,
            dry=wish.dry_run,
            repair=wish.repair,
            mapping=wish.mapping,
            idempotency_key=wish.idempotency_key,
        )
        began = datetime.now(UTC)
        submission = services.receive(self.scope.company, path, order)
        known = submission.received_at < began
        if submission.state not in FINISHED:
            submission = services.work(submission.number)
        return _json(submission), known

    def submissions(self, limit: int, before: int | None, kind: str | None, state: str | None) -> list[Json]:
        """Submissions, the newest first."""
        from suyuan.server.submissions.queries import page

        return [_json(submission) for submission in page(self.scope, before, limit, kind, state)]

    def submission(self, number: int) -> Json:
        """One submission with its result."""
        from suyuan.server.submissions.queries import get

        return _json(get(self.scope, number))

    def _sender(self, number: int) -> "Scope":
        """The company that sent a submission: whoever runs this machine hands it its own file."""
        from suyuan.server.kit.scope import Scope
        from suyuan.server.submissions.queries import get

        return Scope.of_company(get(self.scope, number).company)

    def findings(self, number: int) -> Iterator[Json]:
        """Every finding of a submission with its sentence."""
        from suyuan.server.api.wording import Teller
        from suyuan.server.submissions import queries

        teller = Teller.of(queries.get(self.scope, number), language())
        return teller.rows(queries.findings(self.scope, number))

    def bad_rows(self, number: int) -> bytes:
        """The refused records as xlsx."""
        from suyuan.server.submissions.queries import bad_rows

        return bad_rows(self._sender(number), number, language())[1]

    def undo(self, number: int, reason: str) -> Json:
        """Take a submission back; an operator acts for the company that sent it."""
        from suyuan.server.submissions import queries, services

        return _json(services.undo(queries.get(self.scope, number).company, number, reason))

    def receipt(self, number: int, form: str) -> bytes:
        """The receipt of a submission; whoever runs this machine gets it as its sender would."""
        from suyuan.server.api.papers import receipt_file

        return receipt_file(self._sender(number), number, form, language())

    def record_proof(self, record: str) -> bytes:
        """The proof of one record."""
        from suyuan.server.api.papers import record_file

        return record_file(self.scope, record)

    def confirm(self, number: int) -> Json:
        """Accept a result; an operator acts for the company that sent it."""
        from suyuan.server.submissions import queries, services

        return _json(services.confirm(queries.get(self.scope, number).company, number))

    # ------------------------------------------------------------ the ledger

    def state(self, code: str, at: date | None) -> Json:
        """What is true of an object now, or at the end of a day."""
        from suyuan.server.api.traces import state_json
        from suyuan.server.kit.connection import cursor
        from suyuan.server.ledger.queries.objects import show

        with cursor() as run:
            found = show(run, self.scope, code, at)
        if found is None:
            raise NotThere("cli.no_such_object", value=code)
        return dict(state_json(found, language()))

    def life(self, code: str) -> Json:
        """The whole life of an object."""
        from suyuan.server.api.traces import life_json
        from suyuan.server.kit.connection import cursor
        from suyuan.server.ledger.queries.life import life

        with cursor() as run:
            found = life(run, self.scope, code)
        if found is None:
            raise NotThere("cli.no_such_object", value=code)
        return dict(life_json(found, language()))

    def tree(self, code: str, at: date | None, expand: bool) -> Json:
        """What an object is made of and part of."""
        from suyuan.server.kit.connection import cursor
        from suyuan.server.ledger.queries.tree import tree

        with cursor() as run:
            found = tree(run, self.scope, code, at, expand_cells=expand)
        if found is None:
            raise NotThere("cli.no_such_object", value=code)
        return cast(Json, found)

    def recall(self, targets: Targets) -> "Iterator[pl.DataFrame]":
        """What contains the objects asked for, portion by portion."""
        from django.db import transaction

        from suyuan.server.kit.connection import cursor
        from suyuan.server.ledger.queries import recall

        with transaction.atomic(), cursor() as run:
            if targets.prefix is not None:
                yield from recall.recall_prefix(run, self.scope, targets.prefix, targets.at)
            elif targets.span is not None:
                lot, low, high = targets.span
                yield from recall.recall_serials(run, self.scope, lot, range(low, high + 1), targets.at)
            elif targets.batch is not None:
                of = targets.batch_company
                yield from recall.recall_material(run, self.scope, targets.batch, targets.at, company=of)
            else:
                yield from recall.recall_codes(run, self.scope, targets.codes, targets.at)

    # ------------------------------------------------------------ codes and labels

    def allocate(self, order: Json) -> Json:
        """Give codes out."""
        from suyuan.server.api.operations.labels import batch_json
        from suyuan.server.ledger.queries import serials
        from suyuan.server.registry.services.allocating import CodeOrder, allocate

        wanted = CodeOrder(**{**order, "produced_on": date.fromisoformat(order["produced_on"])})
        return dict(batch_json(allocate(self.scope, wanted, serials, OPERATOR), with_codes=True))

    def label(self, order: Json) -> bytes:
        """Labels as a file."""
        from django.conf import settings

        from suyuan.kernel import Language
        from suyuan.server.ledger.queries import serials
        from suyuan.server.registry.services.printing import PrintOrder, print_labels

        wanted = PrintOrder(**{**order, "language": Language.from_tag(order["language"])})
        return print_labels(self.scope, wanted, serials, settings.PUBLIC_URL, OPERATOR)[1].content


def _json(submission: "Submission") -> Json:
    from suyuan.server.api.shapes import submission_json

    return dict(submission_json(submission, language()))
