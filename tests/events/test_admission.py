"""Every contradiction is found where it is, and not where it is not; records of one object follow each other."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.events.admission import CODES, NO_VEHICLE, WAVES, State, Verdict, admit, waves
from suyuan.events.policy import DEFAULT, Policy
from suyuan.events.records import Batch
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Severity
from tests.events.examples import battery_code, company, vin
from tests.events.histories import Row, batch_of

STAGES = vocabulary().stages
DAY = date(2026, 3, 15)
ME, OTHER = 1, 2
CODE, PART, VIN = battery_code("P", 1), battery_code("M", 1), vin(1)


def record(kind: str, **changes: object) -> Row:
    """One row that keeps every rule."""
    rows: dict[str, Row] = {
        "stocked": {"code": CODE, "stocked_on": DAY},
        "pack_produced": {
            "pack_code": CODE,
            "produced_on": DAY,
            "module_code": battery_code("M", 1),
            "cell_code": None,
        },
        "vehicle_produced": {"vin": VIN, "pack_code": CODE, "produced_on": DAY},
        "vehicle_sold": {"vin": VIN, "sold_on": DAY, "division": "440300"},
        "battery_removed": {"code": CODE, "vin": VIN, "removed_on": DAY},
        "transferred_in": {"code": CODE, "received_on": DAY},
        "transferred_out": {"code": CODE, "handed_over_on": DAY, "party": "x", "party_no": OTHER},
        "retired": {"code": CODE, "retired_on": DAY},
    }
    return {**rows[kind], **changes}


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger has of every object of a batch."""

    stage: str = "unknown"
    holder: int = 0
    consignee: int = 0
    vehicle: str | None = None
    taken: bool = False
    gone: bool = False


def judge(batch: Batch, known: Known, policy: Policy = DEFAULT) -> Verdict:
    state = State.blank(batch)
    state.stage[:], state.holder[:], state.consignee[:] = STAGES[known.stage], known.holder, known.consignee
    if known.vehicle is not None:
        state.vehicles = [*batch.lots, known.vehicle]
        state.vehicle[:] = state.vehicles.index(known.vehicle)
    state.taken[:], state.gone[:] = known.taken, known.gone
    return admit(batch, state, policy)


def found(verdict: Verdict) -> list[str]:
    return [CODES[code] for code in verdict.contradictions.code]


BAD_AND_GOOD = [
    ("events.unknown_object", "stocked", Known(), Known("produced", ME)),
    ("events.already_reported", "pack_produced", Known("produced", OTHER), Known()),
    ("events.wrong_stage", "stocked", Known("recycled", ME), Known("stocked", ME)),
    ("events.wrong_holder", "stocked", Known("produced", OTHER), Known("produced", ME)),
    ("events.not_consignee", "transferred_in", Known("removed", OTHER, 3), Known("removed", OTHER, ME)),
    ("events.not_bound_to_vehicle", "battery_removed", Known("installed"), Known("installed", vehicle=VIN)),
    ("events.bound_elsewhere", "retired", Known("removed", ME, vehicle=vin(2)), Known("removed", ME)),
    ("events.second_parent", "pack_produced", Known(taken=True), Known()),
    ("events.part_not_available", "pack_produced", Known(gone=True), Known()),
]


@pytest.mark.parametrize(("code", "kind", "bad", "good"), BAD_AND_GOOD, ids=[row[0] for row in BAD_AND_GOOD])
def test_a_contradiction_is_found_and_its_twin_is_not(code: str, kind: str, bad: Known, good: Known) -> None:
    batch = batch_of(kind, [[record(kind)]], ME)
    told = judge(batch, bad)
    assert code in found(told)
    assert told.admitted.tolist() == [DEFAULT.severity(kind, code) is not Severity.REFUSE]
    passed = judge(batch, good)
    assert code not in found(passed)
    assert passed.admitted.all()


def test_every_code_is_tried_here() -> None:
    assert {row[0] for row in BAD_AND_GOOD} | {"events.too_many_records_of_one_object"} == set(CODES)


@pytest.mark.parametrize(("code", "kind", "bad", "good"), BAD_AND_GOOD, ids=[row[0] for row in BAD_AND_GOOD])
def test_the_policy_decides_what_refuses(code: str, kind: str, bad: Known, good: Known) -> None:
    batch = batch_of(kind, [[record(kind)]], ME)
    for severity in (Severity.REFUSE, Severity.FINDING):
        policy = Policy(MappingProxyType(dict.fromkeys(CODES, severity)), {})
        verdict = judge(batch, bad, policy)
        assert code in found(verdict)
        assert verdict.contradictions.refuses.tolist() == [severity is Severity.REFUSE] * len(verdict.contradictions)
        assert verdict.admitted.tolist() == [severity is Severity.FINDING]


