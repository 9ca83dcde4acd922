"""What anybody may know of a battery: the facts of the table in plain words, nothing of vehicles, owners or places."""

import json
import tomllib
from dataclasses import asdict
from datetime import date
from importlib.resources import files

import pytest

from suyuan.codes import compose
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import cursor
from suyuan.server.ledger.queries import public
from suyuan.server.ledger.queries.public import Identity, identity, near, rules
from suyuan.server.registry.services import import_filings
from tests.server.cast import PACK_PREFIX, Cast
from tests.server.ledger.acting import MATERIAL, VIN, Acting, batch, cell, module, pack, product
from tests.server.ledger.test_trace import acting, recycle

__all__ = ["acting"]  # the fixture: one pack in a car, a module replaced, handed to the utiliser

ON = date(2026, 11, 22)


def told(code: str) -> Identity | None:
    with cursor() as run:
        return identity(run, code, ON)


def steps(code: str) -> list[tuple[str, str]]:
    found = told(code)
    assert found is not None
    return [(step.name, step.month) for step in found.steps]


def test_the_life_of_a_pack_in_plain_words(cast: Cast, acting: Acting) -> None:
    found = told(pack(1))
    assert found is not None
    assert (found.status, found.maker_names, found.simulated) == ("retired", ("鹏程电池(模拟)", ""), True)
    assert steps(pack(1)) == [("made", "2018-05"), ("in_use", "2018-06"), ("retired", "2024-01")]
    assert found.facts == {
        "kind": "pack",
        "model": "P-8",
        "maker": "鹏程电池(模拟)",
        "chemistry": "lfp",
        "rated_capacity_ah": 100.0,
        "made_on": date(2018, 5, 10),
    }


def test_energy_is_capacity_times_voltage(cast: Cast, acting: Acting) -> None:
    filed = {"company": cast.maker.code, "prefix": PACK_PREFIX, "model": "P-8", "filed_on": date(2018, 1, 1)}
    import_filings(cast.maker.scope, [{**filed, "rated_capacity_ah": 150.0, "nominal_voltage_v": 400.0}]).or_raise()
    found = told(pack(1))
    assert found is not None
    assert (found.facts["nominal_voltage_v"], found.facts["rated_energy_kwh"]) == (400.0, 60.0)


def test_a_part_lives_the_life_of_what_it_is_in(cast: Cast, acting: Acting) -> None:
    assert steps(cell(3)) == steps(module(1)) == steps(pack(1))
    assert steps(module(2))[:2] == [("made", "2018-05"), ("in_use", "2018-06")]
    recycle(acting, cast)
    found = told(module(2))
    assert found is not None
    assert found.status == "recycled"
    assert told(product(1)) is not None


def test_a_withdrawn_step_is_not_told(cast: Cast, acting: Acting) -> None:
    before = steps(pack(1))
    done = acting.report("lost", cast.utiliser, [{"code": pack(5), "noticed_on": date(2024, 3, 1)}])
    lost = told(pack(5))
    assert lost is not None
    assert lost.status == "abnormal"
    acting.withdraw(done, cast.utiliser)
    again = told(pack(5))
    assert again is None or again.status == "abnormal"
    assert steps(pack(1)) == before


def test_nothing_that_is_not_public_leaves(cast: Cast, acting: Acting) -> None:
    recycle(acting, cast)
    for code in (pack(1), module(1), module(2), cell(3), product(1)):
        found = told(code)
        assert found is not None
        text = json.dumps(asdict(found), default=str, ensure_ascii=False)
        others = [one for one in cast.companies if one is not cast.maker]
        hidden = [VIN, "张三", "W1", *(one.code for one in cast.companies), MATERIAL]
        hidden += [one for one in (pack(1), module(1), cell(3)) if one != code]
        assert [word for word in hidden if word in text] == []
        if code != product(1):
            assert not [one.name for one in others if one.name in text.lower()]


@pytest.mark.parametrize("code", [VIN, "", "x" * 500, "9SMPB01000000185A9999999", "é" * 24, "\0", "%00"])
def test_what_has_no_digital_id(cast: Cast, acting: Acting, code: str) -> None:
    assert told(code.replace("\0", "")) is None


def test_a_batch_of_material_and_a_code_only_given_out_have_none(cast: Cast, acting: Acting) -> None:
    recycle(acting, cast)
    assert told(batch(cast.utiliser)) is None
    assert told(compose(PACK_PREFIX, ON, 1)) is None


def test_the_table_decides(cast: Cast, acting: Acting, monkeypatch: pytest.MonkeyPatch) -> None:
    table = rules()
    closed = public._Rules(table.levels, table.public - {"maker", "steps"}, table.withheld, table.step, table.status)
    monkeypatch.setattr(public, "rules", lambda: closed)
    found = told(pack(1))
    assert found is not None
    assert ("maker" in found.facts, found.maker_names, found.steps) == (False, ("", ""), ())


def test_every_stage_of_a_battery_has_its_word() -> None:
    sets = {s.sets.stage for kind in vocabulary().kinds.values() for s in kind.slots if s.object == "battery"}
    stages = {stage for stage in sets if stage is not None}
    assert stages <= set(rules().status)
    assert stages - set(rules().step) <= {"exported", "lost"}
    assert set(rules().status) <= set(vocabulary().stages)


def test_every_line_of_the_table_says_why() -> None:
    table = tomllib.loads((files("suyuan.server.ledger.queries") / "public.toml").read_text(encoding="utf-8"))
    assert {row["basis"] for row in table["fact"]} <= {"carrier", "filing", "order_73", "sparing"}
    assert all(("group" in row) is not row["public"] for row in table["fact"])
    assert {row["group"] for row in table["fact"] if not row["public"]} == set(table["audience"])
    assert sum(one.count for one in rules().withheld) == sum(not row["public"] for row in table["fact"])


def test_codes_that_look_alike(cast: Cast, acting: Acting) -> None:
    with cursor() as run:
        assert near(run, pack(1).replace("9SMPB0", "9SMPBO"), ON) == [pack(1)]
        assert near(run, pack(1), ON) == []
        assert near(run, "", ON) == near(run, VIN, ON) == []
