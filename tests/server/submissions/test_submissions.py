"""From the bytes received to the result: what companies rely on."""

import threading
from datetime import timedelta

import polars as pl
import pytest
from django.db import connections

from suyuan.kernel import Language, SuyuanError
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import Mode, Received, State, Submission
from suyuan.server.submissions.services import Order, confirm, receive, receiving, store, undo, work
from tests.events.examples import battery_code
from tests.server.cast import Cast
from tests.server.submissions.files import cell, csv, document, module, pack, packs, parquet


def events() -> int:
    """How many records the ledger holds."""
    with cursor() as run:
        row = run.execute("SELECT count(*) FROM ledger_event WHERE main_lot IS NULL").fetchone()
    return int(row[0]) if row else 0


def send(cast: Cast, body: bytes, clock: FixedClock, **order: object) -> Submission:
    return receive(cast.maker.number, body, Order(**order), clock)  # type: ignore[arg-type]  # as the test says


@pytest.mark.parametrize("form", [csv, parquet])
def test_good_records_enter_the_ledger(cast: Cast, clock: FixedClock, form) -> None:  # type: ignore[no-untyped-def]
    done = send(cast, form(packs([1, 2])), clock, name="packs")
    assert (done.state, done.kind, done.rows, done.records, done.admitted) == (
        State.ACCEPTED,
        "pack_produced",
        16,
        2,
        2,
    )
    assert done.groups == []
    assert events() == 2


def test_the_same_bytes_are_the_same_submission(cast: Cast, clock: FixedClock) -> None:
    body = csv(packs([1]))
    first, second = send(cast, body, clock), send(cast, body, clock)
    assert first.number == second.number
    assert events() == 1


def test_other_bytes_with_the_same_records_add_nothing(cast: Cast, clock: FixedClock) -> None:
    send(cast, csv(packs([1])), clock)
    again = send(cast, parquet(packs([1])), clock)
    assert (again.state, again.admitted, again.duplicates, again.refused) == (State.ACCEPTED, 0, 1, 0)
    assert events() == 1


def test_the_same_bytes_of_another_company_are_another_submission(cast: Cast, clock: FixedClock) -> None:
    body = csv(packs([1]))
    first = send(cast, body, clock)
    other = receive(cast.carmaker.number, body, Order(), clock)
    assert other.number != first.number
    assert [group["code"] for group in other.groups if group["severity"] == "refuse"] == ["events.already_reported"]
    assert Received.objects.count() == 1


def spoiled() -> pl.DataFrame:
    """Three packs, the second with a code that cannot be."""
    wrong = packs([2]).with_columns(cell_code=pl.col("cell_code").str.replace("9SM", "9sm"))
    return pl.concat([packs([1]), wrong, packs([3])])


def test_good_rows_go_in_and_bad_rows_come_back(cast: Cast, clock: FixedClock) -> None:
    done = send(cast, csv(spoiled()), clock, mode=Mode.GOOD_ROWS)
    assert (done.state, done.admitted, done.refused) == (State.PARTLY, 2, 1)
    group = done.groups[0]
    assert (group["code"], group["field"], group["rows"]) == ("codes.lower_case", "cell_code", 8)
    assert group["examples"][0]["row_number"] == 10  # the heading is row 1, the first pack has eight rows
    found = queries.findings(cast.maker.scope, done.number)
    assert found["row_number"].to_list() == list(range(10, 18))
    assert found["refused"].all()


def test_all_or_nothing_takes_nothing_if_one_row_is_bad(cast: Cast, clock: FixedClock) -> None:
    done = send(cast, csv(spoiled()), clock, mode=Mode.ALL_OR_NOTHING)
    assert (done.state, done.admitted) == (State.REFUSED, 0)
    assert events() == 0
    assert send(cast, csv(packs([1, 3])), clock, mode=Mode.ALL_OR_NOTHING).state == State.ACCEPTED


def test_bad_rows_corrected_and_sent_again_complete_the_file(cast: Cast, clock: FixedClock) -> None:
    done = send(cast, csv(spoiled()), clock)
    name, workbook = queries.bad_rows(cast.maker.scope, done.number, Language.ZH)
    assert name.endswith(".xlsx")
    rows = pl.read_excel(workbook, sheet_id=1, infer_schema_length=0)
    assert rows.height >= 8
    mended = csv(packs([2]))
    assert send(cast, mended, clock).admitted == 1
    assert events() == 3


