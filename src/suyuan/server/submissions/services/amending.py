"""Corrections and withdrawals that come in a file, like any other record."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
import psycopg
from django.db import transaction

from suyuan.events.check import Context
from suyuan.events.policy import Policy
from suyuan.kernel import Severity
from suyuan.server.kit.clock import CHINA, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.services import Amended, Correction, Filing, Objection, correct, withdraw
from suyuan.server.registry import queries as registry
from suyuan.server.submissions.models import Mode, Submission
from suyuan.server.submissions.services.admitting import policy_for
from suyuan.server.submissions.services.judging import Judged
from suyuan.server.submissions.services.result import Counted, rows_of_records
from suyuan.sheets import findings as table


def amend(
    run: psycopg.Cursor[Row],
    judged: Judged,
    submission: Submission,
    rng: np.random.Generator,
    clock: Clock,
    *,
    dry: bool,
) -> Counted:
    """Apply the corrections or withdrawals of `judged`; each that cannot be done is refused with its reason."""
    received_ms = int(submission.received_at.timestamp() * 1000)
    filing = Filing(submission.company, submission.number, received_ms, rng)
    values = judged.checked.values.filter(judged.checked.ok_rows)
    with transaction.atomic():
        amended = _amend(run, judged.kind.name, values, filing, clock, policy_for(submission.received_at))
        whole = submission.mode == Mode.ALL_OR_NOTHING
        if dry or (whole and any(objection.refuses for objection in amended.objections)):
            transaction.set_rollback(True)
    return _count(judged, amended)


def _amend(
    run: psycopg.Cursor[Row], kind: str, values: pl.DataFrame, filing: Filing, clock: Clock, policy: Policy
) -> Amended:
    if values.is_empty():
        return Amended({}, [])
    if kind == "withdrawal":
        return withdraw(run, dict(values.select("record_id", "reason").iter_rows()), filing)
    fields = ("record_id", "field", "value", "reason")
    present = values.with_columns(**{name: pl.lit(None) for name in fields if name not in values.columns})
    wanted = [Correction(*row) for row in present.select(fields).iter_rows()]
    return correct(run, wanted, filing, _context(filing.reporter, clock), policy)


def _context(company: int, clock: Clock) -> Context:
    """What the check of a corrected record must know; which fields it has is seen only there."""
    today, nation = clock.today(), Scope.of_nation()
    companies = registry.companies(nation, on=today)
    sites = registry.sites(Scope.of_company(company), on=today)
    return Context(
        reference=today,
        now=clock.now().astimezone(CHINA),
        reporter=dict(companies.select("number", "code").iter_rows()).get(company),
        companies=dict(companies.select("code", "number").iter_rows()),
        sites=dict(sites.select("code", "number").iter_rows()),
    )


def _count(judged: Judged, amended: Amended) -> Counted:
    """Counts by record of the file; an objection refuses every row that names its record."""
    checked = judged.checked
    rows: Mapping[str, Sequence[int]] = {
        str(name).replace("-", "").lower(): places
        for name, places in checked.values.with_row_index("row")
        .filter(checked.ok_rows)
        .group_by("record_id")
        .agg("row")
        .iter_rows()
    }
    refused = checked.refused_records.to_numpy().copy()
    record = checked.record.to_numpy()
    found = []
    for objection in amended.objections:
        places = rows.get(objection.record.replace("-", "").lower(), ())
        found.append(_finding(objection, places))
        if objection.refuses:
            refused[record[list(places)]] = True
    admitted = np.unique(record[checked.ok_rows.to_numpy()])
    return Counted(
        admitted=int((~refused[admitted]).sum()),
        duplicates=0,
        refused=int(refused.sum()),
        findings=table.concat(found),
        refused_rows=rows_of_records(checked.record, refused),
    )


def _finding(objection: Objection, places: Sequence[int]) -> pl.DataFrame:
    severity = Severity.REFUSE if objection.refuses else Severity.FINDING
    return table.make(
        list(places), objection.field or "record_id", objection.code, severity, objection.record, objection.data
    )
