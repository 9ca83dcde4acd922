"""Every kind has a sheet, and the example row in it is a record that passes."""

import json

import polars as pl
import pytest

from suyuan.events.check import check
from suyuan.events.checks.shapes import shape_of
from suyuan.events.templates import all_templates, template
from suyuan.events.vocabulary import FieldType, Kind, vocabulary
from suyuan.kernel import Language
from suyuan.sheets import read
from suyuan.sheets.template import fold_heading
from tests.events.examples import ROWS, battery_code, context, product_code, vin

KINDS = list(vocabulary().kinds.values())
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def test_every_kind_has_its_template() -> None:
    assert [sheet.kind for sheet in all_templates()] == [kind.name for kind in KINDS]
    assert {sheet.version for sheet in all_templates()} == {vocabulary().version}


@each_kind
def test_a_template_has_the_fields_of_its_kind(kind: Kind) -> None:
    sheet = template(kind)
    assert sheet.names == tuple(kind.fields)
    assert sheet.record == kind.record
    assert sheet.label(Language.ZH) == kind.label.zh
    for column in sheet.columns:
        field = kind.fields[column.name]
        assert (column.required, column.unit, column.type) == (field.required, field.unit, field.type.value)
        assert field.wire in (*column.names(), None)
        assert set(column.choices) == set(field.choices)
        assert (column.is_number, column.is_date) == (
            field.type in (FieldType.NUMBER, FieldType.INTEGER),
            field.type in (FieldType.DATE, FieldType.DATETIME),
        )


@each_kind
def test_no_heading_means_two_columns(kind: Kind) -> None:
    meant: dict[str, str] = {}
    for column in template(kind).columns:
        for name in {fold_heading(name) for name in column.names()}:
            assert meant.setdefault(name, column.name) == column.name


@each_kind
def test_the_example_row_passes_its_own_check(kind: Kind) -> None:
    row = {column.name: column.example or None for column in template(kind).columns}
    checked = check(pl.DataFrame([row], schema=dict.fromkeys(row, pl.String)), kind, context(reporter=None))
    assert checked.findings.is_empty(), checked.findings.to_dicts()


@each_kind
def test_every_column_has_a_note_in_both_languages(kind: Kind) -> None:
    for column in template(kind).columns:
        for note in column.note:
            assert note
            assert "events." not in note
            assert "{" not in note
        if column.unit not in (None, "1"):
            assert all(column.unit in note for note in column.note)


@each_kind
def test_personal_fields_have_no_example_and_say_so(kind: Kind) -> None:
    for field in kind.fields.values():
        column = template(kind).column(field.name)
        assert ("kept apart" in column.note[1]) == field.personal
        assert not (field.personal and column.example)


@each_kind
def test_lists_hold_fields_of_the_kind_once_each(kind: Kind) -> None:
    listed = shape_of(kind).listed
    assert set(listed) <= set(kind.fields)
    assert len(listed) == len(set(listed))
    assert set(kind.children) <= set(listed)
    assert not set(listed) & set(kind.record)
    assert bool(listed) == (kind.name in ROWS)


def test_a_pack_nests_modules_and_cells() -> None:
    (modules,) = template(vocabulary().kinds["pack_produced"]).nesting
    assert (modules.key, modules.columns) == ("modules", ("module_code",))
    assert [nest.key for nest in modules.nests] == ["cells"]
    assert modules.is_called("moduleList")
    assert template(vocabulary().kinds["stocked"]).nesting == ()


NESTED: list[tuple[str, dict[str, object], int]] = [
    (
        "pack_produced",
        {
            "pack_code": battery_code("P", 0),
            "produced_on": "2026-03-15",
            "modules": [
                {
                    "module_code": battery_code("M", 0),
                    "cells": [battery_code("C", 0), battery_code("C", 1)],
                },
                {"module_code": battery_code("M", 1), "cells": [battery_code("C", 2)]},
            ],
        },
        3,
    ),
    (
        "pack_produced",
        {
            "code": battery_code("P", 0),
            "produced_on": "2026-03-15",
            "moduleList": [{"code": battery_code("M", 0), "cellList": [{"code": battery_code("C", 0)}]}],
        },
        1,
    ),
    (
        "after_sales_stocked",
        {
            "code": battery_code("P", 0),
            "stocked_on": "2026-03-15",
            "childCodeList": [battery_code("M", n) for n in (0, 1)],
        },
        2,
    ),
    (
        "product_made",
        {
            "making_no": "1",
            "made_on": "2026-03-15",
            "products": [
                {"product_code": product_code(0), "mass_kg": 5},
                {"product_code": product_code(1), "mass_kg": 6},
            ],
            "sources": [battery_code("C", n) for n in range(3)],
        },
        3,
    ),
    (
        "treated",
        {
            "treatment_no": "1",
            "treated_on": "2026-03-15",
            "sources": [{"source_code": battery_code("C", 0)}],
            "materials": [
                {"material_batch": "a", "material": "lithium", "mass_kg": 1.5},
                {"material_batch": "b", "material": "镍", "mass_kg": 2},
            ],
        },
        2,
    ),
]


@pytest.mark.parametrize(("kind", "record", "rows"), NESTED, ids=[f"{n}-{case[0]}" for n, case in enumerate(NESTED)])
def test_a_nested_record_is_read_by_its_template_and_passes(kind: str, record: dict[str, object], rows: int) -> None:
    sheet = read(json.dumps([record]).encode(), all_templates(), template=kind)
    assert sheet.findings.is_empty(), sheet.findings.to_dicts()
    checked = check(sheet.columns, vocabulary().kinds[kind], context(), sheet.row_numbers)
    assert checked.findings.is_empty(), checked.findings.to_dicts()
    assert (checked.records, checked.values.height) == (1, rows)


def test_a_vehicle_with_two_packs_is_two_records() -> None:
    packs = [battery_code("P", n) for n in (0, 1)]
    received = {"vin": vin(0), "offlineProductionTime": "2026-03-15", "packCodeList": packs}
    sheet = read(json.dumps([received]).encode(), all_templates(), template="vehicle_produced")
    checked = check(sheet.columns, vocabulary().kinds["vehicle_produced"], context())
    assert checked.values["pack_code"].to_list() == packs
    assert (checked.records, checked.findings.height) == (2, 0)


@each_kind
def test_a_part_is_in_fields_of_its_kind(kind: Kind) -> None:
    for part, places in shape_of(kind).bonds:
        assert {part, *places} <= set(kind.fields)