def test_the_bad_row_names_the_part_that_is_elsewhere_in_its_own_row(cast: Cast, clock: FixedClock) -> None:
    assert send(cast, csv(packs([1])), clock).admitted == 1
    taken = packs([1])["cell_code"][5]
    rows = packs([2, 3]).with_row_index("row")
    stolen = rows.with_columns(cell_code=pl.when(pl.col("row") == 13).then(pl.lit(taken)).otherwise("cell_code")).drop(
        "row"
    )
    done = send(cast, csv(stolen), clock)
    assert (done.state, done.admitted, done.refused) == (State.PARTLY, 1, 1)
    found = queries.findings(cast.maker.scope, done.number).filter(pl.col("refused"))
    told = found.select("row_number", "field", "code", "value").rows()
    assert told == [(15, "cell_code", "events.second_parent", taken)]
    _, workbook = queries.bad_rows(cast.maker.scope, done.number, Language.EN)
    sheet = pl.read_excel(workbook, sheet_id=1, infer_schema_length=0)
    remarks = sheet[sheet.columns[0]].to_list()
    assert [place for place, remark in enumerate(remarks) if remark] == [5]
    assert taken in remarks[5]


def test_rows_of_one_record_need_not_stand_together(cast: Cast, clock: FixedClock) -> None:
    assert send(cast, csv(packs([1])), clock).admitted == 1
    rows = packs([1, 2]).with_columns(model=pl.lit("other"))
    mixed = rows[[0, 8, 1, 9, *range(2, 8), *range(10, 16)]]
    done = send(cast, csv(mixed), clock)
    assert (done.state, done.admitted, done.refused) == (State.PARTLY, 1, 1)
    found = queries.findings(cast.maker.scope, done.number).filter(pl.col("refused"))
    assert found["row_number"].unique().to_list() == [2]


def test_nothing_refused_means_no_bad_rows(cast: Cast, clock: FixedClock) -> None:
    done = send(cast, csv(packs([1])), clock)
    with pytest.raises(Conflict) as refusal:
        queries.bad_rows(cast.maker.scope, done.number, Language.EN)
    assert refusal.value.code == "submissions.no_bad_rows"


def test_a_dry_run_says_the_same_and_changes_nothing(cast: Cast, clock: FixedClock) -> None:
    tried = send(cast, csv(spoiled()), clock, dry=True)
    assert (tried.state, tried.admitted, tried.refused) == (State.TRIED, 2, 1)
    assert events() == 0
    assert send(cast, csv(spoiled()), clock).number != tried.number


def test_nested_json_is_the_same_record_as_flat_rows(cast: Cast, clock: FixedClock) -> None:
    tree = {
        "pack_code": pack(1),
        "produced_on": "2026-01-05",
        "modules": [
            {"module_code": module(2 + m), "cells": [cell((2 + m) * 4 + c) for c in range(4)]} for m in range(2)
        ],
    }
    assert send(cast, document("pack_produced", tree), clock).admitted == 1
    assert send(cast, csv(packs([1])), clock).duplicates == 1


def test_a_company_reports_only_what_its_roles_may(cast: Cast, clock: FixedClock) -> None:
    done = receive(cast.repairer.number, csv(packs([1])), Order(), clock)
    assert done.state == State.REFUSED
    assert done.failure is not None
    assert done.failure["code"] == "submissions.role_may_not_report"
    assert events() == 0


def test_an_unknown_kind_is_refused_and_the_bytes_are_kept(cast: Cast, clock: FixedClock) -> None:
    done = send(cast, csv(packs([1])), clock, kind="pack_painted")
    assert done.failure is not None
    assert done.failure["code"] == "submissions.unknown_kind"
    assert store.fetch(done.received_id) == csv(packs([1]))


def test_rubbish_is_kept_and_named(cast: Cast, clock: FixedClock) -> None:
    done = send(cast, b"\x00\x01\x02 not a sheet", clock)
    assert (done.state, done.admitted) == (State.REFUSED, 0)
    assert len(done.groups) == 1
    assert done.groups[0]["code"].startswith("sheets.")
    assert store.fetch(done.received_id).startswith(b"\x00")


def test_gb18030_is_read_as_it_was_meant(cast: Cast, clock: FixedClock) -> None:
    frame = packs([1]).with_columns(model=pl.lit("鹏程一号"))
    assert send(cast, csv(frame, "gb18030"), clock).admitted == 1
    with cursor() as run:
        row = run.execute("SELECT body->>'model' FROM ledger_event").fetchone()
    assert row == ("鹏程一号",)


def test_an_idempotency_key_stands_for_one_body(cast: Cast, clock: FixedClock) -> None:
    first = send(cast, csv(packs([1])), clock, idempotency_key="k1")
    assert send(cast, csv(packs([1])), clock, idempotency_key="k1").number == first.number
    with pytest.raises(Conflict) as refusal:
        send(cast, csv(packs([2])), clock, idempotency_key="k1")
    assert refusal.value.code == "submissions.idempotency_key_reused"


