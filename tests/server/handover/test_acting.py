"""Acts beside the battery: each once, as reports like any other reporter's, and only by those who may."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from suyuan.server.accounts.models import Access, Permission, Role
from suyuan.server.handover import jobs
from suyuan.server.handover.queries.acts import acts, photo
from suyuan.server.handover.queries.notes import Outcome
from suyuan.server.handover.queries.standing import standings
from suyuan.server.handover.services import reporting
from suyuan.server.handover.services.acting import Act, act, tasks_of
from suyuan.server.handover.services.pictures import photo_of
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.submissions.models import Submission
from tests.server.api.face import Face, pack, pack_code
from tests.server.cast import Actor, Cast
from tests.server.handover.setting import DAY, principal, take_in, taken_in
from tests.server.web.people import person

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
VIN = "LSVAA4182E2184847"


def report(actor: Actor, kind: str, *records: Mapping[str, object]) -> None:
    answer = Face(actor).post("/submissions", {"kind": kind, "records": list(records)})
    assert answer.json["state"] == "accepted", answer.json


def in_vehicle(cast: Cast, *serials: int) -> list[str]:
    codes = [pack_code(serial) for serial in serials]
    report(cast.maker, "pack_produced", *(pack(serial) for serial in serials))
    bound = {"vin": VIN, "produced_on": "2026-10-05", "swap_model": "no"}
    report(cast.carmaker, "vehicle_produced", *({**bound, "pack_code": code} for code in codes))
    report(cast.carmaker, "vehicle_sold", {"vin": VIN, "sold_on": "2026-10-06", "division": "330100"})
    return codes


def test_a_pack_is_taken_in_with_its_condition_and_photo(cast: Cast, clock: Clock) -> None:
    done = act(principal(cast.collector), taken_in("take-in-1", pack_code(1), photos=(photo_of(PNG),)), clock)
    assert done.good
    assert [one.kind for one in done.outcomes] == ["outlet_received"]
    (standing,) = standings(cast.collector.scope, [pack_code(1)])
    assert (standing.stage, standing.mine) == ("collected", True)
    (listed,) = acts(cast.collector.scope)
    assert (listed.condition, listed.photos) == ("intact", 1)
    assert photo(cast.collector.scope, listed.number, 1) == ("image/png", PNG)
    assert Submission.objects.get().channel == "phone"
    with pytest.raises(Missing):
        photo(cast.utiliser.scope, listed.number, 1)
    assert acts(cast.utiliser.scope) == []


def test_sent_twice_it_is_done_once(cast: Cast, clock: Clock) -> None:
    who, said = principal(cast.collector), taken_in("take-in-1", pack_code(1))
    first, second = act(who, said, clock), act(who, said, clock)
    assert (first.number, first.outcomes) == (second.number, second.outcomes)
    assert Submission.objects.count() == 1
    with pytest.raises(Conflict, match="key_reused"):
        act(who, replace(said, condition="damaged"), clock)


def test_after_a_crash_what_was_sent_is_not_sent_again(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = in_vehicle(cast, 1)
    said = taken_in("take-in-1", *codes, vin=VIN, taken_out=True)
    sent = reporting._send

    def breaks(one: reporting.Report, key: str, at: Clock) -> Outcome:
        if one.kind == "outlet_received":
            raise RuntimeError("the plug was pulled")
        return sent(one, key, at)

    with monkeypatch.context() as patched:
        patched.setattr(reporting, "_send", breaks)
        with pytest.raises(RuntimeError):
            act(principal(cast.collector), said, clock)
    before = Submission.objects.count()
    assert jobs.take_up_left_behind() == 1
    assert jobs.take_up_left_behind() == 0
    assert Submission.objects.count() == before + 1
    assert acts(cast.collector.scope)[0].good


def test_a_refused_report_says_why(cast: Cast, clock: Clock) -> None:
    done = act(principal(cast.collector), taken_in("take-in-1", "BAD"), clock)
    assert not done.good
    assert done.outcomes[0].causes[0]["field"] == "code"
    assert done.finished_at is not None


def test_the_vehicle_is_filled_in_and_that_is_noted(cast: Cast, clock: Clock) -> None:
    (old,) = in_vehicle(cast, 1)
    report(cast.repairer, "after_sales_stocked", {"code": pack_code(2), "stocked_on": "2026-10-10"})
    who = principal(cast.repairer, person=person("fixer@example.com", Role.CLERK, cast.repairer.scope).person.pk)
    done = act(who, Act("replace-1", "replace", DAY, (old, pack_code(2))), clock)
    assert done.good, done.outcomes
    assert [(one.mine, one.stage) for one in standings(cast.repairer.scope, [old])] == [(True, "removed")]
    assert list(Access.objects.values_list("act", "subject")) == [("scan.vehicle", old)]
    with pytest.raises(Refusal, match="vin_unknown"):
        act(who, Act("replace-2", "replace", DAY, (pack_code(3), pack_code(4))), clock)
    with pytest.raises(Refusal, match="two_codes_wanted"):
        act(who, Act("replace-3", "replace", DAY, (old,)), clock)


def test_a_vehicle_comes_with_its_packs_or_a_reason(cast: Cast, clock: Clock) -> None:
    first, second = in_vehicle(cast, 1, 2)
    who = principal(cast.dismantler)
    scrap = Act("scrap-01", "scrap", DAY, (first,), vin=VIN, document_no="HS-1", taken_out=True)
    for wrong, said in (
        (replace(scrap, vin=""), "vin_missing"),
        (replace(scrap, document_no=""), "certificate_missing"),
        (scrap, "reason_missing"),
        (replace(scrap, codes=()), "reason_missing"),
        (replace(scrap, codes=(first, second), missing_reason="lost"), "reason_too_many"),
    ):
        with pytest.raises(Refusal, match=said):
            act(who, wrong, clock)
    assert acts(cast.dismantler.scope) == []
    done = act(who, replace(scrap, missing_reason="removed_before"), clock)
    assert done.good, done.outcomes
    assert [one.kind for one in done.outcomes] == ["vehicle_scrapped", "battery_removed"]
    assert standings(cast.dismantler.scope, [first])[0].stage == "removed"


def test_swap_models_are_exempt_only_while_the_law_says_so(cast: Cast, clock: Clock) -> None:
    in_vehicle(cast, 1)
    said = Act("scrap-01", "scrap", DAY, (), vin=VIN, document_no="HS-1", missing_reason="swap_model")
    with pytest.raises(Refusal, match="not_exempt"):
        act(principal(cast.dismantler), replace(said, key="scrap-02", day=DAY.replace(year=2025)), clock)
    assert act(principal(cast.dismantler), said, clock).good


def test_who_may_and_what_is_unfit(cast: Cast, clock: Clock) -> None:
    said = taken_in("take-in-1", pack_code(1))
    assert tasks_of(cast.collector.number, clock.today()) == ["take_in"]
    assert tasks_of(cast.laboratory.number, clock.today()) == []
    with pytest.raises(Forbidden, match="not_permitted"):
        act(principal(cast.collector, Permission.READ), said, clock)
    with pytest.raises(Forbidden, match="task_not_for_role"):
        act(principal(cast.repairer), said, clock)
    for wrong, code in (
        (replace(said, key="x"), "key_unfit"),
        (replace(said, day=clock.today() + timedelta(days=1)), "day_unfit"),
        (replace(said, codes=()), "codes_missing"),
        (replace(said, codes=said.codes * 2), "codes_twice"),
        (replace(said, codes=tuple(map(str, range(501)))), "codes_too_many"),
        (replace(said, condition="new"), "condition_missing"),
        (replace(said, site=""), "site_missing"),
    ):
        with pytest.raises(Refusal, match=code):
            act(principal(cast.collector), wrong, clock)
    with pytest.raises(Refusal, match="photo_form"):
        photo_of(b"GIF89a")
    assert acts(cast.collector.scope) == []


def test_nothing_can_be_deleted_and_every_write_has_its_author(cast: Cast, clock: Clock) -> None:
    take_in(cast.collector, 1, clock)
    with cursor() as run:
        allowed = [
            run.execute("SELECT has_table_privilege(%s, 'DELETE')", [f"handover_{name}"]).fetchone()
            for name in ("act", "photo", "note", "pack", "step")
        ]
        written = run.execute("SELECT act, company FROM accounts_deed").fetchall()
    assert allowed == [(False,)] * 5
    assert written == [("handovers.take_in", cast.collector.number)]


def test_what_somebody_else_holds_is_like_what_is_not_there(cast: Cast, clock: Clock) -> None:
    (code,) = take_in(cast.collector, 1, clock)
    asked = [code, pack_code(9)]
    assert [one.stage for one in standings(cast.utiliser.scope, asked)] == [None, None]
    assert [one.mine for one in standings(cast.collector.scope, asked)] == [True, False]
