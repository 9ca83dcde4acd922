"""Outlets: filed, changed, verified, withdrawn, brought in by the table, and found by place."""

import threading
import time
from datetime import UTC, date, datetime
from itertools import pairwise

import polars as pl
import pytest
from django.db import connections, transaction

from suyuan.codes.distances import geodesic_m
from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.outlets import (
    Outlet,
    Place,
    Wanted,
    outlet,
    outlet_acts,
    outlet_versions,
    outlets_listed,
    outlets_near,
)
from suyuan.server.registry.services.outlet_acts import (
    Look,
    change_outlet,
    commission_outlet,
    end_commission,
    verify_outlet,
    withdraw_outlet,
)
from suyuan.server.registry.services.outlet_filing import file_outlet, file_outlets, import_outlets
from suyuan.sheets import Format, findings, write_table
from tests.server.cast import NOW, Cast
from tests.server.registry.outlet_rows import OPERATOR, author, country, row

TODAY = date(2026, 11, 22)  # a Sunday
MONDAY_NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NINGBO = Place(121.55, 29.87)


def listed(wanted: Wanted | None = None, on: date = TODAY) -> list[Outlet]:
    with cursor() as run:
        return list(outlets_listed(run, wanted or Wanted(), on).rows)


def near(place: Place, wanted: Wanted | None = None, limit: int = 20) -> list[Outlet]:
    with cursor() as run:
        return list(outlets_near(run, place, wanted or Wanted(), TODAY, limit=limit).rows)


def filed(cast: Cast, clock: FixedClock, code: str = "N1", **changes: str | None) -> int:
    file_outlet(author(cast.collector), row(cast.collector.code, code, **changes), clock=clock)
    (found,) = [one for one in listed(on=date(2100, 1, 1)) if one.code == code]
    return found.site


def refused(error: SuyuanError) -> str:
    for language in Language:
        text = sentence(error.code, error.data, language)
        assert text != error.code
        assert "{" not in text
    return error.code


def test_an_outlet_is_filed_and_read(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock, chemistries="E,B", brands="启明;*", conditions="whole、damaged", capacity_kg="4800")
    with cursor() as run:
        one = outlet(run, site, TODAY)
    assert (one.company, one.code, one.version, one.valid_from) == (cast.collector.number, "N1", 1, TODAY)
    assert (one.chemistries, one.brands, one.conditions) == (["B", "E"], ["*", "启明"], ["damaged", "whole"])
    assert one.capacity_kg == 4800
    assert one.open_at(MONDAY_NOON) is True
    assert one.open_at(NOW) is False  # Sunday
    with cursor() as run:
        assert [act.act for act in outlet_acts(run, cast.zhejiang.scope, site)] == ["filed"]
        assert outlet_acts(run, cast.guangdong.scope, site) == []
        assert outlet_acts(run, cast.carmaker.scope, site) == []
        assert [one.version for one in outlet_versions(run, cast.collector.scope, site)] == [1]
        assert outlet_versions(run, cast.maker.scope, site) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "shop"}, "outlets.kind_unknown"),
        ({"division": "330000"}, "outlets.division_too_wide"),
        ({"division": "990000"}, "codes.division_province"),
        ({"name": " "}, "registry.value_missing"),
        ({"address": None}, "registry.value_missing"),
        ({"longitude": "east"}, "outlets.not_a_number"),
        ({"longitude": None}, "registry.place_impossible"),
        ({"latitude": "91"}, "registry.place_impossible"),
        ({"datum": "mars"}, "outlets.datum_unknown"),
        ({"hours": "sometimes"}, "outlets.hours_form"),
        ({"days": "2026-10-01"}, "outlets.days_form"),
        ({"chemistries": "B X"}, "outlets.list_unknown"),
        ({"conditions": "new"}, "outlets.list_unknown"),
        ({"capacity_kg": "-1"}, "outlets.measure_impossible"),
        ({"capacity_packs": "1.5"}, "outlets.measure_impossible"),
        ({"capacity_kg": "inf"}, "outlets.not_a_number"),
        ({"valid_from": "soon"}, "outlets.not_a_day"),
        ({"phone": "1" * 81}, "outlets.too_long"),
        ({"commissioned_by": "91330100MA00000000"}, "outlets.maker_unknown"),
        ({"company": "91330100MA00000000"}, "registry.company_unknown"),
        ({"code": "O1", "company": None}, "registry.value_missing"),
    ],
)
def test_what_is_wrong_is_not_filed(cast: Cast, clock: FixedClock, changes: dict[str, str | None], code: str) -> None:
    with pytest.raises(SuyuanError) as refusal:
        file_outlet(OPERATOR, {**row(cast.collector.code), **changes}, clock=clock)
    assert refused(refusal.value) == code
    assert listed() == []


