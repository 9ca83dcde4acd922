"""Rules over several fields, rows and records of one file; each with its forbidden and its permitted twin."""

import json

import polars as pl
import pytest

from suyuan.events.check import Checked, check
from suyuan.events.vocabulary import vocabulary
from tests.events.examples import battery_code, company, context, product_code, sheet, vin

P, Q = battery_code("P", 0), battery_code("P", 1)
M, N = battery_code("M", 0), battery_code("M", 1)
A, B, C = (battery_code("C", n) for n in (0, 1, 2))
MASS = ("mass_kg",)


def checked(kind: str, names: tuple[str, ...], *rows: tuple[str | None, ...]) -> Checked:
    """The check of `rows`; what they do not name is as in the example record."""
    table = sheet(kind).head(1).drop(names)
    given = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return check(given.join(table, how="cross"), vocabulary().kinds[kind], context())


def told(result: Checked) -> list[tuple[int, str | None, str, int | None]]:
    """(row, field, code, the other row that it names) of every finding."""
    table = result.findings.select("row", "field", "code", "data")
    return [
        (row, field, code, json.loads(data or "{}").get("other_row")) for row, field, code, data in table.iter_rows()
    ]


# ---------------------------------------------------------------- fields of one record

Changes = dict[str, str | None]

CROSS: list[tuple[str, str, Changes, Changes]] = [
    ("events.same_code", "replaced", {"new_code": battery_code("P", 0)}, {}),
    ("events.same_code", "swapped", {"new_code": battery_code("P", 0)}, {}),
    ("events.child_is_parent", "after_sales_stocked", {"code": M, "child_code": M}, {"code": M, "child_code": A}),
    ("events.child_is_parent", "dismantled", {"code": M, "child_code": M}, {"code": M, "child_code": N}),
    ("events.pack_or_reason", "vehicle_scrapped", {"pack_code": None}, {"pack_code": None, "missing_reason": "lost"}),
    ("events.pack_and_reason", "vehicle_scrapped", {"missing_reason": "丢失"}, {}),
    (
        "events.soh_or_capacity",
        "assessed",
        dict.fromkeys(("soh", "residual_capacity_ah", "residual_energy_wh")),
        {"soh": None},
    ),
    (
        "events.field_note",
        "product_delivered",
        {"application_field": "other", "field_note": None},
        {"application_field": "storage", "field_note": None},
    ),
]


@pytest.mark.parametrize(("code", "kind", "bad", "good"), CROSS, ids=[f"{row[0]}-{row[1]}" for row in CROSS])
def test_fields_of_a_record_fit_together(code: str, kind: str, bad: Changes, good: Changes) -> None:
    def found(changes: Changes) -> list[str]:
        table = sheet(kind, **changes).head(1)
        return check(table, vocabulary().kinds[kind], context()).findings["code"].to_list()

    assert found(bad) == [code]
    assert found(good) == []


def test_a_source_is_not_its_own_product() -> None:
    names = ("product_code", "source_code")
    assert told(checked("product_made", names, (product_code(0), product_code(0)))) == [
        (0, "source_code", "events.child_is_parent", None)
    ]
    assert told(checked("product_made", names, (product_code(0), product_code(1)))) == []


def test_a_product_is_made_from_something() -> None:
    names = ("source_code", "source_company")
    assert told(checked("product_made", names, (None, None), (None, None))) == [
        (0, "source_code", "events.source_missing", None),
        (1, None, "events.duplicate_record", 1),
    ]
    assert told(checked("product_made", names, (None, None), (A, None))) == []
    assert told(checked("product_made", names, (None, "150483782"))) == []


def test_a_treatment_has_an_input() -> None:
    names = ("source_code", "uncoded_mass_kg")
    assert told(checked("treated", names, (None, None))) == [(0, "source_code", "events.input_missing", None)]
    assert told(checked("treated", names, (None, "12"))) == []
    assert told(checked("treated", names, (A, None), (None, None))) == []


# ---------------------------------------------------------------- lists side by side


def test_a_row_need_not_carry_an_item_of_every_list() -> None:
    names = ("product_code", "composition", "source_code")
    rows = (product_code(0), "cells", A), (None, None, B)
    rest: Changes = dict.fromkeys(("capacity_ah", "energy_kwh", "voltage_v", "mass_kg"))
    table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    table = table.join(sheet("product_made", **rest).head(1).drop(names), how="cross")
    assert check(table, vocabulary().kinds["product_made"], context()).findings.is_empty()


def test_a_list_that_is_needed_has_an_item_and_an_item_has_its_name() -> None:
    names = ("product_code", *MASS, "composition", "capacity_ah", "energy_kwh", "voltage_v", "source_code")
    blank = (None,) * 5
    nothing = checked("product_made", names, (None, *blank, A), (None, *blank, B))
    assert told(nothing) == [(0, "product_code", "events.required", None)]
    nameless = checked("product_made", names, (product_code(0), *blank, A), (None, "5", *blank[1:], B))
    assert told(nameless) == [(1, "product_code", "events.required", None)]


