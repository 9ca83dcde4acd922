"""The fold behind the lists: what stands in it, and that nobody finds in a list what he could not open."""

from datetime import UTC, date, datetime

import pytest

from suyuan.codes.keys import compose_code, split_code
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.history import history
from tests.server.answers.folding import Folded, rebuilt
from tests.server.ledger.acting import VIN, cell, module, pack, product
from tests.server.supervision.watching import executed


def row(code: str, *columns: str) -> tuple[object, ...] | None:
    """Columns of the row of a battery; None if it is in no list."""
    found = executed(
        f"SELECT {', '.join(columns)} FROM answers_battery WHERE lot = %s AND serial = %s", list(split_code(code))
    )
    return found[0] if found else None


def test_a_battery_as_lists_show_it(folded: Folded) -> None:
    code = folded.installed(1, date(2020, 5, 10), sold_in="440300")
    folded.fold()
    told = row(code, "stage", "since::text", "vehicle", "division", "kind", "chemistry", "made_on::text", "odd")
    assert told == (5, "2020-05-10", VIN, "440300", "pack", "B", "2018-05-10", 0)
    folded.removed(code, date(2024, 6, 1))
    folded.handed(code, date(2024, 6, 20))
    folded.fold()
    told = row(code, "stage", "since::text", "holder", "consignee", "vehicle")
    assert told == (6, "2024-06-01", folded.cast.dismantler.number, folded.cast.utiliser.number, None)
    (lapse,) = row(code, "lapses_on") or (None,)
    assert lapse is not None
    assert rebuilt().clean


def test_what_is_inside_another_is_listed_with_it(folded: Folded) -> None:
    maker = folded.cast.maker
    folded.watched.report("module_produced", maker, [{"module_code": module(1), "produced_on": date(2018, 5, 10)}])
    folded.fold()
    assert row(module(1), "kind") == ("module",)
    folded.made(1, date(2018, 5, 11))
    folded.fold()
    assert row(module(1), "kind") is None
    assert row(cell(1), "kind") is None
    assert row(pack(1), "kind") == ("pack",)
    assert rebuilt().clean


def test_a_product_stands_for_its_packs(folded: Folded) -> None:
    code = folded.installed(1, date(2020, 5, 10))
    folded.removed(code, date(2024, 6, 1))
    folded.handed(code, date(2024, 6, 20))
    folded.utilised(code, date(2024, 6, 25))
    made = {"making_no": "1", "product_code": product(1), "source_code": code, "made_on": date(2024, 9, 1)}
    folded.watched.report("product_made", folded.cast.utiliser, [made])
    folded.fold()
    assert row(code, "stage") is None
    assert row(product(1), "kind") == ("product",)


def test_the_newest_test_counts(folded: Folded) -> None:
    code = folded.made(1, date(2020, 5, 10))
    for year, soh in ((2023, 0.74), (2021, 0.91)):
        told = {"code": code, "tested_on": datetime(year, 5, 1, 10, tzinfo=UTC), "soh": soh}
        folded.watched.report("assessed", folded.cast.laboratory, [told])
    folded.fold()
    (found,) = row(code, "soh") or (None,)
    assert found == pytest.approx(0.74)


def test_a_withdrawn_record_leaves_the_lists(folded: Folded) -> None:
    stocked = [{"code": pack(7), "stocked_on": date(2020, 5, 10)}]
    done = folded.watched.report("after_sales_stocked", folded.cast.maker, stocked)
    folded.fold()
    assert row(pack(7), "stage") is not None
    folded.watched.withdraw(done, folded.cast.maker)
    folded.watched.announce(folded.cast.maker)
    folded.fold()
    assert row(pack(7), "stage") is None


def test_a_rebuild_mends_the_list_and_a_check_only_says_so(folded: Folded) -> None:
    code = folded.made(1, date(2020, 5, 10))
    folded.fold()
    executed("UPDATE answers_battery SET viewers = '{99}'")
    report = rebuilt()
    assert (report.listed.different, report.clean) == (1, False)
    rebuilt(check=False)
    assert row(code, "viewers") == ([folded.cast.maker.number],)
    assert rebuilt().clean


def test_a_list_holds_what_its_reader_may_open(folded: Folded) -> None:
    code = folded.installed(1, date(2020, 5, 10), sold_in="330100")
    folded.removed(code, date(2024, 6, 1))
    folded.handed(code, date(2024, 6, 20))
    folded.made(2, date(2020, 5, 10))
    folded.fold()
    cast = folded.cast
    scopes = [actor.scope for actor in (*cast.companies, cast.guangdong, cast.zhejiang)]
    scopes += [Scope.of_outlet(cast.collector.number, site) for site in cast.collector.sites.values()]
    scopes += [Scope.of_city("330300"), Scope.of_city("440300"), Scope.of_city("440100")]
    listed = executed("SELECT lot, serial, viewers, areas FROM answers_battery ORDER BY 1, 2")
    assert len(listed) == 2
    for lot, serial, viewers, areas in listed:
        for scope in scopes:
            mark = scope.division_prefix or (-scope.site if scope.site else scope.company)
            with cursor() as run:
                is_open = history(run, scope, (lot, serial)) is not None
            assert (mark in viewers or mark in areas) == is_open, (compose_code(lot, serial), scope)
