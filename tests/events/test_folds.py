"""What the folds mean: what was set last holds, whatever the order of arrival; parts stay until they leave."""

from datetime import date
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.events.folds import Key, Span, Standing, Step, Touch, containment_at, leaves, spans, state_at
from suyuan.events.memory import Ledger
from suyuan.events.vocabulary import Effect, vocabulary
from tests.events.examples import battery_code, vin
from tests.events.histories import Report, Row, batch_of, histories

STAGES = vocabulary().stages
PACK, OTHER = ("P", 1), ("P", 2)


def touch(at: int, stands: str, sets: Effect, **rest: object) -> Touch:
    return Touch(at, stands, 0, stands, sets, reporter=7, party=8, site=9, vehicle="V", **rest)  # type: ignore[arg-type]  # names of the fields


def test_each_attribute_keeps_what_was_set_last() -> None:
    life = [
        touch(1, "a", Effect(stage="produced", holder="reporter")),
        touch(2, "b", Effect(stage="installed", vehicle="this", site="site")),
        touch(3, "c", Effect(holder="party", consignee="party")),
        touch(4, "d", Effect(vehicle="none", site="nowhere", consignee="nobody", holder="nobody")),
    ]
    assert state_at(life[:3]) == Standing(STAGES["installed"], 8, 8, 9, "V", 3, "c")
    assert state_at(life) == Standing(STAGES["installed"], 0, 0, 0, None, 4, "d")
    assert state_at(life, at=1) == Standing(STAGES["produced"], 7, 0, 0, None, 1, "a")
    assert state_at(life, at=0) is None
    assert state_at([]) is None


def test_records_of_one_moment_follow_their_ids_and_a_correction_stands_for_the_first() -> None:
    first, second = touch(1, "a", Effect(stage="produced")), touch(1, "b", Effect(stage="stocked"))
    assert state_at([second, first]) == Standing(STAGES["stocked"], changed_ms=1, changed_by="b")
    corrected = Touch(1, "a", 0, "c", Effect(stage="produced"), reporter=7)
    assert state_at([corrected, second]) == state_at([first, second])
    assert state_at([corrected, second], at=1, before="b") == Standing(STAGES["produced"], changed_ms=1, changed_by="c")
    assert state_at([corrected, second], at=1, before="a") is None


def step(at: int, parent: Key | None, *, birth: bool = False) -> Step:
    return Step(at, f"{at:02d}", birth, parent, f"r{at}")


def test_a_part_is_inside_until_it_leaves_or_goes_elsewhere() -> None:
    life = [step(5, OTHER), step(1, PACK, birth=True), step(3, None)]
    assert spans(life) == [Span(PACK, 1, "r1", 3), Span(OTHER, 5, "r5", None)]
    at = {day: containment_at(life, day) for day in range(7)}
    assert at == {0: None, 1: PACK, 2: PACK, 3: None, 4: None, 5: OTHER, 6: OTHER}
    assert containment_at(life) == OTHER
    assert containment_at([]) is None


def test_being_made_does_not_take_a_part_out_but_being_removed_does() -> None:
    kinds = vocabulary().kinds
    assert not leaves(kinds["module_produced"], 0)
    assert leaves(kinds["battery_removed"], 0)
    assert not leaves(kinds["transferred_out"], 0)  # sets no stage


def one(kind: str, row: Row, reporter: int = 1) -> Report:
    return Report(kind, reporter, ((row,),))


P, M, NEW = battery_code("P", 0), battery_code("M", 1), battery_code("M", 2)
D1, D2, D3 = (date(2026, 1, day) for day in (1, 2, 3))
LIFE = [
    one("pack_produced", {"pack_code": P, "produced_on": D1, "module_code": M, "cell_code": battery_code("C", 1)}),
    one("vehicle_produced", {"vin": vin(1), "pack_code": P, "produced_on": D2}, 2),
    one("after_sales_stocked", {"code": NEW, "stocked_on": D1, "child_code": None}, 3),
    one("replaced", {"vin": vin(1), "old_code": M, "new_code": NEW, "replaced_on": D3}, 3),
]


def key(code: str) -> Key:
    return code[:17], int(code[17:])


def test_a_module_is_exchanged_inside_its_pack() -> None:
    ledger = Ledger()
    for report in LIFE:
        assert ledger.apply(report.batch()).admitted.all()
    assert ledger.parent(key(M)) is None
    assert ledger.parent(key(NEW)) == key(P)
    assert ledger.parent(key(battery_code("C", 1))) == key(M)
    before = ledger.steps(key(M))
    assert containment_at(before, min(step.occurred_ms for step in before)) == key(P)
    state = ledger.state(key(NEW))
    assert state is not None
    assert (state.stage, state.holder, state.vehicle) == (STAGES["installed"], 3, vin(1))


def test_a_withdrawn_record_never_was_and_a_withdrawn_correction_restores() -> None:
    ledger = Ledger()
    for number, report in enumerate(LIFE):
        ledger.apply(report.batch(), [f"{number}"])
    folded = {one: (ledger.state(one), ledger.parent(one)) for one in ledger.objects()}
    late = batch_of("replaced", [[{**LIFE[3].rows[0][0], "replaced_on": date(2026, 1, 5)}]], 3)
    assert ledger.apply(late, ["9"], ["3"]).admitted.all()
    assert not ledger.valid("3")
    changed = ledger.state(key(NEW))
    assert changed is not None
    assert changed.changed_by == "9"
    ledger.withdraw("9")
    assert ledger.valid("3")
    assert {one: (ledger.state(one), ledger.parent(one)) for one in ledger.objects()} == folded
    ledger.withdraw("3")
    assert ledger.parent(key(M)) == key(P)
    assert ledger.parent(key(NEW)) is None


@given(histories(8), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_fold_of_accepted_records_does_not_depend_on_their_order(reports: list[Report], shuffle: Random) -> None:
    ledger = Ledger()
    for report in reports:
        ledger.apply(report.batch())
    for one in ledger.objects():
        touches, steps = ledger.touches(one), ledger.steps(one)
        expected = state_at(touches), spans(steps)
        shuffle.shuffle(touches)
        shuffle.shuffle(steps)
        assert (state_at(touches), spans(steps)) == expected


@given(histories(8))
@settings(max_examples=60)
def test_reporting_everything_again_changes_nothing(reports: list[Report]) -> None:
    ledger = Ledger()
    accepted = []
    for report in reports:
        batch = report.batch()
        verdict = ledger.apply(batch)
        if verdict.admitted.any():
            accepted.append(batch.only(verdict.admitted))
    before = dict(ledger.records)
    for batch in accepted:
        assert ledger.apply(batch).duplicate.all()
    assert ledger.records == before
