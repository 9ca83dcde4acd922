"""Corrected and withdrawn records stay in a life, marked; what follows from them does not."""

from datetime import date

import pytest
from django.db import transaction

from suyuan.server.kit.connection import cursor
from suyuan.server.kit.uuid7 import uuid7_batch
from suyuan.server.ledger import services
from suyuan.server.ledger.queries.life import Event, life
from suyuan.server.ledger.queries.objects import show
from suyuan.server.ledger.queries.recall import recall_codes
from suyuan.server.ledger.queries.tree import tree
from tests.server.cast import Cast
from tests.server.ledger.acting import OTHER_VIN, RECEIVED, VIN, Acting, module, pack

_COPY = """
INSERT INTO ledger_event (lot, serial, id, slot, kind, reporter, record, submission, occurred_at, party, site, vehicle,
                          corrects, stands_for, main_lot, main_serial, body)
SELECT e.lot, e.serial, %(new)s, CASE WHEN %(kind)s::int = 36 THEN -1 ELSE e.slot END, coalesce(%(kind)s, e.kind),
       e.reporter, 0, %(submission)s, coalesce(%(at)s, e.occurred_at), e.party, e.site, e.vehicle, e.id, e.id,
       e.main_lot, e.main_serial, CASE WHEN e.main_lot IS NULL THEN '{}'::jsonb END
  FROM ledger_event e WHERE e.id = %(old)s
"""


@pytest.fixture
def acting(cast: Cast) -> Acting:
    """A pack bound to a car, then removed from it."""
    acting = Acting()
    made = {"pack_code": pack(1), "module_code": module(1), "produced_on": date(2018, 5, 10)}
    acting.report("pack_produced", cast.maker, [made])
    car = {"vin": VIN, "pack_code": pack(1), "produced_on": date(2018, 6, 1)}
    acting.report("vehicle_produced", cast.carmaker, [car])
    removal = {"code": pack(1), "vin": VIN, "removed_on": date(2024, 1, 1)}
    acting.report("battery_removed", cast.dismantler, [removal])
    return acting


def replace(acting: Acting, old: str, kind: int | None = None, at: str | None = None) -> str:
    """Write a record that withdraws `old` (kind 36) or says the same with another date, under each of its objects."""
    acting.submission += 1
    new = uuid7_batch(1, RECEIVED + acting.submission, acting.rng).tobytes().hex()
    with cursor() as run:
        run.execute(_COPY, {"new": new, "old": old, "kind": kind, "at": at, "submission": acting.submission})
    return f"{new[:8]}-{new[8:12]}-{new[12:16]}-{new[16:20]}-{new[20:]}"


def events(cast: Cast, code: str) -> dict[str, Event]:
    with cursor() as run:
        found = life(run, cast.nation.scope, code)
    assert found is not None
    return {event.id: event for event in found.events}


def id_of(cast: Cast, kind: str) -> str:
    return next(event.id for event in events(cast, pack(1)).values() if event.kind == kind)


def test_a_withdrawn_record_is_shown_with_what_withdrew_it(cast: Cast, acting: Acting) -> None:
    old = id_of(cast, "battery_removed")
    new = replace(acting, old, kind=36)
    for code in (pack(1), VIN):
        told = events(cast, code)
        assert (told[old].status, told[old].replaced_by) == ("withdrawn", new)
        assert (told[new].kind, told[new].corrects, told[new].status) == ("withdrawal", old, "valid")
    with cursor() as run:
        then = show(run, cast.nation.scope, pack(1), date(2024, 6, 1))
        car = tree(run, cast.nation.scope, VIN, date(2024, 6, 1))
    assert then is not None
    assert (then.stage, then.vehicle) == ("installed", VIN)
    assert car is not None
    assert [child["code"] for child in car["children"]] == [pack(1)]


@pytest.mark.parametrize("at", ["2022-12-31T16:00:00Z", "2023-01-01T15:59:59.999Z"])
def test_a_correction_counts_on_its_day_whichever_moment_stands_for_it(cast: Cast, acting: Acting, at: str) -> None:
    old = id_of(cast, "battery_removed")
    new = replace(acting, old, at=at)
    told = events(cast, pack(1))
    assert (told[old].status, told[old].replaced_by) == ("corrected", new)
    assert (told[new].status, told[new].corrects, told[new].occurred_at) == ("valid", old, "2023-01-01")
    days = date(2022, 12, 31), date(2023, 1, 1)
    with cursor() as run:
        packs = [
            [child["code"] for child in car["children"]]
            for day in days
            if (car := tree(run, cast.nation.scope, VIN, day))
        ]
        stages = [found.stage for day in days if (found := show(run, cast.nation.scope, pack(1), day))]
    assert packs == [[pack(1)], []]
    assert stages == ["installed", "removed"]


