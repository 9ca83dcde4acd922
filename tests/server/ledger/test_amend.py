"""Withdrawing and correcting: who may, what stands in the way, and what is true afterwards."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from suyuan.codes import split_code
from suyuan.events.check import Context
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, Severity, sentence
from suyuan.server.ledger import services
from suyuan.server.ledger.queries.containers import Container, containers
from suyuan.server.ledger.services import Amended, Correction
from tests.events.examples import NOW, TODAY, battery_code, company, vin
from tests.events.histories import Row as Cells
from tests.server.ledger.book import Book, hexes
from tests.server.ledger.test_append import (
    CARMAKER,
    MAKER,
    OTHER_PACK,
    PACK,
    VIN,
    D,
    binding,
    counts,
    handing_over,
    key,
    tree,
)

CONTEXT = Context(TODAY, NOW, companies={company(n): n for n in range(1, 4)}, sites={"S1": 1, "S2": 2})
STAGES = vocabulary().stages
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def book(clean_database: str) -> Iterator[Book]:
    """A ledger; whatever a test does to it, its folds are those of its events."""
    with Book.open(clean_database) as opened:
        yield opened
        opened.connection.rollback()
        report = opened.rebuild()
        assert report.clean, report


def report(book: Book, kind: str, *rows: list[Cells], reporter: int = MAKER) -> list[str]:
    told = book.report(kind, *rows, reporter=reporter)
    assert told.admitted.all()
    return hexes(told.ids)


def why(told: Amended) -> list[str]:
    """The codes of the objections; each has its sentence in both languages."""
    for one in told.objections:
        for language in Language:
            text = sentence(one.code, {"value": "", "field": "", **one.data}, language)
            assert text != one.code
            assert "{" not in text
    return [one.code for one in told.objections if one.refuses]


def folds(book: Book) -> list[object]:
    return [book.states(), book.spans(), book.spans(up=False), book.births(), book.daily()]


def test_a_withdrawn_record_leaves_nothing_in_any_fold(book: Book) -> None:
    before = folds(book)
    [name] = report(book, "pack_produced", tree())
    told = book.withdraw(name)
    assert list(told.records) == [name]
    assert told.objections == []
    assert folds(book)[:4] == before[:4]
    assert [key[1] for key in book.daily()] == [vocabulary().kinds["withdrawal"].no]
    rows = book.query("SELECT kind, reporter, body, main_lot FROM ledger_event WHERE corrects IS NOT NULL")
    assert rows == [(36, MAKER, {"reason": "reported twice"}, None)]


def test_a_record_of_several_lots_is_void_under_each(book: Book) -> None:
    report(book, "pack_produced", tree())
    states = book.states()
    [name] = report(book, "vehicle_produced", [binding()], reporter=CARMAKER)
    assert book.withdraw(name, reporter=CARMAKER).records
    assert book.states() == states
    assert book.query("SELECT count(*) FROM ledger_event WHERE corrects = %s::uuid", [name]) == [(2,)]


def test_the_others_of_a_submission_stay(book: Book) -> None:
    names = report(book, "pack_produced", tree(), tree(OTHER_PACK, 10))
    assert len(book.births()) == 20
    assert book.withdraw(names[0]).records
    inside = {part: parent for _, part, parent in book.births()}
    assert len(inside) == 10
    assert inside[key(battery_code("M", 10))] == key(OTHER_PACK)
    assert set(book.states()) == {key(OTHER_PACK)}
    assert report(book, "pack_produced", tree())  # the cells are free again


def test_cells_made_together_are_withdrawn_together(book: Book) -> None:
    rows: list[list[Cells]] = [[{"code": battery_code("C", n), "produced_on": D[n % 2]}] for n in range(6)]
    names = report(book, "cell_produced", *rows)
    assert book.withdraw(names[0]).records
    assert {part for _, part, _ in book.births()} == {key(battery_code("C", n)) for n in (1, 3, 5)}
    told = book.report("cell_produced", *rows)
    assert told.admitted.tolist() == [True, False] * 3
    assert told.duplicate.tolist() == [False, True] * 3


def test_only_the_reporter_withdraws_and_only_what_is_there_and_holds(book: Book) -> None:
    [name] = report(book, "pack_produced", tree())
    assert why(book.withdraw(name, reporter=CARMAKER)) == ["ledger.not_your_record"]
    assert why(book.withdraw(NOBODY)) == ["ledger.unknown_record"]
    done = book.withdraw(name.upper())  # ids may be written in any way
    assert why(done) == []
    assert why(book.withdraw(name)) == ["ledger.already_void"]
    assert why(book.withdraw(done.records[name])) == ["ledger.not_amendable"]


LATER = [
    ("vehicle_produced", binding(), CARMAKER),  # its pack
    ("lost", {"code": battery_code("M", 0), "noticed_on": D[2]}, MAKER),  # a module of it
    ("disposed", {"code": battery_code("C", 37), "disposed_on": D[2]}, MAKER),  # a cell of it
    ("assessed", {"code": PACK, "tested_on": NOW, "soh": 0.9}, CARMAKER),
]


@pytest.mark.parametrize(("kind", "row", "reporter"), LATER, ids=[row[0] for row in LATER])
def test_later_records_stand_in_the_way_until_they_are_withdrawn(
    book: Book, kind: str, row: Cells, reporter: int
) -> None:
    [name] = report(book, "pack_produced", tree())
    [later] = report(book, kind, [row], reporter=reporter)
    before = folds(book), counts(book)
    told = book.withdraw(name)
    assert why(told) == ["ledger.later_records"]
    assert (told.objections[0].data["later"], told.objections[0].data["kind"]) == (later, kind)
    assert (folds(book), counts(book)) == before
    assert book.withdraw(later, reporter=reporter).records
    assert book.withdraw(name).records


def test_a_parent_that_was_put_around_stands_in_the_way(book: Book) -> None:
    module: list[Cells] = [
        {"module_code": battery_code("M", 0), "produced_on": D[0], "cell_code": battery_code("C", n)} for n in (0, 37)
    ]
    [name] = report(book, "module_produced", module)
    [later] = report(book, "pack_produced", tree())
    told = book.withdraw(name)
    assert why(told) == ["ledger.later_records"]
    assert told.objections[0].data["later"] == later
    assert book.withdraw(later).records
    assert book.withdraw(name).records


def test_earlier_records_of_others_and_later_ones_of_the_same_submission_do_not(book: Book) -> None:
    report(book, "pack_produced", tree())
    names = report(book, "transferred_out", [handing_over(PACK, 1, 2)])
    other = report(book, "stocked", [{"code": OTHER_PACK, "stocked_on": D[1]}])
    assert book.withdraw(names[0]).records
    assert book.withdraw(other[0]).records


def test_a_set_may_be_withdrawn_whose_records_build_on_each_other(book: Book) -> None:
    [first] = report(book, "pack_produced", tree())
    [second] = report(book, "stocked", [{"code": PACK, "stocked_on": D[1], "site": "S1", "site_no": 1}])
    [third] = report(book, "vehicle_produced", [binding()], reporter=CARMAKER)
    told = book.withdraw(first, second)  # the third is of somebody else and stays: so must the others
    assert why(told) == ["ledger.later_records"] * 2
    assert book.withdraw(third, reporter=CARMAKER).records
    assert set(book.withdraw(second, first).records) == {first, second}
    assert book.states() == {}


def test_a_whole_submission_is_undone_or_nothing_of_it(book: Book) -> None:
    report(book, "pack_produced", tree(), tree(OTHER_PACK, 10))
    number = book.submission
    [later] = report(book, "vehicle_produced", [binding()], reporter=CARMAKER)
    before = folds(book)
    assert why(undo(book, number)) == ["ledger.later_records"]
    assert folds(book) == before
    assert book.withdraw(later, reporter=CARMAKER).records
    assert why(undo(book, number, reporter=CARMAKER)) == ["ledger.not_your_record"] * 2
    assert len(undo(book, number).records) == 2
    assert book.states() == {}
    assert undo(book, number).records == {}


def undo(book: Book, number: int, reporter: int = MAKER) -> Amended:
    filing = book.filing(reporter)
    with book.connection.transaction(), book.connection.cursor() as run:
        return services.withdraw_submission(run, number, "wrong file", filing)


def test_a_submission_with_a_corrected_record_is_not_undone_before_the_correction(book: Book) -> None:
    [name] = report(book, "pack_produced", tree())
    number = book.submission
    correcting = fix(book, name, "produced_on", D[1].isoformat())
    assert why(undo(book, number)) == ["ledger.later_records"]
    assert book.withdraw(correcting.records[name]).records
    assert undo(book, number).records


def test_findings_of_a_void_record_are_void_and_come_back(book: Book) -> None:
    [name] = report(book, "stocked", [{"code": PACK, "stocked_on": D[1]}])
    done = fix(book, name, "stocked_on", D[2].isoformat())
    assert book.query("SELECT replace(id::text, '-', ''), void FROM ledger_finding ORDER BY id") == [
        (name, True),
        (done.records[name], False),
    ]
    assert book.withdraw(done.records[name]).records
    assert [void for (void,) in book.query("SELECT void FROM ledger_finding ORDER BY id")] == [False, True]


def fix(book: Book, name: str, field: str, value: str | None, reporter: int = MAKER) -> Amended:
    return book.correct([Correction(name, field, value, "mistyped")], reporter, CONTEXT)


def test_a_correction_takes_the_place_of_the_record(book: Book) -> None:
    [name] = report(book, "pack_produced", [{**row, "model": "A"} for row in tree()])
    report(book, "stocked", [{"code": PACK, "stocked_on": D[0], "site": "S1", "site_no": 1}])  # the same day
    births = {birth[1:] for birth in book.births()}
    done = fix(book, name, "model", "B")
    assert why(done) == []
    assert book.states()[key(PACK)].stage == STAGES["stocked"]  # still after it was made
    assert {birth[1:] for birth in book.births()} == births
    [(body,)] = book.query("SELECT body FROM ledger_event WHERE id = %s::uuid AND slot >= 0", [done.records[name]])
    assert body == {"model": "B", "correction": {"reason": "mistyped", "submission": book.submission}}
    assert why(fix(book, name, "model", "C")) == ["ledger.already_void"]
    assert why(fix(book, done.records[name], "model", "C")) == []


def test_several_fields_of_one_record_are_one_correction(book: Book) -> None:
    sold: Cells = {"vin": VIN, "sold_on": D[2], "division": "440300", "owner_name": "王五", "licence_plate": "粤B1"}
    [name] = report(book, "vehicle_sold", [sold], reporter=CARMAKER)
    done = book.correct(
        [
            Correction(name, "owner_name", "王六", "typed wrong"),
            Correction(name, "sold_on", D[3].isoformat(), "typed wrong"),
            Correction(name, "party", company(2), "forgotten"),
        ],
        CARMAKER,
        CONTEXT,
    )
    assert len(done.records) == 1
    [(data,)] = book.query("SELECT data FROM ledger_personal WHERE id = %s::uuid", [done.records[name]])
    assert data == {"owner_name": "王六", "licence_plate": "粤B1"}
    [(body,)] = book.query("SELECT body FROM ledger_event WHERE id = %s::uuid AND slot = 0", [done.records[name]])
    assert body["correction"]["reason"] == "typed wrong; forgotten"
    assert book.states()[key_of_vehicle(VIN)].holder == 2


def key_of_vehicle(code: str) -> tuple[str, int]:
    return split_code(code)


def test_a_wrong_code_moves_the_record_to_the_right_object(book: Book) -> None:
    report(book, "pack_produced", tree(), tree(OTHER_PACK, 10))
    [name] = report(book, "vehicle_produced", [binding()], reporter=CARMAKER)
    produced = STAGES["produced"]
    done = fix(book, name, "pack_code", OTHER_PACK, CARMAKER)
    assert why(done) == []
    states = book.states()
    assert (states[key(PACK)].stage, states[key(PACK)].vehicle) == (produced, None)
    assert states[key(OTHER_PACK)].vehicle == VIN
    assert states[key_of_vehicle(VIN)].changed_by == done.records[name]


def test_a_tree_with_a_wrong_code_moves_with_its_parts(book: Book) -> None:
    [name] = report(book, "pack_produced", tree())
    assert why(fix(book, name, "pack_code", OTHER_PACK)) == []
    assert set(book.states()) == {key(OTHER_PACK)}
    with book.connection.cursor() as run:
        assert containers(run, [key(battery_code("M", 0))]) == {key(battery_code("M", 0)): Container(key(OTHER_PACK))}


def test_objects_are_not_taken_from_under_later_records_but_other_fields_are_corrected(book: Book) -> None:
    [name] = report(book, "pack_produced", [{**row, "model": "A"} for row in tree()])
    report(book, "vehicle_produced", [binding()], reporter=CARMAKER)
    before = folds(book)
    assert why(fix(book, name, "pack_code", OTHER_PACK)) == ["ledger.later_records"]
    assert folds(book) == before
    assert why(fix(book, name, "model", "B")) == []


def test_a_correction_is_checked_and_judged_like_any_record(book: Book) -> None:
    report(book, "pack_produced", tree(), tree(OTHER_PACK, 10))
    report(book, "vehicle_produced", [binding(pack=OTHER_PACK)], reporter=CARMAKER)
    [name] = report(book, "vehicle_produced", [binding(vin(2))], reporter=CARMAKER)
    before = folds(book), counts(book)
    assert why(fix(book, name, "pack_code", "nonsense", CARMAKER)) != []
    assert why(fix(book, name, "produced_on", "2026-02-30", CARMAKER)) == ["events.date_impossible"]
    assert why(fix(book, name, "produced_on", None, CARMAKER)) == ["events.required"]
    assert why(fix(book, name, "pack_code", OTHER_PACK, CARMAKER)) == ["events.bound_elsewhere"]
    assert why(fix(book, name, "colour", "red", CARMAKER)) == ["ledger.field_not_of_kind"]
    assert why(fix(book, name, "pack_code", PACK, MAKER)) == ["ledger.not_your_record"]
    assert why(fix(book, NOBODY, "pack_code", PACK, MAKER)) == ["ledger.unknown_record"]
    assert (folds(book), counts(book)) == before


def test_one_value_cannot_set_right_a_field_with_many(book: Book) -> None:
    [name] = report(book, "pack_produced", tree())
    assert why(fix(book, name, "cell_code", battery_code("C", 77))) == ["ledger.field_of_many"]
    cells: list[list[Cells]] = [[{"code": battery_code("C", n), "produced_on": D[0]}] for n in (90, 91)]
    names = report(book, "cell_produced", *cells)
    assert why(fix(book, names[0], "code", battery_code("C", 77))) == ["ledger.field_of_many"]
    assert why(fix(book, names[0], "model", "new")) == []
    assert {part for _, part, parent in book.births() if parent is None} == {
        key(battery_code("C", n)) for n in (90, 91)
    }


def test_good_corrections_go_through_beside_refused_ones(book: Book) -> None:
    report(book, "pack_produced", tree(), tree(OTHER_PACK, 10))
    names = report(book, "stocked", [{"code": PACK, "stocked_on": D[1]}], [{"code": OTHER_PACK, "stocked_on": D[1]}])
    again = report(book, "stocked", [{"code": PACK, "stocked_on": D[2]}])
    strict = replace(
        book.policy, by_kind={**book.policy.by_kind, ("stocked", "events.unknown_object"): Severity.REFUSE}
    )
    book.policy = strict
    done = book.correct(
        [
            Correction(names[0], "stocked_on", D[3].isoformat(), "day"),
            Correction(again[0], "stocked_on", D[4].isoformat(), "day"),  # the same pack: another record of it
            Correction(names[1], "code", battery_code("P", 99), "unknown to the ledger"),
        ],
        MAKER,
        CONTEXT,
    )
    assert set(done.records) == {names[0], again[0]}
    assert why(done) == ["events.unknown_object"]
    assert book.states()[key(PACK)].changed_by == done.records[again[0]]
