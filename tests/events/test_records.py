"""Rows become records: objects, parts, times and texts, however the rows of a file are mixed."""

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.codes import compose_code
from suyuan.events.containment import Keys
from suyuan.events.records import Batch, build, is_day, starts_day
from suyuan.events.vocabulary import vocabulary
from tests.events.examples import battery_code, vin
from tests.events.histories import Row, batch_of

KINDS = vocabulary().kinds
CHINA = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 3, 15)


def pack(n: int) -> str:
    return battery_code("P", n)


def module(n: int) -> str:
    return battery_code("M", n)


def cell(n: int) -> str:
    return battery_code("C", n)


def codes(keys: Keys) -> list[str]:
    lots = [keys.lots[lot] for lot in keys.lot.tolist()]
    return [compose_code(lot, serial) for lot, serial in zip(lots, keys.serial.tolist(), strict=True)]


def parents(batch: Batch) -> dict[str, str]:
    child, parent = batch.parts.up(batch.objects.take(batch.main_objects()))
    return dict(zip(codes(child), codes(parent), strict=True))


def pack_row(p: int, m: int | None, c: int | None) -> Row:
    return {
        "pack_code": pack(p),
        "produced_on": DAY,
        "module_code": None if m is None else module(m),
        "cell_code": None if c is None else cell(c),
    }


def built(rows: list[Row], record: list[int], kind: str = "pack_produced") -> Batch:
    return build(KINDS[kind], pl.DataFrame(rows), np.array(record), 1)


@given(st.permutations(range(12)))
def test_rows_of_records_may_be_interleaved(order: list[int]) -> None:
    rows = [(p, pack_row(p, 10 * p + m, 100 * p + 10 * m + c)) for p in range(2) for m in range(2) for c in range(3)]
    first_pack = rows[order[0]][0]  # records are numbered in the order of their first rows
    mixed = [rows[n] for n in order]
    batch = built([row for _, row in mixed], [int(p != first_pack) for p, _ in mixed])
    expected = {module(10 * p + m): pack(p) for p in range(2) for m in range(2)}
    expected |= {cell(100 * p + 10 * m + c): module(10 * p + m) for p in range(2) for m in range(2) for c in range(3)}
    assert parents(batch) == expected
    assert codes(batch.objects.take(batch.main_objects())) == [pack(first_pack), pack(1 - first_pack)]
    assert (np.diff(batch.parts.record) >= 0).all()
    assert (np.diff(batch.parts.top) >= 0).all()


def test_a_cell_without_a_module_stands_in_the_pack_and_a_module_may_be_empty() -> None:
    rows = [pack_row(0, None, 1), pack_row(0, 5, 2), pack_row(0, 6, None), pack_row(0, None, 3), pack_row(0, 5, 4)]
    batch = built(rows, [0] * 5)
    assert parents(batch) == {
        cell(1): pack(0),
        cell(3): pack(0),
        module(5): pack(0),
        module(6): pack(0),
        cell(2): module(5),
        cell(4): module(5),
    }


def test_a_pack_without_parts_has_none() -> None:
    batch = built([{"pack_code": pack(0), "produced_on": DAY}], [0])
    assert len(batch.parts.tops) == len(batch.parts.subs) == 0
    assert codes(batch.objects) == [pack(0)]