def test_a_site_of_another_kind_is_no_outlet(cast: Cast, clock: FixedClock) -> None:
    with pytest.raises(Refusal) as refusal:
        file_outlet(OPERATOR, row(cast.maker.code, "W1", division="330100"), clock=clock)
    assert refused(refusal.value) == "outlets.site_of_other_kind"


def test_nobody_files_for_another_or_outside_his_division(cast: Cast, clock: FixedClock) -> None:
    for stranger in (cast.carmaker, cast.guangdong):
        with pytest.raises(Forbidden):
            file_outlet(author(stranger), row(cast.collector.code), clock=clock)
    file_outlet(author(cast.zhejiang), row(cast.collector.code), clock=clock)
    assert len(listed()) == 1


def test_a_change_is_a_version_and_the_same_again_is_none(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock, valid_from="2026-01-01", days="2026-10-01 off")
    assert change_outlet(author(cast.collector), site, {}, "nothing new", clock).changed == 0
    done = change_outlet(author(cast.collector), site, {"phone": "1", "valid_from": "2026-06-01"}, "new number", clock)
    assert done.changed == 1
    for day, phone in ((date(2026, 5, 31), "0574-00000000"), (date(2026, 6, 1), "1")):
        with cursor() as run:
            assert outlet(run, site, day).phone == phone
    change_outlet(author(cast.collector), site, {"phone": "2", "valid_from": "2026-03-01"}, "earlier", clock)
    with cursor() as run:
        assert outlet(run, site, TODAY).phone == "2"
        versions = outlet_versions(run, cast.collector.scope, site)
        acts = outlet_acts(run, cast.nation.scope, site)
    assert [(one.version, one.valid_to, one.superseded_at is None) for one in versions] == [
        (1, date(2026, 2, 28), True),
        (2, None, False),
        (3, None, True),
    ]
    assert [(act.act, act.reason) for act in acts] == [("filed", ""), ("changed", "new number"), ("changed", "earlier")]


def test_a_change_is_refused(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock)
    for changes, code in (({"code": "N2"}, "outlets.field_fixed"), ({"king": "1"}, "outlets.field_fixed")):
        with pytest.raises(Refusal) as refusal:
            change_outlet(author(cast.collector), site, changes, "", clock)
        assert refused(refusal.value) == code
    with pytest.raises(Refusal) as ahead:
        change_outlet(author(cast.collector), site, {"phone": "9", "valid_from": "2026-12-01"}, "", clock)
    assert refused(ahead.value) == "outlets.change_ahead"
    with pytest.raises(Forbidden):
        change_outlet(author(cast.carmaker), site, {"phone": "9"}, "", clock)
    with pytest.raises(Missing) as missing:
        change_outlet(OPERATOR, 9999, {"phone": "9"}, "", clock)
    assert refused(missing.value) == "outlets.not_found"


def test_a_withdrawn_outlet_is_gone_and_its_history_stays(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock, valid_from="2026-01-01")
    with pytest.raises(Refusal):
        withdraw_outlet(author(cast.collector), site, TODAY, " ", clock)
    with pytest.raises(Refusal):
        withdraw_outlet(author(cast.collector), site, date(2025, 12, 31), "moved", clock)
    with pytest.raises(Forbidden):
        withdraw_outlet(author(cast.maker), site, TODAY, "moved", clock)
    withdraw_outlet(author(cast.collector), site, date(2026, 11, 30), "moved", clock)
    assert len(listed()) == 1
    assert listed(on=date(2026, 12, 1)) == []
    with pytest.raises(Conflict) as again:
        withdraw_outlet(OPERATOR, site, TODAY, "moved", clock)
    assert refused(again.value) == "outlets.withdrawn_before"
    file_outlet(author(cast.collector), row(cast.collector.code, valid_from="2027-03-01"), clock=clock)
    assert listed(on=date(2027, 2, 1)) == []
    assert [one.site for one in listed(on=date(2027, 3, 1))] == [site]
    with cursor() as run:
        assert len(outlet_versions(run, cast.nation.scope, site)) == 2


