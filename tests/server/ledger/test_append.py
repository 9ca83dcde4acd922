"""Appending: idempotent by record, indifferent to the order of arrival, and never anything but adding."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import psycopg
import pytest

from suyuan.events.admission import CODES
from suyuan.events.folds import Key, Span, Standing
from suyuan.events.policy import Policy
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Severity
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.ledger.services.append import Appended
from suyuan.server.ledger.services.vocabulary import changes_state
from tests.events.examples import battery_code, vin
from tests.events.histories import Row as Cells
from tests.events.histories import batch_of
from tests.server.ledger.book import Book, hexes

D = [date(2026, 1, day) for day in range(1, 10)]
PACK, OTHER_PACK = battery_code("P", 1), battery_code("P", 2)
VIN = vin(1)
AT = datetime(2026, 1, 3, 4, tzinfo=UTC)
MAKER, CARMAKER, DISMANTLER = 1, 2, 3
STAGES = vocabulary().stages


def key(code: str) -> Key:
    return code[:17], int(code[17:])


def tree(pack: str = PACK, first: int = 0, cells: int = 8, day: int = 0) -> list[Cells]:
    """A pack with two modules and its cells."""
    return [
        {
            "pack_code": pack,
            "produced_on": D[day],
            "module_code": battery_code("M", first + n * 2 // cells),
            "cell_code": battery_code("C", 10_000 * first + 37 * n % 1009),
        }
        for n in range(cells)
    ]


def binding(vehicle: str = VIN, pack: str = PACK, day: int = 1) -> Cells:
    return {"vin": vehicle, "pack_code": pack, "produced_on": D[day]}


def handing_over(code: str, day: int, party: int = 9) -> Cells:
    return {"code": code, "handed_over_on": D[day], "party_no": party, "party": "x"}


@pytest.fixture
def book(clean_database: str) -> Iterator[Book]:
    with Book.open(clean_database) as opened:
        yield opened


def codes(told: Appended) -> list[str]:
    return [CODES[code] for code in told.contradictions.code]


def counts(book: Book) -> dict[str, int]:
    tables = ("event", "state", "block", "span", "daily", "finding", "personal")
    return {table: book.query(f"SELECT count(*) FROM ledger_{table}")[0][0] for table in tables}


def test_the_same_records_again_change_nothing_and_say_so(book: Book) -> None:
    reports: list[tuple[str, list[list[Cells]], int]] = [
        ("pack_produced", [tree(), tree(OTHER_PACK, 10)], MAKER),
        ("vehicle_produced", [[binding()]], CARMAKER),
        ("vehicle_sold", [[{"vin": VIN, "sold_on": D[2], "division": "440300", "owner_name": "王五"}]], CARMAKER),
        ("assessed", [[{"code": battery_code("C", 999), "tested_on": AT, "soh": 0.8}]], MAKER),
        ("cell_produced", [[{"code": battery_code("C", n), "produced_on": D[0]}] for n in (900, 931)], MAKER),
        ("transferred_out", [[handing_over(battery_code("M", 77), day=1)]], MAKER),
    ]
    for kind, rows, reporter in reports:
        assert book.report(kind, *rows, reporter=reporter).admitted.all(), kind
    before = counts(book)
    for kind, rows, reporter in reports:
        again = book.report(kind, *rows, reporter=reporter)
        assert again.duplicate.all(), kind
        assert not again.written
        assert codes(again) == []
    assert counts(book) == before
    assert book.rebuild().clean


def test_a_record_that_differs_in_anything_is_no_repetition(book: Book) -> None:
    book.report("pack_produced", tree())
    sold: Cells = {"code": PACK, "stocked_on": D[1], "site": "S1", "site_no": 1}
    assert book.report("stocked", [sold]).admitted.all()
    for change in ({"site": "S2", "site_no": 2}, {"stocked_on": D[2]}):
        assert not book.report("stocked", [{**sold, **change}]).duplicate.any(), change
    assert book.report("stocked", [sold], reporter=2).duplicate.tolist() == [False]
    assert book.report("vehicle_produced", [binding()], reporter=2).admitted.all()
    elsewhere = book.report("vehicle_produced", [binding(vin(2))], reporter=2)
    assert not elsewhere.duplicate.any()
    assert "events.bound_elsewhere" in codes(elsewhere)


def test_a_sale_that_differs_in_personal_data_is_no_repetition(book: Book) -> None:
    sale: Cells = {"vin": VIN, "sold_on": D[2], "division": "440300", "owner_name": "王五"}
    book.report("vehicle_sold", [sale], reporter=CARMAKER)
    other = book.report("vehicle_sold", [{**sale, "owner_name": "赵六"}], reporter=CARMAKER)
    assert other.duplicate.tolist() == [False]
    assert book.report("vehicle_sold", [sale], reporter=CARMAKER).duplicate.tolist() == [True]


def test_a_cell_reported_otherwise_is_no_repetition(book: Book) -> None:
    made: Cells = {"code": battery_code("C", 5), "produced_on": D[1], "model": "a", "material_batch": "B1"}
    beside: Cells = {**made, "code": battery_code("C", 6)}
    assert book.report("cell_produced", [made], [beside]).admitted.all()
    changes: list[Cells] = [{"produced_on": D[2]}, {"model": "b"}, {"material_batch": "B2"}, {"material_batch": None}]
    for change in changes:
        told = book.report("cell_produced", [{**made, **change}], [beside])
        assert told.duplicate.tolist() == [False, True], change
        assert not told.admitted.any()
        assert codes(told) == ["events.already_reported"]
    assert book.report("cell_produced", [made]).duplicate.all()


def test_what_is_made_stands_before_whatever_else_happens_on_that_day(book: Book) -> None:
    at_two = datetime(2026, 1, 1, 6, tzinfo=UTC)  # 14:00 in China, on the day when it was made
    book.report("swap_in", [{"code": PACK, "stocked_on": at_two}], reporter=4)
    told = book.report("pack_produced", tree())
    assert told.admitted.all()
    assert book.states()[key(PACK)].stage == STAGES["swap_stock"]


def test_a_repetition_with_another_new_part_is_none(book: Book) -> None:
    book.report("pack_produced", tree())
    book.report("vehicle_produced", [binding()], reporter=2)
    for n in (50, 51):
        book.report("after_sales_stocked", [{"code": battery_code("M", n), "stocked_on": D[1], "child_code": None}])
    told = [
        book.report(
            "replaced",
            [{"vin": VIN, "old_code": battery_code("M", 0), "new_code": battery_code("M", n), "replaced_on": D[3]}],
        )
        for n in (50, 51, 50)
    ]
    assert [one.duplicate.tolist() for one in told] == [[False], [False], [True]]


def test_a_scrapped_vehicle_with_and_without_its_pack_are_two_records(book: Book) -> None:
    book.report("pack_produced", tree())
    book.report("vehicle_produced", [binding()], reporter=2)
    scrapped: Cells = {"vin": VIN, "scrapped_on": D[5], "pack_code": PACK}
    assert book.report("vehicle_scrapped", [scrapped], reporter=3).admitted.all()
    assert not book.report("vehicle_scrapped", [{**scrapped, "pack_code": None}], reporter=3).duplicate.any()
    assert book.report("vehicle_scrapped", [scrapped], reporter=3).duplicate.all()


def life() -> list[tuple[str, Cells | list[Cells], int]]:
    return [
        ("pack_produced", tree(), MAKER),
        ("stocked", {"code": PACK, "stocked_on": D[1], "site_no": 4, "site": "S"}, MAKER),
        ("vehicle_produced", binding(day=2), CARMAKER),
        ("battery_removed", {"code": PACK, "vin": VIN, "removed_on": D[4], "mass_kg": 400.0}, DISMANTLER),
        ("lost", {"code": battery_code("M", 1), "noticed_on": D[3]}, DISMANTLER),
    ]


def test_records_that_arrive_late_leave_the_folds_of_the_right_order(clean_database: str) -> None:
    from suyuan.server.kit import schema

    lenient = Policy(dict.fromkeys(CODES, Severity.FINDING), {})
    seen: list[tuple[dict[Key, Standing], dict[Key, list[Span]]]] = []
    for order in [*permutations(range(5))][::7]:
        schema.empty_tables()
        with Book.open(clean_database) as book:
            book.policy = lenient
            for number in order:
                kind, rows, reporter = life()[number]
                assert book.report(kind, rows if isinstance(rows, list) else [rows], reporter=reporter).admitted.all()
            states = {one: _nameless(standing) for one, standing in book.states().items()}
            spans = {one: [Span(s.parent, s.from_ms, "", s.to_ms) for s in held] for one, held in book.spans().items()}
            seen.append((states, spans))
            assert book.rebuild().clean
    assert len(seen) > 10
    assert all(one == seen[0] for one in seen)
    state = seen[0][0][key(PACK)]
    assert (state.stage, state.holder, state.vehicle) == (STAGES["removed"], DISMANTLER, None)
    assert [span.to_ms is None for span in seen[0][1][key(battery_code("M", 1))]] == [False]


def _nameless(standing: Standing) -> Standing:
    """Ids differ with the order of arrival; nothing else may."""
    return Standing(*(getattr(standing, name) for name in Standing.__slots__[:-1]))


def test_what_was_received_first_but_worked_on_later_counts_as_first(book: Book) -> None:
    book.report("pack_produced", tree())
    sites: list[Cells] = [{"code": PACK, "stocked_on": D[1], "site": f"S{n}", "site_no": n} for n in (1, 2)]
    batches = [batch_of("stocked", [[row]]) for row in sites]
    book.append(batches[1], received_ms=book.now_ms + 1000)
    book.append(batches[0], received_ms=book.now_ms + 500)
    assert book.states()[key(PACK)].site == 2
    assert book.rebuild().clean


def test_a_part_shows_only_what_its_own_records_say(book: Book) -> None:
    """What it inherits from its container is looked up, never stored."""
    book.report("pack_produced", tree())
    book.report("vehicle_produced", [binding()], reporter=CARMAKER)
    module = battery_code("M", 0)
    told = book.report("transferred_out", [handing_over(module, day=3)])
    assert "events.unknown_object" not in codes(told)  # it is where its pack is: in use
    told = book.report("lost", [{"code": battery_code("M", 1), "noticed_on": D[3]}], reporter=CARMAKER)
    assert codes(told) == []
    state = book.states()[key(battery_code("M", 1))]
    assert (state.stage, state.holder, state.vehicle) == (STAGES["lost"], CARMAKER, None)
    assert book.rebuild().clean


def test_ids_of_cells_made_together_are_that_of_their_one_event(book: Book) -> None:
    rows: list[list[Cells]] = [[{"code": battery_code("C", n), "produced_on": D[n % 2]}] for n in range(10)]
    told = book.report("cell_produced", *rows)
    names = hexes(told.ids)
    stored = {row[0] for row in book.query("SELECT replace(id::text, '-', '') FROM ledger_event")}
    assert set(names) == stored
    assert names[0::2] == [names[0]] * 5
    assert names[0] != names[1]


def test_trying_and_refusing_as_a_whole_write_nothing(book: Book) -> None:
    book.report("pack_produced", tree())
    before = counts(book)
    rows = [tree(OTHER_PACK, 10), tree(battery_code("P", 3), 0)]  # the second takes parts of the first pack
    batch = batch_of("pack_produced", rows)
    for options in ({"whole": True}, {"dry": True}):
        told = book.append(batch, **options)
        assert told.admitted.tolist() == [True, False]
        assert not told.written
        assert counts(book) == before
    assert book.append(batch).written
    assert counts(book)["state"] == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_event SET kind = 1", "DELETE FROM ledger_event", "TRUNCATE ledger_event"]
)
def test_the_application_may_only_add_events(book: Book, statement: str) -> None:
    book.report("pack_produced", tree())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        book.query(statement)
    book.connection.rollback()
    assert counts(book)["event"] == 1
    book.connection.execute("UPDATE ledger_state SET site = site")  # folds it may change


@pytest.mark.parametrize("statement", ["DELETE FROM ledger_finding", "UPDATE ledger_finding SET code = ''"])
def test_findings_are_kept(book: Book, statement: str) -> None:
    book.report("stocked", [{"code": PACK, "stocked_on": D[1]}])
    assert counts(book)["finding"] == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        book.query(statement)
    book.connection.rollback()
    assert book.query("SELECT code, void FROM ledger_finding") == [("events.unknown_object", False)]


def test_the_effects_in_the_database_are_those_of_the_vocabulary(book: Book) -> None:
    rows = book.query("SELECT kind, slot FROM vocabulary_effect")
    kinds = vocabulary().kinds.values()
    assert set(rows) == {(k.no, n) for k in kinds for n, slot in enumerate(k.slots) if changes_state(k.name, slot)}
    assert vocabulary().kinds["withdrawal"].no == 36


@pytest.mark.parametrize("function", ["refold_state", "refold_spans"])
def test_the_functions_of_the_migration_leave_out_the_same_records(book: Book, function: str) -> None:
    [(text,)] = book.query("SELECT prosrc FROM pg_proc WHERE proname = %s", [function])
    assert VALID in text


def test_a_day_is_counted_in_china_by_kind_and_reporter(book: Book) -> None:
    rows = [[{"code": battery_code("P", n), "stocked_on": D[0] + timedelta(days=n % 2)}] for n in range(5)]
    book.report("stocked", *rows, reporter=3)
    number = vocabulary().kinds["stocked"].no
    assert book.daily() == {(D[0], number, 3, 1): 3, (D[1], number, 3, 1): 2}
