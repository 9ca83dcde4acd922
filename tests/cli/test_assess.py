"""`suyuan assess`: testers' files on the command line."""

import json
from pathlib import Path

import pytest

from suyuan.cli.exits import Exit
from tests.assessment.made import SAMPLES, cycles_csv
from tests.cli.runner import run

NEBULA = SAMPLES / "nebula" / "workstep_NMC_C_21_B_6_SOC_5-90_first_200_rows.xlsx"


def test_a_file_is_answered_with_its_residual_capacity() -> None:
    answer = run("assess", "file", str(NEBULA), "--protocol", "one-cycle-1c", "--rated-ah", "21", "-f", "json")
    assert answer.code == Exit.OK
    told = answer.json
    assert (told["form"], told["residual"]["capacity_ah"], told["residual"]["energy_wh"]) == (
        "nebula-xlsx",
        21.0443,
        76.4586,
    )
    assert told["residual"]["followed"] is None
    assert {each["id"]: each["met"] for each in told["residual"]["requirements"]}["cut_off"] is None
    assert len(told["sha256"]) == 64


def test_without_a_protocol_the_record_is_described() -> None:
    told = run("assess", "file", str(NEBULA), "-f", "json").json
    assert told["residual"] is None
    assert told["steps"][3]["discharged_ah"] == 21.0443


def test_a_damaged_file_is_read_in_part() -> None:
    path = SAMPLES / "neware" / "Unit27_Example_Corrupt.ndax"
    answer = run("assess", "file", str(path), "-f", "json")
    assert answer.code == Exit.PARTLY
    assert answer.json["rows"] == 301
    assert "TestInfo.xml" in answer.json["findings"][0]["message"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_file_that_needs_a_plug_in_is_refused_by_name(language: str) -> None:
    answer = run("assess", "file", str(SAMPLES / "biologic" / "MB-0.mpr"), "--lang", language)
    assert answer.code == Exit.REJECTED
    assert "galvani" in answer.told


def test_no_full_discharge_is_refused_but_what_was_read_is_shown() -> None:
    path = SAMPLES / "novonix" / "sample_data_novonix.csv"
    answer = run("assess", "file", str(path), "--protocol", "as-recorded", "-f", "json")
    assert answer.code == Exit.REJECTED
    assert answer.json["residual_refused"]["code"] == "assessment.no_full_discharge"
    assert answer.json["rows"] == 207


def test_mapping_instrument_and_own_protocol_are_files(tmp_path: Path) -> None:
    data = tmp_path / "test.csv"
    data.write_bytes(cycles_csv().replace(b"Voltage (V)", b"Spannung"))
    (tmp_path / "map.toml").write_text('[columns]\nSpannung = "voltage_volt/V"\n', encoding="utf-8")
    (tmp_path / "tool.toml").write_text('name = "T1"\ncurrent_range_a = 20.0\ncurrent_of_range = 0.001\n')
    (tmp_path / "own.toml").write_text(
        'id = "own"\nversion = 1\ntitle_zh = "自定"\ntitle_en = "own"\nsequence = ["discharge"]\n'
        "least_share = 0.5\nresistance_times_s = [10.0]\n",
        encoding="utf-8",
    )
    files = [str(tmp_path / name) for name in ("map.toml", "tool.toml", "own.toml")]
    options = [word for pair in zip(("--mapping", "--instrument", "--protocol"), files, strict=True) for word in pair]
    told = run("assess", "file", str(data), *options, "-f", "json").json
    assert told["residual"]["capacity_ah"] == pytest.approx(10.0)
    assert told["residual"]["instrument"] == "T1"
    assert told["residual"]["capacity_uncertainty_ah"] == pytest.approx(2 * 0.02 / 3**0.5)
    refused = run("assess", "file", str(data), "-f", "json")
    assert refused.code == Exit.REJECTED


def test_series_as_csv_and_for_people(tmp_path: Path) -> None:
    data = tmp_path / "test.csv"
    data.write_bytes(cycles_csv())
    table = run("assess", "file", str(data), "-f", "csv")
    assert table.out.splitlines()[0].startswith("test_time_second,voltage_volt,current_ampere")
    shown = run("assess", "file", str(data), "--protocol", "one-cycle-1c", "--lang", "zh")
    assert shown.code == Exit.OK
    assert "剩余容量" in shown.out


def test_protocols_are_listed_with_their_status() -> None:
    told = run("assess", "protocols", "-f", "json").json
    assert {each["id"] for each in told} >= {"as-recorded", "gbt-34015-2017", "one-cycle-1c"}
    assert "recalled" in json.dumps(told)
    assert run("assess", "file", str(NEBULA), "--protocol", "nothing").code == Exit.REJECTED