def test_who_verified_last_is_shown(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock)
    verify_outlet(author(cast.zhejiang), site, Look(date(2026, 11, 1), "visit"), clock)
    verify_outlet(author(cast.collector), site, Look(date(2026, 11, 20), "call", correct=False, note="moved"), clock)
    (found,) = listed()
    assert found.verified is not None
    assert (found.verified.on, found.verified.correct, found.verified.level) == (date(2026, 11, 20), False, "company")
    for look in (Look(TODAY, "dream"), Look(date(2026, 11, 23), "visit")):
        with pytest.raises(Refusal) as refusal:
            verify_outlet(author(cast.zhejiang), site, look, clock)
        refused(refusal.value)
    with pytest.raises(Forbidden):
        verify_outlet(author(cast.guangdong), site, Look(TODAY, "visit"), clock)


def test_a_commission_counts_when_the_maker_agrees(cast: Cast, clock: FixedClock) -> None:
    site, maker = filed(cast, clock), cast.carmaker.code
    assert commission_outlet(author(cast.collector), site, maker, TODAY, clock) is False
    assert listed(Wanted(brand=maker)) == []
    with pytest.raises(Conflict):
        commission_outlet(author(cast.collector), site, maker, TODAY, clock)
    with pytest.raises(Forbidden):
        commission_outlet(author(cast.maker), site, maker, TODAY, clock)
    assert commission_outlet(author(cast.carmaker), site, maker, TODAY, clock) is True
    assert [one.site for one in listed(Wanted(brand=maker))] == [site]
    assert commission_outlet(OPERATOR, site, cast.maker.code, TODAY, clock) is True
    (found,) = listed()
    assert found.shared
    end_commission(author(cast.carmaker), site, maker, TODAY, clock)
    assert listed(Wanted(brand=maker), date(2026, 11, 23)) == []
    with pytest.raises(Missing):
        end_commission(author(cast.carmaker), site, maker, TODAY, clock)


def test_filters(cast: Cast, clock: FixedClock) -> None:
    filed(cast, clock, "A", chemistries="B", conditions="*", kind="outlet_central")
    filed(cast, clock, "B", division="330300", brands="启明", hours="24/7", days="2026-11-23 off")
    filed(cast, clock, "C", hours=None, division="330211")

    def codes(wanted: Wanted) -> str:
        return "".join(sorted(one.code for one in listed(wanted)))

    assert codes(Wanted()) == "ABC"
    assert codes(Wanted(division="330200")) == "AC"
    assert codes(Wanted(division="330000")) == "ABC"
    assert codes(Wanted(division="330211")) == "C"
    assert codes(Wanted(kind="outlet_central")) == "A"
    assert codes(Wanted(chemistry="B")) == "A"
    assert codes(Wanted(condition="burnt")) == "A"
    assert codes(Wanted(brand="启明")) == "B"
    assert codes(Wanted(open_at=MONDAY_NOON)) == "A"
    assert codes(Wanted(open_at=NOW)) == "B"
    assert [one.code for one in near(NINGBO, Wanted(open_at=NOW))] == ["B"]


def test_a_page_follows_the_other(cast: Cast, clock: FixedClock) -> None:
    file_outlets(OPERATOR, country(cast.collector.code, 60), clock=clock)
    for place in (None, NINGBO):
        seen: list[Outlet] = []
        following = None
        with cursor() as run:
            while True:
                if place is None:
                    page = outlets_listed(run, Wanted(), TODAY, limit=7, cursor=following)
                else:
                    page = outlets_near(run, place, Wanted(), TODAY, limit=7, cursor=following)
                seen += page.rows
                following = page.following
                if following is None:
                    break
        assert len(seen) == len({one.site for one in seen}) == 60
        distances = [one.distance_m or 0.0 for one in seen]
        assert all(first <= second for first, second in pairwise(distances))


