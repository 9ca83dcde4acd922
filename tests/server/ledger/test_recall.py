"""Recall: what contains the batteries of a design, a range, a list or a batch of material."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial

import polars as pl
import psycopg
import pytest

from suyuan.kernel import SuyuanError
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.life import life
from suyuan.server.ledger.queries.recall import as_csv, recall_codes, recall_material, recall_prefix, recall_serials
from suyuan.server.ledger.queries.recalled import RECALLED
from tests.server.cast import CELL_PREFIX, MODULE_PREFIX, PACK_PREFIX, Actor, Cast
from tests.server.ledger.acting import (
    DAY,
    MATERIAL,
    OTHER_VIN,
    VIN,
    Acting,
    batch,
    cell,
    module,
    pack,
    pack_rows,
    product,
)

LOT = CELL_PREFIX + DAY
Ask = Callable[[psycopg.Cursor[Row]], Iterator[pl.DataFrame]]


@pytest.fixture
def acting(cast: Cast) -> Acting:
    """Two packs, one in a car with a module replaced, the other in a product; some cells loose, two of nickel."""
    acting = Acting()
    first = pack_rows(pack(1), {module(1): [cell(70), cell(3)], module(2): [cell(64), cell(5)]})
    second = pack_rows(pack(2), {module(3): [cell(71), cell(4)], module(4): [cell(65), cell(300)]})
    acting.report("pack_produced", cast.maker, [*first, *second], [0] * 4 + [1] * 4)
    car = {"vin": VIN, "pack_code": pack(1), "produced_on": date(2018, 6, 1)}
    acting.report("vehicle_produced", cast.carmaker, [car])
    spare = {"code": module(9), "stocked_on": date(2018, 8, 1), "child_code": cell(900)}
    acting.report("after_sales_stocked", cast.repairer, [spare])
    change = {"vin": VIN, "old_code": module(2), "new_code": module(9), "replaced_on": date(2019, 1, 1)}
    acting.report("replaced", cast.repairer, [change])
    acting.report("utiliser_received", cast.utiliser, [{"code": pack(2), "received_on": date(2024, 3, 1)}])
    making = {"making_no": "m1", "product_code": product(1), "made_on": date(2024, 8, 5), "source_code": pack(2)}
    acting.report("product_made", cast.utiliser, [making])
    acting.report("utiliser_received", cast.utiliser, [{"code": pack(8), "received_on": date(2018, 4, 1)}])
    treating = {"treatment_no": "t1", "treated_on": date(2018, 5, 1), "source_code": pack(8), "material": "nickel"}
    acting.report("treated", cast.utiliser, [{**treating, "material_batch": MATERIAL}])
    of = {"produced_on": date(2018, 5, 10), "material_batch": MATERIAL, "material_company": cast.utiliser.code}
    acting.report("cell_produced", cast.maker, [{"code": cell(n), **of} for n in (70, 800, 801)])
    return acting


def gather(ask: Ask) -> pl.DataFrame:
    with cursor() as run:
        return pl.concat([pl.DataFrame(schema=RECALLED), *ask(run)])


def places(answer: pl.DataFrame) -> set[tuple[object, ...]]:
    return set(answer.select("count", "module", "pack", "product", "vehicle", "stage").iter_rows())


IN_CAR = (module(1), pack(1), None, VIN, "installed")
SPARE = (module(9), pack(1), None, VIN, "installed")
TAKEN_OUT = (module(2), None, None, None, "removed")
CELLS_NOW = {
    (2, *IN_CAR),
    (1, *SPARE),
    (2, *TAKEN_OUT),
    (2, module(3), pack(2), product(1), None, "produced"),
    (2, module(4), pack(2), product(1), None, "produced"),
    (2, None, None, None, None, "produced"),
}


@pytest.mark.parametrize("portion", [1, 2, 1 << 13])
def test_a_design_is_found_wherever_its_cells_are_now(cast: Cast, acting: Acting, portion: int) -> None:
    answer = gather(lambda run: recall_prefix(run, cast.nation.scope, CELL_PREFIX, portion=portion))
    assert places(answer) == CELLS_NOW
    assert answer.height == len(CELLS_NOW)
    assert set(answer["lot"]) == {LOT}
    assert answer.filter(pl.col("pack") == pack(1))["holder_code"].unique().to_list() == [cast.carmaker.code]


def test_a_recall_can_look_back(cast: Cast, acting: Acting) -> None:
    nation = cast.nation.scope
    then = gather(lambda run: recall_prefix(run, nation, CELL_PREFIX, date(2018, 12, 31)))
    assert places(then) == {
        (2, *IN_CAR),
        (2, module(2), pack(1), None, VIN, "installed"),
        (1, module(9), None, None, None, "after_sales"),
        (2, module(3), pack(2), None, None, "produced"),
        (2, module(4), pack(2), None, None, "produced"),
        (2, None, None, None, None, "produced"),
    }
    assert gather(lambda run: recall_prefix(run, nation, CELL_PREFIX, date(2018, 5, 9))).is_empty()


def test_a_range_of_serials_has_sharp_ends(cast: Cast, acting: Acting) -> None:
    answer = gather(lambda run: recall_serials(run, cast.nation.scope, LOT, range(4, 70)))
    assert places(answer) == {
        (2, *TAKEN_OUT),
        (1, module(3), pack(2), product(1), None, "produced"),
        (1, module(4), pack(2), product(1), None, "produced"),
    }
    assert gather(lambda run: recall_serials(run, cast.nation.scope, LOT, range(6, 64))).is_empty()


def test_a_list_answers_code_by_code(cast: Cast, acting: Acting) -> None:
    asked = [cell(3), cell(64), cell(800), module(9), pack(2), cell(3), cell(99), "nonsense"]
    answer = gather(lambda run: recall_codes(run, cast.nation.scope, asked))
    told = {code: rest for code, *rest in answer.select("code", "pack", "vehicle", "stage").iter_rows()}
    assert told == {
        cell(3): [pack(1), VIN, "installed"],
        cell(64): [None, None, "removed"],
        cell(800): [None, None, "produced"],
        module(9): [pack(1), VIN, "installed"],
        pack(2): [pack(2), None, "produced"],
    }


def test_modules_and_packs_are_found_by_their_own_designs(cast: Cast, acting: Acting) -> None:
    modules = gather(lambda run: recall_prefix(run, cast.nation.scope, MODULE_PREFIX))
    assert set(modules.select("code", "count", "pack", "vehicle").iter_rows()) == {
        (None, 2, pack(2), None),
        (None, 1, pack(1), VIN),
        (module(2), 1, None, None),
        (module(9), 1, pack(1), VIN),
    }
    packs = gather(lambda run: recall_prefix(run, cast.nation.scope, PACK_PREFIX))
    assert set(packs.select("code", "vehicle", "product", "in_vehicle").iter_rows()) == {
        (pack(1), VIN, None, True),
        (pack(2), None, product(1), False),
        (pack(8), None, None, False),
    }


def test_a_batch_of_material_leads_to_the_vehicles(cast: Cast, acting: Acting) -> None:
    answer = gather(lambda run: recall_material(run, cast.nation.scope, MATERIAL))
    assert places(answer) == {(1, *IN_CAR), (2, None, None, None, None, "produced")}
    assert gather(lambda run: recall_material(run, cast.nation.scope, "OTHER")).is_empty()
    assert gather(lambda run: recall_material(run, cast.nation.scope, batch(cast.utiliser))).equals(answer)
    of = cast.utiliser.code
    assert gather(lambda run: recall_material(run, cast.nation.scope, MATERIAL, company=of)).equals(answer)
    of = cast.maker.code
    assert gather(lambda run: recall_material(run, cast.nation.scope, MATERIAL, company=of)).is_empty()
    assert gather(lambda run: recall_material(run, cast.nation.scope, batch(cast.maker))).is_empty()


def test_a_correction_says_whose_batch_it_was(cast: Cast, acting: Acting) -> None:
    with cursor() as run:
        told = life(run, cast.nation.scope, cell(800))
    assert told is not None
    acting.correct(told.events[0].id, "material_company", None, cast.maker)
    nation = cast.nation.scope
    assert gather(lambda run: recall_material(run, nation, batch(cast.utiliser))).is_empty()
    assert gather(lambda run: recall_material(run, nation, batch(cast.maker)))["count"].sum() == 3


def test_two_companies_may_give_their_batches_one_text(cast: Cast, acting: Acting) -> None:
    own = {"code": cell(802), "produced_on": date(2018, 5, 10), "material_batch": MATERIAL}
    acting.report("cell_produced", cast.carmaker, [own])

    def recalled(actor: Actor, text: str, company: str | None = None) -> int:
        return int(gather(lambda run: recall_material(run, actor.scope, text, company=company))["count"].sum())

    with pytest.raises(SuyuanError, match=r"ledger\.batch_of_several") as found:
        recalled(cast.nation, MATERIAL)
    assert found.value.data["companies"] == sorted((cast.carmaker.code, cast.utiliser.code))
    assert recalled(cast.nation, MATERIAL, cast.utiliser.code) == recalled(cast.nation, batch(cast.utiliser)) == 3
    assert recalled(cast.nation, MATERIAL, cast.carmaker.code) == recalled(cast.nation, batch(cast.carmaker)) == 1
    # Who knows of one of the two only need not say whose it is, and does not learn of the other.
    assert (recalled(cast.maker, MATERIAL), recalled(cast.carmaker, MATERIAL)) == (3, 1)
    assert recalled(cast.maker, batch(cast.carmaker)) == recalled(cast.laboratory, MATERIAL) == 0


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("maker", 11), ("guangdong", 11), ("carmaker", 5), ("repairer", 3), ("utiliser", 4), ("zhejiang", 9),
        ("collector", 0), ("laboratory", 0), ("swapper", 0),
    ],
)  # fmt: skip
def test_a_recall_tells_nobody_more_than_he_may_see(cast: Cast, acting: Acting, name: str, seen: int) -> None:
    scope: Scope = getattr(cast, name).scope
    assert gather(lambda run: recall_prefix(run, scope, CELL_PREFIX))["count"].sum() == seen
    listed = gather(lambda run: recall_codes(run, scope, [cell(70), cell(3), OTHER_VIN]))
    assert listed.height == (2 if name in {"maker", "guangdong", "carmaker", "zhejiang"} else 0)


def test_sources_of_several_products_are_found_in_each(cast: Cast, acting: Acting) -> None:
    plain, coded = pack(60), product(2)
    acting.report("utiliser_received", cast.utiliser, [
        {"code": code, "received_on": date(2024, 3, 1)} for code in (pack(1), module(2))
    ])  # fmt: skip
    making = {"making_no": "m2", "made_on": date(2024, 8, 6)}
    acting.report("product_made", cast.utiliser, [
        {**making, "product_code": plain, "source_code": pack(1)},
        {**making, "product_code": coded, "source_code": module(2)},
    ], [0, 0])  # fmt: skip
    sold = {"product_code": plain, "delivered_on": date(2024, 9, 1)}
    acting.report("product_delivered", cast.utiliser, [
        {**sold, "party": cast.carmaker.code, "party_no": cast.carmaker.number}
    ])  # fmt: skip
    nation = cast.nation.scope
    answer = gather(lambda run: recall_codes(run, nation, [cell(3), cell(5), pack(1), cell(71)]))
    told = set(answer.select("code", "module", "pack", "product", "stage", "holder_code").iter_rows())
    bought, kept = (plain, "in_second_use", cast.carmaker.code), (coded, "produced", cast.utiliser.code)
    assert told == {
        (code, of, inside, *where)
        for code, of, inside in ((cell(3), module(1), pack(1)), (cell(5), module(2), None), (pack(1), None, pack(1)))
        for where in (bought, kept)
    } | {(cell(71), module(3), pack(2), product(1), "produced", cast.utiliser.code)}
    assert answer.height == len(told)
    together = gather(lambda run: recall_prefix(run, nation, CELL_PREFIX)).filter(pl.col("module") == module(1))
    assert set(together.select("count", "product").iter_rows()) == {(2, plain), (2, coded)}
    before = gather(lambda run: recall_codes(run, nation, [cell(3)], date(2024, 8, 5)))
    assert before.select("pack", "product", "stage").rows() == [(pack(1), None, "received")]
    assert gather(lambda run: recall_codes(run, cast.maker.scope, [cell(3)])).height == 2


def test_products_made_of_products_are_followed_to_the_outermost(cast: Cast, acting: Acting) -> None:
    first = [{"making_no": "m2", "product_code": product(n), "source_code": pack(10)} for n in (2, 3)]
    again = {"making_no": "m3", "product_code": pack(61), "source_code": product(2)}
    acting.report("utiliser_received", cast.utiliser, [{"code": pack(10), "received_on": date(2024, 3, 1)}])
    acting.report("product_made", cast.utiliser, [{**row, "made_on": date(2024, 8, 6)} for row in first], [0, 0])
    acting.report("utiliser_received", cast.utiliser, [{"code": product(2), "received_on": date(2024, 9, 1)}])
    acting.report("product_made", cast.utiliser, [{**again, "made_on": date(2024, 10, 1)}])
    answer = gather(lambda run: recall_codes(run, cast.nation.scope, [pack(10), product(2), pack(61)]))
    assert set(answer.select("code", "pack", "product").iter_rows()) == {
        (pack(10), pack(10), pack(61)),
        (pack(10), pack(10), product(3)),
        (product(2), None, pack(61)),
        (pack(61), None, pack(61)),
    }


def test_a_withdrawn_making_made_no_products(cast: Cast, acting: Acting) -> None:
    lines = [
        {"making_no": "m2", "product_code": pack(n), "source_code": pack(9), "made_on": date(2024, 8, 6)}
        for n in (62, 63)
    ]
    acting.report("utiliser_received", cast.utiliser, [{"code": pack(9), "received_on": date(2024, 3, 1)}])
    done = acting.report("product_made", cast.utiliser, lines, [0, 0])
    ask = partial(recall_codes, scope=cast.nation.scope, codes=[pack(9)])
    assert sorted(gather(ask)["product"]) == [pack(62), pack(63)]
    acting.withdraw(done, cast.utiliser)
    assert gather(ask).select("pack", "product", "stage").rows() == [(pack(9), None, "received")]


def test_a_test_of_a_battery_does_not_open_a_recall(cast: Cast, acting: Acting) -> None:
    acting.report("assessed", cast.laboratory, [
        {"code": code, "tested_on": date(2024, 3, 1)} for code in (pack(1), module(2), cell(3))
    ])  # fmt: skip
    asked = [pack(1), module(2), cell(3), cell(70)]
    assert gather(lambda run: recall_codes(run, cast.laboratory.scope, asked)).is_empty()
    assert gather(lambda run: recall_prefix(run, cast.laboratory.scope, CELL_PREFIX)).is_empty()
    acting.report("battery_removed", cast.dismantler, [{"code": pack(1), "vin": VIN, "removed_on": date(2024, 3, 2)}])
    assert gather(lambda run: recall_codes(run, cast.dismantler.scope, asked))["code"].to_list() == [
        pack(1), module(2), cell(3), cell(70)
    ]  # fmt: skip


def test_a_prefix_streams_lot_by_lot(cast: Cast, acting: Acting) -> None:
    other = [f"{CELL_PREFIX}85B{n:07d}" for n in (1, 2)]
    acting.report("module_produced", cast.maker, [
        {"module_code": module(50), "produced_on": date(2018, 5, 11), "cell_code": code} for code in other
    ], [0, 0])  # fmt: skip
    with cursor() as run:
        frames = list(recall_prefix(run, cast.nation.scope, CELL_PREFIX, portion=3))
    assert [frame["lot"].n_unique() for frame in frames] == [1, 1]
    assert frames[-1].select("count", "module", "stage").rows() == [(2, module(50), "produced")]


def test_the_answer_streams_as_csv(cast: Cast, acting: Acting) -> None:
    def lines(parts: Iterable[bytes]) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(b"".join(parts).decode("utf-8-sig"))))

    with cursor() as run:
        rows = lines(as_csv(recall_codes(run, cast.nation.scope, [cell(3), pack(2)])))
        assert [(row["code"], row["vehicle"], row["in_vehicle"]) for row in rows] == [
            (cell(3), VIN, "true"),
            (pack(2), "", "false"),
        ]
        assert lines(as_csv(recall_codes(run, cast.nation.scope, [cell(99)]))) == []
