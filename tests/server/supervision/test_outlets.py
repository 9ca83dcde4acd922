"""Outlets by the ledger: stock against limits, coverage, and gaps; each with the wrong scope."""

from datetime import date

import pytest
from django.db import transaction

from suyuan.events.vocabulary import vocabulary
from suyuan.rules import law
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.outlets import Wanted, outlets_listed
from suyuan.server.registry.services.outlet_acts import commission_outlet, withdraw_outlet
from suyuan.server.registry.services.outlet_filing import file_outlet
from suyuan.server.supervision.queries.outlets import (
    Covered,
    OutletGap,
    Stock,
    covered_prefectures,
    gaps,
    outlet_stock,
    stock_limits,
)
from suyuan.server.supervision.services.selling import recount_sales
from tests.server.cast import NATION, Actor, Cast
from tests.server.ledger.acting import OTHER_VIN, VIN, pack
from tests.server.registry.outlet_rows import OPERATOR, author, row
from tests.server.supervision.watching import Watched

IN_FORCE, AFTER = date(2026, 3, 31), date(2026, 4, 1)
TODAY = date(2026, 11, 22)


def arrived(watched: Watched, cast: Cast, number: int, mass_kg: float | None) -> object:
    given = {"code": pack(number), "received_on": date(2026, 3, 1), "site": "O1", "site_no": cast.collector.sites["O1"]}
    mass = {} if mass_kg is None else {"mass_kg": mass_kg}
    return watched.report("outlet_received", cast.collector, [{**given, **mass}])


def stock(scope: Scope, on: date = IN_FORCE, *, over: bool = False) -> list[Stock]:
    with cursor() as run:
        return outlet_stock(run, scope, on, over=over)


def covered(scope: Scope, on: date = TODAY) -> list[Covered]:
    with cursor() as run:
        return covered_prefectures(run, scope, on)


def missing(scope: Scope, on: date = TODAY) -> list[OutletGap]:
    with transaction.atomic(), cursor() as run:
        recount_sales(run)
        return gaps(run, scope, on)


def sold(watched: Watched, actor: Actor, vin: str, division: str, on: date) -> None:
    watched.report("vehicle_sold", actor, [{"vin": vin, "sold_on": on, "division": division}])


def test_the_limit_is_that_of_the_law_on_the_day() -> None:
    told = stock_limits(IN_FORCE)["outlet_collection"]
    versions = law().values["outlet.collection.stock"]
    assert (told.limit_kg, told.version) == (5000.0, versions[0].version)
    assert "outlet_central" not in stock_limits(IN_FORCE)
    assert stock_limits(AFTER) == {}


def test_stock_is_weighed_and_compared(cast: Cast, watched: Watched) -> None:
    assert stock(NATION) == []
    first = arrived(watched, cast, 1, 4000.0)
    arrived(watched, cast, 2, None)
    (one,) = stock(NATION)
    assert (one.site, one.batteries, one.mass_kg, one.unweighed) == (cast.collector.sites["O1"], 2, 4000.0, 1)
    assert not one.over_limit
    assert stock(NATION, over=True) == []
    arrived(watched, cast, 3, 1000.5)
    assert [one.over_limit for one in stock(cast.zhejiang.scope, over=True)] == [True]
    assert stock(NATION, AFTER, over=True) == []
    for stranger in (cast.guangdong, cast.maker):
        assert stock(stranger.scope) == []
    assert len(stock(cast.collector.scope)) == 1
    assert stock(Scope.of_outlet(cast.collector.number, cast.collector.sites["O2"])) == []
    watched.withdraw(first, cast.collector)  # type: ignore[arg-type]  # what `report` gave
    assert [one.mass_kg for one in stock(NATION)] == [1000.5]


def test_what_was_filed_as_capacity_is_compared_too(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    arrived(watched, cast, 1, 700.0)
    file_outlet(OPERATOR, row(cast.collector.code, "O1", capacity_kg="600", valid_from="2026-01-01"), clock=clock)
    (one,) = stock(NATION, AFTER, over=True)
    assert (one.over_capacity, one.over_limit, one.capacity_kg) == (True, False, 600.0)


def test_a_gap_is_where_a_maker_sells_without_an_outlet(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    sold(watched, cast.carmaker, VIN, "330212", date(2026, 5, 1))
    sold(watched, cast.carmaker, OTHER_VIN, "440305", date(2026, 6, 1))

    def places(scope: Scope) -> list[str]:
        return [one.prefecture for one in missing(scope)]

    assert places(NATION) == ["330200", "440300"]
    assert places(cast.guangdong.scope) == ["440300"]
    assert places(cast.zhejiang.scope) == ["330200", "440300"]  # the maker is seated there
    assert places(cast.carmaker.scope) == ["330200", "440300"]
    assert places(cast.maker.scope) == []
    assert places(Scope.of_outlet(cast.carmaker.number, 1)) == []
    file_outlet(OPERATOR, row(cast.collector.code, valid_from="2026-05-01"), clock=clock)
    with cursor() as run:
        (site,) = [one.site for one in outlets_listed(run, Wanted(), TODAY).rows]
    commission_outlet(author(cast.collector), site, cast.carmaker.code, date(2026, 5, 1), clock)
    assert places(NATION) == ["330200", "440300"]  # nobody has agreed yet
    commission_outlet(author(cast.carmaker), site, cast.carmaker.code, date(2026, 5, 1), clock)
    assert places(NATION) == ["440300"]
    told = {(one.company, one.prefecture): one for one in covered(NATION)}
    assert told[cast.carmaker.number, "330200"].commissioned == 1
    assert [one.prefecture for one in covered(cast.carmaker.scope)] == ["330200"]
    assert covered(cast.guangdong.scope) == []
    withdraw_outlet(OPERATOR, site, TODAY, "moved", clock)
    day = date(2026, 11, 23)
    (gone, _) = missing(NATION, day)
    assert (gone.prefecture, gone.since) == ("330200", day)


@pytest.mark.parametrize("kind", ["outlet_received", "outlet_handed_over"])
def test_the_vocabulary_still_moves_batteries_to_and_from_outlets(kind: str) -> None:
    place = vocabulary().kinds[kind].slots[0].sets.site
    assert place == ("site" if kind == "outlet_received" else "nowhere")