@pytest.mark.parametrize("place", [NINGBO, Place(179.9, 30.0), Place(-60.0, -35.0), Place(100.0, 89.9)])
def test_the_nearest_are_those_that_brute_force_finds(cast: Cast, clock: FixedClock, place: Place) -> None:
    frame = country(cast.collector.code, 1500)
    file_outlets(OPERATOR, frame, clock=clock)
    measured = sorted(
        (geodesic_m(*place, float(east), float(north)), code)
        for code, east, north in frame.select("code", "longitude", "latitude").iter_rows()
    )
    found = near(place, limit=25)
    assert [one.code for one in found] == [code for _, code in measured[:25]]
    assert found[0].distance_m == pytest.approx(measured[0][0], abs=1e-3)
    some = near(place, Wanted(kind="outlet_central", chemistry="B"), limit=5)
    central = set(frame.filter(kind="outlet_central")["code"])
    assert [one.code for one in some] == [code for _, code in measured if code in central][:5]


def test_a_table_is_brought_in_and_bad_rows_cost_no_good_ones(cast: Cast, clock: FixedClock) -> None:
    frame = country(cast.collector.code, 50).with_columns(
        pl.when(pl.col("code") == "N00003").then(pl.lit("nowhen")).otherwise("hours").alias("hours"),
        datum=pl.when(pl.col("code") == "N00005").then(pl.lit("gcj02")),
    )
    for form in (Format.XLSX, Format.CSV):
        data = write_table(frame, form)
        done = import_outlets(OPERATOR, data, dry=True, clock=clock)
        assert (done.rows, done.entered, done.changed) == (50, 49, 0)
        assert done.findings.filter(severity="refuse").select("row", "code").rows() == [(3, "outlets.hours_form")]
    data = write_table(frame, Format.XLSX)
    assert import_outlets(OPERATOR, data, clock=clock).changed == 49
    assert import_outlets(OPERATOR, data, clock=clock).changed == 0
    outside = import_outlets(author(cast.carmaker), data, clock=clock)
    assert outside.entered == 0
    assert set(outside.findings["code"]) == {"registry.outside_scope", "outlets.hours_form"}
    moved = next(one for one in listed() if one.code == "N00005")
    assert moved.longitude is not None
    assert moved.latitude is not None
    asked = float(frame["longitude"][5]), float(frame["latitude"][5])
    assert 30 < geodesic_m(*asked, moved.longitude, moved.latitude) < 1000


def test_what_is_no_table_of_outlets_is_refused_as_a_whole(cast: Cast, clock: FixedClock) -> None:
    done = import_outlets(OPERATOR, b"a,b\n1,2\n", clock=clock)
    assert done.entered == 0
    assert findings.refuses_file(done.findings)


def test_a_company_sees_its_own_history_only(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock)
    with cursor() as run:
        assert outlet_acts(run, Scope.of_outlet(cast.collector.number, site), site)
        assert outlet_acts(run, Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"]), site) == []


def test_an_official_does_not_move_an_outlet_of_another_province_into_his_own(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock)
    moved = row(cast.collector.code, division="440300", longitude="114.06", latitude="22.54", address="elsewhere")
    with pytest.raises(Forbidden) as refusal:
        file_outlet(author(cast.guangdong), moved, clock=clock)
    assert refused(refusal.value) == "registry.outside_scope"
    with cursor() as run:
        assert (outlet(run, site, TODAY).division, outlet(run, site, TODAY).version) == ("330200", 1)
    file_outlet(author(cast.nation), moved, clock=clock)  # who sees both may
    file_outlet(author(cast.guangdong), {**moved, "phone": "1"}, clock=clock)


def test_of_two_changes_at_once_none_is_lost(cast: Cast, clock: FixedClock) -> None:
    site, begun = filed(cast, clock), threading.Event()

    def other() -> None:
        begun.set()
        change_outlet(author(cast.collector), site, {"address": "新路2号"}, "moved", clock)
        connections.close_all()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        change_outlet(author(cast.collector), site, {"phone": "1"}, "new number", clock)
        thread.start()
        begun.wait(20)
        time.sleep(0.3)  # he waits, or has read what we are about to replace
    thread.join()
    with cursor() as run:
        one = outlet(run, site, TODAY)
    assert (one.phone, one.address) == ("1", "新路2号")
