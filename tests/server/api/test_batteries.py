"""Tracing over HTTP: state, life and tree of a code, and recall; each with the one who may not."""

import io
import json
from typing import Any

import polars as pl
import pytest

from suyuan.server.accounts.models import Access
from tests.server.api.face import MADE_ON, Face, cell_code, pack, pack_code
from tests.server.cast import CELL_PREFIX, Actor, Cast


@pytest.fixture
def told(cast: Cast) -> Cast:
    """The maker has reported two packs."""
    assert Face(cast.maker).submit(pack(1), pack(2)).json["admitted"] == 2
    return cast


def test_a_pack_is_where_its_maker_left_it(told: Cast) -> None:
    shown = Face(told.maker).get(f"/batteries/{pack_code(1)}").json
    assert (shown["code"], shown["kind"], shown["state"]) == (pack_code(1), "pack", "produced")
    assert (shown["holder"], shown["holder_name"]) == (told.maker.code, "鹏程电池(模拟)")
    cell = Face(told.maker).get(f"/batteries/{cell_code(1, 5)}").json
    assert cell["inside"][-1] == pack_code(1)


def test_a_life_has_the_keys_that_scripts_rely_on(told: Cast) -> None:
    life = Face(told.maker).get(f"/batteries/{cell_code(1, 5)}/life").json
    assert life["holder"] == told.maker.code
    (event,) = life["events"]
    assert event["kind"] == "pack_produced"
    assert event["occurred_at"] == MADE_ON.isoformat()
    assert event["reporter"] == told.maker.code
    assert event["received_at"]
    assert event["through"] == pack_code(1)


def test_a_tree_counts_cells_and_lists_them_on_demand(told: Cast) -> None:
    face = Face(told.maker)
    tree = face.get(f"/batteries/{pack_code(1)}/tree").json
    assert (tree["cells"], [len(module["children"]) for module in tree["children"]]) == (8, [0, 0])
    wide = face.get(f"/batteries/{pack_code(1)}/tree", expand="true").json
    listed = [cell["code"] for module in wide["children"] for cell in module["children"]]
    assert sorted(listed) == [cell_code(1, place) for place in range(8)]
    before = face.get(f"/batteries/{pack_code(1)}/tree", at="2026-09-30")
    assert before.status == 200
    assert before.json["cells"] == 0


@pytest.mark.parametrize("what", ["", "/life", "/tree"])
def test_who_may_not_see_a_battery_hears_that_there_is_none(told: Cast, what: str) -> None:
    for actor in (told.maker, told.guangdong, told.nation):
        assert Face(actor).get(f"/batteries/{pack_code(1)}{what}").status == 200, actor.name
    for actor in (told.carmaker, told.zhejiang):
        hidden = Face(actor).get(f"/batteries/{pack_code(1)}{what}")
        unknown = Face(actor).get(f"/batteries/{pack_code(999)}{what}")
        assert hidden.status == unknown.status == 404
        assert hidden.json["detail"] == unknown.json["detail"].replace(pack_code(999), pack_code(1))
    assert Face().get(f"/batteries/{pack_code(1)}{what}").status == 401


def test_every_reading_is_noted_and_no_refusal(told: Cast) -> None:
    face = Face(told.guangdong)
    for what in ("", "/life", "/tree"):
        face.get(f"/batteries/{pack_code(1)}{what}")
    Face(told.carmaker).get(f"/batteries/{pack_code(1)}")
    acts = Access.objects.filter(subject=pack_code(1)).order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["battery.show", "battery.life", "battery.tree"]


def recalled(actor: Actor, **asked: Any) -> list[dict[str, object]]:
    answer = Face(actor).get("/recall", format="ndjson", **asked)
    assert answer.status == 200
    return [json.loads(line) for line in answer.body.splitlines()]


