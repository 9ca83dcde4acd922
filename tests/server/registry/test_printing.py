"""Labels are printed once; again only for a reason, and never for codes of others or codes nobody gave out."""

from datetime import date

import pytest

from suyuan.codes import compose, split_code
from suyuan.kernel import Language, SuyuanError
from suyuan.labels import LabelError, Printed, drawing
from suyuan.labels.symbols import Carrier, Modules, modules_of
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries import serials
from suyuan.server.registry.queries.batches import Batch, batches, print_job, print_jobs
from suyuan.server.registry.services import printing
from suyuan.server.registry.services.allocating import CodeOrder, allocate
from suyuan.server.registry.services.printing import PrintOrder, print_labels
from tests.server.cast import NOW, PACK_PREFIX, Actor, Cast

DAY = date(2026, 11, 22)
HERE = "https://trace.example"


@pytest.fixture
def given(cast: Cast) -> Batch:
    return allocate(cast.maker.scope, CodeOrder(PACK_PREFIX, DAY, 5), serials, "maker", FixedClock(NOW))


def printed(actor: Actor, **wish: object) -> tuple[int, Printed]:
    order = PrintOrder(**{"design": "60x40", **wish})  # type: ignore[arg-type]  # checked by the service
    return print_labels(actor.scope, order, serials, HERE, actor.name, FixedClock(NOW))


def refused(kind: type[SuyuanError], actor: Actor, **wish: object) -> str:
    with pytest.raises(kind) as refusal:
        printed(actor, **wish)
    return str(refusal.value.code)


def test_a_batch_is_printed_and_kept(cast: Cast, given: Batch) -> None:
    number, labels = printed(cast.maker, batch=given.number)
    job = print_job(cast.maker.scope, number)
    assert (labels.labels, labels.symbols, labels.content[:5]) == (5, 10, b"%PDF-")
    assert (job.kind, job.first, job.last, job.symbols, job.actor, job.printed_at) == ("first", 1, 5, 10, "maker", NOW)
    assert batches(cast.maker.scope)[0].printed_at == NOW


def test_again_only_for_a_reason(cast: Cast, given: Batch) -> None:
    printed(cast.maker, batch=given.number, first=2, last=3)
    assert refused(Conflict, cast.maker, batch=given.number) == "labels.reason_missing"
    assert refused(Refusal, cast.maker, batch=given.number, reason="whim") == "labels.reason_unknown"
    assert refused(Refusal, cast.maker, batch=given.number, reason="other") == "labels.reason_words"
    printed(cast.maker, batch=given.number, first=4, last=5)
    number, _ = printed(cast.maker, batch=given.number, reason="damaged", note="wet")
    job = print_job(cast.maker.scope, number)
    assert (job.kind, job.reason, job.note) == ("reprint", "damaged", "wet")
    assert [one.kind for one in print_jobs(cast.maker.scope)] == ["reprint", "first", "first"]


def test_a_reason_that_is_not_needed_makes_no_reprint(cast: Cast, given: Batch) -> None:
    number, _ = printed(cast.maker, batch=given.number, reason="damaged")
    job = print_job(cast.maker.scope, number)
    assert (job.kind, job.reason) == ("first", None)


def test_a_test_print_counts_for_nothing(cast: Cast, given: Batch) -> None:
    number, labels = printed(cast.maker, batch=given.number, test=True)
    assert (labels.labels, print_job(cast.maker.scope, number).kind) == (1, "test")
    assert printed(cast.maker, batch=given.number)[1].labels == 5
    assert printed(cast.maker, batch=given.number, test=True)[1].labels == 1


def test_one_code(cast: Cast, given: Batch) -> None:
    number, labels = printed(cast.maker, code=given.codes[2], form="zpl", language=Language.EN)
    job = print_job(cast.nation.scope, number)
    assert (job.first, job.last, job.form, labels.content[:3]) == (3, 3, "zpl", b"^XA")
    assert refused(Conflict, cast.maker, code=given.codes[2]) == "labels.reason_missing"


def test_codes_that_nobody_gave_out(cast: Cast, given: Batch) -> None:
    code = compose(PACK_PREFIX, DAY, 6)
    assert refused(Conflict, cast.maker, code=code) == "labels.codes_not_given"
    lot, serial = split_code(code)
    with cursor() as run:
        run.execute(
            "INSERT INTO ledger_event (lot, serial, id, slot, kind, reporter, record, submission, occurred_at)"
            " VALUES (%s, %s, gen_random_uuid(), 0, 3, 1, 1, 1, now())",
            [lot, serial],
        )
    assert printed(cast.maker, code=code)[1].labels == 1


def test_what_belongs_to_others(cast: Cast, given: Batch) -> None:
    assert refused(Missing, cast.carmaker, batch=given.number) == "labels.batch_not_found"
    assert refused(Missing, cast.carmaker, code=given.codes[0]) == "labels.filing_missing"
    assert refused(Forbidden, cast.guangdong, batch=given.number) == "labels.only_companies"
    outlet = Actor("outlet", Scope.of_outlet(cast.maker.number, cast.maker.sites["F1"]), "")
    assert refused(Forbidden, outlet, batch=given.number) == "labels.only_companies"
    number, _ = printed(cast.maker, batch=given.number)
    assert print_jobs(cast.carmaker.scope) == print_jobs(cast.zhejiang.scope) == []
    with pytest.raises(Missing, match="job_not_found"):
        print_job(cast.carmaker.scope, number)


def test_the_wrong_range_design_and_size(cast: Cast, given: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(Refusal, cast.maker, batch=given.number, first=4, last=6) == "labels.range_outside"
    assert refused(Refusal, cast.maker, batch=given.number, first=4, last=3) == "labels.range_outside"
    assert refused(LabelError, cast.maker, batch=given.number, design="x") == "labels.design_unknown"
    monkeypatch.setattr(printing, "LARGEST_PRINT", 4)
    assert refused(Refusal, cast.maker, batch=given.number) == "labels.print_size"
    assert printed(cast.maker, batch=given.number, first=1, last=4)[1].labels == 4


def test_without_an_address_nothing_is_printed(cast: Cast, given: Batch) -> None:
    order = PrintOrder(design="60x40", batch=given.number)
    with pytest.raises(Refusal, match="address_missing"):
        print_labels(cast.maker.scope, order, serials, "", "maker", FixedClock(NOW))


def test_what_does_not_read_is_not_released_and_not_kept(
    cast: Cast, given: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(carrier: Carrier, text: str) -> Modules:
        return modules_of(carrier, text.replace("0000004", "0000005"))

    monkeypatch.setattr(drawing, "modules_of", wrong)
    with pytest.raises(LabelError) as refusal:
        printed(cast.maker, batch=given.number)
    assert refusal.value.data["codes"] == [given.codes[3]]
    assert print_jobs(cast.maker.scope) == []