def test_what_the_ledger_has_instead_is_told() -> None:
    verdict = judge(batch_of("stocked", [[record("stocked")]], ME), Known("recycled", 9))
    told = verdict.contradictions
    assert found(verdict) == ["events.wrong_stage", "events.wrong_holder"]
    assert (told.stage[0], told.company[1]) == (STAGES["recycled"], 9)


def test_a_repeated_record_contradicts_nothing_and_changes_nothing() -> None:
    batch = batch_of("pack_produced", [[record("pack_produced")]], ME)
    state = State.blank(batch)
    state.stage[:], state.duplicate[:] = STAGES["installed"], True
    verdict = admit(batch, state, DEFAULT)
    assert not verdict.admitted.any()
    assert verdict.duplicate.all()
    assert found(verdict) == []
    assert (state.stage == STAGES["installed"]).all()


def test_several_records_of_one_object_are_judged_in_the_order_of_time() -> None:
    days = [date(2026, 1, day) for day in (3, 1, 2)]  # to C, from A to B, from B to …
    rows = [[record("transferred_out", handed_over_on=day, party_no=2 + n)] for n, day in enumerate(days)]
    batch = batch_of("transferred_out", rows, ME)
    assert waves(batch).tolist() == [2, 0, 1]
    state = State.blank(batch)
    state.stage[:], state.holder[:] = STAGES["removed"], ME
    assert admit(batch, state, DEFAULT).admitted.all()
    assert state.consignee.tolist() == [2]  # what the record of the third of January says


def test_the_first_of_a_kind_bars_the_second_in_one_file() -> None:
    rows = [[record("vehicle_produced", vin=vin(n), produced_on=date(2026, 1, 3 - n))] for n in (1, 2)]
    batch = batch_of("vehicle_produced", rows, ME)
    state = State.blank(batch)
    battery = batch.touches["battery"].object[0]
    state.stage[battery] = STAGES["stocked"]
    verdict = admit(batch, state, DEFAULT)
    assert verdict.admitted.tolist() == [False, True]  # the second row happened first
    assert found(verdict) == ["events.wrong_stage", "events.bound_elsewhere"]
    assert state.vehicles[state.vehicle[battery]] == vin(2)


def test_a_refused_record_does_not_bar_the_next() -> None:
    rows = [[record("vehicle_produced", vin=vin(n), produced_on=date(2026, 1, n))] for n in (1, 2)]
    batch = batch_of("vehicle_produced", rows, ME)
    state = State.blank(batch)
    state.stage[batch.touches["battery"].object[0]] = STAGES["stocked"]
    first_vehicle = batch.touches["vehicle"].object[0]
    state.stage[first_vehicle] = STAGES["sold"]
    policy = replace(DEFAULT, by_kind={**DEFAULT.by_kind, ("vehicle_produced", "events.wrong_stage"): Severity.REFUSE})
    assert admit(batch, state, policy).admitted.tolist() == [False, True]


def test_a_late_record_is_judged_by_what_was_true_then_and_leaves_the_present() -> None:
    batch = batch_of("stocked", [[record("stocked")]], ME)
    state = State.blank(batch)
    state.stage[:], state.holder[:] = STAGES["installed"], OTHER
    number = np.array([0])
    state.late["battery"] = np.array([True])
    state.past["battery"] = (number + STAGES["produced"], number + ME, number, number + NO_VEHICLE)
    verdict = admit(batch, state, DEFAULT)
    assert verdict.admitted.all()
    assert found(verdict) == []
    assert (state.stage[0], state.holder[0]) == (STAGES["installed"], OTHER)
    del state.late["battery"]
    assert found(admit(batch, state, DEFAULT)) == ["events.wrong_stage", "events.wrong_holder"]


@pytest.mark.parametrize("length", [1, 2, 50])
def test_a_chain_takes_as_many_waves_as_it_is_long(length: int) -> None:
    rows = [[record("vehicle_sold", division=f"{n:06d}")] for n in range(length)]
    assert waves(batch_of("vehicle_sold", rows, ME)).tolist() == list(range(length))


