"""Papers: digests without records get places, receipts and an audit of their own."""

from hashlib import sha256

import pytest
from django.conf import settings
from django.db import transaction

from suyuan.kernel import Finding
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.kit.problems import Conflict
from suyuan.server.log.queries.papers import digests_of
from suyuan.server.log.queries.policies import policy_text
from suyuan.server.log.queries.receipts import paper_receipt
from suyuan.server.log.services.auditing import Audit
from suyuan.server.log.services.papers import NewPaper, announce_papers
from suyuan.server.submissions import queries
from suyuan.tlog import Outcome, TileReader, parse_leaf, received_commitment
from suyuan.tlog.verdicts import verify_document
from tests.server.cast import Cast
from tests.server.log.house import BASE, House, report

ORIGIN = f"{BASE}/prov/330000/2026"
ORDER = b"put it right within ten working days"


def announced(clock: FixedClock, *contents: bytes, seat: str = "330000") -> list[int]:
    papers = [NewPaper(seat, "case-7", "case_step", sha256(content).digest(), clock.now()) for content in contents]
    with transaction.atomic(), cursor() as run:
        return announce_papers(run, papers)


def audited(house: House) -> list[Finding]:
    with transaction.atomic(), cursor() as run:
        run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return list(Audit(run, house.place, house.keys, queries).findings())


def tamper(statement: str, *params: object) -> None:
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        run.execute(statement, params)


def test_a_paper_gets_its_place_and_its_bytes_open_the_receipt(house: House, clock: FixedClock) -> None:
    (number,) = announced(clock, ORDER)
    with cursor() as run, pytest.raises(Conflict) as refused:
        paper_receipt(run, house.place, number)
    assert refused.value.code == "log.paper_not_yet"
    house.keeper().once()
    assert house.checkpoint(ORIGIN).size == 1
    with cursor() as run:
        held = paper_receipt(run, house.place, number)
    assert (held.leaf.submission, held.leaf.kind, held.leaf.records) == (f"paper-{number}", "case_step", 0)
    assert held.secret is not None
    assert held.leaf.received == received_commitment(held.secret, sha256(ORDER).digest())
    assert held.leaf.received != received_commitment(held.secret, sha256(ORDER + b".").digest())
    assert verify_document(bytes(held), policy_text(house.place)).outcome is Outcome.VALID
    assert audited(house) == []


def test_papers_stand_among_submissions_and_in_their_own_province(house: House, cast: Cast, clock: FixedClock) -> None:
    report(cast, clock, 1)
    first, second = announced(clock, b"a", b"b", seat="440000")
    announced(clock, b"c", seat="")  # the installation's own province
    house.keeper().once()
    reader = TileReader(house.place.files(f"{BASE}/prov/440000/2026").read, 3)
    leaves = [parse_leaf(reader.entry(n)) for n in range(3)]
    assert [leaf.submission for leaf in leaves[1:]] == [f"paper-{first}", f"paper-{second}"]
    assert leaves[1].submitter == leaves[2].submitter != leaves[0].submitter
    assert house.checkpoint(f"{BASE}/prov/{settings.LOG_SEAT}/2026").size == 1
    with cursor() as run:
        assert digests_of(run, [first]) == {first: sha256(b"a").digest()}
    assert audited(house) == []


def test_the_log_names_neither_the_case_nor_the_bytes(house: House, clock: FixedClock) -> None:
    announced(clock, ORDER)
    house.keeper().once()
    entry = TileReader(house.place.files(ORIGIN).read, 1).entry(0).decode()
    assert "case-7" not in entry
    assert sha256(ORDER).hexdigest() not in entry


def test_an_audit_names_what_was_altered_or_taken_out(house: House, clock: FixedClock) -> None:
    first, _ = announced(clock, b"a", b"b")
    house.keeper().once()
    tamper("UPDATE log_paper SET digest = %s WHERE number = %s", sha256(b"x").digest(), first)
    tamper("UPDATE log_paper SET kind = 'case_other' WHERE number = %s", first)
    (waiting,) = announced(clock, b"c")
    assert audited(house) == [Finding("log.paper_differs", {"paper": first, "fields": ["kind", "received"]})]
    tamper("DELETE FROM log_paper_waiting")
    assert Finding("log.paper_unlogged", {"paper": waiting}) in audited(house)


def test_a_restored_database_gives_no_paper_a_second_place(house: House, cast: Cast, clock: FixedClock) -> None:
    report(cast, clock, 1)
    announced(clock, b"a", seat="440000")
    house.keeper().once()
    report(cast, clock, 2)
    announced(clock, b"b", seat="440000")
    house.keeper().once()
    before = house.checkpoint(f"{BASE}/prov/440000/2026")
    put_back = "INSERT INTO {} SELECT {} FROM log_entry WHERE {} IS NOT NULL"
    tamper(put_back.format("log_paper_waiting", "paper", "paper"))
    facts = queries.facts([1, 2])
    with cursor() as run:
        secrets: dict[int, bytes] = dict(
            run.execute("SELECT submission, secret FROM log_entry WHERE submission IS NOT NULL").fetchall()
        )
    tamper("DELETE FROM log_entry")
    tamper("DELETE FROM log_record")
    for number, (fact, _) in facts.items():
        tamper(
            "INSERT INTO ledger_outbox VALUES (%s, %s, %s, %s, %s, %s)",
            *(number, fact.company, fact.kind, fact.digest, fact.received_at, secrets[number]),
        )
    keeper = house.keeper()
    while keeper.once():
        pass
    after = house.checkpoint(f"{BASE}/prov/440000/2026")
    assert (after.size, after.root) == (before.size, before.root) == (4, before.root)
    assert audited(house) == []