def test_large_bodies_wait_for_a_worker(cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "INLINE_BYTES", 100)
    body = csv(packs([1]))
    waiting = send(cast, body, clock)
    assert waiting.state == State.RECEIVED
    assert events() == 0
    assert store.place(waiting.received_id).read_bytes() == body
    assert work(waiting.number, clock).state == State.ACCEPTED
    assert work(waiting.number, clock).admitted == 1
    assert events() == 1


def test_a_failure_of_ours_leaves_nothing_and_the_file_can_be_sent_again(
    cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from suyuan.server.submissions.services import working

    body = csv(packs([1]))
    with monkeypatch.context() as broken:
        broken.setattr(working, "append", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(cast, body, clock)
    assert Submission.objects.get().state == State.FAILED
    assert events() == 0
    assert send(cast, body, clock).state == State.ACCEPTED


class TestAgain:
    """The same bytes once more: what was done stays done, what came to nothing is looked at anew."""

    def bound(self) -> bytes:
        vehicle = {"vin": "LGWEEUA59JE003435", "pack_code": pack(1), "produced_on": "2026-02-01"}
        return document("vehicle_produced", vehicle)

    def test_what_was_refused_is_judged_again(self, cast: Cast, clock: FixedClock) -> None:
        early = receive(cast.carmaker.number, self.bound(), Order(idempotency_key="k"), clock)
        assert early.state == State.REFUSED
        send(cast, csv(packs([1])), clock)
        again = receive(cast.carmaker.number, self.bound(), Order(idempotency_key="k"), clock)
        assert (again.state, again.admitted) == (State.ACCEPTED, 1)
        assert again.number != early.number

    def test_other_wishes_are_another_submission(self, cast: Cast, clock: FixedClock) -> None:
        body = csv(packs([1]).rename({"cell_code": "芯"}))
        first = send(cast, body, clock, kind="pack_produced")
        mapped = send(cast, body, clock, kind="pack_produced", mapping={"芯": "cell_code"})
        assert mapped.number != first.number

    def test_a_key_does_not_stand_for_other_wishes(self, cast: Cast, clock: FixedClock) -> None:
        send(cast, csv(packs([1])), clock, idempotency_key="k")
        with pytest.raises(Conflict):
            send(cast, csv(packs([1])), clock, idempotency_key="k", mode=Mode.ALL_OR_NOTHING)

    def test_a_dry_run_does_not_use_up_a_key(self, cast: Cast, clock: FixedClock) -> None:
        assert send(cast, csv(packs([1])), clock, idempotency_key="k", dry=True).state == State.TRIED
        assert send(cast, csv(packs([1])), clock, idempotency_key="k").state == State.ACCEPTED

    @pytest.mark.parametrize("state", [State.RECEIVED, State.WORKING])
    def test_what_a_crash_left_behind_is_completed(self, cast: Cast, clock: FixedClock, state: State) -> None:
        body = csv(packs([1]))
        done = send(cast, csv(packs([2])), clock)
        store.keep(store.Body.of(body))
        left = Submission.objects.create(
            company=cast.maker.number,
            received_at=clock.now(),
            received_id=store.Body.of(body).digest,
            channel="api",
            state=state.value,
            started_at=clock.now(),
            wishes=Order().wishes,
        )
        again = send(cast, body, clock)
        assert (again.number, again.state, again.admitted) == (left.number, State.ACCEPTED, 1)
        assert done.number != left.number

    def test_two_workers_do_not_work_on_one(self, cast: Cast, clock: FixedClock) -> None:
        done = send(cast, csv(packs([1])), clock)
        Submission.objects.filter(number=done.number).update(state=State.WORKING.value)
        other = threading.Event()
        held = threading.Event()

        def hold() -> None:
            with receiving._alone(done.number) as mine:
                assert mine
                held.set()
                other.wait(20)
            connections.close_all()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(20)
        assert work(done.number, clock).state == State.WORKING
        other.set()
        thread.join()
        assert work(done.number, clock).state == State.ACCEPTED


class TestUndo:
    def test_undone_records_are_withdrawn_and_can_be_reported_again(self, cast: Cast, clock: FixedClock) -> None:
        done = send(cast, csv(packs([1, 2])), clock)
        assert undo(cast.maker.number, done.number, "wrong file", clock).state == State.UNDONE
        assert send(cast, csv(packs([1, 2])), clock).admitted == 2

    def test_not_by_somebody_else(self, cast: Cast, clock: FixedClock) -> None:
        done = send(cast, csv(packs([1])), clock)
        with pytest.raises(Missing):
            undo(cast.carmaker.number, done.number, "not mine", clock)

    def test_not_twice(self, cast: Cast, clock: FixedClock) -> None:
        done = send(cast, csv(packs([1])), clock)
        undo(cast.maker.number, done.number, "wrong file", clock)
        with pytest.raises(Conflict) as refusal:
            undo(cast.maker.number, done.number, "again", clock)
        assert refusal.value.code == "submissions.already_undone"

    def test_not_after_it_was_confirmed(self, cast: Cast, clock: FixedClock) -> None:
        done = send(cast, csv(packs([1])), clock)
        confirm(cast.maker.number, done.number, clock)
        with pytest.raises(Conflict) as refusal:
            undo(cast.maker.number, done.number, "late", clock)
        assert refusal.value.code == "submissions.confirmed"

    @pytest.mark.parametrize(("hours", "allowed"), [(23, True), (25, False)])
    def test_within_a_day(self, cast: Cast, clock: FixedClock, hours: int, allowed: bool) -> None:
        done = send(cast, csv(packs([1])), clock)
        clock.advance(timedelta(hours=hours))
        if allowed:
            assert undo(cast.maker.number, done.number, "in time", clock).state == State.UNDONE
            return
        with pytest.raises(Conflict) as refusal:
            undo(cast.maker.number, done.number, "late", clock)
        assert refusal.value.code == "submissions.undo_too_late"

    def test_not_when_others_have_built_on_it(self, cast: Cast, clock: FixedClock) -> None:
        done = send(cast, csv(packs([1])), clock)
        bound = document(
            "vehicle_produced", {"vin": "LGWEEUA59JE003435", "pack_code": pack(1), "produced_on": "2026-02-01"}
        )
        assert receive(cast.carmaker.number, bound, Order(), clock).admitted == 1
        with pytest.raises(SuyuanError) as refusal:
            undo(cast.maker.number, done.number, "too late", clock)
        assert refusal.value.code == "ledger.later_records"
        assert Submission.objects.get(number=done.number).state == State.ACCEPTED


class TestScope:
    def test_a_company_sees_its_own_and_an_official_those_of_his_province(self, cast: Cast, clock: FixedClock) -> None:
        done = send(cast, csv(packs([1])), clock)
        for actor in (cast.maker, cast.guangdong, cast.nation):
            assert queries.get(actor.scope, done.number).number == done.number
            assert [each.number for each in queries.page(actor.scope)] == [done.number]
        for actor in (cast.carmaker, cast.zhejiang):
            assert queries.page(actor.scope) == []
            for read in (queries.get, queries.findings, queries.original):
                with pytest.raises(Missing):
                    read(actor.scope, done.number)

    def test_the_file_itself_is_for_its_sender_only(self, cast: Cast, clock: FixedClock) -> None:
        done = send(cast, csv(spoiled()), clock)
        assert queries.original(cast.maker.scope, done.number)[1] == csv(spoiled())
        for official in (cast.guangdong, cast.nation):
            with pytest.raises(Forbidden):
                queries.original(official.scope, done.number)
            with pytest.raises(Forbidden):
                queries.bad_rows(official.scope, done.number, Language.EN)

    def test_an_outlet_has_what_it_sent_and_reports_for_itself(self, cast: Cast, clock: FixedClock) -> None:
        company, sites = cast.collector.number, cast.collector.sites
        mine = Scope.of_outlet(company, sites["O1"])

        def received(site: str, sender: int | None) -> Submission:
            told = {"code": battery_code("P", 5 if sender else 6), "received_on": "2026-03-01", "site": site}
            return receive(company, document("outlet_received", told), Order(site=sender), clock)

        assert received("O2", sites["O1"]).state == State.REFUSED
        own, other = received("O1", sites["O1"]), received("O2", None)
        assert queries.get(mine, own.number).number == own.number
        with pytest.raises(Missing):
            queries.get(mine, other.number)
        with pytest.raises(Missing):
            undo(company, other.number, "not mine", clock, site=sites["O1"])
        assert undo(company, own.number, "mine", clock, site=sites["O1"]).state == State.UNDONE

    def test_pages_go_back_in_time(self, cast: Cast, clock: FixedClock) -> None:
        numbers = [send(cast, csv(packs([n])), clock).number for n in range(1, 4)]
        page = queries.page(cast.maker.scope, limit=2)
        assert [each.number for each in page] == numbers[:0:-1]
        assert [each.number for each in queries.page(cast.maker.scope, before=page[-1].number)] == numbers[:1]


def test_own_headings_are_remembered(cast: Cast, clock: FixedClock) -> None:
    own = {"包": "pack_code", "日": "produced_on", "模": "module_code", "芯": "cell_code"}
    back = {field: heading for heading, field in own.items()}
    first = send(cast, csv(packs([1]).rename(back)), clock, kind="pack_produced", mapping=own)
    assert first.admitted == 1
    assert send(cast, csv(packs([2]).rename(back)), clock, kind="pack_produced").admitted == 1
    other = receive(cast.carmaker.number, csv(packs([3]).rename(back)), Order(kind="pack_produced"), clock)
    assert other.admitted == 0


class TestAmending:
    """Corrections and withdrawals that come as files."""

    def stocked(self, cast: Cast, clock: FixedClock) -> str:
        """A pack made and stocked; the id of the record of stocking."""
        send(cast, csv(packs([1])), clock)
        stocked = document("stocked", {"code": pack(1), "stocked_on": "2026-01-09", "site": "W1"})
        assert send(cast, stocked, clock).admitted == 1
        with cursor() as run:
            row = run.execute("SELECT id::text FROM ledger_event WHERE kind = 4").fetchone()
        return str(row[0]) if row else ""

    def correction(self, record: str, **more: object) -> bytes:
        told = {"record_id": record, "corrected_on": "2026-11-20", "reason": "typed wrong", **more}
        return document("correction", told)

    def test_a_field_is_set_right_by_a_new_record(self, cast: Cast, clock: FixedClock) -> None:
        record = self.stocked(cast, clock)
        done = send(cast, self.correction(record, field="site", value="F1"), clock)
        assert (done.state, done.admitted) == (State.ACCEPTED, 1)
        with cursor() as run:
            sites = run.execute("SELECT site FROM ledger_state WHERE serial = 1 AND stage = 2").fetchall()
            kept = run.execute("SELECT count(*) FROM ledger_event WHERE kind = 4 AND id = %s", [record]).fetchone()
        assert sites == [(cast.maker.sites["F1"],)]
        assert kept == (1,)

    def test_a_wrong_value_is_refused_and_nothing_changes(self, cast: Cast, clock: FixedClock) -> None:
        record = self.stocked(cast, clock)
        done = send(cast, self.correction(record, field="stocked_on", value="2026-02-30"), clock)
        assert (done.state, done.admitted, done.refused) == (State.REFUSED, 0, 1)
        with cursor() as run:
            assert run.execute("SELECT count(*) FROM ledger_event WHERE kind = 4").fetchone() == (1,)

    def test_not_the_record_of_somebody_else(self, cast: Cast, clock: FixedClock) -> None:
        record = self.stocked(cast, clock)
        done = receive(cast.carmaker.number, self.correction(record, field="site", value="F1"), Order(), clock)
        assert [group["code"] for group in done.groups] == ["ledger.not_your_record"]
        assert done.refused == 1

    def test_a_dry_run_of_a_correction_changes_nothing(self, cast: Cast, clock: FixedClock) -> None:
        record = self.stocked(cast, clock)
        done = send(cast, self.correction(record, field="site", value="F1"), clock, dry=True)
        assert (done.state, done.admitted) == (State.TRIED, 1)
        with cursor() as run:
            assert run.execute("SELECT count(*) FROM ledger_event WHERE kind = 4").fetchone() == (1,)

    def test_all_or_nothing_withdraws_nothing_if_one_cannot_be(self, cast: Cast, clock: FixedClock) -> None:
        record = self.stocked(cast, clock)
        told = {"withdrawn_on": "2026-11-20", "reason": "never happened"}
        unknown = {"record_id": "019e7044-8801-73c9-85c9-f35196bbc152", **told}
        body = document("withdrawal", {"record_id": record, **told}, unknown)
        done = send(cast, body, clock, mode=Mode.ALL_OR_NOTHING)
        assert (done.state, done.admitted) == (State.REFUSED, 0)
        with cursor() as run:
            assert run.execute("SELECT count(*) FROM ledger_event WHERE kind = 36").fetchone() == (0,)

    def test_a_record_is_withdrawn(self, cast: Cast, clock: FixedClock) -> None:
        record = self.stocked(cast, clock)
        told = {"record_id": record, "withdrawn_on": "2026-11-20", "reason": "never happened"}
        assert send(cast, document("withdrawal", told), clock).admitted == 1
        with cursor() as run:
            row = run.execute("SELECT stage, site FROM ledger_state WHERE serial = 1").fetchone()
        assert row == (1, None)
