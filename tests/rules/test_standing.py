from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest

from suyuan.rules import Gap, check_standing, law
from suyuan.rules.standing import Register
from tests.rules.histories import CARMAKER, DEALER, companies

TODAY = date(2026, 11, 22)
BATTERY_MAKER = 6
ROLES = companies((BATTERY_MAKER, "battery_maker", date(2020, 1, 1), None))
DAY = pl.Date()


def register(
    sales: Sequence[tuple[int, str, date]] = (),
    outlets: Sequence[tuple[int, str, date | None, date | None]] = (),
    facts: Sequence[tuple[int, str, date]] | None = None,
) -> Register:
    """A register in which everything is published, unless said otherwise."""
    published = [(one, "information_published", date(2020, 1, 1)) for one in (CARMAKER, BATTERY_MAKER)]
    number, text = pl.Int64(), pl.String()
    return Register(
        ROLES,
        pl.DataFrame(list(sales), {"company": number, "division": text, "first_on": DAY}, orient="row"),
        pl.DataFrame(list(outlets), {"company": number, "division": text, "from": DAY, "to": DAY}, orient="row"),
        pl.DataFrame(
            published if facts is None else list(facts),
            {"company": number, "kind": text, "occurred_on": DAY},
            orient="row",
        ),
    )


def gaps(found: Register, on: date = TODAY) -> list[tuple[str, int, str, date]]:
    """What the law of the package misses in a register."""
    return [(gap.duty, gap.company, gap.division, gap.since) for gap in check_standing(law(), found, on)]


SOLD = [(CARMAKER, "440106", date(2026, 5, 6)), (CARMAKER, "440305", date(2025, 1, 1))]


def test_a_carmaker_needs_an_outlet_in_every_prefecture_of_sale() -> None:
    assert gaps(register(SOLD)) == [
        ("carmaker.outlets", CARMAKER, "440100", date(2026, 5, 6)),
        ("carmaker.outlets", CARMAKER, "440300", date(2026, 4, 1)),  # the rule of 2026 began later than the sales
    ]
    opened = [(CARMAKER, "440111", date(2026, 6, 1), None)]
    assert gaps(register(SOLD, opened)) == [("carmaker.outlets", CARMAKER, "440300", date(2026, 4, 1))]


def test_an_outlet_counts_on_the_days_it_is_open_and_for_its_company() -> None:
    sold = SOLD[:1]
    assert gaps(register(sold, [(CARMAKER, "440100", None, None)])) == []
    closed = register(sold, [(CARMAKER, "440100", None, date(2026, 9, 30))])
    assert gaps(closed) == [("carmaker.outlets", CARMAKER, "440100", date(2026, 10, 1))]
    assert gaps(closed, date(2026, 9, 30)) == []
    for other in ((DEALER, "440100", None, None), (CARMAKER, "440100", date(2026, 12, 1), None)):
        assert len(gaps(register(sold, [other]))) == 1


def test_a_battery_maker_needs_an_outlet_in_every_province_of_sale() -> None:
    sold = [(BATTERY_MAKER, "440106", date(2026, 5, 6)), (BATTERY_MAKER, "330100", date(2026, 5, 7))]
    outlets = [(BATTERY_MAKER, "440305", None, None)]
    assert gaps(register(sold, outlets)) == [("battery_maker.outlets", BATTERY_MAKER, "330000", date(2026, 5, 7))]


def test_before_order_73_only_carmakers_needed_outlets() -> None:
    sold = [*SOLD, (BATTERY_MAKER, "440106", date(2020, 5, 6))]
    assert [gap[:2] for gap in gaps(register(sold), date(2026, 3, 31))] == [("carmaker.outlets", CARMAKER)]
    assert gaps(register(sold), date(2019, 1, 1)) == []


def test_who_has_published_nothing_is_found() -> None:
    found = gaps(register(facts=[(CARMAKER, "information_published", date(2026, 5, 1))]))
    assert found == [("outlets.information", BATTERY_MAKER, "", date(2026, 4, 1))]
    late = register(facts=[(one, "information_published", date(2026, 12, 1)) for one in (CARMAKER, BATTERY_MAKER)])
    assert len(gaps(late)) == 2


@pytest.mark.parametrize(("company", "found"), [(BATTERY_MAKER, 1), (DEALER, 0)])
def test_refused_take_back_is_found(company: int, found: int) -> None:
    facts = [(one, "information_published", date(2020, 1, 1)) for one in (CARMAKER, BATTERY_MAKER)]
    refused = [(company, "take_back_refused", day) for day in (date(2026, 7, 1), date(2026, 6, 1))]
    assert (
        gaps(register(facts=[*facts, *refused]))
        == [("battery_maker.take_back", BATTERY_MAKER, "", date(2026, 6, 1))][:found]
    )


def test_a_gap_names_the_version_of_its_rule() -> None:
    (gap,) = check_standing(law(), register(SOLD[:1]), TODAY)
    assert gap == Gap("carmaker.outlets", "carmaker.outlets@2026-04-01", CARMAKER, "440100", date(2026, 5, 6))
