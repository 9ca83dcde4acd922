"""Lots as jobs: graded with reasons, in portions, resumable, cancelled, and gated by the recorded life."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import transaction

from suyuan.kernel import Language, SuyuanError
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.laboratory.jobs import take_up_left_behind
from suyuan.server.laboratory.queries.lots import LotRow, cells, lot, lots, models
from suyuan.server.laboratory.queries.recorded import recorded
from suyuan.server.laboratory.queries.reports import lot_report_pdf
from suyuan.server.laboratory.queries.wording import lot_json
from suyuan.server.laboratory.services import lots as working
from suyuan.server.laboratory.services.lots import LotOrder, add_model, cancel_lot, start_lot, work_lot
from tests.server.api.face import Face, cell_code, pack, pack_code
from tests.server.cast import Cast
from tests.server.laboratory.bench import lot_csv, model_file


@pytest.fixture
def model(cast: Cast, clock: FixedClock) -> int:
    """The model, and two packs whose cells are tested."""
    assert Face(cast.maker).submit(pack(1), pack(2)).json["admitted"] == 2
    return add_model(cast.laboratory.number, model_file(), "lfp20.model", clock=clock)


def one(scope: Scope, number: int) -> LotRow:
    with cursor() as run:
        return lot(run, scope, number)


def test_cells_are_graded_with_route_and_reasons(model: int, cast: Cast, clock: FixedClock) -> None:
    number = start_lot(cast.laboratory.number, lot_csv(), LotOrder(model, "lot 1"), clock)
    assert work_lot(number, clock) == "done"
    found = one(cast.laboratory.scope, number)
    assert (found.state, found.cells, found.done, found.cell_type) == ("done", 12, 12, "LFP20")
    with cursor() as run:
        graded = cells(run, cast.laboratory.scope, number).rows
    assert [cell.object for cell in graded[:2]] == [cell_code(1, 0), cell_code(1, 1)]
    for cell in graded:
        assert cell.verdict == "pass", cell.body["reasons"]
        assert cell.route in ("reuse", "full_test")
        assert (cell.route == "full_test") == cell.grade.startswith("full_test")
        assert "ten-points@2" in cell.body["rules"]
        assert "physical@1" in cell.body["rules"]
        assert any(rule.startswith("use.prohibited.electric_bicycle@") for rule in cell.body["rules"])
        assert cell.body["measurements"]["recorded_life"] is True
    assert {cell.body["measurements"]["soh_method"] for cell in graded[:3]} == {"measured"}
    assert {cell.body["measurements"]["soh_method"] for cell in graded[3:]} == {"pulses"}
    counts = lot_json(found, Language.EN)["counts"]
    assert sum(one["cells"] for one in counts) == 12


def test_cells_without_recorded_life_are_rejected(model: int, cast: Cast, clock: FixedClock) -> None:
    number = start_lot(cast.laboratory.number, lot_csv(recorded=False), LotOrder(model), clock)
    work_lot(number, clock)
    with cursor() as run:
        graded = cells(run, cast.laboratory.scope, number).rows
    assert {(cell.verdict, cell.grade, cell.route) for cell in graded} == {("reject", "", "recycle")}
    assert all(cell.body["reasons"][0]["data"]["rule"] == "recorded_life" for cell in graded)


def test_a_file_cannot_claim_a_recorded_life(model: int, cast: Cast, clock: FixedClock) -> None:
    claimed = b"\n".join(
        line + (b",recorded_life" if place == 0 else b",yes") if line else line
        for place, line in enumerate(lot_csv(recorded=False).split(b"\n"))
    )
    number = start_lot(cast.laboratory.number, claimed, LotOrder(model), clock)
    work_lot(number, clock)
    with cursor() as run:
        assert {cell.verdict for cell in cells(run, cast.laboratory.scope, number).rows} == {"reject"}


def test_a_test_alone_is_no_recorded_life(model: int, cast: Cast) -> None:
    known = [(pack_code(1)[:17], 1), (cell_code(1)[:17], 8), (cell_code(1)[:17], 900)]
    stranger = pack_code(77)
    record = {"code": stranger, "tested_on": "2026-11-01T08:00:00", "soh": 0.8}
    told = Face(cast.laboratory).post("/submissions", {"kind": "assessed", "records": [record]})
    assert told.json["admitted"] == 1
    with cursor() as run:
        found = recorded(run, Scope.of_nation(), [*known, (stranger[:17], 77)])
        assert found == set(known[:2])
        assert recorded(run, cast.zhejiang.scope, known) == set()
        assert recorded(run, cast.guangdong.scope, known) == set(known[:2])


def test_progress_cancel_and_what_stays(
    model: int, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "PORTION", 5)
    number = start_lot(cast.laboratory.number, lot_csv(), LotOrder(model), clock)
    seen: list[int] = []
    plain = working._portion

    def portion(*told: object) -> None:
        plain(*told)  # type: ignore[arg-type]  # handed on as it came
        seen.append(one(cast.laboratory.scope, number).done)
        if len(seen) == 2:
            cancel_lot(cast.laboratory.number, number, key=7, clock=clock)

    monkeypatch.setattr(working, "_portion", portion)
    assert work_lot(number, clock) == "cancelled"
    found = one(cast.laboratory.scope, number)
    assert (seen, found.done, found.cancelled_at) == ([5, 10], 10, clock.now())
    with cursor() as run:
        assert len(cells(run, cast.laboratory.scope, number).rows) == 10
    assert work_lot(number, clock) == "cancelled"
    cancel_lot(cast.laboratory.number, number, clock=clock)  # again: nothing changes


def test_a_lot_goes_on_where_a_crash_left_it(
    model: int, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "PORTION", 5)
    number = start_lot(cast.laboratory.number, lot_csv(), LotOrder(model), clock)
    plain, done = working._portion, []

    def portion(*told: object) -> None:
        plain(*told)  # type: ignore[arg-type]  # handed on as it came
        done.append(told[2])
        if len(done) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(working, "_portion", portion)
    with pytest.raises(KeyboardInterrupt):
        work_lot(number, clock)
    assert one(cast.laboratory.scope, number).state == "working"
    monkeypatch.setattr(working, "bounded", None)  # what the model said is not asked for again
    assert take_up_left_behind() == 1
    assert done == [0, 0, 5, 10]  # the first was rolled back with the crash
    assert one(cast.laboratory.scope, number).done == 12


def test_a_lot_that_waits_is_cancelled_at_once(model: int, cast: Cast, clock: FixedClock) -> None:
    number = start_lot(cast.laboratory.number, lot_csv(), LotOrder(model), clock)
    with pytest.raises(Missing):
        cancel_lot(cast.maker.number, number, clock=clock)
    cancel_lot(cast.laboratory.number, number, clock=clock)
    assert work_lot(number, clock) == "cancelled"


def test_a_finished_lot_is_not_cancelled(model: int, cast: Cast, clock: FixedClock) -> None:
    number = start_lot(cast.laboratory.number, lot_csv(), LotOrder(model), clock)
    work_lot(number, clock)
    with pytest.raises(Conflict):
        cancel_lot(cast.laboratory.number, number, clock=clock)


def test_lots_cells_and_models_are_for_their_company_and_its_authorities(
    model: int, cast: Cast, clock: FixedClock
) -> None:
    number = start_lot(cast.laboratory.number, lot_csv(), LotOrder(model), clock)
    work_lot(number, clock)
    for actor, allowed in (
        (cast.laboratory, True),
        (cast.nation, True),
        (cast.guangdong, True),
        (cast.zhejiang, False),
        (cast.maker, False),
    ):
        with cursor() as run:
            assert bool(lots(run, actor.scope).rows) is allowed
            assert bool(models(run, actor.scope).rows) is allowed
            if allowed:
                assert cells(run, actor.scope, number).rows
                continue
            for read in (lot, cells):
                with pytest.raises(Missing):
                    read(run, actor.scope, number)
            with pytest.raises(Missing):
                lot_report_pdf(run, actor.scope, number, Language.EN)


def test_a_model_of_another_company_is_not_used(model: int, cast: Cast, clock: FixedClock) -> None:
    with pytest.raises(Missing):
        start_lot(cast.maker.number, lot_csv(), LotOrder(model), clock)


def test_what_is_no_model_or_no_lot_is_refused(model: int, cast: Cast, clock: FixedClock) -> None:
    with pytest.raises(SuyuanError) as refused:
        add_model(cast.laboratory.number, b"nothing", "x", clock=clock)
    assert refused.value.code.startswith("assessment.")
    number = start_lot(cast.laboratory.number, b"cell,width_ms\na,1\n", LotOrder(model), clock)
    assert work_lot(number, clock) == "refused"
    failure = one(cast.laboratory.scope, number).failure
    assert failure is not None
    assert failure["code"] == "assessment.pulse_columns"
    for order in (LotOrder(model, scheme="nobody's"), replace(LotOrder(model), rules="nobody's")):
        with pytest.raises(SuyuanError):
            start_lot(cast.laboratory.number, lot_csv(), order, clock)


def test_a_lot_in_gb18030_is_read(model: int, cast: Cast, clock: FixedClock) -> None:
    text = lot_csv(recorded=False).decode().replace("cell 0", "电芯一").replace(",no", ",否")
    number = start_lot(cast.laboratory.number, text.encode("gb18030"), LotOrder(model), clock)
    assert work_lot(number, clock) == "done"
    with cursor() as run:
        assert cells(run, cast.laboratory.scope, number).rows[0].object == "电芯一"


def test_the_same_model_is_kept_once(model: int, cast: Cast, clock: FixedClock) -> None:
    assert add_model(cast.laboratory.number, model_file(), "again", clock=clock) == model
    assert add_model(cast.maker.number, model_file(), "mine", clock=clock) != model


@pytest.mark.parametrize("language", list(Language))
def test_the_report_of_a_lot(model: int, cast: Cast, clock: FixedClock, language: Language) -> None:
    number = start_lot(cast.laboratory.number, lot_csv(), LotOrder(model, "批次一"), clock)
    with cursor() as run, pytest.raises(Conflict):
        lot_report_pdf(run, cast.laboratory.scope, number, language)
    work_lot(number, clock)
    with cursor() as run:
        paper = lot_report_pdf(run, cast.laboratory.scope, number, language)
    assert paper.startswith(b"%PDF")
    out = os.environ.get("SUYUAN_KEEP_REPORTS")
    if out:
        (Path(out) / f"lot-{language.value}.pdf").write_bytes(paper)


def test_cells_cannot_be_changed(model: int, cast: Cast, clock: FixedClock) -> None:
    from psycopg.errors import InsufficientPrivilege

    number = start_lot(cast.laboratory.number, lot_csv(), LotOrder(model), clock)
    work_lot(number, clock)
    for statement in (
        "UPDATE laboratory_cell SET grade = 'A'",
        "DELETE FROM laboratory_cell",
        "DELETE FROM laboratory_lot",
    ):
        with pytest.raises(InsufficientPrivilege), transaction.atomic(), cursor() as run:
            run.execute(statement)
