"""Residual capacity by protocol: exact on made cells, in agreement with testers on real ones, honest about the rest."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.assessment import (
    AssessmentError,
    Battery,
    Instrument,
    Record,
    Residual,
    protocol,
    protocol_ids,
    read,
    read_instrument,
    read_protocol,
    residual_capacity,
)
from suyuan.assessment.capacity.protocol import Protocol, Rule, Status
from suyuan.assessment.reporting import check_data, residual_json
from suyuan.kernel import Language, sentence
from tests.assessment.made import cycles_csv, sample

PLATE = Battery(rated_ah=10.0, end_v=3.0)


def measured(
    data: bytes, name: str = "one-cycle-1c", battery: Battery = PLATE, tool: Instrument | None = None
) -> Residual:
    return residual_capacity(read(data), protocol(name), battery, tool)


def verdicts(result: Residual) -> dict[str, bool | None]:
    return {check.requirement.id: check.met for check in result.checks}


def test_a_made_cell_has_the_capacity_and_energy_it_was_made_with() -> None:
    """10 A for one hour; voltage falls from 3.6 - 0.2 to 3.2 - 0.2 V in a straight line: 10 Ah and 32 Wh."""
    result = measured(cycles_csv())
    discharge = result.discharges[0]
    assert result.capacity.value == pytest.approx(10.0, rel=1e-12)
    assert result.energy.value == pytest.approx(32.0, rel=1e-9)
    assert (discharge.mean_current_a, discharge.end_v) == pytest.approx((10.0, 3.0))
    assert (discharge.start_celsius, discharge.rise_k) == pytest.approx((25.0, 2.0))
    assert result.soh == pytest.approx(1.0)
    assert result.followed is True
    assert verdicts(result) == {"charge_before": True, "rest": True, "rate": True, "cut_off": True, "intervals": True}


def test_efficiency_needs_a_charge_that_began_empty() -> None:
    """The first charge may be a top-up: only from the second cycle on is it known where it began."""
    result = measured(cycles_csv(2), "as-recorded")
    first, second = result.discharges
    assert (first.charge_efficiency, first.energy_efficiency) == (None, None)
    assert second.charge_efficiency == pytest.approx(1.0)
    assert second.energy_efficiency == pytest.approx(32.0 / 36.0)  # 0.2 V lost each way on 3.4 V
    assert result.spread == pytest.approx(0.0, abs=1e-12)


def test_resistance_at_stated_times() -> None:
    """0.02 Ohm at once; the slope of voltage adds 0.4 V an hour at 10 A."""
    at = {
        each.time_s: each
        for each in measured(cycles_csv(), tool=Instrument(voltage_range_v=5.0)).discharges[0].resistances
    }
    assert at[10.0].ohm == pytest.approx(0.02 + 0.4 * 10 / 3600 / 10)
    assert at[30.0].ohm == pytest.approx(0.02 + 0.4 * 30 / 3600 / 10, rel=1e-4)
    assert (at[1.0].ohm, at[1.0].reason) == (None, "no_sample_near")
    fine = {each.time_s: each for each in measured(cycles_csv(step_s=0.5)).discharges[0].resistances}
    assert fine[1.0].ohm == pytest.approx(0.02 + 0.4 / 3600 / 10, rel=1e-4)  # voltage has six decimals


def test_uncertainty_follows_from_the_instrument() -> None:
    """0.1 % of 20 A is 0.02 A for an hour: 0.02 Ah, a √3-th of it standard, twice that expanded."""
    tool = Instrument(current_range_a=20.0, current_of_range=0.001, voltage_range_v=5.0, voltage_of_range=0.001)
    result = measured(cycles_csv(), tool=tool)
    assert result.capacity.uncertainty == pytest.approx(2 * 0.02 / 3**0.5)
    of_current, of_voltage, of_samples = 0.02 * 3.2, 0.005 * 10.0, 0.4 * 10 * 10 / 3600 / 2
    assert result.energy.uncertainty == pytest.approx(
        2 * (of_current**2 + of_voltage**2 + of_samples**2) ** 0.5 / 3**0.5, rel=1e-3
    )
    assert measured(cycles_csv()).capacity.uncertainty == pytest.approx(0.0, abs=1e-9)


def test_sampling_adds_uncertainty_where_voltage_moves() -> None:
    coarse, fine = (measured(cycles_csv(step_s=step)).energy for step in (600.0, 10.0))
    assert coarse.uncertainty > 10 * fine.uncertainty > 0
    assert abs(coarse.value - 32.0) <= coarse.uncertainty


@given(st.floats(0.5, 200.0), st.floats(0.2, 3.0), st.integers(60, 400))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_capacity_is_current_times_time(current_a: float, hours: float, samples: int) -> None:
    result = measured(cycles_csv(1, current_a, hours, step_s=hours * 3600 / samples), "as-recorded")
    assert result.capacity.value == pytest.approx(current_a * hours, rel=1e-6)


@pytest.mark.parametrize(
    ("battery", "unmet", "not_judged"),
    [
        (Battery(), set(), {"rate", "cut_off"}),
        (Battery(rated_ah=20.0, end_v=3.0), {"rate"}, set()),
        (Battery(rated_ah=10.0, end_v=2.5), {"cut_off"}, set()),
    ],
)
def test_requirements_that_are_not_met_are_named(battery: Battery, unmet: set[str], not_judged: set[str]) -> None:
    result = measured(cycles_csv(), battery=battery)
    found = verdicts(result)
    assert {name for name, met in found.items() if met is False} == unmet
    assert {name for name, met in found.items() if met is None} == not_judged
    assert result.followed is (False if unmet else None)


def test_too_few_intervals_are_found() -> None:
    assert verdicts(measured(cycles_csv(step_s=120.0)))["intervals"] is False
    assert verdicts(measured(cycles_csv(step_s=72.0)))["intervals"] is True  # exactly fifty


def test_the_stop_rule_takes_the_first_window_that_agrees() -> None:
    """Five discharges at I5 of a 50 Ah cell, the first two low: numbers 3 to 5 agree."""
    cycles = [cycles_csv(1, 10.0, hours, step_s=60.0).decode().split("\n") for hours in (4.2, 4.6, 5.0, 4.95, 4.9)]
    rows, start = [cycles[0][0]], 0.0
    for cycle in cycles:
        for row in filter(None, cycle[1:]):
            time, _, rest = row.partition(",")
            rows.append(f"{start + float(time)},{rest}")
        start = float(rows[-1].partition(",")[0])
    record = read("\n".join(rows).encode())
    result = residual_capacity(record, protocol("gbt-34015-2017"), Battery(rated_ah=50.0, end_v=3.01))
    assert [round(each.charge.value, 1) for each in result.discharges] == [42.0, 46.0, 50.0, 49.5, 49.0]
    assert result.counted == tuple(each.step for each in result.discharges[2:])
    assert result.capacity.value == pytest.approx(49.5)
    repeat = next(check for check in result.checks if check.requirement.rule is Rule.REPEATABILITY)
    assert repeat.met is True
    assert repeat.found == pytest.approx(1.0 / 50.0)
    assert result.followed is True


def test_what_is_only_recalled_does_not_decide() -> None:
    """One discharge at I5, 1800 s of rest, 25 °C: the recalled stop rule is not met, the clauses that were read are."""
    result = measured(cycles_csv(1, 2.0, 5.0, step_s=60.0), "gbt-34015-2017", Battery(10.0, 3.16))
    unmet = {check.requirement.id: check.requirement.status for check in result.unmet}
    assert unmet == {"repeatability": Status.RECALLED}
    assert result.followed is True


def test_discharges_at_another_rate_are_set_aside() -> None:
    record = read(sample("neware/TESTCELL0001-B2-2025-M50T_NewareNDA_Investigation.ndax"))
    result = residual_capacity(record, protocol("one-cycle-1c"), Battery(rated_ah=5.0, end_v=2.5))
    assert result.set_aside == (6,)  # the discharge at half of 1C
    assert all(each.mean_current_a == pytest.approx(5.0, rel=1e-3) for each in result.discharges)


def test_a_record_without_a_full_discharge_says_what_it_has() -> None:
    with pytest.raises(AssessmentError) as raised:
        measured(cycles_csv().replace(b"Discharge", b"Charge")[:6000])
    assert raised.value.code == "assessment.no_full_discharge"
    assert raised.value.data["found"] == ["charge"]


def test_a_spectrum_and_a_record_without_current_have_no_capacity() -> None:
    with pytest.raises(AssessmentError, match="no_capacity_in_spectrum"):
        measured(sample("eis/exampleData.csv"))
    with pytest.raises(AssessmentError, match="no_current_no_capacity"):
        measured(b"Test Time (s),Voltage (V)\n0,3.1\n10,3.2\n")


# ---------------------------------------------------------------- protocols as data


@pytest.mark.parametrize("name", protocol_ids())
def test_every_number_of_a_protocol_has_source_and_status(name: str) -> None:
    one = protocol(name)
    assert one.id == name
    assert all(each.source and each.status in Status for each in one.requirements)
    fifty = one.requirement(Rule.INTERVALS)
    assert fifty is not None
    assert (fifty.least, fifty.status) == (50, Status.READ)


TEXT = """
id = "mine"
version = 1
title_zh = "自定"
title_en = "Mine"
sequence = ["discharge"]
least_share = 0.5
resistance_times_s = []
"""


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('sequence = ["discharge"]', 'sequence = ["charge"]'), "sequence"),
        (("least_share = 0.5", "least_share = 2"), "least_share"),
        (("version = 1", ""), "version"),
        (("resistance_times_s = []", "resistance_times_s = [-1.0]"), "resistance_times_s"),
        (
            ('id = "mine"', "id = \"mine\"\n[[requirement]]\nid='r'\nrule='rest'\nunit='s'\nsource='x'\nstatus='own'"),
            None,
        ),
    ],
)
def test_a_bad_protocol_is_refused_with_its_key(change: tuple[str, str], key: str | None) -> None:
    with pytest.raises(AssessmentError) as raised:
        read_protocol(TEXT.replace(*change))
    assert raised.value.code == "assessment.bad_protocol"
    assert key is None or raised.value.data["key"] == key
    assert read_protocol(TEXT).id == "mine"


@pytest.mark.parametrize(("least", "rated_ah", "accepted"), [(0.8, 10.0, True), (0.8, 20.0, False), (0.8, None, None)])
def test_acceptance_judges_the_battery_and_not_the_test(
    least: float, rated_ah: float | None, accepted: bool | None
) -> None:
    text = (
        f"{TEXT}[[requirement]]\nid='a'\nrule='acceptance'\nleast={least}\nunit='1'\nsource='contract'\nstatus='user'\n"
    )
    result = residual_capacity(read(cycles_csv()), read_protocol(text), Battery(rated_ah=rated_ah))
    assert (result.accepted, result.followed) == (accepted, True)


def test_an_interval_across_the_line_is_not_judged() -> None:
    text = f"{TEXT}[[requirement]]\nid='a'\nrule='acceptance'\nleast=1.0\nunit='1'\nsource='contract'\nstatus='user'\n"
    tool = Instrument(current_range_a=20.0, current_of_range=0.001)
    result = residual_capacity(read(cycles_csv()), read_protocol(text), Battery(rated_ah=9.99), tool)
    assert result.accepted is None
    assert result.checks[-1].code == "assessment.not_judged_interval_crosses_line"
    assert "{" not in sentence(result.checks[-1].code, check_data(result.checks[-1]), Language.ZH)


def test_an_instrument_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(AssessmentError, match="bad_instrument"):
        read_instrument("current_accuracy = 0.001")
    with pytest.raises(AssessmentError, match="bad_instrument"):
        read_instrument("current_of_range = -1")


# ---------------------------------------------------------------- wording and JSON


def _all_checks() -> list[Residual]:
    one: Protocol = protocol("gbt-34015-2017")
    strict = replace(one, requirements=tuple(replace(each, least=1e9, tolerance=0.0) for each in one.requirements))
    loose = replace(one, sequence=one.sequence[-1:])
    record = read(cycles_csv(4, 2.0, 5.0, step_s=60.0))
    cold = Record(record.form, record.kind, record.series, record.steps.with_columns(start_celsius=None))
    sheet = read(sample("nebula/workstep_NMC_C_21_B_6_SOC_5-90_first_200_rows.xlsx"))
    results = [
        residual_capacity(each, way, battery)
        for each in (record, cold, sheet)
        for way in (one, strict)
        for battery in (PLATE, Battery(), Battery(rated_ah=7.0, end_v=1.0))
    ]
    return [*results, residual_capacity(record, loose, PLATE)]


@pytest.mark.parametrize("language", list(Language))
def test_every_verdict_has_its_sentence(language: Language) -> None:
    seen = set()
    for result in _all_checks():
        for check in result.checks:
            text = sentence(check.code, check_data(check), language)
            assert text != check.code
            assert "{" not in text
            seen.add(check.code)
    assert len(seen) >= 12


def test_json_keeps_its_keys() -> None:
    answer = residual_json(measured(cycles_csv()), lambda code, data: code)
    assert set(answer) >= {
        "protocol",
        "capacity_ah",
        "energy_wh",
        "capacity_uncertainty_ah",
        "followed",
        "requirements",
    }
    assert answer["uncertainty_covers"] == "sampling only"
    assert answer["requirements"][0]["binding"] is True
