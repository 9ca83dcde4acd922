"""Each error comes at about its rate, and the truth says where."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from suyuan.codes.columns import check_vins
from suyuan.events.vocabulary import vocabulary
from suyuan.simulation import ErrorRates, Plan, Simulation, follow_up_table, simulate
from suyuan.simulation.errors import mistyped
from tests.simulation.replay import table_of

RATES = {"late": 0.04, "missing": 0.02, "duplicate": 0.03, "mistyped": 0.03, "wrong_order": 0.03}
PLAN = Plan.province_year(
    seed=5, vehicles=3_000, errors=ErrorRates(**RATES, leaked=0.3, vanished=0.2, corrected=0.05, withdrawn=0.1)
)


@pytest.fixture(scope="module")
def crooked() -> Simulation:
    return simulate(PLAN)


@pytest.fixture(scope="module")
def straight() -> Simulation:
    """The same world, rightly reported; leaks are part of what is true."""
    return simulate(
        Plan.province_year(
            seed=5,
            vehicles=3_000,
            errors=ErrorRates(leaked=0.3, vanished=0.2, **dict.fromkeys((*RATES, "corrected", "withdrawn"), 0.0)),
        )
    )


def in_window(simulation: Simulation) -> pl.DataFrame:
    return simulation.reports.records.filter(pl.col("at") >= (simulation.plan.start - date(1970, 1, 1)).days * 86_400)


def test_without_rates_there_are_no_errors() -> None:
    simulation = simulate(Plan.province_year(vehicles=200, errors=ErrorRates.none()))
    assert simulation.truth.is_empty()
    assert simulation.follow_ups.is_empty()


@pytest.mark.parametrize(("error", "rate"), RATES.items())
def test_an_error_comes_at_about_its_rate(crooked: Simulation, straight: Simulation, error: str, rate: float) -> None:
    records = in_window(straight)
    if error == "wrong_order":
        records = records.filter(pl.col("previous").is_not_null())
    found = crooked.truth.filter(pl.col("error") == error).height
    expected = rate * records.height
    # one record has one error at most, so later ones find a few records taken
    assert 0.85 * expected - 4 * np.sqrt(expected) < found < expected + 4 * np.sqrt(expected)


def test_leaks_come_at_about_their_rate(crooked: Simulation) -> None:
    counts = dict(crooked.truth["error"].value_counts().iter_rows())
    scrapped = crooked.story["vehicle_scrapped"]
    ordinary = scrapped.filter(pl.col("missing_reason").ne_missing("swap_model"))
    leaked = ordinary.filter(pl.col("pack_code").is_null())
    assert counts["leaked"] == leaked.height
    assert 0.15 < leaked.height / ordinary.height < 0.45
    assert 0.05 < counts["vanished"] / crooked.story["battery_removed"].height < 0.35


def test_a_leaked_pack_is_never_heard_of_again(crooked: Simulation) -> None:
    gone = crooked.truth.filter(pl.col("error").is_in(["leaked", "vanished"]))
    later = ("outlet_received", "utiliser_received", "retired", "disposed", "treated", "dismantled", "product_made")
    heard = {
        code
        for kind in later
        for name in ("code", "source_code")
        if name in crooked.story[kind].columns
        for code in crooked.story[kind][name].drop_nulls()
    }
    assert gone.height > 10
    assert heard.isdisjoint(gone["true_value"])


def test_a_missing_record_is_in_no_file(crooked: Simulation) -> None:
    missing = crooked.truth.filter(pl.col("error") == "missing")
    assert missing["path"].null_count() == missing.height > 50
    assert set(missing["record"]).isdisjoint(crooked.places["record"])
    assert missing["reported_on"].null_count() == missing.height


def test_a_late_record_comes_a_month_or_more_after_its_time(crooked: Simulation) -> None:
    late = crooked.truth.filter(pl.col("error") == "late")
    assert (late["reported_on"] - late["due_on"]).dt.total_days().min() >= 28  # type: ignore[operator] # a number
    assert late["path"].null_count() == 0


def test_mistyped_and_misdated_values_stand_where_the_truth_says(crooked: Simulation) -> None:
    told = crooked.truth.filter(pl.col("error").is_in(["mistyped", "wrong_order"]))
    places = set(told["path"])
    files = {
        upload.path: table_of(upload)
        for upload in crooked.uploads()
        if upload.path in places and upload.format == "xlsx"
    }
    seen = 0
    for row in told.filter(pl.col("path").is_in(list(files))).iter_rows(named=True):
        value = str(files[row["path"]][row["field"]][row["row"]])
        width = 24 if row["error"] == "mistyped" else 10
        assert value[:width] == row["reported_value"][:width] != row["true_value"][:width]
        seen += 1
    assert seen > 100


def test_a_wrong_date_lies_before_what_the_record_builds_on(crooked: Simulation) -> None:
    told = crooked.truth.filter(pl.col("error") == "wrong_order")
    assert (told["reported_value"].str.slice(0, 10) < told["true_value"].str.slice(0, 10)).all()


def test_a_duplicate_is_told_twice(crooked: Simulation) -> None:
    twice = crooked.truth.filter((pl.col("error") == "duplicate") & (pl.col("kind") == "vehicle_certified"))
    counts = crooked.reports.told["vehicle_certified"]["certificate_no"].value_counts()
    assert counts.filter(pl.col("count") == 2).height == twice.height > 0


def test_follow_ups_point_at_their_record(crooked: Simulation) -> None:
    assert crooked.follow_ups["path"].null_count() == 0
    wrong = crooked.truth.filter(pl.col("error") == "corrected").select("record", "path", "true_value")
    mended = crooked.follow_ups.filter(pl.col("kind") == "correction").select(
        "record", "path", pl.col("value").alias("true_value")
    )
    assert wrong.sort("record").equals(mended.sort("record"))
    assert (crooked.follow_ups["reported_on"] > crooked.plan.start).all()


def test_follow_ups_become_records_of_the_vocabulary(crooked: Simulation) -> None:
    for kind in ("correction", "withdrawal"):
        rows = crooked.follow_ups.filter(pl.col("kind") == kind)
        ids = pl.Series([f"0190a1b2-3c4d-7e5f-8a6b-{number:012}" for number in range(rows.height)])
        table = follow_up_table(rows, ids)
        assert table.columns == list(vocabulary().kinds[kind].fields)
        assert table["record_id"].equals(ids, check_names=False)
    with pytest.raises(ValueError, match="one kind"):
        follow_up_table(crooked.follow_ups, pl.repeat("", crooked.follow_ups.height, eager=True))


def test_the_truth_itself_is_the_same_with_and_without_errors(crooked: Simulation, straight: Simulation) -> None:
    assert all(crooked.story[kind].equals(frame) for kind, frame in straight.story.items())


def test_a_slip_changes_one_character_of_the_serial() -> None:
    rng = np.random.default_rng(1)
    for code in ("S00PB01SM00000F340000005", "S0CPBR1F570000002RP", "L0S2EV121JA000001"):
        for _ in range(50):
            wrong = mistyped(code, rng)
            changed = [place for place, (a, b) in enumerate(zip(code, wrong, strict=True)) if a != b]
            assert len(changed) == 1
            assert wrong[changed[0]] in "O0123456789"
    vins = pl.Series([mistyped("L0S2EV121JA000001", rng) for _ in range(100)])
    assert check_vins(vins, strict=True, reference=date(2026, 1, 1))["finding"].null_count() == 0
