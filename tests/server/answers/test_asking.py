"""Every number equals the rows it opens to, every stage closes, areas add up, and nobody sees what is not his."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from django.db import transaction

from suyuan.kernel import Language
from suyuan.server.answers.queries import asking, rows
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.areas import Area, area_of, division_area
from suyuan.server.answers.queries.measures import Figure, measures
from suyuan.server.answers.queries.periods import Period, parse_period
from suyuan.server.answers.queries.rows import Wanted, duty_rows, stay_rows, total
from suyuan.server.answers.queries.steps import Amount
from suyuan.server.answers.services import follow
from suyuan.server.kit.clock import CHINA, FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import companies
from tests.server.answers.folding import TODAY, Folded, rebuilt
from tests.server.cast import Cast
from tests.server.supervision.watching import executed, following

NATION = Scope.of_nation()
YEAR = parse_period("2025", TODAY)
OPENED = {
    "in_service": "in_service",
    "retired": "retired",
    "collected": "collected",
    "overdue": "overdue",
    "unaccounted": "unaccounted",
}


def values(figures: list[Figure]) -> dict[str, float | int | None]:
    return {one.name: one.value for one in figures}


def check_area(area: Area, period: Period) -> None:
    """Every figure of an area is what its rows come to, and every stage closes in packs, energy and mass."""
    with cursor() as run:
        figures = {one.name: one for one in asking.overview(run, NATION, area, period)}
        for name, what in OPENED.items():
            assert figures[name].value == total(run, NATION, area, period, Wanted(what))[0], (area.key, name)
        rate = figures["on_time_rate"]
        counts = {what: total(run, NATION, area, period, Wanted(what))[0] for what in ("in_time", "late", "missed")}
        assert (rate.numerator, rate.denominator) == (counts["in_time"], sum(counts.values()))
        told = asking.flows(run, area, period)
        for stage, balance in told.balance.items():
            rows_of = total(run, NATION, area, period, Wanted("stock", stage))
            assert balance.closing[:3] == rows_of, (area.key, stage)
        for ribbon, amount in told.ribbons.items():
            step = Wanted("step", ribbon.from_stage, ribbon.to_stage, ribbon.crossing)
            assert amount[:3] == total(run, NATION, area, period, step), (area.key, ribbon)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_simulated_history_adds_up_everywhere(cast: Cast, seed: int) -> None:
    from suyuan.cli.demo.reporting import register, report
    from suyuan.simulation import Plan, simulate

    simulation = simulate(replace(Plan.province_year(seed, 15), start=date(2025, 1, 1)))
    register(simulation)
    report(simulation, quiet=True)
    last = simulation.files["reported_on"].max()
    assert isinstance(last, date)
    clock = FixedClock(datetime.combine(last + timedelta(days=90), time(12), CHINA))
    following(clock)
    with transaction.atomic(), cursor() as run:
        follow(run, clock)
    assert rebuilt().clean
    today = clock.today()
    for name in (str(last.year), f"{last:%Y-%m}", "all"):
        period = parse_period(name, today)
        nation = area_of(NATION)
        check_area(nation, period)
        with cursor() as run:
            below = asking.children(run, NATION, nation, period)
            firms = asking.by_company(run, NATION, nation, period)
            whole = values(asking.overview(run, NATION, nation, period))
        for several in (below, firms):
            for measure in ("in_service", "retired", "collected", "unaccounted"):
                found = sum(values(figures)[measure] or 0 for _, figures in several)
                assert found == whole[measure] or (several is firms and found <= (whole[measure] or 0))
        for area, figures in below[:4] + firms[:4]:
            check_area(area, period)
            with cursor() as run:
                assert {**values(figures), "open_cases": 0} == values(asking.overview(run, NATION, area, period))


@pytest.fixture
def lives(folded: Folded) -> Folded:
    """Three packs: one in use, one collected, one lost sight of."""
    folded.installed(1, date(2025, 2, 1), "LGWEEUA59JE003435", sold_in="440300")
    code = folded.installed(2, date(2025, 2, 1), "1M8GDM9AXKP042788", sold_in="330100")
    folded.removed(code, date(2025, 5, 1), "1M8GDM9AXKP042788")
    folded.handed(code, date(2025, 5, 3))
    folded.utilised(code, date(2025, 5, 9))
    lost = folded.installed(3, date(2025, 2, 1), "LSVAA2186E2100001", sold_in="330100")
    folded.removed(lost, date(2025, 6, 1), "LSVAA2186E2100001")
    folded.handed(lost, date(2025, 6, 3))
    folded.fold()
    return folded


def test_the_overview_of_a_nation(lives: Folded) -> None:
    with cursor() as run:
        found = values(asking.overview(run, NATION, area_of(NATION), YEAR))
    assert {name: found[name] for name in ("in_service", "retired", "collected", "collection_rate", "unaccounted")} == {
        "in_service": 1,
        "retired": 2,
        "collected": 1,
        "collection_rate": 0.5,
        "unaccounted": 1,
    }


def test_as_of_a_day_before_the_limit_ran_out_nothing_was_unaccounted(lives: Folded) -> None:
    with cursor() as run:
        nation = area_of(NATION)
        july, august = (parse_period(name, TODAY) for name in ("2025-07", "2025-08"))
        assert [values(asking.overview(run, NATION, nation, one))["unaccounted"] for one in (july, august)] == [0, 1]


def test_the_rows_of_unaccounted_batteries_say_why_and_since_when(lives: Folded) -> None:
    with cursor() as run:
        (row,) = stay_rows(run, NATION, area_of(NATION), YEAR, Wanted("unaccounted"), limit=10).rows
    assert (row.reason, row.company) == (at.NOT_RECEIVED, lives.cast.dismantler.code)
    assert row.from_on == date(2025, 6, 3) + timedelta(days=int(at.limit().value) + 1)


def test_pages_of_rows_give_each_row_once(lives: Folded) -> None:
    wanted = Wanted("step", at.OUTSIDE, at.MADE)
    with cursor() as run:
        area, codes, page = area_of(NATION), list[str](), None
        while page is None or page.following:
            page = stay_rows(run, NATION, area, YEAR, wanted, limit=1, cursor=page.following if page else None)
            codes += [row.code for row in page.rows]
    assert len(codes) == len(set(codes)) == 3


def test_pages_of_duties_give_each_once(lives: Folded) -> None:
    whole = parse_period("all", TODAY)
    with cursor() as run:
        area, found, page = area_of(NATION), list[tuple[str, str]](), None
        while page is None or page.following:
            page = duty_rows(run, NATION, area, whole, Wanted("late"), limit=2, cursor=page.following if page else None)
            found += [(row.record, row.duty) for row in page.rows]
        number, _, _ = total(run, NATION, area, whole, Wanted("late"))
    assert len(found) == len(set(found)) == number > 2


def test_a_province_ranks_its_cities_and_the_nation_its_provinces(lives: Folded) -> None:
    with cursor() as run:
        of_nation = asking.ranking(run, NATION, area_of(NATION), YEAR, "in_service", by="division", limit=10)
        zhejiang = area_of(lives.cast.zhejiang.scope)
        of_zhejiang = asking.ranking(run, lives.cast.zhejiang.scope, zhejiang, YEAR, "retired", by="division", limit=10)
    assert (of_nation[0].area.code, of_nation[0].figure.value) == ("440000", 1)
    assert ("330100", 2) in [(one.area.code, one.figure.value) for one in of_zhejiang]


def test_the_trend_ends_with_the_overview(lives: Folded) -> None:
    with cursor() as run:
        nation = area_of(NATION)
        months = asking.trend(run, NATION, nation, YEAR)
        whole = values(asking.overview(run, NATION, nation, YEAR))
    told = [values(one) for one in months]
    assert len(told) == 12
    assert (told[-1]["in_service"], told[-1]["unaccounted"]) == (whole["in_service"], whole["unaccounted"])
    assert sum(one["retired"] or 0 for one in told) == whole["retired"]


# ---------------------------------------------------------------- the wrong scope


def test_nobody_names_an_area_outside_his_scope(lives: Folded) -> None:
    cast = lives.cast
    with pytest.raises(Forbidden):
        area_of(cast.zhejiang.scope, division="440000")
    with pytest.raises(Forbidden):
        area_of(cast.dismantler.scope, division="330000")
    with pytest.raises(Missing):
        area_of(cast.guangdong.scope, company=cast.dismantler.code)
    with pytest.raises(Missing):
        area_of(cast.carmaker.scope, company=cast.dismantler.code)
    outlet = Scope.of_outlet(cast.collector.number, next(iter(cast.collector.sites.values())))
    with pytest.raises(Forbidden):
        area_of(outlet)


def test_rows_of_an_area_are_empty_with_the_scope_of_somebody_else(lives: Folded) -> None:
    cast = lives.cast
    theirs = area_of(cast.dismantler.scope)
    outlet = Scope.of_outlet(cast.collector.number, next(iter(cast.collector.sites.values())))
    with cursor() as run:
        own = stay_rows(run, cast.dismantler.scope, theirs, YEAR, Wanted("unaccounted"), limit=5)
        assert len(own.rows) == 1
        for stranger in (cast.guangdong.scope, cast.swapper.scope, outlet):
            assert not stay_rows(run, stranger, theirs, YEAR, Wanted("unaccounted"), limit=5).rows
            assert total(run, stranger, theirs, YEAR, Wanted("unaccounted"))[0] == 0
            for what in rows.DUTIES:
                assert not duty_rows(run, stranger, theirs, YEAR, Wanted(what), limit=5).rows
                assert total(run, stranger, theirs, YEAR, Wanted(what))[0] == 0


def test_a_province_sees_its_own_numbers_alone(lives: Folded) -> None:
    cast = lives.cast
    with cursor() as run:
        mine = values(asking.overview(run, cast.guangdong.scope, area_of(cast.guangdong.scope), YEAR))
        theirs = asking.by_company(run, cast.guangdong.scope, area_of(cast.guangdong.scope), YEAR)
    assert (mine["in_service"], mine["retired"], mine["unaccounted"]) == (1, 0, 0)
    seated = set(companies(cast.guangdong.scope)["code"])
    assert {area.code for area, _ in theirs} <= seated


# ---------------------------------------------------------------- what is asked wrongly


@pytest.mark.parametrize("name", ["2026-13", "2026-Q5", "soon", "1999", "２０２６"])
def test_a_period_that_is_none(name: str) -> None:
    with pytest.raises(Refusal, match=r"answers\.period_unclear"):
        parse_period(name, TODAY)


def test_a_period_ahead() -> None:
    with pytest.raises(Refusal, match=r"answers\.period_ahead"):
        parse_period("2027", TODAY)


def test_what_opens_to_nothing_and_ranks_by_nothing(lives: Folded) -> None:
    with cursor() as run:
        with pytest.raises(Refusal):
            total(run, NATION, area_of(NATION), YEAR, Wanted("happiness"))
        with pytest.raises(Refusal):
            asking.ranking(run, NATION, area_of(NATION), YEAR, "happiness", by="division", limit=10)


def test_every_measure_is_explained_in_both_languages() -> None:
    for one in measures().values():
        for label in (one.title, one.definition, one.formula, one.source):
            assert label.in_language(Language.ZH) != label.in_language(Language.EN)
            assert "{" not in label.zh + label.en


def test_a_stage_of_the_vocabulary_belongs_to_one_stage_here() -> None:
    from suyuan.events.vocabulary import vocabulary

    told = [name for one in at.stages().every for name in one.of]
    batteries = {number for number in vocabulary().stages.values() if number < 20}
    assert len(told) == len(set(told))
    assert set(at.stages().of_vocabulary) == batteries
    assert [one.no for one in at.stages().every] == list(range(len(at.stages().every)))


def test_amounts_add_and_subtract() -> None:
    one = Amount(3, 2, 1, 1, 0, 1)
    assert one.plus(one).minus(one) == one


def test_unknown_places_count_under_a_place_of_their_own(lives: Folded) -> None:
    executed("UPDATE registry_company SET division = '990000' WHERE code = %s", [lives.cast.dismantler.code])
    lives.fold()
    assert rebuilt().clean
    with cursor() as run:
        elsewhere = values(asking.overview(run, NATION, division_area("99"), YEAR))
    assert elsewhere["unaccounted"] == 1


def test_open_cases_are_counted_in_the_scope(lives: Folded) -> None:
    cast = lives.cast
    for closed in (None, "2026-11-01"):
        executed(
            "INSERT INTO cases_case (company, place, title, opened_at, version, state, level, division, told, planned,"
            " changed_at, closed_at)"
            " VALUES (%s, '330300', 'a case', now(), 1, 'open', 'province', '330000', false, false, now(), %s)",
            [cast.dismantler.number, closed],
        )
    seen = (cast.nation, 1), (cast.zhejiang, 1), (cast.guangdong, 0), (cast.dismantler, 0)
    with cursor() as run:
        for actor, number in seen:
            assert values(asking.overview(run, actor.scope, area_of(actor.scope), YEAR))["open_cases"] == number
