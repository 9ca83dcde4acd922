"""Sheets of steps with Chinese headings give the charge and energy that they themselves state."""

import io

import openpyxl
import pytest

from suyuan.assessment import AssessmentError, Battery, Kind, protocol, read, residual_capacity
from tests.assessment.made import SAMPLES, sample

MISSING_REST = "nebula/workstep_LMO_C_25_B_17_SOC_5-55_missing_rest.xlsx"


@pytest.mark.parametrize(
    ("name", "capacity_ah", "energy_wh", "rise_k"),
    [
        # row 5 of each sheet: 放电容量, 放电能量, 最大温度1 less 开始温度1
        ("workstep_LMO_C_10_B_2_SOC_5-55_edited_first_200_rows.xlsx", 6.0513, 19.8057, 4.8),
        ("workstep_LMO_C_25_B_17_SOC_5-55_missing_rest.xlsx", 15.8083, 56.5601, 11.0),
        ("workstep_NMC_C_21_B_6_SOC_5-90_first_200_rows.xlsx", 21.0443, 76.4586, 8.4),
    ],
)
def test_residual_capacity_is_what_the_sheet_states(
    name: str, capacity_ah: float, energy_wh: float, rise_k: float
) -> None:
    record = read(sample(f"nebula/{name}"))
    result = residual_capacity(record, protocol("one-cycle-1c"), Battery(rated_ah=25.0, end_v=2.7))
    assert record.kind is Kind.STEPS
    assert (result.capacity.value, result.energy.value) == (capacity_ah, energy_wh)
    assert result.capacity.uncertainty == pytest.approx(1e-4 / 3**0.5)  # twice the last digit's own
    assert result.discharges[0].rise_k == pytest.approx(rise_k)
    assert {each.reason for each in result.discharges[0].resistances} == {"step_ends_only"}


def test_a_step_without_values_is_lost_and_named() -> None:
    """Row 1944 of the sheet: the voltage protection acted, and the authors left the row empty."""
    record = read(sample(MISSING_REST))
    found = {finding.code: finding.data for finding in record.findings}
    assert found["assessment.rows_lost"] == {"count": 1, "rows": "1944", "kept": 2226}
    assert record.steps["step_count"].to_list() == list(range(1, 2227))


def test_steps_are_rest_charge_and_discharge_by_what_passed() -> None:
    record = read(sample("nebula/workstep_NMC_C_21_B_6_SOC_5-90_first_200_rows.xlsx"))
    assert record.steps["phase"].to_list()[:6] == ["rest", "charge", "rest", "discharge", "rest", "charge"]
    assert record.steps["mean_current_a"][3] == pytest.approx(21.0, abs=0.01)  # discharging is positive
    assert record.series.height == 2 * record.steps.height


def test_the_same_sheet_saved_as_csv_gives_the_same_steps() -> None:
    name = "nebula/workstep_NMC_C_21_B_6_SOC_5-90_first_200_rows.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(sample(name))).worksheets[0]
    text = "\r\n".join(",".join(str(cell) for cell in row) for row in sheet.iter_rows(values_only=True))
    as_text, as_sheet = read(text.encode("gb18030")), read(sample(name))
    assert as_text.steps.equals(as_sheet.steps)
    assert "assessment.encoding" in {finding.code for finding in as_text.findings}


def _edited(row: int, column: str, value: str) -> bytes:
    book = openpyxl.load_workbook(SAMPLES / "nebula" / "workstep_NMC_C_21_B_6_SOC_5-90_first_200_rows.xlsx")
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    sheet.cell(row, headings.index(column) + 1, value)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_an_edited_charge_is_found() -> None:
    record = read(_edited(5, "放电容量(Ah)", "-22.5"))
    found = {finding.code: finding.data for finding in record.findings}
    assert found["assessment.step_contradicts"]["rows"] == "5"
    assert found["assessment.step_contradicts"]["expected_ah"] == pytest.approx(21.0443, abs=0.01)


def test_a_sheet_without_its_headings_is_no_test() -> None:
    with pytest.raises(AssessmentError) as raised:
        read(_edited(1, "工步类型", "类别"))
    assert raised.value.code == "assessment.no_test_in_workbook"