def test_one_level_of_parts_keeps_the_record_of_each() -> None:
    rows: list[Row] = [
        {"code": module(n // 2), "stocked_on": DAY, "child_code": cell(n) if n != 3 else None} for n in range(4)
    ]
    batch = built(rows, [0, 0, 1, 1], "after_sales_stocked")
    assert parents(batch) == {cell(0): module(0), cell(1): module(0), cell(2): module(1)}


def test_a_product_of_many_sources_touches_each_once() -> None:
    rows: list[Row] = [
        {"making_no": "N1", "made_on": DAY, "product_code": pack(8 + n % 2), "source_code": module(n)} for n in range(4)
    ]
    batch = built([*rows, rows[0]], [0] * 5, "product_made")
    sources, products = batch.touches["source"], batch.touches["product"]
    assert codes(batch.objects.take(sources.object)) == [module(n) for n in range(4)]
    assert codes(batch.objects.take(products.object)) == [pack(8), pack(9)]
    assert len(batch.parts.tops) == 0  # sources are objects, not parts that are listed
    assert batch.body.to_list()[0].count('"source_code"') == 5


def test_empty_slots_touch_nothing() -> None:
    rows: list[Row] = [
        {"vin": vin(1), "scrapped_on": DAY, "pack_code": None, "missing_reason": "lost"},
        {"vin": vin(2), "scrapped_on": DAY, "pack_code": pack(1), "missing_reason": None},
    ]
    batch = built(rows, [0, 1], "vehicle_scrapped")
    assert batch.touches["battery"].record.tolist() == [1]
    assert [batch.lots[lot] for lot in batch.vehicle_of_record().tolist()] == [vin(1), vin(2)]
    assert batch.body.to_list() == ['{"missing_reason":"lost"}', "{}"]


def test_a_day_counts_as_its_end_in_china_and_a_time_as_itself() -> None:
    day = built([{"code": cell(1), "retired_on": DAY}], [0], "retired")
    assert day.occurred_ms.tolist() == [int(datetime(2026, 3, 16, tzinfo=CHINA).timestamp()) * 1000 - 1]
    at = datetime(2026, 3, 15, 8, 30, tzinfo=CHINA)
    time = built([{"code": pack(1), "stocked_on": at}], [0], "swap_in")
    assert time.occurred_ms.tolist() == [int(at.timestamp()) * 1000]
    assert is_day(KINDS["stocked"])
    assert not is_day(KINDS["swap_in"])


def test_numbers_of_parties_and_sites_stand_apart_and_nobody_is_zero() -> None:
    rows: list[Row] = [
        {"code": cell(1), "retired_on": DAY, "party": "A", "party_no": 7},
        {"code": cell(2), "retired_on": DAY, "party": None, "party_no": None},
    ]
    batch = batch_of("retired", [[row] for row in rows])
    assert batch.party.tolist() == [7, 0]
    assert batch.site.tolist() == [0, 0]
    assert batch.body.to_list() == ['{"party":"A"}', "{}"]


@pytest.mark.parametrize("name", ['王"五', "a\\null,", '"x":null', "none"])
def test_personal_data_stand_apart_word_for_word(name: str) -> None:
    rows: list[Row] = [
        {"vin": vin(1), "sold_on": DAY, "division": "440300", "owner_name": name},
        {"vin": vin(2), "sold_on": DAY, "division": "440300", "owner_name": None},
    ]
    batch = batch_of("vehicle_sold", [[row] for row in rows])
    assert batch.personal is not None
    assert json.loads(batch.personal[0]) == {"owner_name": name}
    assert batch.personal[1] is None
    assert all(name not in body for body in batch.body)


def test_only_some_records_keep_their_objects_and_texts() -> None:
    rows = [pack_row(p, 10 * p, 100 * p + c) for p in range(3) for c in range(2)]
    batch = built(rows, [0, 0, 1, 1, 2, 2])
    part = batch.only(np.array([True, False, True]))
    assert len(part) == 2
    assert codes(part.objects.take(part.main_objects())) == [pack(0), pack(2)]
    gone = (pack(1), module(10))
    assert parents(part) == {code: parent for code, parent in parents(batch).items() if parent not in gone}
    assert part.row.tolist() == [0, 4]


def test_a_day_stands_at_its_start_or_its_end_by_kind() -> None:
    first = {kind.name for kind in KINDS.values() if starts_day(kind)}
    assert first == {
        "cell_produced", "module_produced", "pack_produced", "imported", "vehicle_produced", "vehicle_certified",
    }  # fmt: skip
    midnight = int(datetime(2026, 2, 1, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * 1000
    for name, time, expected in (("imported", "imported_on", 0), ("retired", "retired_on", 86_400_000 - 1)):
        values = pl.DataFrame({"code": ["04QPB76836300JBC40000001"], time: [date(2026, 2, 1)]})
        batch = build(KINDS[name], values, np.zeros(1, np.int64), 1)
        assert batch.occurred_ms.tolist() == [midnight + expected]