def test_an_item_is_described_alike_wherever_it_stands() -> None:
    names = ("product_code", "mass_kg", "source_code")
    differs = checked("product_made", names, (product_code(0), "5", A), (product_code(0), "6", B))
    assert told(differs) == [(1, "mass_kg", "events.record_disagrees", 1)]
    assert told(checked("product_made", names, (product_code(0), "5", A), (product_code(0), "5.0", B))) == []
    assert told(checked("product_made", names, (product_code(0), "5", A), (product_code(1), "6", B))) == []


# ---------------------------------------------------------------- rows of one record


def test_rows_of_a_record_agree_outside_its_lists() -> None:
    names = ("pack_code", "produced_on", "module_code", "cell_code")
    differs = checked("pack_produced", names, (P, "2026-01-02", M, A), (P, "2026-01-03", M, B))
    assert told(differs) == [(1, "produced_on", "events.record_disagrees", 1)]
    assert json.loads(differs.findings["data"][0])["other_value"] == "2026-01-02"
    assert differs.refused_records.to_list() == [True]
    assert told(checked("pack_produced", names, (P, "2026-01-02", M, A), (P, "2026年1月2日", N, B))) == []


def test_a_field_filled_in_one_row_only_disagrees() -> None:
    names = ("pack_code", "module_code", "cell_code", "model")
    differs = checked("pack_produced", names, (P, M, A, "X"), (P, M, B, None))
    assert told(differs) == [(1, "model", "events.record_disagrees", 1)]


def test_a_record_sent_twice_is_counted_once() -> None:
    twice = checked("stocked", ("code",), (P,), (Q,), (P,))
    assert told(twice) == [(2, None, "events.duplicate_record", 1)]
    assert twice.repeated.to_list() == [False, False, True]
    assert twice.ok_rows.to_list() == [True, True, False]
    assert twice.records == 2
    assert not twice.refused_rows.any()


def test_a_record_sent_twice_with_a_difference_is_refused() -> None:
    twice = checked("stocked", ("code", "site"), (P, "S1"), (P, "S2"))
    assert told(twice) == [(1, "site", "events.record_disagrees", 1)]
    assert twice.refused_rows.all()


def test_a_whole_pack_sent_twice_is_one_pack() -> None:
    once = sheet("pack_produced")
    result = check(pl.concat([once, once]), vocabulary().kinds["pack_produced"], context())
    assert told(result) == [(6, None, "events.duplicate_record", 1)]
    assert result.ok_rows.to_list() == [True] * 6 + [False] * 6


def test_a_part_listed_twice_in_one_record_is_refused() -> None:
    names = ("pack_code", "module_code", "cell_code")
    twice = checked("pack_produced", names, (P, M, A), (P, M, B), (P, M, A))
    assert told(twice) == [(2, "cell_code", "events.child_twice", 1)]
    assert not twice.ok_rows.any()
    assert told(checked("pack_produced", names, (P, M, A), (P, M, B), (P, M, C))) == []


def test_a_module_without_cells_listed_twice_is_refused() -> None:
    names = ("pack_code", "module_code", "cell_code")
    twice = checked("pack_produced", names, (P, M, None), (P, M, None), (P, N, None))
    assert told(twice) == [(1, "cell_code", "events.child_twice", 1)]
    assert told(checked("pack_produced", names, (P, M, None), (P, N, None))) == []


def test_a_part_taken_out_twice_is_refused_whatever_its_mass() -> None:
    names = ("code", "child_code", "mass_kg")
    twice = checked("dismantled", names, (P, A, "1"), (P, A, "2"))
    assert told(twice) == [(1, "child_code", "events.child_twice", 1)]
    assert told(checked("dismantled", names, (P, A, "1"), (P, A, "1"))) == [(1, None, "events.duplicate_record", 1)]
    assert told(checked("dismantled", names, (P, A, "1"), (P, B, "1"))) == []


# ---------------------------------------------------------------- a part has one place


def test_a_cell_in_two_modules_is_refused_in_both() -> None:
    names = ("pack_code", "module_code", "cell_code")
    two = checked("pack_produced", names, (P, M, A), (P, N, A), (Q, None, B))
    assert told(two) == [(0, "cell_code", "events.two_parents", 2), (1, "cell_code", "events.two_parents", 1)]
    assert two.ok_rows.to_list() == [False, False, True]


def test_a_module_in_two_packs_is_refused_in_both_once_a_pack() -> None:
    names = ("pack_code", "module_code", "cell_code")
    two = checked("pack_produced", names, (P, M, A), (P, M, B), (Q, M, C))
    assert told(two) == [(0, "module_code", "events.two_parents", 3), (2, "module_code", "events.two_parents", 1)]
    assert told(checked("pack_produced", names, (P, M, A), (P, M, B), (Q, N, C))) == []


def test_a_cell_without_a_module_is_in_the_pack() -> None:
    names = ("pack_code", "module_code", "cell_code")
    two = checked("pack_produced", names, (P, None, A), (Q, None, A))
    assert [code for _, _, code, _ in told(two)] == ["events.two_parents"] * 2
    assert told(checked("pack_produced", names, (P, None, A), (Q, None, B))) == []