def test_a_recall_finds_the_packs_of_a_design(told: Cast) -> None:
    rows = recalled(told.maker, prefix=CELL_PREFIX)
    assert sum(row["count"] for row in rows if isinstance(row["count"], int)) == 16
    assert {row["pack"] for row in rows} == {pack_code(1), pack_code(2)}
    lot = cell_code(1)[:17]
    assert {row["pack"] for row in recalled(told.maker, lot=lot, first=8, last=11)} == {pack_code(1)}
    assert {row["pack"] for row in recalled(told.maker, code=cell_code(2, 1))} == {pack_code(2)}
    assert recalled(told.maker, material="none such") == []


def report(actor: Actor, kind: str, *records: dict[str, object]) -> None:
    answer = Face(actor).post("/submissions", {"kind": kind, "records": records}).json
    assert (answer["admitted"], answer["refused"]) == (len(records), 0), answer


def test_a_recall_by_material_asks_whose_where_it_must(cast: Cast) -> None:
    made: dict[str, object] = {"treated_on": "2026-09-01", "uncoded_mass_kg": 20, "material": "nickel"}
    report(cast.utiliser, "treated", {"treatment_no": "t", "material_batch": "B/1", **made})
    of = {"produced_on": MADE_ON.isoformat(), "material_batch": "B/1"}
    report(cast.maker, "cell_produced", {"code": cell_code(5), "material_company": cast.utiliser.code, **of})
    (row,) = recalled(cast.maker, material="B/1")
    assert row["count"] == 1
    assert recalled(cast.maker, material="B/1", material_company=cast.utiliser.code) == [row]
    assert recalled(cast.maker, material=f"{cast.utiliser.code}:B/1") == [row]
    assert recalled(cast.maker, material="B/1", material_company=cast.maker.code) == []
    assert recalled(cast.carmaker, material=f"{cast.utiliser.code}:B/1") == []
    report(cast.maker, "cell_produced", {"code": cell_code(6), **of}, {"code": cell_code(7), **of})
    asked = Face(cast.maker).get("/recall", material="B/1")
    assert (asked.status, asked.json["code"]) == (422, "ledger.batch_of_several")
    assert sorted(asked.json["data"]["companies"]) == sorted((cast.maker.code, cast.utiliser.code))
    own = recalled(cast.maker, material="B/1", material_company=cast.maker.code)
    assert [row["count"] for row in own] == [2]
    assert Face(cast.maker).get("/recall", material="B/1", material_company="x").json["code"] == "api.parameter_invalid"
    shown = Face(cast.utiliser).get(f"/batteries/{cast.utiliser.code}:B%2F1").json
    assert (shown["kind"], shown["holder"]) == ("material", cast.utiliser.code)
    assert Face(cast.maker).get(f"/batteries/{cast.utiliser.code}:B%2F1").status == 404


def test_a_recall_shows_nobody_what_he_may_not_see(told: Cast) -> None:
    for actor in (told.carmaker, told.zhejiang):
        assert recalled(actor, prefix=CELL_PREFIX) == []
    assert recalled(told.guangdong, prefix=CELL_PREFIX)
    assert Face().get("/recall", prefix=CELL_PREFIX).status == 401


def test_a_recall_is_csv_by_itself(told: Cast) -> None:
    answer = Face(told.maker).get("/recall", prefix=CELL_PREFIX)
    assert answer.headers["Content-Type"].startswith("text/csv")
    table = pl.read_csv(io.BytesIO(answer.body))
    assert table["count"].sum() == 16


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "api.recall_of_one"),
        ({"prefix": CELL_PREFIX, "material": "x"}, "api.recall_of_one"),
        ({"prefix": "short"}, "api.parameter_invalid"),
        ({"lot": "9SMCB030000001BAA", "first": 9, "last": 3}, "api.parameter_invalid"),
        ({"prefix": CELL_PREFIX, "format": "xlsx"}, "api.parameter_invalid"),
    ],
)
def test_a_recall_asks_for_one_thing(cast: Cast, asked: dict[str, Any], code: str) -> None:
    answer = Face(cast.maker).get("/recall", **asked)
    assert (answer.status, answer.json["code"]) == (422, code)
