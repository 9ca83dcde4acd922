"""In a world without errors everything told is lawful, and every kind of event is told."""

from datetime import UTC, datetime

import polars as pl
import pytest

from suyuan.codes.columns import check_battery_codes
from suyuan.events.check import Context, check
from suyuan.events.vocabulary import FieldType, vocabulary
from suyuan.simulation import ErrorRates, Plan, Simulation, simulate
from suyuan.simulation.reporting import RANK, touches
from tests.simulation.replay import Judge, records, table_of

HONEST = ErrorRates.none()
ABOUT_RECORDS = {"correction", "withdrawal"}


@pytest.fixture(scope="module")
def honest() -> Simulation:
    return simulate(Plan.province_year(seed=3, vehicles=100, errors=HONEST))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("vehicles", [50, 180])
def test_every_kind_occurs_from_50_vehicles_on(seed: int, vehicles: int) -> None:
    simulation = simulate(Plan.province_year(seed=seed, vehicles=vehicles))
    assert set(simulation.files["kind"]) == set(vocabulary().kinds) - ABOUT_RECORDS
    assert set(simulation.follow_ups["kind"]) == ABOUT_RECORDS


@pytest.mark.parametrize(
    "plan",
    [
        Plan.province_year(seed=0, vehicles=80, errors=HONEST),
        Plan(seed=1, vehicles=60, years=2, provinces=("310000", "440000"), errors=HONEST),
    ],
    ids=["province", "two provinces, two years"],
)
def test_the_files_replayed_in_order_tell_a_lawful_history(plan: Plan) -> None:
    simulation = simulate(plan)
    judge = Judge()
    for upload in simulation.uploads():
        kind = vocabulary().kinds[upload.kind]
        for rows in records(kind, table_of(upload)):
            judge.hear(kind, rows, upload.company)
    assert judge.objections == []
    assert len(judge.things) > 300


def test_the_judge_objects_to_what_is_not_lawful() -> None:
    rates = ErrorRates(missing=0.1, mistyped=0.1)
    judge = Judge()
    for upload in simulate(Plan.province_year(vehicles=80, errors=rates)).uploads():
        kind = vocabulary().kinds[upload.kind]
        for rows in records(kind, table_of(upload)):
            judge.hear(kind, rows, upload.company)
    assert len(judge.objections) > 5


def test_only_those_report_who_may(honest: Simulation) -> None:
    for kind, frame in honest.story.items():
        roles = {honest.world.companies[index].role for index in frame["_by"]}
        assert roles <= set(vocabulary().kinds[kind].reporters), kind


def test_the_life_of_each_thing_runs_forwards(honest: Simulation) -> None:
    at: dict[int, int] = {}
    for frame in honest.story.values():
        at.update(frame.select("_record", "_at").iter_rows())
    for (thing,), life in touches(honest.story).group_by("object"):
        moments = [at[record] for record in life["record"]]
        assert moments == sorted(moments), thing


def test_every_rule_is_kept_by_every_file(honest: Simulation) -> None:
    tables = honest.registry_tables()
    numbers = {code: number for number, code in enumerate(tables["companies"]["code"])}
    for upload in honest.uploads():
        sites = tables["sites"].filter(pl.col("company") == upload.company)["code"]
        context = Context(
            reference=upload.reported_on,
            now=datetime(upload.reported_on.year, upload.reported_on.month, upload.reported_on.day, 12, tzinfo=UTC),
            reporter=upload.company,
            companies=numbers,
            sites={site: number for number, site in enumerate(sites)},
            vendors=frozenset(tables["vendor_codes"]["code"]),
            filings=tables["filings"],
            strict_vin=True,
        )
        table = table_of(upload).with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M:%S")).cast(pl.String)
        checked = check(table, vocabulary().kinds[upload.kind], context)
        assert checked.findings.is_empty(), (upload.path, checked.findings)
        assert checked.records == upload.records


def test_every_code_keeps_the_rules(honest: Simulation) -> None:
    for kind, frame in honest.story.items():
        for name, field in vocabulary().kinds[kind].fields.items():
            if field.type is FieldType.BATTERY_CODE:
                codes = frame[name].drop_nulls()
                levels = field.levels or "PMC"
                assert check_battery_codes(codes, honest.plan.end, levels)["finding"].null_count() == len(codes)


def test_nothing_is_reported_before_it_happened_and_nothing_much_later(honest: Simulation) -> None:
    reported = honest.reports.records.with_columns((pl.col("reported") - pl.col("at") // 86_400).alias("delay"))
    window = reported.filter(pl.col("at") >= 86_400 * 20_089)
    assert (window["delay"] >= 1).all()
    limit = pl.when("half").then(20).otherwise(34)  # a period and two days
    pushed = window.filter(pl.col("delay") > limit).height  # waits for the record it builds on
    assert pushed < 0.02 * window.height


def test_files_are_sent_in_order(honest: Simulation) -> None:
    files = honest.files.with_columns(pl.col("kind").replace_strict(RANK, return_dtype=pl.Int64).alias("rank"))
    assert files.equals(files.sort("reported_on", "rank", "by", maintain_order=True))
    assert files["order"].to_list() == list(range(files.height))


def test_a_national_plan_of_several_years_is_peopled_by_all_provinces() -> None:
    simulation = simulate(Plan.nation(vehicles=600, years=2))
    assert {company.province.code for company in simulation.world.companies} == set(simulation.plan.provinces)
    assert simulation.story["vehicle_sold"]["division"].str.slice(0, 2).n_unique() > 20


def test_a_few_vehicles_are_enough_to_start() -> None:
    assert simulate(Plan.province_year(vehicles=1)).files.height >= 1