PLACES = [
    ("module_produced", ("module_code", "cell_code"), (M, A), (N, A), (N, B)),
    ("after_sales_stocked", ("code", "child_code"), (P, A), (Q, A), (Q, B)),
    ("dismantled", ("code", "child_code"), (P, A), (Q, A), (Q, B)),
]
BINDINGS = [
    ("vehicle_produced", ("vin", "pack_code"), (vin(0), P), (vin(1), P), (vin(1), Q)),
    ("vehicle_scrapped", ("vin", "pack_code"), (vin(0), P), (vin(1), P), (vin(1), Q)),
    (
        "product_made",
        ("making_no", "product_code"),
        ("1", product_code(0)),
        ("2", product_code(0)),
        ("2", product_code(1)),
    ),
]


@pytest.mark.parametrize(("kind", "names", "first", "clash", "good"), PLACES, ids=[row[0] for row in PLACES])
def test_one_place_for_every_kind(
    kind: str, names: tuple[str, ...], first: tuple[str, ...], clash: tuple[str, ...], good: tuple[str, ...]
) -> None:
    found = told(checked(kind, names, first, clash))
    assert found == [(0, names[1], "events.two_parents", 2), (1, names[1], "events.two_parents", 1)]
    assert told(checked(kind, names, first, good)) == []


@pytest.mark.parametrize(("kind", "names", "first", "clash", "good"), BINDINGS, ids=[row[0] for row in BINDINGS])
def test_of_two_bindings_in_a_file_the_first_stands(
    kind: str, names: tuple[str, ...], first: tuple[str, ...], clash: tuple[str, ...], good: tuple[str, ...]
) -> None:
    result = checked(kind, names, first, clash, clash)
    assert told(result)[0] == (1, names[1], "events.bound_twice", 1)
    assert result.refused_records.to_list() == [False, True]
    turned = checked(kind, names, clash, first)
    assert (told(turned), turned.ok_rows.to_list()) == ([(1, names[1], "events.bound_twice", 1)], [True, False])
    assert told(checked(kind, names, first, good)) == []


def test_a_binding_that_is_refused_itself_does_not_stand() -> None:
    names = ("vin", "pack_code")
    result = checked("vehicle_produced", names, ("not a VIN", P), (vin(1), P), (vin(2), P))
    assert result.refused_records.to_list() == [True, False, True]
    assert told(result)[-1] == (2, "pack_code", "events.bound_twice", 2)


def test_a_source_may_go_into_two_products() -> None:
    names = ("making_no", "product_code", "source_code")
    assert told(checked("product_made", names, ("1", product_code(0), A), ("2", product_code(1), A))) == []


def test_many_parts_with_a_few_clashes_are_found_among_the_many() -> None:
    kind = vocabulary().kinds["pack_produced"]
    table = sheet(kind, 200)
    table[700, "cell_code"] = table[31, "cell_code"]
    result = check(table.sample(fraction=1.0, shuffle=True, seed=3), kind, context())
    assert result.findings["code"].to_list() == ["events.two_parents"] * 2
    assert result.refused_records.sum() == 2


@pytest.mark.parametrize(("parts", "refused"), [(65_535, False), (65_536, True)])
def test_a_record_lists_so_many_parts_and_no_more(parts: int, refused: bool) -> None:
    kind = vocabulary().kinds["module_produced"]
    head = battery_code("C", 0)[:17]
    table = pl.DataFrame({"cell_code": pl.Series([f"{head}{n:07d}" for n in range(1, parts + 1)])}).with_columns(
        module_code=pl.lit(battery_code("M", 1)), produced_on=pl.lit("2026-03-15")
    )
    told = check(table, kind, context())
    assert ("events.too_many_parts" in told.findings["code"].to_list()) is refused


@pytest.mark.parametrize("text", ["LGWEEUA59JE003435", battery_code("P", 1), "LI2CO3-2026-0007", "9:1/甲"])
def test_a_batch_is_known_by_its_company_and_any_text(text: str) -> None:
    table = pl.DataFrame({"material_batch": [text], "delivered_on": ["2026-03-15"], "mass_kg": ["1"]})
    kind = vocabulary().kinds["material_delivered"]
    told = check(table, kind, context(reporter=company(1)))
    assert (told.refused_rows.any(), told.values["material_batch"].to_list()) == (False, [text])
    assert told.values["material_batch_key"].to_list() == [f"{company(1)}:{text}"]
    assert "material_batch_key" not in check(table, kind, context(reporter=None)).values.columns


def test_a_cell_names_the_company_whose_batch_it_was_made_of() -> None:
    cells = {"code": [battery_code("C", n) for n in range(3)], "produced_on": ["2018-12-05"] * 3}
    named = {"material_batch": ["B1", "B1", None], "material_company": [company(2), None, company(2)]}
    told = check(pl.DataFrame(cells | named), vocabulary().kinds["cell_produced"], context(reporter=company(1)))
    assert told.values["material_batch_key"].to_list() == [f"{company(2)}:B1", f"{company(1)}:B1", None]
