"""Screening: missing never passes, rejects stand, doubtful numbers decide nothing, the corrupted row is found."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.assessment import AssessmentError, Battery, protocol, read, residual_capacity
from suyuan.assessment.capacity.protocol import Status
from suyuan.assessment.screening import (
    QUANTITIES,
    Outcome,
    Verdict,
    of_record,
    prepared,
    read_screening_rules,
    screen,
    screening_ids,
    screening_rules,
    self_discharge,
)
from suyuan.kernel import Language, sentence
from tests.assessment.made import cycles_csv
from tests.assessment.pulses.real import table

SOUND: dict[str, object] = {
    "object": "one",
    "level": "C",
    "chemistry": "LFP",
    "recorded_life": True,
    "damage": False,
    "swelling": False,
    "leakage": False,
    "polarity_reversed": False,
    "insulation_passed": True,
    "ocv_v": 3.3,
    "ocv_deviation_v": 0.01,
    "self_discharge_v_per_day": 0.0002,
    "least_ohmic_v": 0.01,
    "resistance_ratio": 1.1,
    "temperature_rise_k": 6.0,
    "charge_efficiency": 0.995,
}


def verdict(**changes: object) -> Verdict:
    return screen(
        pl.DataFrame({name: [value] for name, value in {**SOUND, **changes}.items()}), screening_rules()
    ).verdicts[0]


def test_a_sound_cell_passes() -> None:
    assert verdict() is Verdict.PASS


@pytest.mark.parametrize("name", [name for name in SOUND if name in QUANTITIES and name != "insulation_passed"])
def test_what_was_not_measured_never_passes(name: str) -> None:
    assert verdict(**{name: None}) is Verdict.NEEDS_MEASUREMENT
    without = pl.DataFrame({key: [value] for key, value in SOUND.items() if key != name})
    assert screen(without, screening_rules()).verdicts == (Verdict.NEEDS_MEASUREMENT,)


@given(st.sets(st.sampled_from([name for name in SOUND if name in QUANTITIES and name != "insulation_passed"])))
def test_no_set_of_gaps_passes_but_the_empty_one(gaps: set[str]) -> None:
    assert (verdict(**dict.fromkeys(gaps)) is Verdict.PASS) is (not gaps)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"recorded_life": False}, Verdict.REJECT),
        ({"damage": True}, Verdict.REJECT),
        ({"swelling": "是"}, Verdict.REJECT),
        ({"leakage": "yes"}, Verdict.REJECT),
        ({"polarity_reversed": 1}, Verdict.REJECT),
        ({"ocv_v": 1.2}, Verdict.REJECT),
        ({"ocv_v": 3.9}, Verdict.REJECT),
        ({"ocv_v": float("nan")}, Verdict.NEEDS_MEASUREMENT),
        ({"ocv_v": float("inf")}, Verdict.NEEDS_MEASUREMENT),
        ({"chemistry": "unheard of"}, Verdict.NEEDS_MEASUREMENT),
        ({"chemistry": None}, Verdict.NEEDS_MEASUREMENT),
        ({"ocv_deviation_v": 0.4}, Verdict.NEEDS_MEASUREMENT),
        ({"self_discharge_v_per_day": 0.1}, Verdict.NEEDS_MEASUREMENT),
        ({"least_ohmic_v": -0.05}, Verdict.REJECT),
        ({"resistance_ratio": 4.0}, Verdict.NEEDS_MEASUREMENT),
        ({"resistance_ratio": 0.1}, Verdict.NEEDS_MEASUREMENT),
        ({"temperature_rise_k": 40.0}, Verdict.NEEDS_MEASUREMENT),
        ({"charge_efficiency": 1.2}, Verdict.REJECT),
        ({"charge_efficiency": 0.7}, Verdict.NEEDS_MEASUREMENT),
        ({"damage": True, "swelling": None}, Verdict.REJECT),  # a gap does not soften a reject
    ],
)
def test_each_gate_closes(change: dict[str, object], wanted: Verdict) -> None:
    assert verdict(**change) is wanted


def test_a_pack_needs_no_record_of_single_cells_but_insulation() -> None:
    assert verdict(level="P", recorded_life=None) is Verdict.PASS
    assert verdict(level="P", insulation_passed=None) is Verdict.NEEDS_MEASUREMENT
    assert verdict(level="P", insulation_passed=False) is Verdict.REJECT
    assert verdict(level="M", recorded_life=False) is Verdict.REJECT


def test_a_recalled_number_rejects_nothing_and_passes_nothing() -> None:
    assert verdict(level="P", insulation_ohm_per_v=None) is Verdict.PASS
    assert verdict(level="P", insulation_ohm_per_v=10.0) is Verdict.NEEDS_MEASUREMENT
    assert verdict(level="P", insulation_ohm_per_v=10.0, damage=True) is Verdict.REJECT
    rules = screening_rules()
    doubtful = replace(rules, rules=tuple(replace(rule, status=Status.RECALLED) for rule in rules.rules))
    broken = pl.DataFrame({name: [value] for name, value in {**SOUND, "damage": True}.items()})
    assert screen(broken, doubtful).verdicts == (Verdict.NEEDS_MEASUREMENT,)


def test_an_object_that_no_rule_looks_at_does_not_pass() -> None:
    rules = screening_rules()
    of_packs = replace(rules, rules=tuple(rule for rule in rules.rules if rule.levels == "PM"))
    assert screen(pl.DataFrame({"object": ["a"]}), of_packs, "C").verdicts == (Verdict.NEEDS_MEASUREMENT,)


def test_every_ground_has_a_sentence_that_names_quantity_limit_and_source() -> None:
    changes = {"damage": True, "swelling": None, "chemistry": "unheard of", "insulation_ohm_per_v": 5.0, "level": "M"}
    screened = screen(pl.DataFrame({name: [value] for name, value in {**SOUND, **changes}.items()}), screening_rules())
    found = {gate.rule.id: gate for gate in screened.grounds(0)}
    assert {name: gate.outcome for name, gate in found.items()} == {
        "damage": Outcome.UNMET,
        "swelling": Outcome.MISSING,
        "insulation_number": Outcome.UNMET,
    }
    for language in Language:
        told = sentence(found["insulation_number"].code, found["insulation_number"].data, language)
        assert all(word in told for word in ("insulation_ohm_per_v", "≥ 100", "GB 18384", "recalled"))
    of_cell = screen(
        pl.DataFrame({name: [value] for name, value in {**SOUND, "chemistry": "?"}.items()}), screening_rules()
    )
    assert {gate.code for gate in of_cell.grounds(0)} == {"screening.chemistry_unknown"}


# ---------------------------------------------------------------- pulses and lots


def test_the_corrupted_row_is_rejected_and_no_other() -> None:
    for rules in ("pulse-signal", "physical"):
        screened = screen(prepared(table()), screening_rules(rules))
        rejected = [place for place, each in enumerate(screened.verdicts) if each is Verdict.REJECT]
        assert [(table()["cell"][place], table()["soc_label_pct"][place]) for place in rejected] == [
            ("PIP15827A00221240", 55.0)
        ]
        assert not screened.battery_at_fault(rejected[0])  # the measurement is at fault
    others = set(screen(prepared(table()), screening_rules("pulse-signal")).verdicts)
    assert others == {Verdict.PASS, Verdict.REJECT}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"U7": None}, "voltages_complete"),
        ({"Qn": 0.0}, "voltages_complete"),
        ({"U7": 3300.0}, "voltage_of_one_cell_high"),
        ({"U7": 0.01}, "voltage_of_one_cell"),
    ],
)
def test_damaged_rows_are_named(change: dict[str, float | None], rule: str) -> None:
    row = table().head(1).with_columns(**{name: pl.lit(value, dtype=pl.Float64) for name, value in change.items()})
    grounds = screen(prepared(row), screening_rules("pulse-signal")).grounds(0)
    assert rule in {gate.rule.id for gate in grounds}


def test_a_lot_is_compared_with_its_own_median_and_a_small_one_with_none() -> None:
    cells = pl.DataFrame(
        {"object": [str(n) for n in range(12)], "lot": ["a"] * 8 + ["b"] * 4, "ocv_v": [3.3] * 7 + [3.0] + [2.5] * 4}
    )
    found = prepared(cells)
    assert found["ocv_deviation_v"][:8].to_list() == [0.0] * 7 + [pytest.approx(0.3)]
    assert found["ocv_deviation_v"][8:].to_list() == [None] * 4


# ---------------------------------------------------------------- records


def rest_csv(days: float, slope_v_per_day: float, relaxing_v: float = 0.0, drift_k: float = 0.0) -> bytes:
    """A made rest after a short charge; the voltage falls by `slope` and relaxes by `relaxing` within hours."""
    rows = ["Test Time (s),Step Type,Current (A),Voltage (V),Temp 1 (C)"]
    rows += [f"{second},Charge,1,3.300000,25" for second in range(0, 600, 60)]
    for moment in np.arange(600, 600 + days * 86400, 600):
        day = (moment - 600) / 86400
        volts = 3.3 - slope_v_per_day * day + relaxing_v * np.exp(-day * 2)
        rows.append(f"{moment},Rest,0,{volts:.6f},{25 + drift_k * day / days}")
    return ("\n".join(rows) + "\n").encode()


def test_self_discharge_is_the_slope_of_a_long_rest() -> None:
    assert self_discharge(read(rest_csv(3, 0.004))) == pytest.approx(0.004, rel=1e-3)


@pytest.mark.parametrize(
    "rest",
    [rest_csv(0.5, 0.004), rest_csv(3, 0.0005, relaxing_v=0.05), rest_csv(3, 0.004, drift_k=6.0)],
    ids=["short", "relaxing", "warming"],
)
def test_self_discharge_is_not_told_where_it_cannot_be(rest: bytes) -> None:
    assert self_discharge(read(rest)) is None


def test_a_record_gives_rise_and_efficiency() -> None:
    record = read(cycles_csv(3))
    found = of_record(record, residual_capacity(record, protocol("as-recorded"), Battery(rated_ah=10.0)))
    assert found["temperature_rise_k"] == pytest.approx(2.0)
    assert found["charge_efficiency"] == pytest.approx(1.0)
    assert "self_discharge_v_per_day" not in found


# ---------------------------------------------------------------- rule files and tables


@pytest.mark.parametrize("name", screening_ids())
def test_every_rule_has_source_and_status(name: str) -> None:
    rules = screening_rules(name)
    assert all(rule.source and rule.status in Status for rule in rules.rules)
    assert rules.edition == f"{name}@{rules.version}"


RULE = (
    '[[rule]]\nid="r"\nquantity="ocv_v"\nunit="V"\nat_least=2\n'
    'otherwise="reject"\nsource="s"\nclause=""\nstatus="user"\n'
)
HEAD = 'id="x"\nversion=1\ntitle_zh="规则"\ntitle_en="rules"\n'


def test_a_users_file_is_read() -> None:
    rules = read_screening_rules(HEAD + RULE)
    table_ = pl.DataFrame({"object": ["a", "b", "c"], "ocv_v": [2.0, 1.99, None]})
    assert screen(table_, rules).verdicts == (Verdict.PASS, Verdict.REJECT, Verdict.NEEDS_MEASUREMENT)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("at_least=2", "", "at_least"),
        ("at_least=2", "at_least=nan", "at_least"),
        ("at_least=2", "at_least=true", "at_least"),
        ("at_least=2", "expected=true", "at_least"),
        ("at_least=2", "at_lest=2", "at_lest"),
        ("at_least=2", "at_least_by_chemistry={}", "at_least_by_chemistry"),
        ('"ocv_v"', '"hope"', "quantity"),
        ('unit="V"', 'unit="mV"', "unit"),
        ('otherwise="reject"', 'otherwise="pass"', "otherwise"),
        ('otherwise="reject"', 'otherwise="perhaps"', "otherwise"),
        ('status="user"', 'status="sworn"', "status"),
        ('source="s"', "", "source"),
        ("version=1", "version='a'", "version"),
        ("[[rule]]", "[[role]]", "rule"),
        ('unit="V"', 'unit="V"\nlevels="X"', "levels"),
    ],
)
def test_a_bad_rule_is_refused_with_its_key(old: str, new: str, key: str) -> None:
    with pytest.raises(AssessmentError) as refused:
        read_screening_rules((HEAD + RULE).replace(old, new))
    assert (refused.value.code, refused.value.data["key"]) == ("screening.bad_rules", key)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"damage": "perhaps"}, "screening.not_yes_or_no"),
        ({"ocv_v": "3.3 V"}, "screening.not_a_number"),
        ({"level": "X"}, "screening.strange_level"),
    ],
)
def test_a_cell_that_says_something_else_is_named_with_its_row(change: dict[str, object], code: str) -> None:
    with pytest.raises(AssessmentError) as refused:
        verdict(**change)
    assert refused.value.code == code
    assert refused.value.data.get("row", 2) == 2


def test_a_table_without_objects_is_refused() -> None:
    with pytest.raises(AssessmentError) as refused:
        prepared(pl.DataFrame({"ocv_v": [3.3]}))
    assert refused.value.code == "screening.no_objects"
