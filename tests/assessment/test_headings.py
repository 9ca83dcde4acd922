"""Headings as makers write them: the quantity, the unit, and what is not guessed."""

import pytest

from suyuan.assessment import AssessmentError, read, read_mapping
from suyuan.assessment.readers.headings import CLOCK, Heading, Trouble, lay_out, understand


@pytest.mark.parametrize(
    ("heading", "column", "factor"),
    [
        ("Voltage / V", "voltage_volt", 1.0),  # Battery Data Format, label
        ("current_ampere", "current_ampere", 1.0),  # Battery Data Format, name
        ("Surface Temperature T1 / degC", "temperature_t1_celsius", 1.0),
        ("Current(uA)", "current_ampere", 1e-6),  # Neware
        ("Total Time", "test_time_second", 1.0),
        ("Charge_Capacity(Ah)", "charging_capacity_ah", 1.0),  # Arbin
        ("Date_Time", "moment", 1.0),
        ("<I>/mA", "current_ampere", 1e-3),  # BioLogic
        ("Q discharge/mA.h", "discharging_capacity_ah", 1e-3),
        ("Energy charge/W.h", "charging_energy_wh", 1.0),
        ("~Time[h]", "test_time_second", 3600.0),  # Basytec
        ("Step (Sec)", "step_time_second", 1.0),  # Maccor: a time beside a number of the same name
        ("Step", "step_index", 1.0),
        ("Amps", "current_ampere", 1.0),
        ("Run Time (h)", "test_time_second", 3600.0),  # Novonix
        ("Charge Capacity (mAh)", "charging_capacity_ah", 1e-3),  # PEC
        ("总电压(V)", "voltage_volt", 1.0),
        ("电流（mA）", "current_ampere", 1e-3),
        ("SOC(%)", "soc", 0.01),
        ("温度1(℃)", "temperature_t1_celsius", 1.0),
    ],
)
def test_a_heading_is_understood(heading: str, column: str, factor: float) -> None:
    found = understand(heading)
    assert isinstance(found, Heading)
    assert (found.column, found.factor) == (column, factor)


def test_a_duration_with_colons_is_a_clock() -> None:
    found = understand("Total Time (Hours in hh:mm:ss.xxx)")
    assert isinstance(found, Heading)
    assert found.unit == CLOCK


@pytest.mark.parametrize(
    "heading", ["Circuit Temperature (°C)", "control/V/mA", "dVdt (V/h)", "Pressure_Psi", "", "12.5"]
)
def test_what_is_something_else_is_left_alone(heading: str) -> None:
    found = lay_out([heading])
    assert not found.known
    assert not found.troubles


def test_a_unit_that_cannot_be_is_told() -> None:
    assert understand("Voltage (kg)") == Trouble("Voltage (kg)", "voltage_volt", "kg")


def test_newares_time_is_that_of_the_step_where_a_total_stands_beside_it() -> None:
    both = lay_out(["Time", "Total Time", "电压(V)"])
    assert {place: heading.column for place, heading in both.columns.items()} == {
        0: "step_time_second",
        1: "test_time_second",
        2: "voltage_volt",
    }
    assert lay_out(["Time(s)", "Voltage(V)"]).known == {"test_time_second", "voltage_volt"}


def test_maccors_other_export_and_an_absolute_time() -> None:
    text = "Rec#\tCyc#\tStep\tTest (Sec)\tStep (Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\n"
    rows = "".join(f"{n}\t0\t2\t{n * 60}\t{n * 60}\t0\t0\t2.0\t{3.6 - n / 100}\tD\n" for n in range(31))
    record = read((text + rows).encode())
    assert record.steps["discharged_ah"].to_list() == pytest.approx([1.0])
    biologic = "time/s\tEwe/V\tI/mA\n" + "".join(f"07/{n + 12}/2025 15:00:00.0\t3,5\t-1000,0\n" for n in range(3))
    made = read(biologic.encode())
    assert made.series["test_time_second"].to_list() == [0.0, 86400.0, 172800.0]
    assert made.series["voltage_volt"].to_list() == [3.5] * 3


def test_a_minus_before_the_unit_turns_the_sign_round() -> None:
    data = b"t,U,Entladestrom\n0,3.4,1000\n1800,3.3,1000\n3600,3.2,1000\n"
    mapping = {"t": "test_time_second/s", "Entladestrom": "current_ampere/-mA"}
    plain = {**mapping, "Entladestrom": "current_ampere/mA"}
    assert read(data, mapping=mapping).steps["discharged_ah"].to_list() == [1.0]
    as_written = read(data, mapping=plain)
    assert as_written.steps["discharged_ah"].to_list() == [0.0]
    assert "assessment.sign_unknown" in {finding.code for finding in as_written.findings}


def test_a_mapping_names_columns_that_are_ours() -> None:
    assert read_mapping('[columns]\nU = "voltage_volt/mV"') == {"U": "voltage_volt/mV"}
    for text in ('[columns]\nU = "potential"', "x = 1", "[columns"):
        with pytest.raises(AssessmentError):
            read_mapping(text)
