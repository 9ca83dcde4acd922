"""What is kept of a case: papers in the log with receipts, a check that names what was altered, the form on paper."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import connections, transaction

from suyuan.kernel import Finding, Language
from suyuan.server.accounts.queries import memory
from suyuan.server.cases.queries.folding import Taken, folded
from suyuan.server.cases.queries.form import form_html, inspection_form
from suyuan.server.cases.queries.form_pdf import form_pdf
from suyuan.server.cases.queries.papers import paper
from suyuan.server.cases.services.checking import Check
from suyuan.server.kit import schema
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.kit.problems import Conflict, Missing
from suyuan.server.log.queries.policies import policy_text
from suyuan.server.log.queries.receipts import paper_receipt
from suyuan.server.log.services.auditing import Audit
from suyuan.server.submissions import queries as submissions
from suyuan.tlog import Outcome, received_commitment
from suyuan.tlog.verdicts import verify_document
from tests.server.cases.docket import GUANGZHOU, PNG, SHENZHEN, Docket, member, plan, record
from tests.server.cast import NOW, assemble
from tests.server.log.house import House


@pytest.fixture
def house(docket: Docket, tmp_path: Path) -> House:
    """A log of this installation."""
    return House(tmp_path, docket.clock)


def test_every_step_and_file_stands_in_the_log(docket: Docket, house: House) -> None:
    number = docket.bring_to("inspected")
    docket.owner("DELETE FROM ledger_outbox")  # the scene announces what was never received
    while house.keeper().once():
        pass
    whole = docket.whole(number, SHENZHEN)
    papers = [step.paper for step in whole.thread] + [file.paper for file in whole.attachments]
    assert len(set(papers)) == len(papers) == 5
    for which in papers:
        with transaction.atomic(), cursor() as run:
            held, bytes_ = paper_receipt(run, house.place, which), paper(run, SHENZHEN.scope, number, which).bytes
        assert held.secret is not None
        assert held.leaf.received == received_commitment(held.secret, sha256(bytes_).digest())
        assert verify_document(bytes(held), policy_text(house.place)).outcome is Outcome.VALID
    assert held.leaf.kind == "case_attachment"
    assert bytes_ == PNG
    with transaction.atomic(), cursor() as run:
        run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        audit = Audit(run, house.place, house.keys, submissions)
        found = [one for one in audit.findings() if "paper" in one.code or "entry" in one.code]
    assert (found, audit.papers) == ([], 5)


def test_a_check_finds_nothing_where_nothing_was_altered(docket: Docket) -> None:
    docket.bring_to("closed")
    with transaction.atomic():
        check = Check()
        assert list(check.findings()) == []
    assert (check.cases, check.steps, check.attachments) == (1, 4, 0)


ALTERED = {
    "UPDATE cases_step SET note = 'never said' WHERE version = 2": Finding(
        "cases.step_differs", {"number": 1, "step": 2}
    ),
    'UPDATE cases_step SET body = body || \'{"letter": "talk"}\' WHERE version = 2': Finding(
        "cases.step_differs", {"number": 1, "step": 2}
    ),
    "UPDATE cases_step SET seen = FALSE WHERE version = 4": Finding("cases.step_differs", {"number": 1, "step": 4}),
    "UPDATE cases_step SET actor_name = 'somebody' WHERE version = 3": Finding(
        "cases.step_differs", {"number": 1, "step": 3}
    ),
    "DELETE FROM cases_citation": Finding("cases.step_differs", {"number": 1, "step": 4}),
    "UPDATE cases_case SET state = 'closed'": Finding("cases.fold_differs", {"number": 1}),
    "DELETE FROM cases_share": Finding("cases.fold_differs", {"number": 1}),
    "UPDATE submissions_received SET body = 'x' WHERE body IS NOT NULL": Finding(
        "cases.attachment_differs", {"number": 1, "attachment": 1}
    ),
    "UPDATE log_paper SET digest = sha256('x') WHERE kind = 'case_step'": Finding(
        "cases.step_differs", {"number": 1, "step": 1}
    ),
}


@pytest.fixture(scope="module")
def inspected(database: str) -> Iterator[str]:
    """One case that was inspected, for every test that alters something and takes it back."""
    schema.empty_tables()
    memory.forget()
    clock = FixedClock(NOW)
    Docket.with_trouble(assemble(clock), clock).bring_to("inspected")
    yield database
    connections.close_all()


@pytest.mark.usefixtures("inspected")
@pytest.mark.parametrize("statement", ALTERED)
def test_a_check_names_what_was_altered(statement: str) -> None:
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        run.execute(statement)
        found = list(Check(OWNER_ALIAS).findings())
        transaction.set_rollback(True, using=OWNER_ALIAS)
    assert ALTERED[statement] in found


def test_a_case_is_the_fold_of_its_steps(docket: Docket) -> None:
    for state in ("reviewed", "closed"):
        docket.owner("UPDATE cases_case SET closed_at = coalesce(closed_at, now())")  # the finding is free again
        number = docket.bring_to(state)
        whole = docket.whole(number, SHENZHEN)
        steps = [Taken(step.version, step.kind, step.at, step.seen, step.body) for step in whole.thread]
        assert folded(steps) == whole.case.fold


# ---------------------------------------------------------------- on paper


@pytest.mark.parametrize("language", list(Language))
def test_the_form_prints_empty_and_filled_in(docket: Docket, language: Language) -> None:
    number = docket.bring_to("inspecting")
    today = docket.clock.today()
    with transaction.atomic(), cursor() as run:
        empty = inspection_form(run, SHENZHEN.scope, number, today, language)
    photo = docket.attach(number, SHENZHEN).number
    docket.step(number, SHENZHEN, "enter_inspection", record=record(photo), attachments=[photo])
    with transaction.atomic(), cursor() as run:
        filled = inspection_form(run, SHENZHEN.scope, number, today, language)
    assert len(empty.lines) == len(filled.lines) == 4
    assert empty.lines[0].result.count("[  ]") == 4
    assert filled.lines[3].remark == "two receipts are missing"
    assert "Chen" in filled.signatures[0][1]
    for form in (empty, filled):
        made = form_pdf(form)
        assert made.startswith(b"%PDF-")
        assert made == form_pdf(form)
    page = form_html(filled).decode()
    assert "Longgang, store 3" in page
    assert docket.cast.maker.code in page
    assert not re.search(r"<script|https?://", page)


def test_the_form_escapes_what_people_write(docket: Docket) -> None:
    number = docket.open(title="<script>alert(1)</script>")
    docket.step(number, SHENZHEN, "plan_inspection", plan=plan(), seen=False)
    with transaction.atomic(), cursor() as run:
        form = inspection_form(run, SHENZHEN.scope, number, docket.clock.today(), Language.EN)
    assert "<script>" not in form_html(form).decode()
    assert form_pdf(form).startswith(b"%PDF-")


def test_the_form_is_for_who_may_read_the_plan(docket: Docket) -> None:
    number = docket.bring_to("inspecting")
    today = docket.clock.today()
    with transaction.atomic(), cursor() as run:
        with pytest.raises(Missing):
            inspection_form(run, GUANGZHOU.scope, number, today, Language.EN)
        with pytest.raises(Conflict) as refused:
            inspection_form(run, member(docket.cast.maker).scope, number, today, Language.EN)
    assert refused.value.code == "cases.no_inspection"
