"""The list of outlets, an outlet and its poster, for anybody; what is wrong there can be said in one click."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from django.test import Client

from suyuan.labels.proof import pictures
from suyuan.labels.symbols import texts_in
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.registry.queries.outlets import Wanted, outlets_listed
from suyuan.server.registry.services.outlet_acts import (
    Look,
    commission_outlet,
    verify_outlet,
    withdraw_outlet,
)
from suyuan.server.registry.services.outlet_filing import file_outlet, file_outlets
from suyuan.server.web.pages.outlets import listing, one
from tests.server.cast import NOW, Cast
from tests.server.registry.outlet_rows import author, country, row

TODAY = NOW.date()  # a Sunday
MONDAY_NOON = FixedClock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))


@pytest.fixture(autouse=True)
def monday(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages are looked at on a working day."""
    monkeypatch.setattr(listing, "SYSTEM_CLOCK", MONDAY_NOON)
    monkeypatch.setattr(one, "SYSTEM_CLOCK", MONDAY_NOON)


def filed(cast: Cast, clock: FixedClock, code: str = "N1", **changes: str | None) -> int:
    file_outlet(author(cast.collector), row(cast.collector.code, code, **changes), clock=clock)
    with cursor() as run:
        (found,) = [each for each in outlets_listed(run, Wanted(), TODAY).rows if each.code == code]
    return found.site


def page(address: str, status: int = 200, language: str = "en") -> str:
    answer = Client(headers={"accept": "text/html", "accept-language": language}).get(address)
    assert answer.status_code == status, address
    assert "suyuan_session" not in answer.cookies
    return answer.content.decode()


def names(text: str) -> list[str]:
    return re.findall(r'data-name="([^"]*)"', text)


def test_an_empty_list_says_so_and_so_does_an_empty_search(cast: Cast, clock: FixedClock) -> None:
    assert "No outlet has been filed yet" in page("/outlets")
    filed(cast, clock)
    none = page("/outlets?condition=burnt")
    assert "No outlet fits" in none
    assert names(none) == []


def test_an_entry_tells_what_somebody_needs(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock, brands="启明", chemistries="B", phone="0574-1;0574-2")
    text = page("/outlets?near=121.56,29.87")
    for said in ("甬江网点(模拟)", "宁波市", "模拟路1号", "tel:0574-1", "tel:0574-2", "Mo-Fr 09:00-17:30", "启明"):
        assert said in text
    for said in ("Open", "about 1.0 km", "Never verified", f"/o/{site}", "Lithium iron phosphate"):
        assert said.lower() in text.lower()
    assert f"/complain?subject=outlet_entry&amp;about={site}" in text
    assert "Outlets: 1" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("city=330200", {"甲", "乙"}),
        ("city=330000", {"甲", "乙"}),
        ("city=440300", set()),
        ("brand=启明", {"甲"}),
        ("brand=钱江汽车(模拟)", {"乙"}),
        ("kind=outlet_central", {"乙"}),
        ("chemistry=E", {"甲"}),
        ("condition=damaged", {"乙"}),
        ("open=1", {"甲"}),
        ("city=x&kind=y&chemistry=Q&condition=z&open=maybe&near=nan,nan", {"甲", "乙"}),
        ("brand=%00", {"甲", "乙"}),
    ],
)
def test_filters(cast: Cast, clock: FixedClock, query: str, expected: set[str]) -> None:
    filed(cast, clock, "N1", name="甲", brands="启明", chemistries="E")
    other = filed(cast, clock, "N2", name="乙", kind="outlet_central", conditions="damaged", hours="Sa 09:00-12:00")
    commission_outlet(author(cast.carmaker), other, cast.carmaker.code, TODAY, clock)
    assert set(names(page(f"/outlets?{query}"))) == expected


def test_the_nearest_come_first_and_the_list_goes_on(cast: Cast, clock: FixedClock) -> None:
    file_outlets(author(cast.collector), country(cast.collector.code, 45), clock=clock)
    seen: list[str] = []
    address = "/outlets?near=116.4,39.9"
    distances: list[float] = []
    while address:
        text = page(address)
        seen += names(text)
        distances += [float(km.replace(",", "")) for km in re.findall(r"about ([0-9,.]+) km", text)]
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address = "/outlets" + following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 45
    assert distances == sorted(distances)
    with_place = page("/outlets?near=116.4,39.9")
    assert 'data-near="116.400,39.900"' in with_place
    assert "data-longitude" in with_place