def test_withdrawing_a_correction_restores_the_record(cast: Cast, acting: Acting) -> None:
    old = id_of(cast, "battery_removed")
    new = replace(acting, old, at="2023-01-01T15:59:59.999Z")
    replace(acting, new, kind=36)
    told = events(cast, pack(1))
    assert (told[old].status, told[new].status) == ("valid", "withdrawn")
    with cursor() as run:
        car = tree(run, cast.nation.scope, VIN, date(2023, 6, 1))
    assert car is not None
    assert [child["code"] for child in car["children"]] == [pack(1)]


def test_a_withdrawn_tree_has_no_parts(cast: Cast, acting: Acting) -> None:
    with cursor() as run:
        before = tree(run, cast.nation.scope, pack(1))
    replace(acting, id_of(cast, "pack_produced"), kind=36)
    with cursor() as run:
        after = tree(run, cast.nation.scope, pack(1))
    assert before is not None
    assert after is not None
    assert [len(node["children"]) for node in (before, after)] == [1, 0]


def stages(cast: Cast, days: list[date | None]) -> list[tuple[str, str | None]]:
    with cursor() as run:
        told = [show(run, cast.nation.scope, pack(1), day) for day in days]
    return [(found.stage, found.vehicle) for found in told if found]


def packs_of_car(cast: Cast, day: date | None = None) -> list[str]:
    with cursor() as run:
        car = tree(run, cast.nation.scope, VIN, day)
    return [child["code"] for child in car["children"]] if car else []


def where(cast: Cast, code: str, day: date | None = None) -> list[tuple[object, ...]]:
    with cursor() as run:
        frames = list(recall_codes(run, cast.nation.scope, [code], day))
    return [row for frame in frames for row in frame.select("pack", "vehicle", "stage").iter_rows()]


def test_what_the_services_correct_and_withdraw_is_read_alike(cast: Cast, acting: Acting) -> None:
    old = id_of(cast, "battery_removed")
    new = acting.correct(old, "removed_on", "2023-01-01", cast.dismantler)
    told = events(cast, pack(1))
    assert (told[old].status, told[old].replaced_by) == ("corrected", new)
    assert (told[new].status, told[new].corrects, told[new].occurred_at) == ("valid", old, "2023-01-01")
    assert packs_of_car(cast, date(2022, 12, 31)) == [pack(1)]
    assert packs_of_car(cast, date(2023, 1, 1)) == []
    assert where(cast, module(1), date(2023, 1, 1)) == [(pack(1), None, "removed")]
    assert stages(cast, [date(2022, 12, 31), date(2023, 1, 1)]) == [("installed", VIN), ("removed", None)]

    with transaction.atomic(), cursor() as run:
        services.withdraw(run, {new: "it was right"}, acting.filing(cast.dismantler))
    told = events(cast, pack(1))
    assert (told[old].status, told[new].status) == ("valid", "withdrawn")
    assert packs_of_car(cast, date(2023, 6, 1)) == [pack(1)]

    with transaction.atomic(), cursor() as run:
        services.withdraw(run, {old: "another pack"}, acting.filing(cast.dismantler))
    assert {event.status for event in events(cast, pack(1)).values() if event.kind == "battery_removed"} == {
        "withdrawn"
    }
    assert packs_of_car(cast) == [pack(1)]
    assert where(cast, module(1)) == [(pack(1), VIN, "installed")]
    assert stages(cast, [None]) == [("installed", VIN)]


def test_a_withdrawn_binding_leaves_the_pack_free(cast: Cast, acting: Acting) -> None:
    made = {"pack_code": pack(2), "module_code": module(2), "produced_on": date(2018, 5, 10)}
    acting.report("pack_produced", cast.maker, [made])
    bound = acting.report(
        "vehicle_produced",
        cast.carmaker,
        [{"vin": OTHER_VIN, "pack_code": pack(2), "produced_on": date(2018, 6, 1)}],
    )
    assert where(cast, module(2)) == [(pack(2), OTHER_VIN, "installed")]
    acting.withdraw(bound, cast.carmaker)
    assert where(cast, module(2)) == [(pack(2), None, "produced")]


def test_findings_go_with_a_withdrawn_record(cast: Cast, acting: Acting) -> None:
    done = acting.report("lost", cast.repairer, [{"code": pack(77), "noticed_on": date(2020, 1, 1)}])

    def found() -> list[str]:
        return [one.code for event in events(cast, pack(77)).values() for one in event.findings]

    assert found() == ["events.unknown_object"]
    acting.withdraw(done, cast.repairer)
    assert found() == []
