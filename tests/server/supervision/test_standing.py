"""Standing duties on the server: found, kept since when, ended, seen by whom, explained."""

from datetime import date, datetime, timedelta

import pytest
from django.db import transaction

from suyuan.kernel import Language
from suyuan.server.kit.clock import CHINA, FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.registry import services as registry
from suyuan.server.registry.models import SiteKind
from suyuan.server.registry.services import SiteEntry
from suyuan.server.supervision.queries.standing import GapRow, WantedGaps, explained_gap_json, gap, gap_json, gaps
from suyuan.server.supervision.services.facts import Fact, enter_fact, withdraw_fact
from suyuan.server.supervision.services.selling import recount_sales
from tests.server.cast import NATION, Cast
from tests.server.counting import queries_of
from tests.server.ledger.acting import VIN, pack
from tests.server.supervision.watching import Watched, executed, following, rebuilt

SOLD_ON = date(2026, 5, 6)


def found(scope: Scope = NATION, duty: str = "carmaker.outlets", *, ended: bool = False) -> list[GapRow]:
    with cursor() as run:
        return list(gaps(run, scope, WantedGaps(duty=duty, ended=ended)).rows)


def built(cast: Cast, watched: Watched, on: date = SOLD_ON) -> None:
    """A pack in a vehicle."""
    watched.report("pack_produced", cast.maker, [{"pack_code": pack(1), "produced_on": on}])
    watched.report("stocked", cast.maker, [{"code": pack(1), "stocked_on": on}])
    car = {"vin": VIN, "pack_code": pack(1), "produced_on": on, "vehicle_model": "X1"}
    watched.report("vehicle_produced", cast.carmaker, [car])


def sold(cast: Cast, watched: Watched, division: str = "440106", on: date = SOLD_ON) -> None:
    """A vehicle made and sold."""
    built(cast, watched, on)
    watched.report("vehicle_sold", cast.carmaker, [{"vin": VIN, "sold_on": on, "division": division}])


def outlet(cast: Cast, division: str, opened: date, closed: date | None = None) -> None:
    """An outlet of the carmaker."""
    entry = SiteEntry(
        company=cast.carmaker.code,
        code=f"O-{division}",
        kind=SiteKind.OUTLET_COLLECTION,
        division=division,
        valid_from=opened,
        valid_to=closed,
    )
    registry.register_site(NATION, entry)


def test_a_carmaker_without_an_outlet_where_it_sold_is_found_since_the_sale(
    cast: Cast, watched: Watched, clock: FixedClock
) -> None:
    sold(cast, watched)
    assert following(clock).standing
    (one,) = found()
    assert (one.company, one.division, one.since, one.ended_on) == (cast.carmaker.code, "440100", SOLD_ON, None)
    before = executed("SELECT found_at FROM supervision_standing")
    clock.advance(timedelta(days=3))
    following(clock)
    assert found() == [one]  # the same row, since the same day
    assert executed("SELECT found_at FROM supervision_standing") == before