def test_an_outlet_without_a_place_is_listed_and_the_map_left_out(cast: Cast, clock: FixedClock) -> None:
    filed(cast, clock, longitude=None, latitude=None)
    text = page("/outlets")
    assert names(text)
    assert 'id="outlet-map"' not in text


def test_a_forged_cursor_is_refused(cast: Cast, clock: FixedClock) -> None:
    filed(cast, clock)
    page("/outlets?after=nonsense", 422)


def test_the_page_of_an_outlet(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock, conditions="whole damaged", capacity_kg="4800", days="2026-12-01..2026-12-02 off")
    verify_outlet(author(cast.zhejiang), site, Look(TODAY, "visit"), clock)
    text = page(f"/o/{site}")
    for said in ("Verified on the spot on 2026-11-22", "4,800 kg", "Whole, Damaged", "2026-12-01 closed", "geo:29.87"):
        assert said in text
    assert "甬江回收(模拟)" in text
    assert f"/o/{site}/poster.pdf" in text
    chinese = page(f"/o/{site}", language="zh-CN")
    assert "周一至周五 09:00-17:30" in chinese
    assert "2026-11-22 现场核对属实" in chinese


def test_what_a_verification_found_wrong_is_said(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock)
    verify_outlet(author(cast.zhejiang), site, Look(TODAY, "call", correct=False), clock)
    assert "Found wrong on 2026-11-22" in page(f"/o/{site}")
    assert "Found wrong on 2026-11-22" in page("/outlets")


def test_a_maker_that_has_not_agreed_is_not_shown(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock)
    commission_outlet(author(cast.collector), site, cast.carmaker.code, TODAY, clock)
    assert "钱江汽车(模拟)" not in page(f"/o/{site}")
    commission_outlet(author(cast.carmaker), site, cast.carmaker.code, TODAY, clock)
    assert "钱江汽车(模拟)" in page(f"/o/{site}")


@pytest.mark.parametrize("site", ["0", "999999", "99999999999999999999"])
def test_an_unknown_outlet_is_one_answer(cast: Cast, clock: FixedClock, site: str) -> None:
    page(f"/o/{site}", 404)
    page(f"/o/{site}/poster.pdf", 404)


def test_a_closed_outlet_is_like_an_unknown_one(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock)
    withdraw_outlet(author(cast.collector), site, TODAY, "moved", clock)
    page(f"/o/{site}", 404)
    assert names(page("/outlets")) == []


def test_names_are_shown_as_words(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast, clock, name='<img src=x>"', address="<b>1</b>", phone="<i>", brands="A&B")
    for address in ("/outlets", f"/o/{site}"):
        text = page(address)
        assert "<img src=x" not in text
        assert "<b>1</b>" not in text
        assert "<i>" not in text
        assert "A&amp;B" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_code_on_the_poster_leads_to_the_outlet(cast: Cast, clock: FixedClock, language: str) -> None:
    site = filed(cast, clock, name="很长的名称" * 30, address="Somewhere far " * 18, brands="启明;龘")
    answer = Client().get(f"/o/{site}/poster.pdf?lang={language}", headers={"host": "localhost"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    (picture,) = pictures(answer.content, 4)
    assert texts_in(np.ascontiguousarray(picture)) == {("qr", f"http://localhost/o/{site}")}
    again = Client().get(f"/o/{site}/poster.pdf?lang={language}", headers={"host": "localhost"})
    assert again.content == answer.content


def test_a_full_outlet_says_call_first(cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    site = filed(cast, clock)
    assert "Over its limit" not in page("/outlets")
    monkeypatch.setattr(listing, "crowded_outlets", lambda run, sites: frozenset(sites))
    monkeypatch.setattr(one, "crowded_outlets", lambda run, sites: frozenset(sites))
    assert "Over its limit" in page("/outlets")
    assert "Over its limit" in page(f"/o/{site}")


def test_only_reading(cast: Cast) -> None:
    assert Client().post("/outlets").status_code == 405
    assert Client().head("/outlets").status_code == 200
