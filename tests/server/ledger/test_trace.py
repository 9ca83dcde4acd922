"""The life, the state and the tree of single objects, and who may see them."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction

from suyuan.codes.keys import split_code
from suyuan.events.check import Context
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger import services
from suyuan.server.ledger.queries.kinds import kind_of
from suyuan.server.ledger.queries.life import Life, life
from suyuan.server.ledger.queries.objects import day_or_time, end_of_day, find, show
from suyuan.server.ledger.queries.tree import Node, tree
from suyuan.server.ledger.services import Correction
from tests.server.cast import NOW, Actor, Cast
from tests.server.ledger.acting import (
    MATERIAL,
    OTHER_VIN,
    VIN,
    Acting,
    batch,
    cell,
    ids_of,
    module,
    pack,
    pack_rows,
    product,
)

Play = Callable[[], None]


@pytest.fixture
def acting(cast: Cast) -> Acting:
    """One pack of two modules, in a car, with one module replaced, and its end in a product and a batch of nickel."""
    acting = Acting()
    rows = pack_rows(pack(1), {module(1): [cell(70), cell(3)], module(2): [cell(64), cell(5)]})
    acting.report("pack_produced", cast.maker, rows, [0] * 4)
    acting.report(
        "stocked",
        cast.maker,
        [{"code": pack(1), "stocked_on": date(2018, 5, 12), "site_no": cast.maker.sites["W1"], "site": "W1"}],
    )
    car = {"vin": VIN, "pack_code": pack(1), "produced_on": date(2018, 6, 1), "vehicle_model": "X1"}
    acting.report("vehicle_produced", cast.carmaker, [car])
    sale = {"vin": VIN, "sold_on": date(2018, 7, 1), "division": "440300", "owner_name": "张三"}
    acting.report("vehicle_sold", cast.carmaker, [sale])
    spare = {"code": module(9), "stocked_on": date(2018, 8, 1), "child_code": cell(900)}
    acting.report("after_sales_stocked", cast.repairer, [spare])
    change = {"vin": VIN, "old_code": module(2), "new_code": module(9), "replaced_on": date(2019, 1, 1)}
    acting.report("replaced", cast.repairer, [change])
    removal = {"code": pack(1), "vin": VIN, "removed_on": date(2024, 1, 1), "mass_kg": 400.0}
    acting.report("battery_removed", cast.dismantler, [removal])
    handed = {
        "code": pack(1),
        "retired_on": date(2024, 2, 1),
        "party": cast.utiliser.code,
        "party_no": cast.utiliser.number,
    }
    acting.report("retired", cast.dismantler, [handed])
    return acting


def recycle(acting: Acting, cast: Cast) -> None:
    """The pack becomes a product, the replaced module becomes nickel, the nickel a cell."""
    acting.report("utiliser_received", cast.utiliser, [{"code": pack(1), "received_on": date(2024, 3, 1)}])
    making = {"making_no": "m1", "product_code": product(1), "made_on": date(2024, 8, 5), "source_code": pack(1)}
    acting.report("product_made", cast.utiliser, [making])
    acting.report("utiliser_received", cast.utiliser, [{"code": module(2), "received_on": date(2024, 3, 1)}])
    treating = {
        "treatment_no": "t1",
        "treated_on": date(2024, 4, 1),
        "source_code": module(2),
        "material_batch": MATERIAL,
    }
    acting.report("treated", cast.utiliser, [{**treating, "material": "nickel", "mass_kg": 3.0}])
    of = {"produced_on": date(2024, 5, 1), "material_batch": MATERIAL, "material_company": cast.utiliser.code}
    acting.report("cell_produced", cast.maker, [{"code": cell(n), **of} for n in (2000, 2001)])


def life_of(scope: Scope, code: str) -> Life:
    with cursor() as run:
        found = life(run, scope, code)
    assert found is not None
    return found


def tree_of(scope: Scope, code: str, at: date | None = None, *, expand_cells: bool = False) -> Node:
    with cursor() as run:
        found = tree(run, scope, code, at, expand_cells=expand_cells)
    assert found is not None
    return found


def outline(node: Node) -> object:
    return {child["code"]: outline(child) for child in node["children"]} or node["cells"]


def kinds(found: Life) -> list[str]:
    return [event.kind for event in found.events]


def test_a_cell_shows_the_lives_of_its_containers_while_it_was_inside(cast: Cast, acting: Acting) -> None:
    stayed, left = life_of(cast.nation.scope, cell(3)), life_of(cast.nation.scope, cell(5))
    assert kinds(stayed) == [
        "pack_produced", "stocked", "vehicle_produced", "vehicle_sold", "replaced", "battery_removed", "retired",
    ]  # fmt: skip
    assert {event.through for event in stayed.events} == {pack(1), VIN}
    assert kinds(left) == ["pack_produced", "stocked", "vehicle_produced", "vehicle_sold", "replaced"]
    assert left.state.stage == "removed"
    assert left.state.inside == (module(2),)


def test_an_event_says_who_when_and_what(cast: Cast, acting: Acting) -> None:
    event = next(event for event in life_of(cast.nation.scope, pack(1)).events if event.kind == "retired")
    assert event.occurred_at == "2024-02-01"
    assert event.received_at == "2026-11-22T10:00:00.008+08:00"
    assert (event.reporter.code, event.party and event.party.number) == (cast.dismantler.code, cast.utiliser.number)
    assert event.objects == (("battery", pack(1)),)
    assert (event.status, event.through) == ("valid", None)
    stocked = next(event for event in life_of(cast.nation.scope, pack(1)).events if event.kind == "stocked")
    assert stocked.site is not None
    assert stocked.site.code == "W1"


def test_an_exchange_names_both_parts_from_every_side(cast: Cast, acting: Acting) -> None:
    for code in (module(2), module(9), VIN, pack(1)):
        event = next(event for event in life_of(cast.nation.scope, code).events if event.kind == "replaced")
        assert dict(event.objects) == {"old": module(2), "new": module(9), "vehicle": VIN}


def test_personal_data_are_never_told(cast: Cast, acting: Acting) -> None:
    assert "张三" not in repr(life_of(cast.nation.scope, VIN))


@pytest.mark.parametrize(("field", "quoted"), [("owner_name", False), ("party_name", True)])
def test_a_refused_correction_does_not_quote_personal_data(cast: Cast, field: str, quoted: bool) -> None:
    acting = Acting()
    sale = {"vin": VIN, "sold_on": date(2018, 7, 1), "division": "330100", "owner_name": "张三"}
    done = acting.report("vehicle_sold", cast.carmaker, [sale])
    wanted = [Correction(ids_of(done)[0], field, "李四\u200b", "misread")]
    context = Context(NOW.date(), NOW, cast.carmaker.code)
    with transaction.atomic(), cursor() as run:
        told = services.correct(run, wanted, acting.filing(cast.carmaker), context)
    assert [(one.code, one.field) for one in told.objections if one.refuses] == [("events.text_control", field)]
    assert ("李四" in repr(told.objections)) is quoted
    assert "张三" not in repr(told.objections)


def test_findings_stand_with_their_event(cast: Cast, acting: Acting) -> None:
    acting.report("lost", cast.repairer, [{"code": pack(77), "noticed_on": date(2020, 1, 1)}])
    (event,) = life_of(cast.nation.scope, pack(77)).events
    assert [found.code for found in event.findings] == ["events.unknown_object"]


def test_a_vehicle_has_the_records_of_its_packs_while_bound(cast: Cast, acting: Acting) -> None:
    found = life_of(cast.nation.scope, VIN)
    assert kinds(found) == ["vehicle_produced", "vehicle_sold", "replaced", "battery_removed"]
    assert found.state.kind == "vehicle"
    acting.report("assessed", cast.laboratory, [{"code": pack(1), "tested_on": date(2018, 9, 1)}])
    through = {event.kind: event.through for event in life_of(cast.nation.scope, VIN).events}
    assert through["assessed"] == pack(1)
    assert through["vehicle_sold"] is None


def test_lineage_goes_both_ways_through_products_and_materials(cast: Cast, acting: Acting) -> None:
    recycle(acting, cast)
    nation = cast.nation.scope
    assert life_of(nation, pack(1)).derived_into == (product(1),)
    assert life_of(nation, cell(3)).derived_into == (product(1),)
    assert life_of(nation, product(1)).derived_from == (pack(1),)
    assert life_of(nation, batch(cast.utiliser)).derived_from == (module(2),)
    assert life_of(nation, module(2)).derived_into == (batch(cast.utiliser),)
    for number in (2000, 2001):
        made = life_of(nation, cell(number))
        assert made.derived_from == (batch(cast.utiliser),)
        assert dict(made.events[0].objects) == {"battery": cell(number), "material": batch(cast.utiliser)}
        assert (made.state.stage, made.state.holder and made.state.holder.number) == ("produced", cast.maker.number)


def test_show_tells_the_state_at_any_date(cast: Cast, acting: Acting) -> None:
    with cursor() as run:
        told = [
            (state.stage, state.holder and state.holder.number, state.vehicle, state.inside)
            for day in (date(2018, 5, 9), date(2018, 5, 10), date(2018, 6, 1), date(2024, 1, 1))
            if (state := show(run, cast.nation.scope, cell(70), day))
        ]
        now = show(run, cast.nation.scope, cell(70))
    inside = (module(1), pack(1))
    assert told == [
        ("unknown", None, None, ()),
        ("produced", cast.maker.number, None, inside),
        ("installed", cast.carmaker.number, VIN, inside),
        ("removed", cast.dismantler.number, None, inside),
    ]
    assert now is not None
    assert now.consignee is not None
    assert (now.stage, now.in_transit, now.consignee.number) == ("retired", True, cast.utiliser.number)


def test_the_tree_of_a_pack_is_what_was_inside_on_the_day(cast: Cast, acting: Acting) -> None:
    nation = cast.nation.scope
    assert outline(tree_of(nation, pack(1), date(2018, 12, 31))) == {module(1): 2, module(2): 2}
    assert outline(tree_of(nation, pack(1), date(2019, 1, 1))) == {module(1): 2, module(9): 1}
    assert outline(tree_of(nation, pack(1))) == {module(1): 2, module(9): 1}
    assert outline(tree_of(nation, pack(1), date(2018, 5, 9))) == 0
    full = tree_of(nation, pack(1), expand_cells=True)
    assert outline(full) == {module(1): {cell(70): 0, cell(3): 0}, module(9): {cell(900): 0}}
    assert full["cells"] == 3


def test_a_part_that_left_keeps_its_own_parts(cast: Cast, acting: Acting) -> None:
    assert tree_of(cast.nation.scope, module(2))["cells"] == 2
    assert tree_of(cast.nation.scope, module(9))["cells"] == 1


def test_the_way_up_and_the_vehicle(cast: Cast, acting: Acting) -> None:
    nation = cast.nation.scope
    up = tree_of(nation, cell(5), date(2018, 12, 31))["ancestors"]
    assert up == [
        {"code": module(2), "kind": "module"},
        {"code": pack(1), "kind": "pack"},
        {"code": VIN, "kind": "vehicle"},
    ]
    assert tree_of(nation, cell(5))["ancestors"] == [{"code": module(2), "kind": "module"}]
    car = tree_of(nation, VIN, date(2023, 12, 31))
    assert (car["kind"], outline(car)) == ("vehicle", {pack(1): {module(1): 2, module(9): 1}})
    assert outline(tree_of(nation, VIN)) == 0


def test_a_product_holds_its_sources(cast: Cast, acting: Acting) -> None:
    recycle(acting, cast)
    found = tree_of(cast.nation.scope, product(1))
    assert (found["kind"], outline(found)) == ("product", {pack(1): {module(1): 2, module(9): 1}})
    above = tree_of(cast.nation.scope, cell(3))["ancestors"]
    assert [item["code"] for item in above] == [module(1), pack(1), product(1)]


def test_depth_stops_the_way_down(cast: Cast, acting: Acting) -> None:
    with cursor() as run:
        found = tree(run, cast.nation.scope, pack(1), depth=1)
    assert found is not None
    assert outline(found) == {module(1): 0, module(9): 0}


def test_codes_that_nobody_reported_are_unknown(cast: Cast, acting: Acting) -> None:
    with cursor() as run:
        assert find(run, cell(3)) == (cell(3)[:17], 3)
        assert find(run, VIN) == (VIN, 0)
        for code in (cell(4), OTHER_VIN, "nonsense"):
            assert find(run, code) is None
            assert life(run, cast.nation.scope, code) is None
            assert show(run, cast.nation.scope, code) is None
            assert tree(run, cast.nation.scope, code) is None


@pytest.mark.parametrize(
    ("code", "permitted", "forbidden"),
    [
        (pack(1), "maker carmaker dismantler utiliser guangdong zhejiang nation", "collector laboratory swapper"),
        (cell(3), "maker carmaker dismantler utiliser guangdong zhejiang", "repairer collector laboratory"),
        (cell(5), "maker carmaker repairer dismantler guangdong zhejiang", "collector laboratory swapper"),
        (VIN, "carmaker guangdong zhejiang", "maker utiliser collector laboratory"),
        (cell(900), "repairer carmaker maker", "collector laboratory swapper"),
    ],
)
def test_only_who_has_part_in_a_life_may_see_it(
    cast: Cast, acting: Acting, code: str, permitted: str, forbidden: str
) -> None:
    def answers(actor: Actor) -> list[bool]:
        with cursor() as run:
            return [read(run, actor.scope, code) is not None for read in (life, show, tree)]

    for name in permitted.split():
        assert answers(getattr(cast, name)) == [True] * 3, name
    for name in forbidden.split():
        assert answers(getattr(cast, name)) == [False] * 3, name


def test_places_and_outlets_open_a_life_as_well(cast: Cast, acting: Acting) -> None:
    own, other = (Scope.of_outlet(cast.collector.number, cast.collector.sites[code]) for code in ("O1", "O2"))
    received = {"code": pack(1), "received_on": date(2024, 2, 2), "site": "O1", "site_no": cast.collector.sites["O1"]}
    hangzhou, ningbo = Scope.of_city("330100"), Scope.of_city("330200")
    with cursor() as run:
        assert show(run, own, pack(1)) is None
        assert show(run, hangzhou, pack(1)) is not None  # the maker's warehouse and the carmaker are there
        assert show(run, ningbo, pack(1)) is None
    acting.report("outlet_received", cast.collector, [received])
    with cursor() as run:
        assert show(run, own, pack(1)) is not None
        assert show(run, other, pack(1)) is None
        assert show(run, ningbo, cell(3)) is not None


def test_a_cell_made_alone_is_seen_by_its_maker_only(cast: Cast, acting: Acting) -> None:
    acting.report(
        "cell_produced", cast.maker, [{"code": cell(n), "produced_on": date(2018, 5, 10)} for n in (500, 501)]
    )
    with cursor() as run:
        assert show(run, cast.maker.scope, cell(501)) is not None
        assert show(run, cast.carmaker.scope, cell(501)) is None
        assert show(run, cast.zhejiang.scope, cell(501)) is None


def test_what_sets_nothing_opens_nothing_but_the_record_itself(cast: Cast, acting: Acting) -> None:
    tested = {"code": pack(1), "tested_on": date(2024, 3, 1), "soh": 0.8}
    acting.report("assessed", cast.laboratory, [tested])
    acting.report("assessed", cast.utiliser, [{**tested, "tested_on": date(2024, 3, 2)}])
    own = life_of(cast.laboratory.scope, pack(1))
    assert [(event.kind, event.reporter.number) for event in own.events] == [("assessed", cast.laboratory.number)]
    assert own.events[0].body["soh"] == 0.8
    assert (own.state.code, own.state.kind, own.state.stage) == (pack(1), "pack", "unknown")
    assert (own.state.holder, own.state.consignee, own.state.vehicle, own.state.inside) == (None, None, None, ())
    assert (own.derived_from, own.derived_into) == ((), ())
    assert not {VIN, cast.maker.code, cast.dismantler.code} & set(repr(own).replace("'", " ").split())
    with cursor() as run:
        for read in (show, tree):
            assert read(run, cast.laboratory.scope, pack(1)) is None
        for inside in (module(1), cell(3)):
            assert life(run, cast.laboratory.scope, inside) is None
    whole = life_of(cast.utiliser.scope, pack(1))  # it is the other party of the retirement
    assert kinds(whole)[-2:] == ["assessed", "assessed"]
    assert whole.state.stage == "retired"


def test_what_changes_something_opens_all(cast: Cast, acting: Acting) -> None:
    with cursor() as run:
        assert show(run, cast.collector.scope, pack(1)) is None
    acting.report("outlet_received", cast.collector, [{"code": pack(1), "received_on": date(2024, 2, 2)}])
    assert kinds(life_of(cast.collector.scope, pack(1)))[0] == "pack_produced"
    with cursor() as run:
        assert tree(run, cast.collector.scope, cell(3)) is not None


def test_what_was_withdrawn_opens_no_longer(cast: Cast, acting: Acting) -> None:
    wrong = {"code": pack(1), "received_on": date(2024, 2, 2)}
    done = acting.report("outlet_received", cast.collector, [wrong])
    assert kinds(life_of(cast.collector.scope, pack(1)))[0] == "pack_produced"
    acting.withdraw(done, cast.collector)
    own = life_of(cast.collector.scope, pack(1))
    told = [(event.kind, event.status) for event in own.events]
    assert told == [("outlet_received", "withdrawn"), ("withdrawal", "valid")]
    assert (own.state.stage, own.state.holder, own.derived_into) == ("unknown", None, ())
    with cursor() as run:
        assert show(run, cast.collector.scope, pack(1)) is None
        assert life(run, cast.collector.scope, cell(3)) is None
        assert show(run, cast.maker.scope, pack(1)) is not None
    acting.report("outlet_received", cast.collector, [{**wrong, "received_on": date(2024, 2, 3)}])
    assert kinds(life_of(cast.collector.scope, pack(1)))[0] == "pack_produced"


def test_a_corrected_code_opens_the_right_battery_alone(cast: Cast, acting: Acting) -> None:
    acting.report("pack_produced", cast.maker, [{"pack_code": pack(4), "produced_on": date(2018, 5, 10)}])
    place = {"site": "O1", "site_no": cast.collector.sites["O1"]}
    wrong = {"code": pack(1), "received_on": date(2024, 2, 2), **place}
    done = acting.report("outlet_received", cast.collector, [wrong])
    acting.correct(ids_of(done)[0], "code", pack(4), cast.collector)
    with cursor() as run:
        assert show(run, cast.collector.scope, pack(1)) is None
        assert show(run, cast.collector.scope, pack(4)) is not None


def test_a_withdrawn_record_names_nobody(cast: Cast, acting: Acting) -> None:
    acting.report("outlet_received", cast.collector, [{"code": pack(9), "received_on": date(2024, 2, 2)}])
    sent = {"code": pack(9), "handed_over_on": date(2024, 2, 5), "party": "x", "party_no": cast.repairer.number}
    done = acting.report("outlet_handed_over", cast.collector, [sent])
    with cursor() as run:
        assert show(run, cast.repairer.scope, pack(9)) is not None
    acting.withdraw(done, cast.collector)
    with cursor() as run:
        assert show(run, cast.repairer.scope, pack(9)) is None
        assert show(run, cast.collector.scope, pack(9)) is not None


def test_naming_a_vehicle_does_not_open_it(cast: Cast, acting: Acting) -> None:
    own = life_of(cast.repairer.scope, VIN)
    assert kinds(own) == ["replaced"]
    assert (own.state.kind, own.state.stage, own.state.holder) == ("vehicle", "unknown", None)
    with cursor() as run:
        assert show(run, cast.repairer.scope, VIN) is None
        assert tree(run, cast.repairer.scope, VIN) is None
        assert show(run, cast.repairer.scope, module(9)) is not None


def test_naming_a_batch_of_material_does_not_open_it(cast: Cast, acting: Acting) -> None:
    recycle(acting, cast)
    own = life_of(cast.maker.scope, batch(cast.utiliser))
    assert (kinds(own), own.state.kind, own.derived_from) == (["cell_produced"], "material", ())
    with cursor() as run:
        assert show(run, cast.maker.scope, batch(cast.utiliser)) is None
        assert show(run, cast.maker.scope, cell(2001)) is not None
    assert life_of(cast.utiliser.scope, batch(cast.utiliser)).derived_from == (module(2),)


def test_an_outlet_opens_what_it_took_out_but_not_the_vehicle(cast: Cast, acting: Acting) -> None:
    site = cast.collector.sites["O1"]
    own = Scope.of_outlet(cast.collector.number, site)
    other = Scope.of_outlet(cast.collector.number, cast.collector.sites["O2"])
    made = {"pack_code": pack(3), "module_code": module(3), "produced_on": date(2018, 5, 10)}
    acting.report("pack_produced", cast.maker, [made])
    car = {"vin": OTHER_VIN, "pack_code": pack(3), "produced_on": date(2018, 6, 1)}
    acting.report("vehicle_produced", cast.carmaker, [car])
    removal = {"code": pack(3), "vin": OTHER_VIN, "removed_on": date(2024, 1, 2), "site": "O1", "site_no": site}
    acting.report("battery_removed", cast.collector, [removal])
    assert kinds(life_of(own, pack(3))) == ["pack_produced", "vehicle_produced", "battery_removed"]
    assert [(event.kind, event.reporter.number) for event in life_of(own, OTHER_VIN).events] == [
        ("battery_removed", cast.collector.number)
    ]
    with cursor() as run:
        assert show(run, own, OTHER_VIN) is None
        assert life(run, other, pack(3)) is None
        assert life(run, other, OTHER_VIN) is None


def test_times_are_told_as_days_only_where_the_kind_says_no_more() -> None:
    midnight = (end_of_day(date(2018, 5, 11)) or 0) + 1
    kinds = vocabulary().kinds
    assert day_or_time(kinds["stocked"], midnight) == "2018-05-12"
    assert day_or_time(kinds["stocked"], midnight - 1) == "2018-05-11"
    assert day_or_time(kinds["swapped"], midnight) == "2018-05-12T00:00:00+08:00"


def test_kinds_are_told_by_position_four() -> None:
    codes = {pack(1): "pack", module(1): "module", cell(1): "cell", product(1): "pack"}
    codes |= {"91350900587527783P:B1": "material", "123456789:B1P": "material", "123456789:BATCHP1": "material"}
    codes |= {f"{cell(1)}RC": "cell", "9SUMB01AAA0000001RM": "module"}
    assert {code: kind_of(split_code(code)) for code in codes} == codes
    assert kind_of(split_code(pack(1)), {split_code(pack(1))}) == "product"


def test_a_product_is_what_was_made_as_one(cast: Cast, acting: Acting) -> None:
    nation = cast.nation.scope
    received = [{"code": f"{cell(7)}RC", "received_on": date(2024, 3, 1)}]
    acting.report("utiliser_received", cast.utiliser, [*received, {"code": pack(1), "received_on": date(2024, 3, 1)}])
    making = {"making_no": "m1", "made_on": date(2024, 8, 5)}
    small, large = module(40), pack(50)
    acting.report("product_made", cast.utiliser, [{**making, "product_code": small, "source_code": f"{cell(7)}RC"}])
    acting.report("product_made", cast.utiliser, [
        {**making, "making_no": "m2", "product_code": large, "source_code": source} for source in (pack(1), small)
    ], [0, 0])  # fmt: skip
    with cursor() as run:
        told = {
            code: found.kind for code in (small, large, f"{cell(7)}RC", pack(1)) if (found := show(run, nation, code))
        }
        shallow = tree(run, nation, large, depth=1)
    assert told == {small: "product", large: "product", f"{cell(7)}RC": "cell", pack(1): "pack"}
    whole = tree_of(nation, large)
    assert {child["code"]: child["kind"] for child in whole["children"]} == {pack(1): "pack", small: "product"}
    assert whole["cells"] == 4
    assert shallow is not None
    assert {child["kind"] for child in shallow["children"]} == {"pack", "product"}
    above = [(item["code"], item["kind"]) for item in tree_of(nation, f"{cell(7)}RC")["ancestors"]]
    assert above == [(small, "product"), (large, "product")]