def test_an_outlet_ends_it_and_its_closing_begins_another(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    sold(cast, watched)
    following(clock)
    outlet(cast, "440105", date(2026, 11, 1), date(2026, 11, 25))  # anywhere in the prefecture
    assert following(clock).standing
    assert found() == []
    (over,) = found(ended=True)
    assert (over.since, over.ended_on) == (SOLD_ON, clock.today())
    clock.advance(timedelta(days=4))  # nothing arrives, but a day has come on which the outlet is closed
    following(clock)
    (again,) = found()
    assert again.since == date(2026, 11, 26)
    assert len(found(ended=True)) == 1


def test_an_outlet_elsewhere_or_of_somebody_else_does_not_count(
    cast: Cast, watched: Watched, clock: FixedClock
) -> None:
    sold(cast, watched)
    outlet(cast, "440305", date(2026, 1, 1))
    following(clock)
    assert [one.division for one in found()] == ["440100"]


def test_an_outlet_that_acts_for_the_carmaker_counts_when_it_has_agreed(
    cast: Cast, watched: Watched, clock: FixedClock
) -> None:
    sold(cast, watched, "330200")  # where the outlet operator has its outlets
    following(clock)
    assert [one.division for one in found()] == ["330200"]
    executed(
        "INSERT INTO registry_outlet_commission (site, company, valid_from, recorded_at, author)"
        " VALUES (%s, %s, '2026-06-01', now(), 'test')",
        [cast.collector.sites["O1"], cast.carmaker.number],
    )
    following(clock)
    assert len(found()) == 1
    executed("UPDATE registry_outlet_commission SET agreed_at = now(), agreed_by = 'test'")
    following(clock)
    assert found() == []


def test_a_withdrawn_sale_is_none(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    built(cast, watched)
    sale = watched.report("vehicle_sold", cast.carmaker, [{"vin": VIN, "sold_on": SOLD_ON, "division": "440106"}])
    following(clock)
    assert len(found()) == 1
    watched.withdraw(sale, cast.carmaker)
    watched.announce(cast.carmaker)
    following(clock)
    assert found() == []


def test_a_battery_makers_sale_is_seen_where_others_stock_its_products(
    cast: Cast, watched: Watched, clock: FixedClock
) -> None:
    """Into the stock of a carmaker it is no sale that the rule means."""
    day = {"stocked_on": date(2026, 6, 1)}
    watched.report("pack_produced", cast.maker, [{"pack_code": pack(n), "produced_on": SOLD_ON} for n in (1, 2)])
    watched.report("after_sales_stocked", cast.carmaker, [{"code": pack(1), **day}])
    following(clock)
    assert found(duty="battery_maker.outlets") == []
    watched.report("after_sales_stocked", cast.repairer, [{"code": pack(2), **day}])
    following(clock)
    (one,) = found(duty="battery_maker.outlets")
    assert (one.company, one.division, one.since) == (cast.maker.code, "440000", date(2026, 6, 1))


def test_information_published_and_take_back_refused(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    following(clock)
    assert {one.company for one in found(duty="outlets.information")} == {cast.carmaker.code, cast.maker.code}
    with transaction.atomic(), cursor() as run:
        published = Fact(cast.maker.number, "information_published", date(2026, 11, 1))
        refused = Fact(cast.maker.number, "take_back_refused", date(2026, 11, 2))
        enter_fact(run, published, clock=clock)
        mistaken = enter_fact(run, refused, clock=clock)
    following(clock)
    assert {one.company for one in found(duty="outlets.information")} == {cast.carmaker.code}
    assert [one.since for one in found(duty="battery_maker.take_back")] == [date(2026, 11, 2)]
    with transaction.atomic(), cursor() as run:
        withdraw_fact(run, mistaken, "another company", clock)
    following(clock)
    assert found(duty="battery_maker.take_back") == []


def test_who_sees_it(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    """The carmaker sits in Zhejiang and lacks an outlet in Guangdong: both authorities see it, strangers do not."""
    sold(cast, watched)
    following(clock)
    (one,) = found()
    for scope in (cast.carmaker.scope, cast.zhejiang.scope, cast.guangdong.scope, Scope.of_city("440100")):
        assert found(scope) == [one]
    outlet_scope = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    for scope in (cast.maker.scope, Scope.of_province("110000"), Scope.of_city("440300"), outlet_scope):
        assert found(scope) == []
        with cursor() as run, pytest.raises(Missing):
            gap(run, scope, one.number)


def test_it_explains_itself_in_both_languages(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    sold(cast, watched)
    following(clock)
    (one,) = found()
    for language in Language:
        told = explained_gap_json(one, language)
        said = " ".join(step["message"] for step in told["steps"])  # type: ignore[attr-defined]
        assert "440100" in said
        assert str(SOLD_ON) in said
        assert "广州" in said
        assert "{" not in said
        assert gap_json(one, language)["title"]


def test_nothing_is_checked_while_nothing_has_changed(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    sold(cast, watched)
    following(clock)
    following(clock)
    with queries_of() as seen:
        assert not following(clock).standing
    assert not [text for text in seen if "supervision_gap" in text]


def test_the_fold_of_sales_is_what_counting_anew_gives(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    sold(cast, watched)
    watched.report("swap_in", cast.swapper, [{"code": pack(5), "stocked_on": datetime(2026, 6, 2, 10, tzinfo=CHINA)}])
    following(clock)
    kept = executed("SELECT * FROM supervision_sold ORDER BY 1, 2")
    assert len(kept) == 2
    with transaction.atomic(), cursor() as run:
        recount_sales(run)
    assert executed("SELECT * FROM supervision_sold ORDER BY 1, 2") == kept
    rebuilt(clock, check=False)
    assert len(found()) == 1