def test_independent_chains_share_their_waves() -> None:
    rows = [[record("stocked", code=battery_code("P", n % 7))] for n in range(21)]
    assert waves(batch_of("stocked", rows, ME)).tolist() == [n // 7 for n in range(21)]


def test_an_endless_chain_is_refused_from_the_limit_on() -> None:
    count = WAVES + 3
    batch = batch_of("vehicle_sold", [[record("vehicle_sold")]] * count, ME)
    verdict = judge(batch, Known("sold"))
    assert int(verdict.admitted.sum()) == WAVES
    assert found(verdict) == ["events.too_many_records_of_one_object"] * 3
    assert verdict.contradictions.record.tolist() == [WAVES, WAVES + 1, WAVES + 2]


def _simple_waves(batch: Batch) -> list[int]:
    """The definition, word for word: one after the latest earlier record that touches one of its objects."""
    touched: list[set[int]] = [set() for _ in range(len(batch))]
    for touches in batch.touches.values():
        for one, obj in zip(touches.record.tolist(), touches.object.tolist(), strict=True):
            touched[one].add(obj)
    level, last = [0] * len(batch), dict[int, int]()
    for one in sorted(range(len(batch)), key=lambda n: (batch.occurred_ms[n], n)):
        level[one] = max((last[obj] + 1 for obj in touched[one] if obj in last), default=0)
        last.update(dict.fromkeys(touched[one], level[one]))
    return level


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=30))
def test_waves_are_those_of_the_definition(draws: list[tuple[int, int, int]]) -> None:
    rows = [
        [record("vehicle_produced", vin=vin(a), pack_code=battery_code("P", b), produced_on=date(2026, 1, day))]
        for a, b, day in draws
    ]
    batch = batch_of("vehicle_produced", rows, ME)
    assert waves(batch).tolist() == _simple_waves(batch)


KEPT = ["stocked", "retired", "swap_out", "disposed", "exported", "lost", "found"]


@pytest.mark.parametrize("kind", KEPT)
def test_nobody_ends_or_takes_over_what_somebody_else_holds(kind: str) -> None:
    shape = vocabulary().kinds[kind]
    when = datetime(2026, 3, 15, tzinfo=UTC) if kind == "swap_out" else DAY
    batch = batch_of(kind, [[{"code": CODE, shape.time: when}]], ME)
    stage = min(shape.main.before - {"unknown"})
    told = judge(batch, Known(stage, OTHER))
    assert found(told) == ["events.wrong_holder"]
    assert not told.admitted.any()
    assert judge(batch, Known(stage, ME)).admitted.all()
    assert "events.wrong_holder" not in found(judge(batch, Known()))


def test_a_batch_of_material_belongs_to_who_holds_it() -> None:
    row: Row = {"treatment_no": "t", "treated_on": DAY, "material_batch": "B1", "source_code": None}
    batch = batch_of("treated", [[row]], ME)
    assert not judge(batch, Known("made", OTHER)).admitted.any()
    assert judge(batch, Known("made", ME)).admitted.all()
    assert judge(batch, Known()).admitted.all()
    assert batch.lots == [f"{company(ME)}:B1"]
    assert batch_of("treated", [[row]], OTHER).lots == [f"{company(OTHER)}:B1"]


@pytest.mark.parametrize("kind", ["retired", "outlet_handed_over", "lost"])
def test_who_reports_it_first_is_its_holder_and_may_go_on(kind: str) -> None:
    shape = vocabulary().kinds[kind]
    first = batch_of(kind, [[{"code": CODE, shape.time: DAY}]], ME)
    state = State.blank(first)
    assert admit(first, state, DEFAULT).admitted.all()  # an unknown battery opens a finding and is accepted
    assert state.holder.tolist() == [ME]
    on = {"found": "found_on", "transferred_out": "handed_over_on"}
    next_kind = "found" if kind == "lost" else "transferred_out"
    then = batch_of(next_kind, [[{"code": CODE, on[next_kind]: DAY}]], ME)
    assert admit(then, state, DEFAULT).admitted.all()
    other = replace(then, reporter=OTHER)
    state.stage[:], state.holder[:] = STAGES[shape.main.sets.stage or ""], ME
    assert not admit(other, state, DEFAULT).admitted.any()


def test_a_disposal_facility_takes_over_what_it_disposes_of() -> None:
    assert "treatment_facility" in vocabulary().kinds["transferred_in"].reporters
    assert "treatment_facility" not in vocabulary().kinds["transferred_out"].reporters
    arrival = batch_of("transferred_in", [[record("transferred_in")]], ME)
    state = State.blank(arrival)
    state.stage[:], state.holder[:], state.consignee[:] = STAGES["retired"], OTHER, ME
    assert not found(admit(arrival, state, DEFAULT))
    end = batch_of("disposed", [[{"code": CODE, "disposed_on": DAY}]], ME)
    assert not found(admit(end, state, DEFAULT))
    state.stage[:], state.holder[:] = STAGES["retired"], OTHER
    assert found(admit(end, state, DEFAULT)) == ["events.wrong_holder"]
