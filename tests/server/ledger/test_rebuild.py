"""A rebuild finds every fold that was tampered with, finds nothing otherwise, and mends what it finds."""

import sys
from collections.abc import Iterator

import pytest

from suyuan.server.ledger.services import rebuild
from tests.events.examples import battery_code
from tests.server.ledger.book import Book
from tests.server.ledger.test_append import CARMAKER, OTHER_PACK, D, binding, life, tree

TAMPERED = [
    ("state", "missing", "DELETE FROM ledger_state WHERE vehicle IS NULL AND stage = 16"),
    ("state", "different", "UPDATE ledger_state SET holder = 99 WHERE stage = 16"),
    ("state", "extra", "INSERT INTO ledger_state SELECT 'ZZZ', 0, stage, holder, consignee, site, vehicle, changed_at,"
     " changed_by FROM ledger_state LIMIT 1"),
    ("state", "extra", "INSERT INTO ledger_state SELECT '000', 0, stage, holder, consignee, site, vehicle, changed_at,"
     " changed_by FROM ledger_state LIMIT 1"),
    ("block", "missing", "DELETE FROM ledger_block WHERE parents IS NULL"),
    ("block", "different", "UPDATE ledger_block SET mask = mask # 1 WHERE parents IS NULL"),
    ("block", "extra", "INSERT INTO ledger_block SELECT 'ZZZ', block, submission, mask FROM ledger_block LIMIT 1"),
    ("span", "missing", "DELETE FROM ledger_span WHERE up"),
    ("span", "missing", "DELETE FROM ledger_span WHERE NOT up"),
    ("span", "different", "UPDATE ledger_span SET to_at = to_at + interval '1 day' WHERE up"),
    ("span", "different", "UPDATE ledger_span SET to_at = NULL WHERE NOT up"),
    ("span", "extra", "INSERT INTO ledger_span SELECT lot, serial, up, 'ZZZ', 0, from_at, from_by, to_at"
     " FROM ledger_span WHERE NOT up"),
    ("daily", "missing", "DELETE FROM ledger_daily WHERE kind = 4"),
    ("daily", "different", "UPDATE ledger_daily SET records = records + 1 WHERE kind = 1"),
    ("daily", "extra", "INSERT INTO ledger_daily VALUES ('2020-01-01', 4, 1, 1, 7)"),
]  # fmt: skip


@pytest.fixture
def book(clean_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """A ledger with something in every fold; portions are so small that it has many."""
    blocks = sys.modules["suyuan.server.ledger.services.rebuild_blocks"]
    monkeypatch.setattr(sys.modules[rebuild.__module__], "PORTION", 2)
    monkeypatch.setattr(blocks, "TREES", 1)
    monkeypatch.setattr(blocks, "ROWS", 3)
    opened = Book.open(clean_database)
    for kind, rows, reporter in life():
        opened.report(kind, rows if isinstance(rows, list) else [rows], reporter=reporter)
    opened.report("pack_produced", tree(OTHER_PACK, 10, 120))
    opened.report("vehicle_produced", [binding("LGWEEUA5XME000002", OTHER_PACK)], reporter=CARMAKER)
    opened.report(
        "cell_produced", *[[{"code": battery_code("C", 5000 + n), "produced_on": D[n % 2]}] for n in range(9)]
    )
    yield opened
    opened.connection.close()


def folds(book: Book) -> list[list[tuple[object, ...]]]:
    return [
        sorted(book.query(f"SELECT t::text FROM ledger_{name} AS t")) for name in ("state", "block", "span", "daily")
    ]


def test_an_untouched_ledger_has_nothing_to_report(book: Book) -> None:
    before = folds(book)
    assert all(before)
    for check in (True, False):
        report = book.rebuild(check=check)
        assert report.clean
        assert [fold.found for fold in report.folds] == [0, 0, 0, 0]
        assert folds(book) == before


@pytest.mark.parametrize(("fold", "what", "statement"), TAMPERED)
def test_what_was_changed_by_hand_is_found_and_mended(book: Book, fold: str, what: str, statement: str) -> None:
    before = folds(book)
    changed = book.connection.execute(statement).rowcount
    book.connection.commit()
    assert changed > 0
    tampered = folds(book)
    report = book.rebuild(check=True)
    found = {one.fold: one for one in report.folds}
    assert getattr(found[fold], what) == changed
    stray = changed if (fold, what) == ("span", "missing") and "NOT" not in statement else 0  # the other side is left
    assert found[fold].found == changed + stray
    assert len(found[fold].examples) == min(changed + stray, 20)
    assert folds(book) == tampered  # a check changes nothing
    assert not book.rebuild(check=False).clean
    assert folds(book) == before
    assert book.rebuild(check=True).clean


def test_everything_can_be_folded_from_the_events_alone(book: Book) -> None:
    before = folds(book)
    book.connection.execute("DELETE FROM ledger_state")
    book.connection.execute("DELETE FROM ledger_block")
    book.connection.execute("DELETE FROM ledger_span")
    book.connection.execute("DELETE FROM ledger_daily")
    book.connection.commit()
    report = book.rebuild(check=False)
    assert {one.fold: one.extra + one.different for one in report.folds} == dict.fromkeys(
        ("state", "block", "span", "daily"), 0
    )
    assert folds(book) == before


def test_the_examples_are_few_and_the_counts_are_not(book: Book) -> None:
    book.connection.execute("DELETE FROM ledger_block")
    book.connection.commit()
    blocks = book.rebuild(check=True).blocks
    assert blocks.missing > 20
    assert len(blocks.examples) == 20
